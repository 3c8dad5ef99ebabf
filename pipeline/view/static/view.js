// Keys, and forms that send themselves. The page works without it.
"use strict";

const rows = [...document.querySelectorAll(".row")];
let at = rows.findIndex((row) => row.id && `#${row.id}` === location.hash);
let went = 0; // when `g` was pressed

function select(number) {
  if (!rows.length) return;
  rows[at]?.classList.remove("selected");
  at = Math.max(0, Math.min(rows.length - 1, number));
  rows[at].classList.add("selected");
  rows[at].querySelector("a.open, a")?.focus({ preventScroll: true });
  rows[at].scrollIntoView({ block: "nearest" });
}

function follow(selector) {
  const target = document.querySelector(selector);
  if (target) target.click();
  return Boolean(target);
}

const keys = {
  j: () => follow('[data-key="j"]') || select(at + 1),
  k: () => follow('[data-key="k"]') || select(at - 1),
  n: () => follow('a[rel="next"]'),
  p: () => follow('a[rel="prev"]'),
  u: () => follow('[data-key="u"]'),
  r: () => follow('[data-key="r"]'),
  0: () => follow('[data-key="0"]'),
  1: () => follow('[data-key="1"]'),
  2: () => follow('[data-key="2"]'),
  3: () => follow('[data-key="3"]'),
  "?": () => document.getElementById("keys").showModal(),
  "/": () => {
    const search = document.querySelector("[data-search]");
    search ? search.focus() : follow('[data-go="w"]');
  },
};

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select");
  if (isTyping && event.key === "Escape") event.target.blur();
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  const isGo = Date.now() - went < 1500;
  went = event.key === "g" ? Date.now() : 0;
  if (isGo && follow(`[data-go="${CSS.escape(event.key)}"]`)) {
    event.preventDefault();
  } else if (!isGo && Object.hasOwn(keys, event.key)) {
    event.preventDefault();
    keys[event.key]();
  }
});

for (const button of document.querySelectorAll("[data-help]")) {
  button.addEventListener("click", keys["?"]);
}
for (const select of document.querySelectorAll("[data-submit]")) {
  select.addEventListener("change", () => {
    // Another table has other columns.
    for (const facet of select.form.querySelectorAll("[data-facet]")) facet.remove();
    select.form.requestSubmit();
  });
}
for (const row of document.querySelectorAll("tr.row")) {
  row.addEventListener("click", (event) => {
    if (!event.target.closest("a, button") && !String(getSelection())) {
      row.querySelector("a.open")?.click();
    }
  });
}

for (const area of document.querySelectorAll("[data-send]")) {
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) area.form.requestSubmit();
  });
}
for (const input of document.querySelectorAll("[data-remember]")) {
  input.value ||= localStorage.getItem(input.dataset.remember) ?? "";
  input.addEventListener("change", () =>
    localStorage.setItem(input.dataset.remember, input.value));
}
for (const input of document.querySelectorAll("[data-import]")) {
  input.addEventListener("change", async () => {
    const headers = { "X-Secret": input.dataset.import };
    const answer = await fetch("/import", { method: "POST", headers, body: input.files[0] });
    const note = document.getElementById("imported");
    if (!answer.ok) {
      note.textContent = await answer.text();
      return;
    }
    const { count } = await answer.json();
    const all = Object.assign(document.createElement("a"), { href: "/reviews" });
    all.textContent = "see them";
    note.replaceChildren(`${count} ${count === 1 ? "mark" : "marks"} came in: `, all);
  });
}

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".take[open]")) {
    menu.open = menu.contains(event.target);
  }
});
if (at >= 0) select(at); // back from a row, in the list that it is in

for (const copy of document.querySelectorAll("[data-copy]")) {
  copy.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || !navigator.clipboard) return;
    event.preventDefault();
    await navigator.clipboard.writeText(await (await fetch(copy.href)).text());
    copy.textContent = "copied";
  });
}

// What was searched for, as the server reads it (filters.py); the browser marks it in
// the texts and leaves them as they are.
function readPattern(q) {
  if (/^\/.+\/$/.test(q)) return new RegExp(q.slice(1, -1), "g");
  const escaped = q.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(escaped, q === q.toLowerCase() ? "gi" : "g");
}

function markFound(q) {
  const found = new Highlight();
  const pattern = readPattern(q);
  for (const text of document.querySelectorAll(".text, .clamp, .c-id, h1.id")) {
    const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      for (const match of walker.currentNode.data.matchAll(pattern)) {
        const range = new Range();
        range.setStart(walker.currentNode, match.index);
        range.setEnd(walker.currentNode, match.index + match[0].length);
        found.add(range);
      }
    }
  }
  CSS.highlights.set("found", found);
}

const searched = new URLSearchParams(location.search).get("q");
if (searched && globalThis.Highlight) {
  try { markFound(searched); } catch { /* a pattern that JavaScript does not know */ }
}
