"use strict";
// What every page of the console shares; a page's own script comes after it and uses these functions.
//
// Keeps an open page up to date. A part of the page is exchanged only when it differs, and never under an
// agent's hands: what has the focus keeps it.

async function ask(address) {
  const response = await fetch(address, { headers: { "X-Fragment": "1" }, signal: AbortSignal.timeout(8000) });
  if (response.status === 401 || response.redirected) location.reload();
  if (!response.ok) throw new Error(`status ${response.status}`);
  return response;
}

function every(pause, step) {
  let misses = 0;
  const stale = document.getElementById("stale");
  const run = async () => {
    if (!document.hidden) {
      try {
        await step();
        misses = 0;
      } catch {
        misses += 1;
      }
      stale.hidden = misses < 2;
    }
    setTimeout(run, pause);
  };
  setTimeout(run, pause);
}

const shown = new WeakMap(); // part of the page -> the server's text for it

function exchange(place, html) {
  if (shown.get(place) === html) return;
  const first = !shown.has(place);
  const focused = place.contains(document.activeElement) ? document.activeElement : null;
  const keep = focused?.dataset.keep;
  if (focused && !keep) return; // an agent is about to press it
  if (place.querySelector("details[open]")) return; // or to write in it
  shown.set(place, html);
  if (first && same(place, html)) return;
  place.innerHTML = html;
  if (keep) place.querySelector(`[data-keep="${CSS.escape(keep)}"]`)?.focus();
}

function same(place, html) {
  const other = document.createElement("div");
  other.innerHTML = html;
  return other.textContent.replace(/\s+/g, " ").trim() === place.textContent.replace(/\s+/g, " ").trim();
}

for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener("submit", () => {
    // After the values are collected: a disabled field is not sent.
    setTimeout(() => { for (const button of form.querySelectorAll("button")) button.disabled = true; }, 0);
  });
}
// What was written and not sent is the agent's who wrote it: it goes when they go, not when a session runs out.
for (const form of document.querySelectorAll('form[action="/console/logout"]')) {
  form.addEventListener("submit", () => {
    try {
      for (const name of Object.keys(sessionStorage)) if (name.startsWith("draft:")) sessionStorage.removeItem(name);
    } catch { /* private browsing keeps nothing */ }
  });
}
// On a phone the navigation and the tabs scroll sideways: the one that is open has to be seen in them.
function showOpen() {
  for (const open of document.querySelectorAll(".main-nav [aria-current], .tabs [aria-current]")) {
    const row = open.parentElement;
    row.scrollLeft = open.offsetLeft - row.offsetLeft - (row.clientWidth - open.offsetWidth) / 2;
  }
}
showOpen();
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
