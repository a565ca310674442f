// Keeps what is marked data-live up to date, selects whole lists, and ignores impatient clicks. The pages work without it.
"use strict";

const EVERY = 4000;

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
  for (const part of document.querySelectorAll("[data-live]")) {
    const other = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    if (!other) continue;
    for (const open of part.querySelectorAll("details[open][data-keep]")) {
      const same = other.querySelector(`details[data-keep="${open.dataset.keep}"]`);
      if (same) same.open = true;
    }
    if (other.innerHTML !== part.innerHTML) part.innerHTML = other.innerHTML;
  }
}

// A page that answers a form is not asked for again.
if (document.querySelector("[data-live]")) setInterval(refresh, EVERY);

for (const all of document.querySelectorAll("[data-all]")) {
  const boxes = [...all.form.querySelectorAll("[name=id]")];
  all.closest("[hidden]").hidden = false;
  all.addEventListener("change", () => { for (const box of boxes) box.checked = all.checked; });
}

// A second click would end the wait for the answer to the first, which can take a minute.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.ariaBusy) event.preventDefault();
  form.ariaBusy = "true";
  setTimeout(() => { form.ariaBusy = null; }, 60000);
});
