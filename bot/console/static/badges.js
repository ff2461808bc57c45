"use strict";
// The counts beside the links of the navigation, each from the address that its link names.

const BADGE_EVERY = 4000;

async function count(badge) {
  const { count: waiting } = await (await ask(badge.dataset.from)).json();
  badge.textContent = waiting > 99 ? "99+" : String(waiting);
  if (badge.hidden !== !waiting) {
    badge.hidden = !waiting;
    showOpen();
  }
}

for (const badge of document.querySelectorAll("[data-badge][data-from]")) {
  const step = () => { if (!document.hidden) count(badge).catch(() => {}); };
  step();
  setInterval(step, BADGE_EVERY);
}
