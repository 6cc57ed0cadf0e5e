// The review page by keyboard: levels, criteria, notes, raw text, guidance, skip, submit. Without it the page is a form.

const TYPING = "textarea, select, input:not([type=radio]):not([type=checkbox]), [contenteditable]";
const OFF = "evalhub:keys-off";
const SHOWN_FOR = 8_000;

const grid = document.querySelector("[data-review]");
const form = document.getElementById("review-form");
const dialog = document.getElementById("keys");
const criteria = [...form.querySelectorAll(".criterion")];
const status = document.getElementById("status");
const flag = document.getElementById("flag");
const undone = [];
let current = -1;

function makeCurrent(index, { focus = true } = {}) {
  if (index < 0 || index >= criteria.length) return;
  criteria[current]?.classList.remove("is-current");
  current = index;
  criteria[current].classList.add("is-current");
  if (focus) criteria[current].focus({ preventScroll: true });
  if (focus) criteria[current].scrollIntoView({ block: "nearest" });
}

const answersOf = (criterion) => [...criterion.querySelectorAll(":scope > label input, :scope > .steps input")];
const numberOf = (criterion) => criterion.querySelector(":scope > input[type=number]");
const isAnswered = (criterion) => answersOf(criterion).some((input) => input.checked) || Boolean(numberOf(criterion)?.value);
const titleOf = (criterion) => criterion.querySelector("legend").firstChild.textContent.trim();

function give(input) {
  const criterion = criteria[current];
  undone.push([current, answersOf(criterion).find((other) => other.checked) ?? null]);
  input.checked = true;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  makeCurrent(Math.min(current + 1, criteria.length - 1));
}

function giveLevel(digit) {
  if (current < 0) makeCurrent(0);
  const criterion = criteria[current];
  if (digit === 0) return criterion.querySelector(".is-na input");
  const step = criterion.querySelector(`.step [value="${digit}"]`);
  return step ?? answersOf(criterion).filter((input) => !input.closest(".is-na, .step"))[digit - 1];
}

function undo() {
  if (!undone.length) return;
  const [index, before] = undone.pop();
  for (const input of answersOf(criteria[index])) input.checked = input === before;
  criteria[index].dispatchEvent(new Event("input", { bubbles: true }));
  makeCurrent(index);
}

function openNote(criterion) {
  criterion.querySelector("details.note").open = true;
  criterion.querySelector("details.note textarea").focus();
}

const scrollAnswer = (direction) => window.scrollBy({ top: direction * window.innerHeight * 0.8 });

function goToTurn(step) {
  const turns = [...document.querySelectorAll("[data-turn], .answer")];
  const bar = document.querySelector(".topbar").offsetHeight + 4;
  const tops = turns.map((turn) => turn.getBoundingClientRect().top - bar);
  const next = step > 0 ? tops.find((top) => top > 4) : tops.findLast((top) => top < -4);
  if (next !== undefined) window.scrollBy({ top: next });
}

function toggle(details) {
  if (details) details.open = !details.open;
  if (details?.open) details.querySelector("summary").focus();
}

// Loaded when it is first needed: most reviews quote nothing, and the page stays within its requests.
async function quote() {
  const quotes = await import("./quotes.js");
  const criterion = criteria[Math.max(current, 0)];
  if (quotes.attach(criterion)) say(`Quoted for ${titleOf(criterion)}.`, "good");
  else say("Select a passage first; if its words cannot be found, select it in the raw text (R).", "bad");
}

function say(text, kind) {
  const words = document.createElement("p");
  words.className = `flash ${kind}`;
  words.textContent = text;
  status.replaceChildren(words);
  setTimeout(() => words.remove(), SHOWN_FOR);
}

function missing() {
  const lines = [];
  for (const criterion of criteria) {
    const note = criterion.querySelector("details.note textarea");
    const isDue = criterion.querySelector("[data-note]:checked") || note.closest("details").matches("[data-required]");
    if (!isAnswered(criterion)) lines.push([criterion, titleOf(criterion)]);
    else if (isDue && !note.value.trim()) lines.push([criterion, `a note for ${titleOf(criterion)}`]);
  }
  return lines;
}

// Beside a number "not applicable" is a control of its own; the one touched last counts.
function keepOne(criterion, touched) {
  const none = criterion?.querySelector(".is-na [type=checkbox]");
  if (!none || touched.closest(".note, .tags")) return;
  if (touched !== none) none.checked = false;
  else if (none.checked) for (const input of criterion.querySelectorAll("[name^=level-]")) input.type === "number" ? (input.value = "") : (input.checked = false);
}

function showMissing() {
  const whats = missing().map(([, what]) => what);
  document.querySelector("[data-missing]").textContent = whats.length ? `Missing: ${whats.join(", ")}` : "";
}

const KEYS = {
  j: () => makeCurrent(Math.min(current + 1, criteria.length - 1)),
  k: () => makeCurrent(Math.max(current - 1, 0)),
  n: () => openNote(criteria[Math.max(current, 0)]),
  q: () => quote(),
  u: undo,
  r: () => document.getElementById("view-raw").click(),
  g: () => toggle(document.getElementById("guidance")),
  s: () => { toggle(document.getElementById("skip")); document.getElementById("skip-reason")?.focus(); },
  f: () => { toggle(flag); document.getElementById("flag-text")?.focus(); },
  "[": () => goToTurn(-1),
  "]": () => goToTurn(1),
  "?": () => dialog.showModal(),
};

function onKey(event) {
  if (dialog.open || event.isComposing) return;
  const isTyping = event.target.matches(TYPING);
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  } else if (event.key === "Escape" && isTyping) {
    (event.target.closest(".criterion") ?? document.getElementById("main")).focus({ preventScroll: true });
  } else if (!isTyping && !event.ctrlKey && !event.metaKey && !event.altKey && localStorage.getItem(OFF) !== "1") {
    onSingleKey(event);
  }
}

function onSingleKey(event) {
  const isFree = !event.target.matches("button, summary, a, [type=checkbox], [type=radio]:not(:checked)");
  if (event.key === " " && isFree) scrollAnswer(event.shiftKey ? -1 : 1);
  else if (/^[0-9]$/.test(event.key) && !("readonly" in grid.dataset)) {
    const input = giveLevel(Number(event.key));
    if (input) give(input);
  } else if (KEYS[event.key.toLowerCase()]) KEYS[event.key.toLowerCase()]();
  else return;
  event.preventDefault();
}

form.addEventListener("focusin", (event) => {
  makeCurrent(criteria.indexOf(event.target.closest(".criterion")), { focus: false });
});
form.addEventListener("input", (event) => {
  const criterion = event.target.closest(".criterion");
  if (event.target.matches("[data-note]:checked")) criterion.querySelector("details.note").open = true;
  keepOne(criterion, event.target);
  showMissing();
});
form.addEventListener("submit", (event) => {
  const [first] = event.submitter?.hasAttribute("formaction") ? [] : missing();
  if (!first) return;
  event.preventDefault();
  makeCurrent(criteria.indexOf(first[0]));
  if (isAnswered(first[0])) openNote(first[0]);
  say(`Not sent yet. ${document.querySelector("[data-missing]").textContent}.`, "bad");
});
document.addEventListener("keydown", onKey);
flag?.addEventListener("toggle", () => import("./flag.js"), { once: true });

const keysOff = document.getElementById("keys-off");
keysOff.checked = localStorage.getItem(OFF) === "1";
keysOff.addEventListener("change", () => localStorage.setItem(OFF, keysOff.checked ? "1" : "0"));
const opener = document.querySelector("[data-opens=keys]");
opener.hidden = false;
opener.onclick = KEYS["?"];
if (!("readonly" in grid.dataset)) {
  const button = document.querySelector("[data-quote]");
  button.hidden = false;
  button.onmousedown = (event) => event.preventDefault(); // which would drop the selection
  button.onclick = quote;
  if (form.querySelector("[data-quotes] li")) import("./quotes.js");
  showMissing();
  makeCurrent(0, { focus: false });
}
document.getElementById("error-summary")?.focus();
