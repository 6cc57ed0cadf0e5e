// Signing in without leaving the review page; loaded when the session has ended.

import { again, whoIsHere } from "./draft.js";

const dialog = document.getElementById("signing-in");
const fields = dialog.querySelector("form.sign-in");
const fault = dialog.querySelector(".field-error");

function say(text) {
  fault.hidden = !text;
  fault.textContent = text;
}

async function enter(sent) {
  try {
    if (!(await whoIsHere(sent))) return say("Nobody is signed in yet in this browser.");
    say("");
    fields.reset();
    dialog.close();
    again();
  } catch (error) {
    say(error instanceof TypeError ? "The server cannot be reached just now; try again." : error.message);
  }
}

fields.addEventListener("submit", async (event) => {
  event.preventDefault();
  await whoIsHere().catch(() => false); // a stranger's form carries a token, too
  await enter(new URLSearchParams(new FormData(fields)));
});
dialog.querySelector("[data-go-on]").addEventListener("click", () => enter(null));

export function open() {
  if (!dialog.open) dialog.showModal();
}
