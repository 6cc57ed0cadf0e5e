// Every page: times in the viewer's zone, dialogs, and the module that an element names in data-module.

const MODULES = new Set(["autosubmit", "copy", "progress", "rows", "shortcut"]);

for (const time of document.querySelectorAll("time[datetime]")) {
  const isMoment = time.textContent.trim().endsWith("UTC"); // not an age, nor a day
  const shown = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  if (isMoment) time.textContent = shown.format(new Date(time.dateTime));
}

for (const opener of document.querySelectorAll("[data-opens]")) {
  const dialog = document.getElementById(opener.dataset.opens);
  opener.hidden = !dialog;
  opener.addEventListener("click", () => dialog.showModal());
}

document.querySelector(".site-nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
setTimeout(() => document.querySelector("[data-undo]")?.remove(), 10_000);
document.getElementById("error-summary")?.focus();

for (const element of document.querySelectorAll("[data-module]")) {
  if (!MODULES.has(element.dataset.module)) continue;
  const module = await import(`./${element.dataset.module}.js`);
  module.mount(element);
}
