// Keeps what is marked data-live up to date. Without it the pages work, and are as of their loading.
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

// A step of a mapping answers a form, which a browser does not show again by itself. Its entry in
// the history keeps what is chosen: Back asks for the step anew. The one that writes is not kept.
const STEPS = ["tabs", "columns", "preview"];
const mapping = document.getElementById("mapping");
const beginning = document.getElementById("mapping-beginning");

function keep() {
  const step = mapping.elements.at.value;
  const chosen = [...new FormData(mapping)].filter(([name]) => name !== "csrf_token");
  if (STEPS.includes(step)) history.replaceState({ step, chosen }, "", location.href);
  else history.replaceState(null, "", location.href);
}

if (mapping) {
  keep();
  mapping.addEventListener("change", keep);
} else if (beginning && history.state && STEPS.includes(history.state.step)) {
  for (const [name, value] of [...history.state.chosen, ["step", history.state.step]]) {
    const input = Object.assign(document.createElement("input"), { type: "hidden", name, value });
    beginning.append(input);
  }
  beginning.submit();
}

// A page that answers a form is not asked for again.
if (document.querySelector("[data-live]")) setInterval(refresh, EVERY);
