// The rubric editor: line numbers, the live form, and the way from a problem to its place. Without it the page is a form.

import { changed, saveNow } from "./editor_draft.js";

const CHECK_AFTER = 400;

const editor = document.querySelector("[data-editor]");
const form = document.getElementById("draft-form");
const text = form.elements.source;
const problems = editor.querySelector("[data-problems]");
const preview = editor.querySelector("[data-form]");
const outdated = editor.querySelector("[data-outdated]");
const title = document.getElementById("problems-title");
const gutter = document.createElement("div");
let timer;
let asked = 0; // only the answer to the last question counts
let visited = -1;

const places = () => [...problems.querySelectorAll("a[data-line]")];

function number() {
  const faulty = new Set(places().map((place) => Number(place.dataset.line)));
  const n = text.value.split("\n").length;
  gutter.textContent = Array.from({ length: n }, (_, at) => (faulty.has(at + 1) ? `✗ ${at + 1}` : at + 1)).join("\n");
  gutter.scrollTop = text.scrollTop;
}

// The caret to a line and column, which count from 1, and its line into view.
function goTo({ line, column }) {
  const lines = text.value.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  const within = [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
  text.focus({ preventScroll: true });
  text.setSelectionRange(before + within, before + within);
  const height = parseFloat(getComputedStyle(text).lineHeight);
  text.scrollTop = Math.max(0, (line - 1) * height - text.clientHeight / 3);
  text.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = places();
  if (!all.length) return;
  visited = (visited + by + all.length) % all.length;
  goTo({ line: Number(all[visited].dataset.line), column: Number(all[visited].dataset.column) });
}

// What the server made of the text; parsed apart, so that nothing in it runs.
const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body.childNodes;

// What was tried on the form stays as it was where the same field is still there.
function showForm(html) {
  const tried = new Map([...preview.querySelectorAll("input, textarea")].map((field) => [`${field.name} ${field.type === "radio" || field.type === "checkbox" ? field.value : ""}`, field]));
  const opened = new Set([...preview.querySelectorAll(".criterion details[open]")].map((details) => `${details.closest(".criterion").id} ${details.className}`));
  preview.replaceChildren(...parsed(html));
  for (const field of preview.querySelectorAll("input, textarea")) {
    const earlier = tried.get(`${field.name} ${field.type === "radio" || field.type === "checkbox" ? field.value : ""}`);
    if (earlier && (field.type === "radio" || field.type === "checkbox")) field.checked = earlier.checked;
    else if (earlier && field.type !== "hidden") field.value = earlier.value;
  }
  for (const details of preview.querySelectorAll(".criterion details")) {
    if (opened.has(`${details.closest(".criterion").id} ${details.className}`)) details.open = true;
  }
}

function show(answer) {
  problems.replaceChildren(...parsed(answer.problems));
  title.textContent = answer.total ? `Problems (${answer.total})` : "Problems";
  text.setAttribute("aria-invalid", String(!answer.valid));
  if (answer.valid) showForm(answer.form);
  const isOutdated = !answer.valid && preview.querySelector(".review") !== null;
  preview.classList.toggle("is-outdated", isOutdated);
  outdated.hidden = !isOutdated;
  visited = -1;
  number();
}

async function check() {
  const question = ++asked;
  const fields = new URLSearchParams({ csrf_token: form.elements.csrf_token.value, source: text.value });
  try {
    const response = await fetch(editor.dataset.check, { method: "POST", body: fields, headers: { Accept: "application/json" } });
    if (question === asked && response.ok) show(await response.json());
  } catch {
    // Out of reach: the draft's state says so, and the next change asks again.
  }
}

gutter.className = "gutter";
gutter.setAttribute("aria-hidden", "true");
text.before(gutter);
number();
text.addEventListener("scroll", () => (gutter.scrollTop = text.scrollTop));
text.addEventListener("input", () => {
  number();
  changed();
  clearTimeout(timer);
  timer = setTimeout(check, CHECK_AFTER);
});
problems.addEventListener("click", (event) => {
  const place = event.target.closest("a[data-line]");
  if (!place) return;
  event.preventDefault();
  visited = places().indexOf(place);
  goTo({ line: Number(place.dataset.line), column: Number(place.dataset.column) });
});
document.addEventListener("keydown", (event) => {
  if (event.key === "F8") step(event.shiftKey ? -1 : 1);
  else if (event.key === "s" && (event.ctrlKey || event.metaKey)) saveNow();
  else return;
  event.preventDefault();
});
preview.addEventListener("submit", (event) => event.preventDefault());
if (text.value !== text.defaultValue) check();
