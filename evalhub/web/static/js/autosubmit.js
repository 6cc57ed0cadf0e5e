// A form of filters that is sent as soon as a choice changes; its button serves those without scripts.

export function mount(form) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("select, input[type=checkbox], input[type=radio]")) form.requestSubmit();
  });
}
