// Report or ask from the review page: sent by itself, so that the review stays as it is typed.

const details = document.getElementById("flag");
const form = details.querySelector("form");
const text = document.getElementById("flag-text");
const fault = document.getElementById("flag-error");

function show(message) {
  fault.textContent = message;
  fault.hidden = !message;
  text.toggleAttribute("aria-invalid", Boolean(message));
}

function say(message) {
  const words = document.createElement("p");
  words.className = "flash good";
  words.textContent = message;
  document.getElementById("status").replaceChildren(words);
  setTimeout(() => words.remove(), 8_000);
}

async function send() {
  const answer = await fetch(form.action, {
    method: "POST",
    headers: { Accept: "application/json" },
    body: new URLSearchParams(new FormData(form)),
  });
  const said = await answer.json();
  if (answer.ok) return said.message;
  throw new Error(said.error.details[0]?.message ?? said.error.message);
}

function nameCriterion() {
  if (!details.open || text.value) return;
  form.elements.criterion.value = document.querySelector(".criterion.is-current")?.dataset.criterion ?? "";
}

details.addEventListener("toggle", nameCriterion);
nameCriterion();
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    say(await send());
    show("");
    form.reset();
    details.open = false;
    details.querySelector("summary").focus();
  } catch (error) {
    show(error instanceof TypeError ? "Not sent: the server cannot be reached. Your words stay here; send them again." : `Not sent: ${error.message}`);
    text.focus();
  } finally {
    button.disabled = false;
  }
});
