// Two versions of one draft: shown side by side with the whole of every text, and neither thrown away. Also what this
// browser kept of the item, against what the server knows of it. Loaded when there is something to compare.

import { ask, changed, collect, draft, forget, form, isReadonly, keep, send, setRevision, show, time } from "./draft.js";

const PARTS = [["scores", "Level"], ["notes", "Note"], ["tags", "What went wrong"], ["evidence", "Quotes"]];

const inOrder = (_, value) => (value && typeof value === "object" && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort()) : value);
const isSame = (one, two) => JSON.stringify(one, inOrder) === JSON.stringify(two, inOrder);

function restore({ scores = {}, notes = {}, tags = {}, evidence = {}, note = "", confidence = null }) {
  form.elements.note.value = note;
  for (const criterion of form.querySelectorAll(".criterion")) {
    const key = criterion.dataset.criterion;
    const score = key in scores ? (scores[key] ?? "__na__") : undefined;
    for (const input of criterion.querySelectorAll(`[name="level-${key}"]`)) {
      if (input.type === "number") input.value = typeof score === "number" ? score : "";
      else input.checked = input.closest(".step") ? Number(input.value) === score : input.value === String(score);
    }
    const none = criterion.querySelector(`[name="na-${key}"]`);
    if (none) none.checked = score === "__na__";
    const words = criterion.querySelector(`[name="note-${key}"]`);
    words.value = notes[key] ?? "";
    if (words.value) words.closest("details").open = true;
    const quotes = criterion.querySelector(`[name="evidence-${key}"]`);
    if (quotes) quotes.value = evidence[key] ? JSON.stringify(evidence[key]) : "";
    for (const input of criterion.querySelectorAll(`[name="tags-${key}"]`)) input.checked = (tags[key] ?? []).includes(input.value);
  }
  for (const input of form.querySelectorAll("[name=confidence]")) input.checked = Number(input.value) === confidence;
  form.dispatchEvent(new Event("restored"));
}

function made(name, text, className = "") {
  const element = document.createElement(name);
  element.textContent = text;
  element.className = className;
  return element;
}

function levelWords(criterion, score) {
  if (score === undefined) return "";
  const key = criterion.dataset.criterion;
  const input = [...criterion.querySelectorAll(`[name="level-${key}"]`)].find((one) => one.value === String(score ?? "__na__"));
  return input?.closest("label")?.querySelector(".level-name")?.textContent ?? String(score ?? "Not applicable");
}

function wordsOf(criterion, part, value) {
  if (part === "scores") return levelWords(criterion, value);
  if (part === "evidence") return (value ?? []).map((quote) => `“${quote.exact}”`).join("\n");
  return [value ?? []].flat().join(", ");
}

// Title, words here, words there, of each part in which the two differ.
function* differences(mine, theirs) {
  for (const criterion of form.querySelectorAll(".criterion")) {
    const key = criterion.dataset.criterion;
    const title = criterion.querySelector("legend").firstChild.textContent.trim();
    for (const [part, name] of PARTS) {
      const [here, there] = [mine, theirs].map((body) => wordsOf(criterion, part, body[part]?.[key]));
      if (here !== there) yield [`${title}: ${name}`, here, there];
    }
  }
  if ((mine.note ?? "") !== (theirs.note ?? "")) yield ["Anything else", mine.note, theirs.note];
  if ((mine.confidence ?? null) !== (theirs.confidence ?? null)) yield ["How sure", mine.confidence, theirs.confidence];
}

function showVersions(mine, theirs) {
  const table = made("table", "", "data");
  const head = table.createTHead().insertRow();
  for (const words of ["", "Here", "In the other window"]) head.append(made("th", words));
  const body = table.createTBody();
  for (const [title, here, there] of differences(mine, theirs)) {
    const row = body.insertRow();
    const heading = made("th", title);
    heading.scope = "row";
    row.append(heading, made("td", here || "–", "note-text"), made("td", there || "–", "note-text"));
  }
  head.firstChild.replaceWith(made("td", ""));
  document.querySelector("[data-versions]").replaceChildren(table);
}

// What stands in this page, and what another window has stored.
export function conflict({ revision, body, saved_at: moment }) {
  const settle = (notChosen) => {
    draft.other = notChosen;
    setRevision(revision);
    ask("conflict", "");
    show("unsaved", "Not saved yet");
    offerOther();
    changed();
  };
  const loadOther = () => {
    const mine = collect();
    restore(body);
    settle(mine);
  };
  show("conflict", "Changed in another window");
  keep();
  ask("conflict", `Another window saved a different draft at ${time(moment)}. Nothing is lost: choose which one goes on.`, ["Keep this one", () => settle(body)], ["Load the other", loadOther]);
  showVersions(collect(), body);
}

function offerOther() {
  const swap = () => {
    const mine = collect();
    restore(draft.other);
    draft.other = mine;
    changed();
  };
  const drop = () => {
    draft.other = null;
    ask("kept", "");
    changed();
  };
  ask("kept", "The other version stays in this browser until you submit.", ["Swap the two", swap], ["Drop it", drop]);
}

export function takeUp(local) {
  const stored = collect();
  const isKnown = isSame(local.body, stored);
  form.inert = false;
  draft.sending = local.sending;
  draft.other = local.other;
  if (!isKnown && !isReadonly) restore(local.body);
  if (draft.sending) return void send();
  if (draft.other && !isReadonly) offerOther();
  if (isKnown) forget();
  else if (isReadonly) ask("kept", "This browser keeps words that are not part of what you submitted. Reopen the review to see both.");
  else if (local.revision === draft.revision) changed();
  else conflict({ revision: draft.revision, body: stored, saved_at: draft.lastSaved ?? Date.now() });
}
