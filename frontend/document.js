// What a page of plain links and forms loads: conveniences, each of which it can do without. Nothing here is needed to read
// the page or to act on it.

// The answer to a form that shows a secret once: its address is made the page's, so that a reload asks for the page and
// does not send the form again.
const { at } = document.documentElement.dataset;
if (at) history.replaceState(null, "", at);

// A second press is taken for a part of the first.
const DOUBLE_PRESS_MS = 1000;
const sent = new WeakMap();
document.addEventListener("submit", (event) => {
  if (performance.now() - (sent.get(event.target) ?? -Infinity) < DOUBLE_PRESS_MS) event.preventDefault();
  else sent.set(event.target, performance.now());
});

// In the demo the person changes with the choice.
document.querySelector("#person")?.addEventListener("change", (event) => event.target.form.requestSubmit());

// A secret is copied without being marked first.
for (const once of document.querySelectorAll(".once")) {
  const copy = once.querySelector(".copy");
  copy.hidden = false;
  copy.querySelector("button").addEventListener("click", async () => {
    const state = copy.querySelector("[role=status]");
    try {
      await navigator.clipboard.writeText(once.querySelector(".secret").textContent);
      state.textContent = "Copied.";
    } catch {
      // Refused, or not there on a page without TLS.
      state.textContent = "The browser did not allow it. Mark the text and copy it by hand.";
    }
  });
}

document.documentElement.dataset.ready = "true";
