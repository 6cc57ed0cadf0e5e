// The review page by keyboard: levels, criteria, notes, raw text, guidance, skip, submit. Without it the page is a form.

const TYPING = "textarea, select, input:not([type=radio]):not([type=checkbox]), [contenteditable]";
const SHOWN_FOR = 8_000;
const UNDO_FOR = 10_000;
const NAMED = 5;

const grid = document.querySelector("[data-review]");
const form = document.getElementById("review-form");
const isReadonly = "readonly" in grid.dataset;
const dialog = document.getElementById("keys");
const criteria = [...form.querySelectorAll(".criterion")];
const status = document.getElementById("status");
const submittedBefore = status.querySelector("[data-undo]");
const flag = document.getElementById("flag");
const keyOf = JSON.parse(grid.dataset.keys);
const undone = [];
let current = -1;
let cameFrom = -1; // the criterion to go on with after a note that was owed to an earlier one

const marks = new Map([...document.querySelectorAll("[data-jump]")].map((link) => [link.dataset.jump, link]));
const markOf = (criterion) => marks.get(criterion?.dataset.criterion);

function makeCurrent(index, { focus = true } = {}) {
  if (index < 0 || index >= criteria.length) return;
  criteria[current]?.classList.remove("is-current");
  markOf(criteria[current])?.removeAttribute("aria-current");
  current = index;
  criteria[current].classList.add("is-current");
  markOf(criteria[current])?.setAttribute("aria-current", "true");
  criteria[current].dispatchEvent(new Event("current", { bubbles: true }));
  if (focus) criteria[current].focus({ preventScroll: true });
  if (focus) criteria[current].scrollIntoView({ block: "nearest" });
}

const answersOf = (criterion) => [...criterion.querySelectorAll(":scope > label input, :scope > .steps input")];
const numberOf = (criterion) => criterion.querySelector(":scope > input[type=number]");
const isAnswered = (criterion) => answersOf(criterion).some((input) => input.checked) || Boolean(numberOf(criterion)?.value);
const noteOf = (criterion) => criterion.querySelector("details.note textarea");
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
  if (!undone.length) return submittedBefore?.isConnected && submittedBefore.requestSubmit();
  const [index, before] = undone.pop();
  for (const input of answersOf(criteria[index])) input.checked = input === before;
  criteria[index].dispatchEvent(new Event("input", { bubbles: true }));
  makeCurrent(index);
}

function nextOpen() {
  const order = criteria.map((_, step) => (current + 1 + step) % criteria.length);
  const next = order.find((index) => !isAnswered(criteria[index]));
  if (next === undefined) say("Every criterion has an answer.", "good");
  else makeCurrent(next);
}

function openNote(criterion) {
  criterion.querySelector("details.note").open = true;
  noteOf(criterion).focus();
}

// A level given by key leads on to the next criterion; the note that it requires is written first.
function writeNote() {
  const from = Math.max(current, 0);
  const [owing] = undone.findLast(([index]) => owesNote(criteria[index])) ?? [from];
  openNote(criteria[owing]);
  cameFrom = owing === from ? -1 : from;
}

function leaveNote(criterion) {
  const next = criteria.indexOf(criterion) < 0 ? -1 : cameFrom;
  cameFrom = -1;
  if (next >= 0) makeCurrent(next);
  else (criterion ?? document.getElementById("main")).focus({ preventScroll: true });
}

const scrollAnswer = (direction) => window.scrollBy({ top: direction * window.innerHeight * 0.8 });

function goToTurn(step) {
  const bar = document.querySelector(".topbar").offsetHeight + 4;
  const topOf = (turn) => turn.getBoundingClientRect().top - bar;
  const turns = () => [...document.querySelectorAll("[data-turn], .answer")].filter((turn) => turn.checkVisibility());
  const before = () => turns().findLast((turn) => topOf(turn) < -4);
  const older = document.querySelector("details.older:not([open])");
  let turn = step > 0 ? turns().find((one) => topOf(one) > 4) : before();
  if (!turn && step < 0 && older) {
    const place = turns()[0];
    const top = topOf(place);
    older.open = true;
    window.scrollBy({ top: topOf(place) - top });
    turn = before();
  }
  if (!turn) return;
  turn.focus({ preventScroll: true });
  window.scrollBy({ top: topOf(turn) });
}

function toggle(details) {
  if (details) details.open = !details.open;
  if (details?.open) details.querySelector("summary").focus();
}

// Loaded when it is first needed: most reviews quote nothing, and the page stays within its requests.
async function quote() {
  const quotes = await import("./quotes.js");
  const criterion = criteria[Math.max(current, 0)];
  if (!criterion.querySelector("[data-quotes]")) return say("A preference takes no quotes; choose a criterion first.", "bad");
  const fault = quotes.attach(criterion);
  if (!fault) return say(`Quoted for ${titleOf(criterion)}.`, "good");
  const raw = keyOf.raw ? `Raw text (${keyOf.raw.toUpperCase()})` : "Raw text";
  say(fault === "elsewhere" ? "Select a passage of the answer, prompt, context or reference first." : `These words do not stand like that in the text as written. Switch to ${raw} and select them there.`, "bad");
}

function say(text, kind) {
  const words = document.createElement("p");
  words.className = `flash ${kind}`;
  words.textContent = text;
  for (const earlier of status.querySelectorAll("p")) earlier.remove();
  if (submittedBefore) submittedBefore.hidden = true; // its key still works
  status.append(words);
  setTimeout(() => words.remove(), SHOWN_FOR);
}

function owesNote(criterion) {
  const isDue = criterion.querySelector("[data-note]:checked, [data-required]");
  return Boolean(isDue) && isAnswered(criterion) && !noteOf(criterion).value.trim();
}

function missing() {
  const lines = [];
  for (const criterion of criteria) {
    if (!isAnswered(criterion)) lines.push([criterion, titleOf(criterion)]);
    else if (owesNote(criterion)) lines.push([criterion, `a note for ${titleOf(criterion)}`]);
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
  const rest = whats.length > NAMED ? ` and ${whats.length - NAMED} more` : "";
  document.querySelector("[data-missing]").textContent = whats.length ? `Missing: ${whats.slice(0, NAMED).join(", ")}${rest}` : "";
  for (const criterion of criteria) {
    criterion.classList.toggle("lacks-note", owesNote(criterion));
    const done = markOf(criterion)?.querySelector("[data-done]");
    if (done) done.textContent = isAnswered(criterion) ? ", answered" : "";
    markOf(criterion)?.classList.toggle("is-done", isAnswered(criterion));
  }
  const progress = document.querySelector("[data-progress]");
  if (progress) progress.textContent = `${criteria.filter(isAnswered).length} of ${criteria.length} answered`;
}

const ON_THE_FORM = {
  note: writeNote,
  quote: () => quote(),
  undo,
  skip: () => { toggle(document.getElementById("skip")); document.getElementById("skip-reason")?.focus(); },
};
const ACTIONS = {
  next_criterion: () => makeCurrent(Math.min(current + 1, criteria.length - 1)),
  previous_criterion: () => makeCurrent(Math.max(current - 1, 0)),
  next_open: nextOpen,
  flag: () => { toggle(flag); document.getElementById("flag-text")?.focus(); },
  raw: () => document.getElementById("view-raw").click(),
  guidance: () => toggle(document.getElementById("guidance")),
  previous_turn: () => goToTurn(-1),
  next_turn: () => goToTurn(1),
  help: () => dialog.showModal(),
  ...(isReadonly ? {} : ON_THE_FORM),
};
const ACTION_OF = new Map(Object.entries(keyOf).map(([action, key]) => [key, action]));

function onKey(event) {
  if (document.querySelector("dialog[open]") || event.isComposing) return;
  const isTyping = event.target.matches(TYPING);
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    const beside = event.target.closest("form"); // that of a skip or a report, while somebody writes in it
    event.preventDefault();
    (beside ?? form).requestSubmit();
  } else if (event.key === "Escape" && isTyping) {
    leaveNote(event.target.closest(".criterion"));
  } else if (!isTyping && !event.ctrlKey && !event.metaKey && !event.altKey && "singleKeys" in grid.dataset) {
    onSingleKey(event);
  }
}

function onSingleKey(event) {
  const key = event.key === " " ? "Space" : event.key.toLowerCase();
  const isFree = !event.target.matches("button, summary, a, [type=checkbox], [type=radio]:not(:checked)");
  const action = ACTION_OF.get(key);
  if (key === "Space" && !isFree) return;
  if (/^[0-9]$/.test(key) && !isReadonly && !form.inert) {
    const input = giveLevel(Number(key));
    if (input) give(input);
  } else if (action === "scroll") scrollAnswer(event.shiftKey ? -1 : 1);
  else if (ACTIONS[action] && !(form.inert && action in ON_THE_FORM)) ACTIONS[action]();
  else return;
  event.preventDefault();
}

form.addEventListener("focusin", (event) => {
  cameFrom = -1;
  makeCurrent(criteria.indexOf(event.target.closest(".criterion")), { focus: false });
});
form.addEventListener("input", (event) => {
  const criterion = event.target.closest(".criterion");
  if (event.target.matches("[data-note]:checked")) criterion.querySelector("details.note").open = true;
  keepOne(criterion, event.target);
  showMissing();
});
form.addEventListener("restored", () => {
  showMissing();
  if ([...form.querySelectorAll("[name^=evidence-]")].some((input) => input.value)) import("./quotes.js");
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

const opener = document.querySelector("[data-opens=keys]");
opener.hidden = false;
opener.onclick = ACTIONS.help;
if (!isReadonly) {
  const button = document.querySelector("[data-quote]");
  button.hidden = false;
  button.onmousedown = (event) => event.preventDefault(); // which would drop the selection
  button.onclick = quote;
  showMissing();
  makeCurrent(0, { focus: false });
}
if (form.querySelector("[data-quotes] li")) import("./quotes.js");
const saidBefore = [...status.children];
setTimeout(() => saidBefore.forEach((words) => words.remove()), UNDO_FOR);
document.getElementById("error-summary")?.focus();
