// A button that copies the text of the element named in data-copies; shown only where that is possible.

export function mount(button) {
  const source = document.getElementById(button.dataset.copies);
  if (!source || !navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.textContent.trim());
    const words = document.createElement("p");
    words.className = "flash good";
    words.textContent = "Copied.";
    document.getElementById("status").replaceChildren(words);
  });
}
