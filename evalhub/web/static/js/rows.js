// A list by keyboard: J and K go to the next and the previous row's button, which Enter then presses.

export function mount(element) {
  const buttons = [...document.querySelectorAll(element.dataset.rows)].map((row) => row.querySelector("td:last-child .button"));
  element.hidden = false;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, select, textarea, [contenteditable], dialog[open]")) return;
    const step = { j: 1, k: -1 }[event.key.toLowerCase()];
    if (!step) return;
    const at = buttons.findIndex((button) => button.closest("tr").contains(document.activeElement));
    const next = buttons[Math.max(0, Math.min(at + step, buttons.length - 1))];
    next?.focus({ preventScroll: true });
    next?.closest("tr").scrollIntoView({ block: "nearest" });
    event.preventDefault();
  });
}
