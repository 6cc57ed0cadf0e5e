// Keeps what a reviewer writes, in the browser at once and on the server 600 ms after a change; holds the lease and counts
// the time while they work. One file, because the review page may make five requests.

const BEAT_EVERY = 25;
const WARN_BEFORE = 120_000;
const WORDS_A_MINUTE = 150;

const grid = document.querySelector("[data-review]");
const saved = document.querySelector("[data-saved]");
const clock = document.querySelector("[data-clock]");
const banner = document.getElementById("lease-banner");
const words = banner.querySelector("[data-lease-words]");
const [button, otherButton] = banner.querySelectorAll("button");

let leasedUntil = Date.parse(grid.dataset.leasedUntil) || null;
let isBeating = false;
let lastActive = Date.now();
let seconds = 0;
let idle = idleAfter();

const time = (moment) => new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(new Date(moment));

function show(state, text) {
  saved.dataset.state = state;
  saved.textContent = text;
}

const stateShown = () => saved.dataset.state;

// The banner below the top bar: words, and up to two things to do about them.
function ask(text, ...choices) {
  banner.hidden = !text;
  words.textContent = text;
  [button, otherButton].forEach((element, index) => {
    const [label, act] = choices[index] ?? [];
    element.hidden = !act;
    element.textContent = label ?? "";
    element.onclick = act ?? null;
  });
}

function request(path, method, body, headers = {}) {
  const all = { Accept: "application/json", "X-CSRF-Token": grid.dataset.csrf, ...headers };
  return fetch(`${grid.dataset.review}/${path}`, { method, body, headers: all, credentials: "same-origin" });
}

function setLease(until) {
  if (!until) return;
  leasedUntil = Date.parse(until);
  if (stateShown() !== "conflict") ask("");
}

async function beat() {
  if (isBeating) return;
  isBeating = true;
  try {
    const response = await request("heartbeat", "POST", new URLSearchParams({ lease: grid.dataset.lease }));
    if (response.ok) setLease((await response.json()).leased_until);
    else if (response.status === 409) lost();
  } catch {
    show("offline", "Offline: kept in this browser");
  } finally {
    isBeating = false;
  }
}

function lost() {
  leasedUntil = null;
  ask("Your lease has ended, and the item may have gone to somebody else. Submit it if it is complete: it is kept, if need be as an extra review.");
}

// How long a reader may be still: a minute, or the time that the words in view take.
function idleAfter() {
  const answer = document.getElementById("answer");
  const share = Math.min(1, window.innerHeight / Math.max(answer.offsetHeight, 1));
  return Math.max(60_000, (answer.textContent.split(/\s+/).length * share * 60_000) / WORDS_A_MINUTE);
}

function tick() {
  const isAtWork = document.visibilityState === "visible" && Date.now() - lastActive < idle;
  if (isAtWork) seconds += 1;
  clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  if (isAtWork && leasedUntil && seconds % BEAT_EVERY === 0) beat();
  const left = leasedUntil ? leasedUntil - Date.now() : Infinity;
  if (left < 0) lost();
  else if (left < WARN_BEFORE && banner.hidden) ask(`Your lease on this item ends at ${time(leasedUntil)}. Any key keeps it.`, ["Keep it", beat]);
}

function active() {
  lastActive = Date.now();
  if (leasedUntil && leasedUntil - lastActive < WARN_BEFORE) beat();
}

if (!("readonly" in grid.dataset)) {
  for (const kind of ["keydown", "pointerdown", "scroll", "pointermove"]) {
    document.addEventListener(kind, active, { passive: true, capture: true });
  }
  window.addEventListener("resize", () => { idle = idleAfter(); });
  clock.hidden = false;
  clock.title = "Time at work on this page";
  setInterval(tick, 1000);
}

const SAVE_AFTER = 600;
const RETRY_AFTER = 5_000;

const form = document.getElementById("review-form");
const kept = `evalhub:draft:${grid.dataset.assignment}`;

let revision = Number(grid.dataset.revision);
let timer = null;
let isDirty = false;
let isSaving = false;

function collect() {
  const body = { scores: {}, notes: {}, tags: {}, evidence: {}, note: form.elements.note.value, confidence: null };
  for (const criterion of form.querySelectorAll(".criterion")) {
    const key = criterion.dataset.criterion;
    const answer = criterion.querySelector(`[name="level-${key}"]:checked, [name="level-${key}"][type=number]`);
    const isNone = criterion.querySelector(`[name="na-${key}"]`)?.checked || answer?.value === "__na__";
    const isNumber = answer && (answer.type === "number" || answer.closest(".step"));
    if (isNone) body.scores[key] = null;
    else if (answer?.value) body.scores[key] = isNumber ? Number(answer.value) : answer.value;
    const note = criterion.querySelector(`[name="note-${key}"]`).value;
    if (note) body.notes[key] = note;
    const tags = [...criterion.querySelectorAll(`[name="tags-${key}"]:checked`)].map((input) => input.value);
    if (tags.length) body.tags[key] = tags;
    const quotes = criterion.querySelector(`[name="evidence-${key}"]`).value;
    if (quotes) body.evidence[key] = JSON.parse(quotes);
  }
  const confidence = form.querySelector("[name=confidence]:checked");
  if (confidence) body.confidence = Number(confidence.value);
  return body;
}

function restore(body) {
  form.elements.note.value = body.note ?? "";
  for (const criterion of form.querySelectorAll(".criterion")) {
    const key = criterion.dataset.criterion;
    const score = key in body.scores ? (body.scores[key] ?? "__na__") : undefined;
    for (const input of criterion.querySelectorAll(`[name="level-${key}"]`)) {
      if (input.type === "number") input.value = typeof score === "number" ? score : "";
      else input.checked = input.value === String(score);
    }
    const none = criterion.querySelector(`[name="na-${key}"]`);
    if (none) none.checked = score === "__na__";
    criterion.querySelector(`[name="note-${key}"]`).value = body.notes[key] ?? "";
    criterion.querySelector(`[name="evidence-${key}"]`).value = body.evidence[key] ? JSON.stringify(body.evidence[key]) : "";
    for (const input of criterion.querySelectorAll(`[name="tags-${key}"]`)) input.checked = (body.tags[key] ?? []).includes(input.value);
  }
  for (const input of form.querySelectorAll("[name=confidence]")) input.checked = Number(input.value) === body.confidence;
  form.dispatchEvent(new Event("input"));
}

function changed() {
  isDirty = true;
  localStorage.setItem(kept, JSON.stringify({ revision, body: collect() }));
  if (stateShown() === "conflict") return;
  show("unsaved", "Not saved yet");
  clearTimeout(timer);
  timer = setTimeout(save, SAVE_AFTER);
}

async function save() {
  if (isSaving) return;
  isSaving = true;
  isDirty = false;
  show("saving", "Saving…");
  try {
    const sent = JSON.stringify({ revision, body: collect() });
    await answered(await request("draft", "PUT", sent, { "Content-Type": "application/json" }));
  } catch {
    show("offline", "Offline: kept in this browser");
    timer = setTimeout(save, RETRY_AFTER);
  } finally {
    isSaving = false;
  }
  if (isDirty && stateShown() === "saved") changed();
}

async function answered(response) {
  if (response.status >= 500 || response.status === 429) throw new Error(response.statusText);
  const answer = await response.json().catch(() => ({}));
  if (response.ok) {
    setRevision(answer.revision);
    if (!isDirty) localStorage.removeItem(kept);
    show("saved", `Draft saved ${time(answer.saved_at)}`);
    setLease(answer.leased_until);
  } else if (response.status === 409 && answer.body) conflict(answer);
  else if (response.status === 401) show("lost", "Signed out: kept in this browser. Submit, and you are asked to sign in");
  else show("lost", answer.error?.message ?? "Not saved: kept in this browser");
}

function setRevision(number) {
  revision = number;
  form.elements.draft_revision.value = number;
}

function conflict(other) {
  show("conflict", "Changed in another window");
  const keep = () => { setRevision(other.revision); show("unsaved", "Not saved yet"); ask(""); save(); };
  const load = () => { localStorage.removeItem(kept); location.reload(); };
  const question = `Another window saved a different draft at ${time(other.saved_at)}. Keep what you see here, or load the other one?`;
  ask(question, ["Keep this one", keep], ["Load the other", load]);
}

const dayAndTime = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
for (const moment of document.querySelectorAll("time[datetime]")) {
  moment.textContent = saved.contains(moment) ? time(moment.dateTime) : dayAndTime.format(new Date(moment.dateTime));
}
if ("readonly" in grid.dataset) localStorage.removeItem(kept);
else {
  const local = JSON.parse(localStorage.getItem(kept) ?? "null");
  if (local?.revision === revision) { restore(local.body); changed(); }
  else localStorage.removeItem(kept);
  form.addEventListener("input", changed);
  // What was sent is forgotten by the next page that loads: until then nobody knows that it arrived.
  form.addEventListener("submit", () => sessionStorage.setItem("evalhub:sent", kept));
}
const sent = sessionStorage.getItem("evalhub:sent");
if (sent && sent !== kept) localStorage.removeItem(sent);
