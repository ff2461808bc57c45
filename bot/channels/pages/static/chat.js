"use strict";
// The chat page. The server's lines are the only truth: they carry rising ids, every way of getting them
// (the page itself, the answer to a message, the event stream) goes through `take`, and each is shown once.

const $ = (id) => document.getElementById(id);
const state = JSON.parse($("state").textContent);
const log = $("log");
const input = $("text");

function words(name, values = {}) {
  return (state.words[name] || name).replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// ---------------------------------------------------------------- lines

let cursor = 0; // the newest line shown
let lastDay = "";
const sent = new Map(); // accepted message id -> the bubble this page drew for it
const stored = new Set(); // accepted message ids whose line is on the page
const day = new Intl.DateTimeFormat(state.language === "zh" ? "zh-CN" : "en-GB", {
  timeZone: "Asia/Shanghai", month: "long", day: "numeric", weekday: "short",
});
const clock = new Intl.DateTimeFormat("en-GB", {
  timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
});

function take(lines) {
  for (const line of lines) {
    if (line.id <= cursor) continue;
    cursor = line.id;
    if (line.author === "resident") stored.add(line.in_reply_to);
    if (line.author === "resident" && sent.has(line.in_reply_to)) confirm(sent.get(line.in_reply_to), line);
    else show(line);
  }
}

function show(line) {
  if (line.author !== "resident" && line.author !== "system") dropChoices();
  showDay(line.created_at);
  const message = element("article", `message ${line.author}`);
  if (line.author === "agent") message.append(nameOf(line));
  message.append(bubble(line));
  if (line.file) message.append(enclosure(line.file));
  message.append(element("p", "meta", clock.format(new Date(line.created_at))));
  if (line.buttons.length) message.append(choices(line.buttons));
  place(message);
}

function nameOf(line) {
  const name = element("p", "name", line.author_name);
  name.setAttribute("aria-hidden", "true");
  name.append(element("span", "", words("author.agent_badge")));
  return name;
}

function showDay(moment) {
  const name = day.format(new Date(moment));
  if (name === lastDay) return;
  lastDay = name;
  log.append(element("p", "day", name));
}

function bubble(line) {
  const made = element("p", "bubble");
  made.append(element("span", "unseen", words(`author.${line.author}`, { name: line.author_name }) + " "));
  made.append(...written(line.text));
  return made;
}

function enclosure(file) {
  const made = element("a", "file");
  made.href = file.url;
  made.target = "_blank";
  made.rel = "noopener noreferrer";
  if (file.media_type === "application/pdf") {
    made.textContent = words("file.pdf", { size: Math.ceil(file.size / 1024) });
  } else {
    const picture = element("img");
    picture.src = file.url;
    picture.alt = words("file.picture");
    picture.loading = "lazy";
    picture.addEventListener("load", () => { if (wasAtEnd) toEnd(); });
    made.append(picture);
  }
  return made;
}

const SPECIAL = /(https?:\/\/[^\s，。；、）)】」"'<>]+)|‹(\w+)›/g;

function written(text) {
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(SPECIAL)) {
    parts.push(text.slice(done, found.index), found[1] ? link(found[1]) : hiddenPart(found[2]));
    done = found.index + found[0].length;
  }
  return [...parts, text.slice(done)];
}

function link(address) {
  const made = element("a", "", address);
  made.href = address;
  made.rel = "noopener noreferrer";
  made.target = "_blank";
  return made;
}

function hiddenPart(mark) {
  const known = state.words[`mark.${mark}`];
  return known ? element("span", "hidden-part", known) : `‹${mark}›`;
}

function place(message) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 120;
  log.append(message);
  if (atEnd || message.classList.contains("resident")) toEnd();
}

function toEnd() {
  requestAnimationFrame(() => { log.scrollTop = log.scrollHeight; });
}

// ---------------------------------------------------------------- quick replies

function choices(buttons) {
  const list = element("ol", "choices");
  list.setAttribute("aria-label", words("state.choices"));
  buttons.forEach((button, index) => {
    const made = element("button");
    made.type = "button";
    made.append(element("span", "place", String(index + 1)), element("span", "", button.title));
    made.addEventListener("click", (event) => choose(button, event));
    const item = element("li");
    item.append(made);
    list.append(item);
  });
  return list;
}

function choose(button, event) {
  dropChoices();
  // A keyboard has nowhere else to go; on a phone the focus would open the keyboard over the answer.
  if (event.detail === 0) input.focus();
  say(button.payload, "button", button.title);
}

function dropChoices() {
  for (const list of log.querySelectorAll(".choices")) list.remove();
}

// ---------------------------------------------------------------- sending

const RETRY_AFTER = [1000, 3000];
let queue = Promise.resolve(); // one message after the other, in the order they were written
let sending = 0;
let refused = false; // the server does not know us: no cookies
const held = []; // lines that came while a message was on its way, perhaps that message itself

function say(text, kind, shown) {
  const message = drawMine(shown);
  queue = queue.then(() => deliver({ text, kind, client_id: newId() }, message));
}

function drawMine(text) {
  showDay(Date.now());
  const message = element("article", "message resident");
  message.append(bubble({ author: "resident", text }), element("p", "meta", words("state.sending")));
  place(message);
  return message;
}

function confirm(message, line) {
  message.querySelector(".bubble").replaceWith(bubble(line));
  message.querySelector(".meta").textContent = clock.format(new Date(line.created_at));
}

async function deliver(said, message) {
  sending += 1;
  const soon = setTimeout(() => typing(true), 250);
  try {
    const answer = await postPatiently(said);
    if (message) delivered(message, answer.accepted);
    take(answer.lines);
  } catch (error) {
    refused = error.status === 401;
    if (refused) banner(words("state.no_cookies"));
    if (message) fail(said, message);
  } finally {
    clearTimeout(soon);
    sending -= 1;
    if (!sending) {
      typing(false);
      take(held.splice(0));
    }
  }
}

async function postPatiently(said) {
  for (const pause of RETRY_AFTER) {
    try {
      return await post(said);
    } catch (error) {
      if (error.final) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return post(said);
}

async function post(said) {
  const response = await fetch("/chat/messages", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ ...said, after: cursor, language: state.language }),
    signal: AbortSignal.timeout ? AbortSignal.timeout(30000) : undefined,
  });
  if (response.ok) return response.json();
  const error = new Error(`status ${response.status}`);
  error.status = response.status;
  error.final = response.status >= 400 && response.status < 500 && response.status !== 429;
  throw error;
}

function delivered(message, accepted) {
  // When only the answer was lost, the line came before this retry did.
  if (stored.has(accepted)) message.remove();
  else sent.set(accepted, message);
  message.classList.remove("failed");
  message.querySelector(".meta").textContent = "";
}

function fail(said, message) {
  message.classList.add("failed");
  const meta = message.querySelector(".meta");
  meta.textContent = words("state.failed");
  const retry = element("button", "retry", words("state.retry"));
  retry.type = "button";
  retry.addEventListener("click", () => again(said, message));
  meta.append(retry);
}

function again(said, message) {
  message.classList.remove("failed");
  message.querySelector(".meta").textContent = words("state.sending");
  queue = queue.then(() => deliver(said, message));
}

function retryFailed() {
  for (const button of log.querySelectorAll(".retry")) button.click();
}

let agentTypes = false;

function typing(botThinks) {
  const shown = botThinks || agentTypes;
  $("typing").lastElementChild.textContent = words(botThinks ? "state.typing" : "state.agent_typing");
  if ($("typing").hidden !== shown) return;
  $("typing").hidden = !shown;
  if (shown) toEnd();
}

function agentWrites(on) {
  agentTypes = on;
  typing(sending > 0);
}

// ---------------------------------------------------------------- lines as they come

let source = null;
let wasLost = false;
let bannerLater = 0;
let reconnect = 0;
let pauseMs = 1000;

function listen() {
  clearTimeout(reconnect);
  if (source) source.close();
  source = new EventSource(`/chat/events?after=${cursor}`);
  source.addEventListener("ready", found);
  source.addEventListener("line", (event) => arrive(JSON.parse(event.data)));
  source.addEventListener("typing", (event) => agentWrites(JSON.parse(event.data).on));
  source.addEventListener("error", lost);
}

function arrive(line) {
  if (sending) held.push(line);
  else take([line]);
}

function found() {
  clearTimeout(bannerLater);
  agentWrites(false);
  pauseMs = 1000;
  if (wasLost) {
    wasLost = false;
    banner(words("state.back"), true);
    if (!cursor && !sending) greet();
    retryFailed();
  }
}

function lost() {
  source.close();
  clearTimeout(bannerLater);
  bannerLater = setTimeout(() => {
    wasLost = true;
    banner(words(refused ? "state.no_cookies" : "state.offline"));
  }, wasLost ? 0 : 1500);
  clearTimeout(reconnect);
  reconnect = setTimeout(listen, pauseMs);
  pauseMs = Math.min(pauseMs * 1.7, 15000);
}

let bannerOff = 0;

function banner(text, good = false) {
  clearTimeout(bannerOff);
  $("banner").textContent = text;
  $("banner").classList.toggle("good", good);
  $("banner").hidden = false;
  if (good) bannerOff = setTimeout(() => { $("banner").hidden = true; }, 2500);
}

function rest() {
  clearTimeout(reconnect);
  clearTimeout(bannerLater);
  if (source) source.close();
}

window.addEventListener("online", listen);
window.addEventListener("offline", lost);
window.addEventListener("pagehide", rest);
window.addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
let hiddenFor = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiddenFor);
  // A page nobody looks at need not keep a connection; it catches up when it is looked at again.
  if (document.hidden) hiddenFor = setTimeout(rest, 60000);
  else if (!source || source.readyState === EventSource.CLOSED) listen();
});

// ---------------------------------------------------------------- the page itself

const SIZES = 3;

function resize(step) {
  const size = Math.max(0, Math.min(SIZES, Number(document.documentElement.dataset.size || 0) + step));
  document.documentElement.dataset.size = String(size);
  $("smaller").disabled = size === 0;
  $("larger").disabled = size === SIZES;
  try { localStorage.setItem("size", String(size)); } catch { /* private browsing: for this visit only */ }
  toEnd();
}

function fit() {
  input.style.height = "auto";
  input.style.height = `${input.scrollHeight + 3}px`;
}

function submit(event) {
  event.preventDefault();
  const text = input.value;
  if (!text.trim()) return;
  input.value = "";
  fit();
  input.focus();
  say(text, "text", text.trim());
}

function greet() {
  // The same id each time: a reload during the first answer greets once.
  queue = queue.then(() => deliver({ text: "/greet", kind: "button", client_id: "greet" }, null));
}

async function switchLanguage(event) {
  event.preventDefault();
  const other = state.language === "zh" ? "en" : "zh";
  const payload = `/switch_language{"choice": "${other === "en" ? "english" : "chinese"}"}`;
  state.language = other;
  await queue;
  await deliver({ text: payload, kind: "button", client_id: newId() }, null);
  location.assign(event.currentTarget?.href || `/?lang=${other}`);
}

$("composer").addEventListener("submit", submit);
input.addEventListener("input", fit);
input.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
});
$("smaller").addEventListener("click", () => resize(-1));
$("larger").addEventListener("click", () => resize(1));
$("language").addEventListener("click", switchLanguage);

// Whoever reads the newest lines keeps seeing them when the page gets smaller (a keyboard, larger type).
let wasAtEnd = true;
log.addEventListener("scroll", () => { wasAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 120; });
new ResizeObserver(() => { if (wasAtEnd) toEnd(); }).observe(log);

let kept = 0;
try { kept = Number(localStorage.getItem("size")) || 0; } catch { /* private browsing */ }
document.documentElement.dataset.size = String(kept);
resize(0);
take(state.lines);
log.style.scrollBehavior = "auto";
log.scrollTop = log.scrollHeight;
requestAnimationFrame(() => { log.style.scrollBehavior = ""; log.setAttribute("aria-busy", "false"); });
cursor = Math.max(cursor, state.cursor);
if (!cursor) greet();
listen();
