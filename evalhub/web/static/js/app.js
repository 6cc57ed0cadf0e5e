// Every page: times in the viewer's zone, dialogs, and the module that an element names in data-module.

const MODULES = new Set(["autosubmit", "copy"]);

for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(time.dateTime);
  if (Number.isNaN(moment.getTime())) continue;
  const isDay = !time.dateTime.includes("T");
  const shown = isDay ? { dateStyle: "medium", timeZone: "UTC" } : { dateStyle: "medium", timeStyle: "short" };
  time.textContent = new Intl.DateTimeFormat(undefined, shown).format(moment);
}

for (const opener of document.querySelectorAll("[data-opens]")) {
  const dialog = document.getElementById(opener.dataset.opens);
  opener.hidden = !dialog;
  opener.addEventListener("click", () => dialog.showModal());
}

localStorage.removeItem(sessionStorage.getItem("evalhub:sent")); // the review that led here has arrived
document.getElementById("error-summary")?.focus();

for (const element of document.querySelectorAll("[data-module]")) {
  if (!MODULES.has(element.dataset.module)) continue;
  const module = await import(`./${element.dataset.module}.js`);
  module.mount(element);
}
