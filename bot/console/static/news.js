"use strict";
// On every page: how many lines wait to be read, in the window's title and icon; and a word from the browser,
// for whoever asked for it with the bell and looks at another window.

(() => {
  const LOOKED_AT = 3; // seconds
  const HIDDEN = 5;
  const WANTED = "console.notify";
  const title = document.title;
  const icon = document.getElementById("icon");
  const plain = icon.href;
  const words = icon.dataset;
  let known = null;
  let asking = false;
  let seconds = 0;

  function show(count) {
    document.title = count ? `(${count > 99 ? "99+" : count}) ${title}` : title;
    icon.href = count ? words.unread : plain;
  }

  async function look() {
    const news = await (await ask("/console/unread")).json();
    show(news.count);
    if (known && news.alert > known.alert) notify(news.alert_said);
    if (known && news.came > known.came) notify(news.came_said);
    else if (known && news.count > known.count) notify(words.newLine);
    // Of what was taken, or seen to, an earlier one is the newest again: no news.
    const most = (name) => Math.max(news[name], known ? known[name] : 0);
    known = { count: news.count, came: most("came"), alert: most("alert") };
  }

  function isOn() {
    return "Notification" in window && Notification.permission === "granted" && localStorage.getItem(WANTED) === "1";
  }

  function notify(said) {
    if (!isOn() || !document.hidden) return;
    // Several windows of one agent say it once: the same tag takes the other's place.
    const told = new Notification(words.name, { body: said, tag: said, silent: true });
    told.onclick = () => { window.focus(); told.close(); };
  }

  const again = () => {
    seconds += 1;
    if (asking || seconds < (document.hidden ? HIDDEN : LOOKED_AT)) return;
    seconds = 0;
    asking = true;
    look().catch(() => {}).finally(() => { asking = false; });
  };
  look().catch(() => {});
  new Worker(words.tick).onmessage = again;

  const bell = document.getElementById("bell");
  if (!bell || !("Notification" in window)) return;

  function showBell() {
    const state = Notification.permission === "denied" ? "denied" : isOn() ? "on" : "off";
    bell.hidden = false;
    bell.setAttribute("aria-pressed", String(state === "on"));
    bell.textContent = bell.dataset[state];
  }

  bell.addEventListener("click", async () => {
    const wanted = !isOn() && (await Notification.requestPermission()) === "granted";
    localStorage.setItem(WANTED, wanted ? "1" : "0");
    showBell();
  });
  showBell();
})();
