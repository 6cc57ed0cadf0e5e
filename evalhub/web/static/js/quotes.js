// Evidence: text selected in what is read, kept with a criterion by its place in the raw text, in code points.
// The page of a case, which has no review form, uses `shownRange` alone.

const form = document.getElementById("review-form");
const WORD = /[\p{L}\p{N}]+/gu;

const sideOf = (node) => (node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest("[data-side]");
const rawOf = (side) => [...side.querySelectorAll("pre.raw")].at(-1); // a text too long to render stands as raw twice
const CONTEXT = 32;

// The text of an element with the node that each stretch of it came from; marked characters count as themselves.
function textOf(root) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const parts = [];
  let text = "";
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const isMarked = node.parentElement.matches(".unseen");
    const shown = isMarked ? String.fromCodePoint(parseInt(node.data.slice(2), 16)) : node.data;
    parts.push({ node, start: text.length, isMarked });
    text += shown;
  }
  return { text, parts };
}

function offsetIn({ parts, text }, node, offset) {
  const part = parts.find((one) => one.node === node);
  if (part) return part.isMarked ? part.start + (offset > 0 ? 1 : 0) : part.start + offset;
  const next = parts.find((one) => node.compareDocumentPosition(one.node) & Node.DOCUMENT_POSITION_FOLLOWING && !node.contains(one.node));
  const child = node.childNodes[offset];
  const within = child && parts.find((one) => child === one.node || child.contains(one.node));
  return (within ?? next)?.start ?? text.length;
}

function rangeOf({ parts }, start, end) {
  const range = document.createRange();
  const from = parts.findLast((part) => part.start <= start);
  const to = parts.findLast((part) => part.start < end);
  range.setStart(from.node, from.isMarked ? 0 : Math.min(start - from.start, from.node.length));
  range.setEnd(to.node, to.isMarked ? to.node.length : Math.min(end - to.start, to.node.length));
  return range;
}

// Where the same words stand, whatever marks lie between them: rendered text has lost those of its source.
function placesOf(words, text) {
  const between = "[^\\p{L}\\p{N}]{1,40}?";
  const pattern = new RegExp(words.join(between), "gu");
  return words.length ? [...text.matchAll(pattern)].map((match) => [match.index, match.index + match[0].length]) : [];
}

// The quote that is selected, or why it is none: "elsewhere" or "altered".
function selected() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return "elsewhere";
  const range = selection.getRangeAt(0);
  const side = sideOf(range.startContainer);
  if (!side || side !== sideOf(range.endContainer)) return "elsewhere";
  const raw = textOf(rawOf(side));
  const isRaw = rawOf(side).contains(range.commonAncestorContainer);
  const shown = isRaw ? raw : textOf(side.querySelector(".prose"));
  const start = offsetIn(shown, range.startContainer, range.startOffset);
  const end = offsetIn(shown, range.endContainer, range.endOffset);
  if (isRaw) return quoteAt(side, raw.text, start, end);
  const words = shown.text.slice(start, end).match(WORD) ?? [];
  const before = placesOf(words, shown.text).filter(([place]) => place < start).length;
  const place = placesOf(words, raw.text)[before];
  return place ? quoteAt(side, raw.text, ...place) : "altered";
}

function quoteAt(side, raw, from, to) {
  const exact = raw.slice(from, to);
  if (!exact.trim()) return "elsewhere";
  const before = [...raw.slice(0, from)];
  const [start, end] = [before.length, before.length + [...exact].length];
  const prefix = before.slice(-CONTEXT).join("");
  const suffix = [...raw.slice(to, to + 2 * CONTEXT)].slice(0, CONTEXT).join("");
  return { side: side.dataset.side, start, end, exact, prefix, suffix };
}

const fieldOf = (criterion) => criterion.querySelector(`[name="evidence-${criterion.dataset.criterion}"]`);
const quotesOf = (criterion) => JSON.parse(fieldOf(criterion).value || "[]");

function keep(criterion, quotes) {
  fieldOf(criterion).value = quotes.length ? JSON.stringify(quotes) : "";
  form.dispatchEvent(new Event("input", { bubbles: true }));
  showAll();
}

// Where a quote stands in what is shown, rendered or raw; null where its words cannot be found there.
export function shownRange(quote) {
  const isRaw = document.getElementById("view-raw").checked;
  const side = document.querySelector(`[data-side="${quote.side}"]`);
  const shown = textOf(isRaw ? rawOf(side) : side.querySelector(".prose"));
  const words = quote.exact.match(WORD) ?? [];
  const raw = isRaw ? shown : textOf(rawOf(side));
  const start = [...raw.text].slice(0, quote.start).join("").length;
  if (isRaw) return rangeOf(shown, start, start + quote.exact.length);
  const before = placesOf(words, raw.text).filter(([place]) => place < start).length;
  const place = placesOf(words, shown.text)[before];
  return place ? rangeOf(shown, ...place) : null;
}

// Every quote of the form with its place in what is shown: its criterion, its line in the list, its range or null.
let shownQuotes = [];

function goToText({ range }) {
  if (!range) return;
  const folded = range.startContainer.parentElement.closest("details:not([open])");
  if (folded) folded.open = true;
  window.scrollBy({ top: range.getBoundingClientRect().top - window.innerHeight / 3 });
  highlight("quotes-here", [range]);
}

function goToCriterion(event) {
  if (!getSelection().isCollapsed) return;
  const place = document.caretPositionFromPoint?.(event.clientX, event.clientY);
  const found = place && shownQuotes.find(({ range }) => range?.isPointInRange(place.offsetNode, place.offset));
  if (!found) return;
  found.line.querySelector("a").focus({ preventScroll: true });
  found.line.scrollIntoView({ block: "nearest" });
  highlight("quotes-here", [found.range]);
}

function highlight(name, ranges) {
  if (window.Highlight) CSS.highlights.set(name, new Highlight(...ranges.filter(Boolean)));
}

function lineOf(criterion, quote, without) {
  const line = document.createElement("li");
  const link = document.createElement("a");
  link.href = "#main"; // a link, because a submitted review's fields are disabled with all their buttons
  link.textContent = `“${quote.exact}”`;
  link.onclick = (event) => {
    event.preventDefault();
    goToText(shownQuotes.find((shown) => shown.line === line));
  };
  line.append(link);
  if (!criterion.disabled) {
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "button quiet";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Remove the quote “${quote.exact}”`);
    remove.onclick = () => keep(criterion, without);
    line.append(remove);
  }
  return line;
}

function showAll() {
  shownQuotes = [];
  for (const criterion of form.querySelectorAll(".criterion")) {
    if (!fieldOf(criterion)) continue;
    const quotes = quotesOf(criterion);
    for (const quote of quotes) {
      const line = lineOf(criterion, quote, quotes.filter((other) => other !== quote));
      shownQuotes.push({ criterion, line, range: shownRange(quote) });
    }
    criterion.querySelector("[data-quotes]").replaceChildren(...shownQuotes.filter((shown) => shown.criterion === criterion).map(({ line }) => line));
  }
  highlight("quotes", shownQuotes.map(({ range }) => range));
  showCurrent(form.querySelector(".criterion.is-current"));
}

function showCurrent(current) {
  highlight("quotes-here", shownQuotes.filter(({ criterion }) => criterion === current).map(({ range }) => range));
}

// Keeps what is selected with the criterion. Nothing is returned but the reason why it cannot be.
export function attach(criterion) {
  const quote = selected();
  if (typeof quote === "string") return quote;
  const others = quotesOf(criterion).filter((other) => other.side !== quote.side || other.start !== quote.start || other.end !== quote.end);
  keep(criterion, [...others, quote]);
}

if (form) {
  document.getElementById("view-raw").addEventListener("change", showAll);
  document.querySelector(".read").addEventListener("click", goToCriterion);
  form.addEventListener("current", (event) => showCurrent(event.target));
  form.addEventListener("restored", showAll);
  showAll();
}
