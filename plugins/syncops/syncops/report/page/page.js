"use strict";
(() => {
  const root = document.documentElement;
  // A page opened from a file may be refused the store; then a choice lasts until it is closed.
  const stored = (name, value) => {
    try {
      if (value === undefined) return localStorage.getItem(name);
      localStorage.setItem(name, value);
    } catch { /* as said */ }
    return null;
  };
  const find = document.querySelector(".find input");
  const speak = (language) => {
    root.lang = language;
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    if (find) find.placeholder = find.dataset[language];
  };
  speak(root.lang);
  for (const button of document.querySelectorAll("[data-language]")) {
    button.addEventListener("click", () => speak(button.dataset.language));
  }
  const paint = (theme) => { if (theme) root.dataset.theme = theme; };
  paint(stored("syncops-theme"));
  document.querySelector(".theme").addEventListener("click", () => {
    const dark = root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    paint(dark ? "light" : "dark");
    stored("syncops-theme", root.dataset.theme);
  });
  if (find) {
    find.addEventListener("input", () => {
      const wanted = find.value.trim().toLowerCase();
      for (const stream of document.querySelectorAll(".stream")) {
        stream.hidden = !stream.dataset.name.toLowerCase().includes(wanted);
      }
    });
  }
})();
