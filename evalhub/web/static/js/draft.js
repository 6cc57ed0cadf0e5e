// What a reviewer writes, kept in the browser at once and on the server 600 ms after a change, and sent as a review; with
// the lease and the time at work. What got no answer is sent again word for word, until the server has said what became
// of it. One file, because the review page may make five requests; what is rarely needed is loaded when it is.

const BEAT_EVERY = 25;
const WARN_BEFORE = 120_000;
const WORDS_A_MINUTE = 150;
const SAVE_AFTER = 600;
const RETRY_AFTER = [1_000, 2_000, 4_000, 8_000, 15_000];
const KEPT_FOR = 30 * 86_400_000;
const PREFIX = "evalhub:draft:";
const FIRST_THINGS_FIRST = ["sending", "conflict", "signed-out", "kept", "lost", "ending"];

const grid = document.querySelector("[data-review]");
export const form = document.getElementById("review-form");
export const isReadonly = "readonly" in grid.dataset;
const work = { seconds: 0, untold: 0 };

const saved = document.querySelector("[data-saved]");
const clock = document.querySelector("[data-clock]");
const banner = document.getElementById("lease-banner");
const [button, otherButton] = banner.querySelectorAll("button");
const ahead = Date.parse(grid.dataset.now) - Date.now(); // of this computer's clock, by which no lease goes
const asked = new Map();

let leasedUntil = Date.parse(grid.dataset.leasedUntil) || null;
let beating = 0;
let lastActive = Date.now();
let idle = idleAfter();

export const time = (moment) => new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(new Date(moment));
const stateShown = () => saved.dataset.state;

export function show(state, text) {
  saved.dataset.state = state;
  saved.textContent = text;
}

// The banner below the top bar: words, and up to two things to do about them; no words takes them back.
export function ask(what, text, ...choices) {
  if (text) asked.set(what, { text, choices });
  else asked.delete(what);
  const first = FIRST_THINGS_FIRST.find((other) => asked.has(other));
  banner.hidden = !first;
  banner.dataset.asks = first ?? "";
  banner.querySelector("[data-versions]").hidden = first !== "conflict";
  banner.querySelector("[data-lease-words]").textContent = asked.get(first)?.text ?? "";
  [button, otherButton].forEach((element, index) => {
    const [label, act] = asked.get(first)?.choices[index] ?? [];
    element.hidden = !act;
    element.textContent = label ?? "";
    element.onclick = act ?? null;
  });
}

// The columns stay clear of both, whatever is written in them and however large.
const above = new ResizeObserver(() => {
  const height = document.querySelector(".topbar").offsetHeight + banner.offsetHeight;
  document.body.style.setProperty("--bar", `${height}px`);
});
above.observe(banner);

const sendOnce = (path, method, body, headers) =>
  fetch(path, { method, body, credentials: "same-origin", keepalive: (body?.length ?? 0) < 60_000, headers: { Accept: "application/json", ...headers } });

// An answer that settles the matter; a server that cannot be reached, or not now, is an error.
async function request(path, method, body, headers = {}) {
  const send = () => sendOnce(grid.dataset.review + path, method, body, { "X-CSRF-Token": grid.dataset.csrf, ...headers });
  let response = await send();
  if (response.status === 400 && (await whoIsHere())) response = await send();
  if (response.status >= 500 || response.status === 429) throw new Error(response.statusText);
  return response;
}

// Whether somebody is signed in; takes over the token that their requests must carry.
export async function whoIsHere(fields = null) {
  const headers = fields ? { "Content-Type": "application/x-www-form-urlencoded" } : {};
  const response = await sendOnce("/sign-in", fields ? "POST" : "GET", fields?.toString(), headers);
  const here = await response.json();
  if (!response.ok) throw new Error(here.error.message);
  grid.dataset.csrf = here.csrf_token;
  for (const input of document.querySelectorAll("[name=csrf_token]")) input.value = here.csrf_token;
  if (here.account) ask("signed-out", "");
  return Boolean(here.account);
}

function signedOut({ opens = false } = {}) {
  show("signed-out", "Signed out: kept in this browser");
  const open = async () => (await import("./signing_in.js")).open();
  if (opens) open();
  ask("signed-out", "You are signed out. What you write is kept in this browser and stored once you have signed in.", ["Sign in here", open]);
}

export const again = () => grid.dispatchEvent(new Event("again")); // for whatever waits for the server

function setLease(until) {
  if (!until) return;
  leasedUntil = Date.parse(until) - ahead;
  ask("ending", "");
}

function tell(seconds) {
  work.untold = Math.max(0, work.untold - seconds);
}

async function beat() {
  if (Date.now() - beating < 2_000) return;
  beating = Date.now();
  const told = work.untold;
  try {
    const response = await request("/heartbeat", "POST", new URLSearchParams({ lease: grid.dataset.lease, seconds: told }));
    if (response.status === 401) return signedOut();
    if (response.status === 409) return lost();
    tell(told);
    const answer = await response.json();
    setLease(answer.leased_until);
    document.getElementById("newer-version").hidden = !(answer.newest_version > Number(grid.dataset.rubricVersion));
    if (stateShown() === "offline") again();
  } catch {
    if (stateShown() !== "conflict" && stateShown() !== "sending") offline();
  }
}

const offline = () => show("offline", "Offline: kept in this browser");

function lost() {
  leasedUntil = null;
  ask("lost", "Your lease has ended, and the item may have gone to somebody else. Submit it if it is complete: it is kept, if need be as an extra review.");
}

// How long a reader may be still: a minute, or the time that the words in view take.
function idleAfter() {
  const read = document.querySelector(".read");
  const share = Math.min(1, window.innerHeight / Math.max(read.offsetHeight, 1));
  return Math.max(60_000, (read.innerText.split(/\s+/).length * share * 60_000) / WORDS_A_MINUTE);
}

function tick() {
  const isAtWork = document.visibilityState === "visible" && Date.now() - lastActive < idle;
  if (isAtWork) {
    work.seconds += 1;
    work.untold += 1;
    if (leasedUntil && work.seconds % BEAT_EVERY === 0) beat();
  }
  if (clock) clock.textContent = `${Math.floor(work.seconds / 60)}:${String(work.seconds % 60).padStart(2, "0")}`;
  const left = leasedUntil ? leasedUntil - Date.now() : Infinity;
  if (left < 0) lost();
  else if (left < WARN_BEFORE) ask("ending", `Your lease on this item ends at ${time(leasedUntil)}. Any key keeps it.`, ["Keep it", beat]);
}

function active() {
  lastActive = Date.now();
  if (leasedUntil && leasedUntil - lastActive < WARN_BEFORE) beat();
}

if (leasedUntil) leasedUntil -= ahead;
if (!isReadonly) {
  for (const kind of ["keydown", "pointerdown", "scroll", "pointermove"]) {
    document.addEventListener(kind, active, { passive: true, capture: true });
  }
  window.addEventListener("resize", () => { idle = idleAfter(); });
  if (clock) clock.hidden = false;
  setInterval(tick, 1000);
}
window.addEventListener("online", again);

const kept = PREFIX + grid.dataset.assignment;

export const draft = {
  revision: Number(grid.dataset.revision),
  lastSaved: saved.querySelector("time")?.dateTime,
  sending: null, // the submission on its way: the fields of the form
  other: null, // the version that was not chosen where there were two
};
let timer = null;
let tries = 0;
let isDirty = false;
let isSaving = false;
let isSending = false;
let unanswered = null; // the draft that was sent last, while nobody knows whether it arrived

const numberOr = (input) => (input.type === "number" || input.closest(".step") ? Number(input.value) : input.value);

export function collect() {
  const body = { scores: {}, notes: {}, tags: {}, evidence: {}, note: form.elements.note.value, confidence: null };
  for (const criterion of form.querySelectorAll(".criterion")) {
    const key = criterion.dataset.criterion;
    const answer = criterion.querySelector(`[name="level-${key}"]:checked, [name="level-${key}"][type=number]`);
    const isNone = criterion.querySelector(`[name="na-${key}"]`)?.checked || answer?.value === "__na__";
    if (isNone) body.scores[key] = null;
    else if (answer?.value) body.scores[key] = numberOr(answer);
    const note = criterion.querySelector(`[name="note-${key}"]`).value;
    if (note) body.notes[key] = note;
    const tags = [...criterion.querySelectorAll(`[name="tags-${key}"]:checked`)].map((input) => input.value);
    if (tags.length) body.tags[key] = tags;
    const quotes = criterion.querySelector(`[name="evidence-${key}"]`)?.value;
    if (quotes) body.evidence[key] = JSON.parse(quotes);
  }
  const confidence = form.querySelector("[name=confidence]:checked");
  if (confidence) body.confidence = Number(confidence.value);
  return body;
}

export function keep() {
  if (isReadonly) return; // what is kept came from elsewhere, and stays as it is
  try {
    localStorage.setItem(kept, JSON.stringify({ ...draft, body: collect(), at: Date.now() }));
  } catch {
    show("unsaved", "Not saved yet, and this browser keeps nothing");
  }
}

export function forget() {
  if (draft.other) keep();
  else localStorage.removeItem(kept);
}

export function changed() {
  isDirty = true;
  keep();
  if (draft.sending || stateShown() === "conflict") return;
  if (stateShown() !== "signed-out") show("unsaved", "Not saved yet");
  later(save, SAVE_AFTER);
}

function later(act, delay) {
  clearTimeout(timer);
  timer = setTimeout(act, delay);
}

const nextTry = () => RETRY_AFTER[Math.min(tries++, RETRY_AFTER.length - 1)];

async function save() {
  if (isSaving || draft.sending) return;
  clearTimeout(timer);
  isSaving = true;
  if (!unanswered) {
    isDirty = false;
    unanswered = { text: JSON.stringify({ revision: draft.revision, body: collect(), seconds: work.untold }), seconds: work.untold };
  }
  show("saving", "Saving…");
  try {
    await draftAnswered(await request("/draft", "PUT", unanswered.text, { "Content-Type": "application/json" }));
  } catch {
    offline();
    later(save, nextTry());
  } finally {
    isSaving = false;
  }
  if (isDirty && stateShown() === "saved") changed();
}

async function draftAnswered(response) {
  const answer = await response.json();
  const told = unanswered.seconds;
  unanswered = null;
  tries = 0;
  if (response.ok) {
    tell(told);
    setRevision(answer.revision);
    draft.lastSaved = answer.saved_at;
    if (!isDirty) forget();
    show("saved", `Draft saved ${time(draft.lastSaved)}`);
    saved.title = new Date(draft.lastSaved).toUTCString();
    setLease(answer.leased_until);
    return;
  }
  isDirty = true;
  if (response.status === 409 && answer.body) import("./versions.js").then((module) => module.conflict(answer));
  else if (response.status === 401) signedOut();
  else show("refused", `Not saved, kept in this browser: ${reason(response.status, answer)}`);
}

const reason = (status, answer) => (status === 404 ? "this item is not held by the person who is signed in now." : answer.error.message);

export function setRevision(number) {
  draft.revision = number;
  form.elements.draft_revision.value = number;
}

// The submission goes out of the page, so that it can wait for the server and nothing has to be typed again.
export async function send() {
  clearTimeout(timer);
  if (isSending) return;
  isSending = true;
  form.inert = true; // what is repeated must be the same, or it might be stored twice
  show("sending", "Sending…");
  try {
    const type = { "Content-Type": "application/x-www-form-urlencoded" };
    const response = await request("", "POST", draft.sending, type);
    const answer = await response.json();
    if (response.ok) {
      localStorage.removeItem(kept);
      location.assign(answer.next);
    } else if (response.status === 401) {
      ask("sending", "");
      signedOut({ opens: true });
    } else refused(response.status, reason(response.status, answer));
  } catch {
    show("sending", "Waiting to be sent");
    ask("sending", "No answer from the server. Your review is kept in this browser and sent as soon as it answers; you may leave this page open.", ["Send now", again]);
    later(send, nextTry());
  } finally {
    isSending = false;
  }
}

function refused(status, message) {
  draft.sending = null;
  form.inert = false;
  tries = 0;
  ask("sending", "");
  keep();
  show("refused", `Not stored: ${message}`);
  if ([409, 422].includes(status) && !isReadonly) form.submit(); // to the page that says what to do, at each field
}

function submitted(event) {
  if (event.defaultPrevented) return;
  event.preventDefault();
  if (event.submitter?.hasAttribute("formaction")) return void save();
  if (draft.sending) return void send();
  form.elements.seconds.value = work.untold;
  draft.sending = new URLSearchParams(new FormData(form)).toString();
  keep();
  send();
}

function dropAll() {
  clearTimeout(timer);
  localStorage.removeItem(kept);
}

// What this browser kept of the item; nothing can be written until it is known which words stand here.
function takeUp(local) {
  form.inert = true;
  import(`./versions.js?${tries}`).then((module) => module.takeUp(local)).catch(() => later(() => takeUp(local), nextTry()));
}

function goOn() {
  if (draft.sending) send();
  else if (isDirty || unanswered) save();
  else if (stateShown() === "offline" || stateShown() === "signed-out") show(draft.lastSaved ? "saved" : "fresh", draft.lastSaved ? `Draft saved ${time(draft.lastSaved)}` : "");
}

function dropOldOnes() {
  for (const name of Object.keys(localStorage).filter((one) => one.startsWith(PREFIX))) {
    if (!(JSON.parse(localStorage.getItem(name)).at > Date.now() - KEPT_FOR)) localStorage.removeItem(name);
  }
}

for (const moment of document.querySelectorAll("time[datetime]")) {
  const isClock = moment.closest("[data-saved]");
  moment.textContent = isClock ? time(moment.dateTime) : new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(moment.dateTime));
}
dropOldOnes();
if (!isReadonly) {
  form.addEventListener("input", changed);
  form.addEventListener("submit", submitted);
  document.querySelector("[data-leave]")?.addEventListener("submit", dropAll);
  document.addEventListener("visibilitychange", () => { if (document.hidden && stateShown() === "unsaved") save(); });
}
grid.addEventListener("again", goOn);
const local = JSON.parse(localStorage.getItem(kept) ?? "null");
if ("unstored" in grid.dataset) changed();
else if (local) takeUp(local);
