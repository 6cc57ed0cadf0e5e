// A case by keyboard, with a draft of the decision kept in the browser. Without it the page is a form.

import "./case_quotes.js";

const TYPING = "textarea, select, input:not([type=radio]):not([type=checkbox]), [contenteditable]";
const grid = document.querySelector("[data-case]");
const form = document.getElementById("decision-form");
const criteria = [...(form ?? grid).querySelectorAll(".criterion")];
const dialog = document.getElementById("case-keys");
const keyOf = JSON.parse(grid.dataset.keys);
let current = -1;

function makeCurrent(index, { focus = true } = {}) {
  if (index < 0 || index >= criteria.length) return;
  criteria[current]?.classList.remove("is-current");
  current = index;
  criteria[current].classList.add("is-current");
  if (!focus) return;
  criteria[current].focus({ preventScroll: true });
  criteria[current].scrollIntoView({ block: "nearest" });
}

const titleOf = (criterion) => criterion.querySelector("h2").textContent.trim();
const isDecided = (criterion) => Boolean(criterion.querySelector("[name^=level-]:checked, [inputmode=decimal]")?.value);

function decide(digit) {
  if (current < 0) makeCurrent(0);
  const choices = [...criteria[current].querySelectorAll("[type=radio]")];
  const input = digit === 0 ? choices.find((choice) => choice.closest(".is-na")) : choices.filter((choice) => !choice.closest(".is-na"))[digit - 1];
  if (!input) return;
  input.checked = true;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  if (current < criteria.length - 1) makeCurrent(current + 1);
  else form.elements.rationale.focus();
}

function goToTurn(step) {
  const tops = [...document.querySelectorAll("[data-turn], .answer")].map((turn) => turn.getBoundingClientRect().top);
  const next = step > 0 ? tops.find((top) => top > 4) : tops.findLast((top) => top < -4);
  if (next !== undefined) window.scrollBy({ top: next });
}

const ACTS = {
  next_criterion: () => makeCurrent(Math.min(current + 1, criteria.length - 1)),
  previous_criterion: () => makeCurrent(Math.max(current - 1, 0)),
  note: () => form?.elements.rationale.focus(),
  raw: () => document.getElementById("view-raw").click(),
  previous_turn: () => goToTurn(-1),
  next_turn: () => goToTurn(1),
  help: () => dialog.showModal(),
};

function onKey(event) {
  if (dialog.open || event.isComposing) return;
  const isTyping = event.target.matches(TYPING);
  const sent = form ?? (event.repeat ? null : document.querySelector("[data-next-case]"));
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && sent && (!isTyping || sent.contains(event.target))) {
    event.preventDefault();
    sent.requestSubmit();
  } else if (event.key === "Escape" && isTyping) {
    (event.target.closest(".criterion") ?? criteria[current] ?? document.getElementById("main")).focus({ preventScroll: true });
  } else if (!isTyping && !event.ctrlKey && !event.metaKey && !event.altKey && "singleKeys" in grid.dataset) {
    onSingleKey(event);
  }
}

function onSingleKey(event) {
  const act = Object.keys(ACTS).find((name) => keyOf[name] && keyOf[name] === event.key.toLowerCase());
  if (act) ACTS[act]();
  else if (/^[0-9]$/.test(event.key) && form) decide(Number(event.key));
  else return;
  event.preventDefault();
}

document.addEventListener("keydown", onKey);
grid.addEventListener("focusin", (event) => makeCurrent(criteria.indexOf(event.target.closest(".criterion")), { focus: false }));

// The draft. It is forgotten once the decision that it was sent as stands: the page then shows a later revision.

const kept = `evalhub:case:${grid.dataset.case}`;
const SENT = "evalhub:decision-sent";

const fieldsOf = () => [...new FormData(form)].filter(([name]) => !["csrf_token", "revision", "idempotency_key"].includes(name));

function showMissing() {
  const whats = criteria.filter((criterion) => !isDecided(criterion)).map(titleOf);
  if (!form.elements.rationale.value.trim()) whats.push("why");
  if (!form.querySelector("[name=cause]:checked")) whats.push("the cause");
  document.querySelector("[data-missing]").textContent = whats.length ? `Missing: ${whats.join(", ")}` : "";
}

function restore({ revision, fields }) {
  for (const [name, value] of fields) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "radio") field.checked = field.value === value;
      else field.value = value;
    }
  }
  const words = document.querySelector("[data-draft-words]");
  const isOlder = revision !== grid.dataset.revision;
  const notice = document.createElement("p");
  notice.className = "notice";
  notice.textContent = isOlder ? "Somebody decided in the meantime. Your own words, which were kept in this browser, stand in the form." : "What you had written was kept in this browser, and stands in the form.";
  words.replaceChildren(notice);
  words.hidden = false;
}

const local = JSON.parse(localStorage.getItem(kept) ?? "null");
const wasSent = sessionStorage.getItem(SENT) === kept && local?.revision !== grid.dataset.revision;
const hasErrors = Boolean(document.getElementById("error-summary"));
if (wasSent && !hasErrors) localStorage.removeItem(kept);
else if (local && form && !hasErrors) restore(local);
sessionStorage.removeItem(SENT);

if (form) {
  showMissing();
  form.addEventListener("input", () => {
    localStorage.setItem(kept, JSON.stringify({ revision: grid.dataset.revision, fields: fieldsOf() }));
    showMissing();
  });
  form.addEventListener("submit", () => sessionStorage.setItem(SENT, kept));
} else if (local && !wasSent) {
  document.querySelector('.score-actions a[href$="anew=1"]')?.append(" (your draft is kept)");
}
