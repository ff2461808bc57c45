"use strict";
// The alerts: kept up to date, and a new one is said aloud by a screen reader.

const ALERTS_EVERY = 3000;
const alertsPlace = document.getElementById("alerts");
let newest = Number(alertsPlace.dataset.newest);

every(ALERTS_EVERY, async () => {
  const html = await (await ask(alertsPlace.dataset.refresh)).text();
  exchange(alertsPlace, html);
  const now = Number(alertsPlace.querySelector("[data-newest]").dataset.newest);
  if (now > newest) document.getElementById("news").textContent = alertsPlace.dataset.news;
  newest = now;
});
