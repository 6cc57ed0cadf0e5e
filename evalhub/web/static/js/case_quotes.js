// What all reviewers quoted, marked in the answer: a way of underlining and a letter each; a click jumps both ways.

import { shownRange } from "./quotes.js";

const read = document.querySelector(".read");
const margin = document.createElement("div");
margin.className = "margin";
const rows = [...document.querySelectorAll("[data-at]")].map((row) => ({ row, quote: JSON.parse(row.dataset.at), ...row.dataset }));

const wordsOf = ({ letter, who, about, quote }) => `${who ?? `Reviewer ${letter}`} on ${about}: “${quote.exact}”`;

function jumpToText(one) {
  const raw = document.getElementById("view-raw");
  if (!shownRange(one.quote) && !raw.checked) raw.click(); // words of a formula, say, stand in the raw text alone
  const range = shownRange(one.quote);
  range?.startContainer.parentElement.closest("details:not([open])")?.setAttribute("open", "");
  range?.startContainer.parentElement.scrollIntoView({ block: "center" });
  margin.querySelector(`[data-quote="${rows.indexOf(one)}"]`)?.focus({ preventScroll: true });
}

function jumpToRow({ row }) {
  for (let parent = row.closest("details"); parent; parent = parent.parentElement.closest("details")) parent.open = true;
  row.scrollIntoView({ block: "center" });
  row.querySelector("button").focus({ preventScroll: true });
  row.closest(".criterion")?.dispatchEvent(new Event("focusin", { bubbles: true }));
}

function button(text, label, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.setAttribute("aria-label", label);
  made.onclick = act;
  return made;
}

// Letters stand beside the lines that they belong to; several in one line stand side by side.
function badges(found) {
  const top = read.getBoundingClientRect().top;
  const inLine = new Map();
  return found.map(([one, range]) => {
    const line = Math.round((range.getClientRects()[0]?.top ?? 0) - top);
    const nth = inLine.get(line) ?? 0;
    inLine.set(line, nth + 1);
    const made = button(one.letter, `${wordsOf(one)}. Go to it in the list.`, () => jumpToRow(one));
    made.className = `who r${one.mark}`;
    made.dataset.quote = rows.indexOf(one);
    made.style.setProperty("top", `${line}px`);
    made.style.setProperty("--nth", nth);
    return made;
  });
}

function showAll() {
  const found = rows.map((one) => [one, shownRange(one.quote)]).filter(([, range]) => range && range.getClientRects().length);
  if (window.Highlight) {
    for (let mark = 1; mark <= 6; mark += 1) {
      const ranges = found.filter(([one]) => Number(one.mark) === mark).map(([, range]) => range);
      CSS.highlights.set(`reviewer-${mark}`, new Highlight(...ranges));
    }
  }
  margin.replaceChildren(...badges(found));
}

function isIn(range, x, y) {
  return [...range.getClientRects()].some((box) => x >= box.left && x <= box.right && y >= box.top && y <= box.bottom);
}

for (const one of rows) {
  const text = one.row.querySelector("q");
  const made = button(text.textContent, `${wordsOf(one)}. Show it in the answer.`, () => jumpToText(one));
  made.className = `button quiet ${text.className}`;
  text.replaceWith(made);
}
if (rows.length) {
  read.append(margin);
  showAll();
  document.getElementById("view-raw").addEventListener("change", showAll);
  for (const details of read.querySelectorAll("details")) details.addEventListener("toggle", showAll);
  new ResizeObserver(showAll).observe(read);
  read.addEventListener("click", (event) => {
    if (event.target.closest("button, a, summary, label") || !getSelection().isCollapsed) return;
    const hit = rows.find((one) => { const range = shownRange(one.quote); return range && isIn(range, event.clientX, event.clientY); });
    if (hit) jumpToRow(hit);
  });
}
