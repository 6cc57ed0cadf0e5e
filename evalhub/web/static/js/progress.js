// Keeps the progress of a job up to date, and loads the page anew when the job has ended.

const LOOK_EVERY = 2_000;

export function mount(element) {
  const bar = element.querySelector("progress");
  const words = element.querySelector("span");

  async function look() {
    const response = await fetch(element.dataset.progress, { headers: { Accept: "application/json" } });
    if (!response.ok) return false; // signed out meanwhile, perhaps: "Look again" says what is the matter
    const job = await response.json();
    if (!job.is_unfinished) location.reload();
    words.textContent = job.words;
    if (job.total) Object.assign(bar, { max: job.total, value: job.done });
    return job.is_unfinished;
  }

  async function tick() {
    const goesOn = document.hidden || (await look().catch(() => true)); // offline: the next look may succeed
    if (goesOn) setTimeout(tick, LOOK_EVERY);
  }

  setTimeout(tick, LOOK_EVERY);
}
