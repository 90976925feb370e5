"""The page of a report in a real browser, at the width of a desk and of a phone.

Without a browser these tests are left out, and the last line of the run says so (conftest.py in
the project's folder).
"""

from __future__ import annotations

import pytest

from .report_samples import facts, many, page, troubled

pytestmark = pytest.mark.browser
SIZES = {"desk": (1280, 900), "phone": (390, 844)}
HOSTILE = """</script><script>window.hacked=1</script><img src=x onerror="window.hacked=1"> """
SAMPLES = {
    "empty": facts,
    "one": lambda: many(1, 1),
    "usual": lambda: many(9, 3),
    "large": lambda: many(60, 50),
    "troubled": troubled,
    "hostile": lambda: troubled(HOSTILE + "x" * 120),
}
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
# What sticks out of the window, other than within a box that scrolls by itself.
STICKS_OUT = """
() => [...document.querySelectorAll("body *")]
  .filter((e) => !e.closest(".scroll") && e.getClientRects().length)
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1)
  .map((e) => `${e.tagName}.${e.className}`)
"""
DOTS_INSIDE = """
(name) => {
  const box = document.querySelector(`#${name} svg[role=img]`).getBoundingClientRect();
  return [...document.querySelectorAll(`#${name} .dot, #${name} rect`)].filter((dot) => {
    const at = dot.getBoundingClientRect();
    return at.x >= box.x - 1 && at.right <= box.right + 1 && at.y >= box.y - 1 && at.bottom <= box.bottom + 1;
  }).length;
}
"""


@pytest.fixture(scope="session")
def chromium(browser_path):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=FLAGS)
        yield browser
        browser.close()


class Opened:
    """A page in the browser, and what it did that it should not."""

    def __init__(self, tab):
        self.tab = tab
        self.faults = []
        tab.on("console", lambda message: self.faults.append(message.text))
        tab.on("pageerror", lambda error: self.faults.append(str(error)))
        tab.on("request", self._requested)

    def _requested(self, request):
        if request.url != self.tab.url and not request.url.startswith(("data:", "file:")):
            self.faults.append(request.url)

    def seen(self, text):
        return self.tab.get_by_text(text, exact=True).first.is_visible()

    def count(self, selector):
        return self.tab.locator(selector).count()


@pytest.fixture
def opened(chromium, tmp_path):
    """Opens a page; at the end it must have loaded nothing and complained of nothing."""
    made = []

    def load(found, size="desk", language="en", scheme="light"):
        file = tmp_path / "report.html"
        file.write_text(page(found, language), encoding="utf-8")
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        made.append((context, Opened(context.new_page())))
        made[-1][1].tab.goto(file.as_uri())
        return made[-1][1]

    yield load
    for context, one in made:
        assert one.faults == []
        context.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("sample", SAMPLES)
def test_nothing_sticks_out(opened, size, sample):
    shown = opened(SAMPLES[sample](), size, language="zh" if sample == "usual" else "en")
    for _ in range(2):
        width = shown.tab.evaluate("document.documentElement.scrollWidth")
        assert width == SIZES[size][0]
        assert shown.tab.evaluate(STICKS_OUT) == []
        shown.tab.evaluate("document.querySelectorAll('details').forEach((d) => d.open = true)")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_both_languages_are_a_click_apart(opened, language):
    shown = opened(many(9, 2), language=language)
    words = {"en": ("Everything is in order", "API success rate"), "zh": ("一切正常", "API 成功率")}
    other = "zh" if language == "en" else "en"
    for now, hidden in ((language, other), (other, language)):
        if now == other:
            shown.tab.click(f"[data-language={other}]")
        assert all(map(shown.seen, words[now]))
        assert not any(map(shown.seen, words[hidden]))
        assert shown.tab.locator(f"[data-language={now}]").get_attribute("aria-pressed") == "true"
        assert shown.tab.locator("input").get_attribute("placeholder") == (
            "筛选数据流" if now == "zh" else "Filter streams"
        )


@pytest.mark.parametrize("size", SIZES)
def test_the_plots_have_their_points_within_them(opened, size):
    found = many(9, 2, hours=20)
    shown = opened(found, size)
    # 20 runs; 5 of 9 streams are coloured; three kinds of calls of which two came.
    points = {"lag": 5 * 20, "records": 6 * 20, "calls": 2 * 20, "success": 20, "waits": 20}
    points["latency"] = 2 * 20
    assert {name: shown.tab.evaluate(DOTS_INSIDE, name) for name in points} == points
    assert shown.count("#lag .c-other path.line") == 4
    heights = shown.tab.evaluate(
        "[...document.querySelectorAll('#lag .c0 .dot')].map((d) => d.getBoundingClientRect().y)"
    )
    assert len(set(heights)) > 5, "a rising lag is no flat line"


def test_light_and_dark(opened):
    colour = "getComputedStyle(document.body).backgroundColor"
    shown = opened(many(1, 1), scheme="dark")
    assert shown.tab.evaluate(colour) == "rgb(15, 20, 26)"
    shown.tab.click(".theme")
    assert shown.tab.evaluate(colour) == "rgb(245, 246, 248)"
    shown.tab.reload()
    assert shown.tab.evaluate(colour) == "rgb(245, 246, 248)"
    shown.tab.click(".theme")
    assert shown.tab.evaluate(colour) == "rgb(15, 20, 26)"
    assert opened(many(1, 1)).tab.evaluate(colour) == "rgb(245, 246, 248)"


def test_a_stream_opens_to_its_accounts_and_can_be_found(opened):
    shown = opened(many(9, 3))
    assert not shown.seen("42583154")
    shown.tab.locator("summary").first.click()
    assert shown.seen("42583154")
    shown.tab.fill("input", "STREAM_07")
    assert shown.tab.locator(".stream:visible").count() == 1
    shown.tab.fill("input", "")
    assert shown.tab.locator(".stream:visible").count() == 9


def test_hostile_names_do_nothing(opened):
    shown = opened(troubled(HOSTILE))
    assert shown.tab.evaluate("window.hacked") is None
    assert shown.count("img") == 0
    assert shown.seen(HOSTILE.strip())


def test_every_advice_leads_to_its_section(opened):
    shown = opened(troubled(), "phone")
    links = shown.tab.locator("#verdict a").evaluate_all("links => links.map((a) => a.hash)")
    assert len(links) == 8
    assert all(shown.count(link) == 1 for link in links)


def test_the_words_are_easy_to_read(opened):
    """Contrast as WCAG 2 asks for normal text, in both schemes."""
    for scheme in ("light", "dark"):
        shown = opened(troubled(), scheme=scheme)
        for selector in (".note", ".tiles i", ".times", "th", ".error td", ".row .last", "small"):
            assert shown.tab.evaluate(CONTRAST, selector) >= 4.5, (scheme, selector)


CONTRAST = """
(selector) => {
  const light = (text) => {
    const part = text.match(/[\\d.]+/g).slice(0, 3).map((n) => n / 255)
      .map((n) => (n <= 0.03928 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4));
    return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
  };
  const element = document.querySelector(selector);
  let behind = element;
  while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
  const pair = [getComputedStyle(element).color, getComputedStyle(behind).backgroundColor].map(light);
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}
"""
