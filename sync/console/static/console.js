// Keeps what is marked data-live up to date, selects whole lists, and ignores impatient clicks. The pages work without it.
"use strict";

const EVERY = 4000;

// Each page has another token in its forms.
const shown = (part) => part.innerHTML.replaceAll(/name="csrf_token" value="[^"]*"/g, "");

async function refresh() {
  // What a person is at is left alone: a chosen box, an open field.
  const busy = document.querySelector("[data-live] input:checked, [data-live] :focus");
  if (document.hidden || busy) return;
  let text;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (answer.redirected) return location.reload(); // The session is over.
    if (!answer.ok) return;
    text = await answer.text();
  } catch {
    return; // The server is away: what is shown stays, and is tried again.
  }
  const fresh = new DOMParser().parseFromString(text, "text/html");
  reveal(fresh);
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (!other) continue;
    if (shown(other) !== shown(part)) part.innerHTML = other.innerHTML;
  }
}

// A page that answers a form is not asked for again.
if (document.querySelector("[data-live]")) setInterval(refresh, EVERY);

// The box that selects a whole list is of no use without this.
function reveal(page) {
  for (const all of page.querySelectorAll("[data-all]")) all.closest("[hidden]").hidden = false;
}

reveal(document);
document.addEventListener("change", ({ target }) => {
  if (!target.matches("[data-all]")) return;
  for (const box of target.form.querySelectorAll("[name=id]")) box.checked = target.checked;
});

// A second click would end the wait for the answer to the first, which can take a minute.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.ariaBusy) event.preventDefault();
  form.ariaBusy = "true";
  setTimeout(() => { form.ariaBusy = null; }, 60000);
});
