// The draft of a rubric: kept in the browser at once and on the server a second after a change; never merged.

const SAVE_AFTER = 1000;
const RETRY_AFTER = 5000;

const editor = document.querySelector("[data-editor]");
const form = document.getElementById("draft-form");
const text = form.elements.source;
const saved = form.querySelector("[data-saved]");
const banner = document.querySelector("[data-kept]");
const forgetting = banner.querySelector("[data-forget]");
const sample = document.getElementById("sample");
const kept = `evalhub:rubric-draft:${editor.dataset.url}`;
let timer;
let isSaving = false;
let stored = "unstored" in editor.dataset ? null : text.defaultValue; // what the server has, as far as this page knows

const time = (moment) => new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(new Date(moment));

function say(state, words) {
  saved.dataset.state = state;
  saved.textContent = words;
}

function ask(words, { canForget = false } = {}) {
  banner.querySelector("p").textContent = words;
  forgetting.hidden = !canForget;
  banner.hidden = false;
}

export function changed() {
  const revision = editor.dataset.restsOn ?? form.elements.revision.value; // where both are shown none is chosen yet
  localStorage.setItem(kept, JSON.stringify({ revision, source: text.value }));
  if (saved.dataset.state === "conflict") return;
  say("unsaved", "Not saved yet");
  clearTimeout(timer);
  timer = setTimeout(save, SAVE_AFTER);
}

export function saveNow() {
  clearTimeout(timer);
  if (saved.dataset.state !== "conflict") save();
}

async function save() {
  if (isSaving) return;
  if (text.value === stored) return done(null);
  isSaving = true;
  const sent = text.value;
  say("saving", "Saving…");
  try {
    const response = await fetch(editor.dataset.url, { method: "POST", body: new URLSearchParams(new FormData(form)), headers: { Accept: "application/json" } });
    const answer = await response.json();
    if (response.ok) answered(answer, sent);
    else refused(response.status, answer.error);
  } catch {
    say("offline", "Not saved: the server cannot be reached. Kept in this browser.");
    timer = setTimeout(save, RETRY_AFTER);
  } finally {
    isSaving = false;
  }
  if (saved.dataset.state === "unsaved") timer = setTimeout(save, SAVE_AFTER);
}

function answered(answer, sent) {
  stored = sent;
  form.elements.revision.value = answer.revision;
  if (text.value === sent) done(answer.saved_at);
  else changed();
}

function done(moment) {
  localStorage.removeItem(kept);
  say("saved", moment ? `Saved ${time(moment)}` : "Saved");
}

function refused(status, error) {
  if (error.code === "draft_conflict") {
    say("conflict", "Saved elsewhere in the meantime");
    ask("Another text of this draft was saved in the meantime, in another tab or by somebody else. Yours is kept in this browser.");
  } else if (status === 401) say("signed-out", "Not saved: you are signed out. Sign in in another tab; the text is kept in this browser.");
  else say("refused", `Not saved, kept in this browser: ${error.message}`);
}

function restore() {
  const local = JSON.parse(localStorage.getItem(kept) ?? "null");
  if (!local || local.source === text.value) return localStorage.removeItem(kept);
  if (local.revision === form.elements.revision.value) {
    text.value = local.source;
    changed();
    return;
  }
  ask("This browser keeps a text of this draft that was never saved; the draft has changed since.", { canForget: true });
  banner.querySelector("[type=submit]").addEventListener("click", () => {
    form.elements.revision.value = local.revision;
    text.value = local.source;
  });
}

forgetting.addEventListener("click", () => {
  localStorage.removeItem(kept);
  banner.hidden = true;
});
form.addEventListener("submit", () => clearTimeout(timer));
sample.value = localStorage.getItem(`${kept}:sample`) ?? "";
sample.addEventListener("input", () => localStorage.setItem(`${kept}:sample`, sample.value));
if (!("unstored" in editor.dataset)) restore();
