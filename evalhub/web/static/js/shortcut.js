// A link or button that a single key presses, named in data-key; Enter too while nothing else has the focus.

export function mount(element) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest("input, select, textarea, [contenteditable], dialog[open]")) return;
    const isIdle = document.activeElement === document.body;
    if (event.key.toLowerCase() === element.dataset.key || (event.key === "Enter" && isIdle)) {
      event.preventDefault();
      element.click();
    }
  });
}
