"""The page for people: what the sandbox holds and what it was asked. Nothing is loaded elsewhere."""

from __future__ import annotations

import typing as t

_HTML = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>sandbox</title>
<style>
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 15%, transparent);
  --soft: color-mix(in srgb, currentColor 60%, transparent); }
body { font: 14px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.3rem; margin: 0; } h2 { font-size: 1rem; margin: 1.6rem 0 .4rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
th { font-weight: 600; color: var(--soft); } td.n, th.n { text-align: right; }
code { font: 12px ui-monospace, monospace; overflow-wrap: anywhere; }
.bar { display: flex; flex-wrap: wrap; gap: .4rem 1.6rem; align-items: baseline; }
.soft { color: var(--soft); } .ok { color: #2a7f3f; } .bad { color: #b3402e; }
input { width: 5.5rem; font: inherit; } button { font: inherit; }
.scroll { overflow-x: auto; }
</style>
<div class="bar"><h1>sandbox</h1><span class="soft" id="about">loading ...</span></div>
<form class="bar" id="control" style="margin-top:.8rem">
  <label>Changes per 100 requests <input name="rate" type="number" min="0" step="any"></label>
  <label>Share of throttled calls <input name="throttle" type="number" min="0" max="1" step="any"></label>
  <label>Share of HTTP 500 <input name="server_error" type="number" min="0" max="1" step="any"></label>
  <button>Apply</button>
</form>
<h2>Rows</h2><div class="scroll"><table id="rows"></table></div>
<h2>Calls</h2><div class="scroll"><table id="counts"></table></div>
<h2>Last requests</h2><div class="scroll"><table id="requests"></table></div>
<script>
"use strict";
const at = id => document.getElementById(id);
const cell = (text, cls) => { const td = document.createElement("td"); td.textContent = text;
  if (cls) td.className = cls; return td; };
function fill(table, heads, rows) {
  const head = document.createElement("tr");
  for (const [name, cls] of heads) { const th = document.createElement("th");
    th.textContent = name; if (cls) th.className = cls; head.append(th); }
  table.replaceChildren(head, ...rows.map(cells => { const tr = document.createElement("tr");
    tr.append(...cells); return tr; }));
}
const tone = outcome => outcome === "ok" ? "ok" : "bad";
const clock = seconds => new Date(seconds * 1000).toLocaleTimeString();
async function get(path) { return (await fetch("/_sandbox/" + path)).json(); }
async function refresh() {
  try {
    const status = await get("status.json");
    const made = Object.values(status.churn.made).reduce((a, b) => a + b, 0);
    at("about").textContent = `seed ${status.seed} · ${status.requests} requests · ${made} changes · ` +
      `limits ${status.limits ? "on" : "off"} · it is ${new Date(status.now * 1000).toLocaleString()}`;
    const form = at("control");
    if (!form.contains(document.activeElement)) {
      form.rate.value = status.churn.rate; form.throttle.value = status.faults.throttle;
      form.server_error.value = status.faults.server_error; }
    fill(at("rows"), [["platform"], ["account"], ["rows by entity"]],
      status.platforms.flatMap(p => Object.entries(p.rows).map(([account, rows]) => [
        cell(p.title), cell(account),
        cell(Object.entries(rows).map(([name, n]) => `${name} ${n}`).join(" · "))])));
    fill(at("counts"), [["platform"], ["account"], ["call"], ["outcome"], ["count", "n"]],
      status.counts.slice(0, 40).map(c => [cell(c.platform), cell(c.account), cell(c.api),
        cell(c.outcome, tone(c.outcome)), cell(c.count, "n")]));
    const log = await get("requests.json?limit=40");
    fill(at("requests"), [["time"], ["platform"], ["account"], ["call"], ["outcome"], ["ms", "n"],
      ["parameters"]], log.requests.reverse().map(r => {
        const params = document.createElement("td"); const code = document.createElement("code");
        code.textContent = JSON.stringify(r.params); params.append(code);
        return [cell(clock(r.time)), cell(r.platform), cell(r.account), cell(r.api),
          cell(r.outcome, tone(r.outcome)), cell(r.ms.toFixed(1), "n"), params]; }));
  } catch (error) { at("about").textContent = "the sandbox does not answer"; }
}
at("control").addEventListener("submit", async event => {
  event.preventDefault();
  const form = event.target, number = name => Number(form[name].value);
  const post = (path, body) => fetch("/_sandbox/" + path,
    { method: "POST", body: JSON.stringify(body) });
  await post("churn", { rate: number("rate") });
  await post("faults", { throttle: number("throttle"), server_error: number("server_error") });
  document.activeElement.blur(); refresh();
});
refresh(); setInterval(refresh, 2000);
</script>
</html>
"""

PAGE: t.Final = _HTML.encode()
