// The feedback on a practice item: quotes of both sides in the answer, and the key that shows its raw text.

import "./case_quotes.js";

const grid = document.querySelector("[data-feedback]");
const keyOf = JSON.parse(grid.dataset.keys);

document.addEventListener("keydown", (event) => {
  if (!("singleKeys" in grid.dataset) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("textarea, select, input:not([type=checkbox])")) return;
  if (keyOf.raw && event.key.toLowerCase() === keyOf.raw) document.getElementById("view-raw").click();
});
