// Evidence: text selected in what is read, kept with a criterion by its place in the raw text, in code points.
// The page of a case, which has no review form, uses `shownRange` alone.

const form = document.getElementById("review-form");
const WORD = /[\p{L}\p{N}]+/gu;

const sideOf = (node) => (node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest("[data-side]");
const boxOf = (name, kind) => document.querySelector(`[data-side="${name}"] ${kind}`);

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

function selected() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const side = sideOf(range.startContainer);
  if (!side || side !== sideOf(range.endContainer)) return null;
  const raw = textOf(side.querySelector("pre.raw"));
  const isRaw = side.querySelector("pre.raw").contains(range.commonAncestorContainer);
  const shown = isRaw ? raw : textOf(side.querySelector(".prose"));
  const start = offsetIn(shown, range.startContainer, range.startOffset);
  const end = offsetIn(shown, range.endContainer, range.endOffset);
  if (isRaw) return quoteAt(side, raw.text, start, end);
  const words = shown.text.slice(start, end).match(WORD) ?? [];
  const before = placesOf(words, shown.text).filter(([place]) => place < start).length;
  const place = placesOf(words, raw.text)[before];
  return place ? quoteAt(side, raw.text, ...place) : null;
}

function quoteAt(side, raw, start, end) {
  const exact = raw.slice(start, end);
  const from = [...raw.slice(0, start)].length;
  return exact.trim() ? { side: side.dataset.side, start: from, end: from + [...exact].length, exact } : null;
}

const fieldOf = (criterion) => criterion.querySelector(`[name="evidence-${criterion.dataset.criterion}"]`);
const quotesOf = (criterion) => JSON.parse(fieldOf(criterion).value || "[]");

function keep(criterion, quotes) {
  fieldOf(criterion).value = quotes.length ? JSON.stringify(quotes) : "";
  form.dispatchEvent(new Event("input", { bubbles: true }));
  showAll();
}

function jumpTo(quote) {
  const range = shownRange(quote);
  range?.startContainer.parentElement.scrollIntoView({ block: "center" });
}

// Where a quote stands in what is shown, rendered or raw; null where its words cannot be found there.
export function shownRange(quote) {
  const isRaw = document.getElementById("view-raw").checked;
  const box = boxOf(quote.side, isRaw ? "pre.raw" : ".prose");
  const shown = textOf(box);
  const words = quote.exact.match(WORD) ?? [];
  const raw = isRaw ? shown : textOf(boxOf(quote.side, "pre.raw"));
  const start = [...raw.text].slice(0, quote.start).join("").length;
  if (isRaw) return rangeOf(shown, start, start + quote.exact.length);
  const before = placesOf(words, raw.text).filter(([place]) => place < start).length;
  const place = placesOf(words, shown.text)[before];
  return place ? rangeOf(shown, ...place) : null;
}

function button(label, title, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button quiet";
  made.textContent = label;
  if (title) made.setAttribute("aria-label", title);
  made.onclick = act;
  return made;
}

function showAll() {
  const ranges = [];
  for (const criterion of form.querySelectorAll(".criterion")) {
    const quotes = quotesOf(criterion);
    const rows = quotes.map((quote, index) => {
      const row = document.createElement("li");
      const without = quotes.filter((_, other) => other !== index);
      row.append(button(`“${quote.exact}”`, "", () => jumpTo(quote)), button("×", `Remove the quote “${quote.exact}”`, () => keep(criterion, without)));
      ranges.push(shownRange(quote));
      return row;
    });
    criterion.querySelector("[data-quotes]").replaceChildren(...rows);
  }
  if (window.Highlight) CSS.highlights.set("quotes", new Highlight(...ranges.filter(Boolean)));
}

// Keeps what is selected with the criterion; false when nothing is, or its words cannot be found in the raw text.
export function attach(criterion) {
  const quote = selected();
  const others = quotesOf(criterion).filter((other) => other.side !== quote?.side || other.start !== quote?.start || other.end !== quote?.end);
  if (quote) keep(criterion, [...others, quote]);
  return Boolean(quote);
}

if (form) {
  document.getElementById("view-raw").addEventListener("change", showAll);
  showAll();
}
