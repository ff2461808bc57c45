// One ticket: what is new comes by itself, forms are sent without leaving the page, and nothing typed is lost.
// A module, so that its names are its own; `ask`, `exchange` and `shown` are console.js's.

const ticket = document.getElementById("ticket");
const words = JSON.parse(ticket.dataset.words);
const say = (name, values = {}) => words[name].replace(/\{(\w+)\}/g, (_, key) => values[key] ?? "");
const $ = (id) => document.getElementById(id);

// ---------------------------------------------------------------- what is new

const lines = $("lines");
const waiting = new Map(); // parts that could not be exchanged under an agent's hands yet

function take(news) {
  addEntries(news);
  for (const [name, html] of Object.entries(news.parts)) waiting.set(name, html);
  exchangeParts();
}

function addEntries(news) {
  // An answer to a form and the stream may both bring the same line.
  if (news.last <= Number(ticket.dataset.last) && news.note <= Number(ticket.dataset.note)) return;
  const bottom = document.createElement("div");
  bottom.innerHTML = news.entries;
  const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 160;
  for (const entry of [...bottom.children]) if (!isShown(entry)) lines.append(entry);
  ticket.dataset.last = String(Math.max(news.last, Number(ticket.dataset.last)));
  ticket.dataset.note = String(Math.max(news.note, Number(ticket.dataset.note)));
  if (atEnd) lines.scrollTop = lines.scrollHeight;
}

// A picture takes its place only when it is there.
lines.addEventListener("load", (event) => {
  if (lines.scrollHeight - lines.scrollTop - lines.clientHeight < event.target.clientHeight + 200) {
    lines.scrollTop = lines.scrollHeight;
  }
}, true);

function isShown(entry) {
  const { id, note } = entry.dataset;
  return Boolean(lines.querySelector(id ? `[data-id="${id}"]` : `[data-note="${note}"]`));
}

function exchangeParts() {
  for (const [name, html] of waiting) {
    const place = ticket.querySelector(`[data-part="${name}"]`);
    exchange(place, html);
    if (shown.get(place) !== html) continue;
    waiting.delete(name);
    if (name === "related") place.hidden = !place.textContent.trim();
    // The server renders them for the page as it was loaded; since then this key may have been used.
    for (const field of place.querySelectorAll('input[name="key"]')) field.value = ticket.dataset.key;
  }
  followState();
  suggestCause();
  bringNotes();
}

function followState() {
  const done = ticket.querySelector(".actions").dataset.state === "done";
  for (const part of $("reply").querySelectorAll("textarea, button, input[type=file]")) part.disabled = done;
  // A case that ended, or was taken up again, before an agent's eyes is no change behind their back.
  for (const field of $("composer").querySelectorAll('input[name="seen_state"]')) field.value = done ? "done" : "live";
  $("reply").querySelector(".attach").classList.toggle("is-off", done);
  $("closed-hint").hidden = !done;
}

document.addEventListener("focusout", () => setTimeout(exchangeParts, 0));
document.addEventListener("toggle", exchangeParts, true);

const query = () => `after=${ticket.dataset.last}&note=${ticket.dataset.note}&key=${ticket.dataset.key}`;
let source = null;
let polling = 0;
let resting = 0;

function listen() {
  clearInterval(polling);
  if (source) source.close();
  source = new EventSource(`${ticket.dataset.page}/events?${query()}`);
  // Behind a proxy that holds streams back nothing would ever come.
  const silent = setTimeout(poll, 6000);
  source.addEventListener("ready", () => {
    clearTimeout(silent);
    $("stale").hidden = true;
  });
  source.addEventListener("news", (event) => take(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    clearTimeout(silent);
    if (source.readyState !== EventSource.CLOSED) return;
    $("stale").hidden = false;
    poll();
    resting = setTimeout(listen, 5000);
  });
}

function poll() {
  clearInterval(polling);
  const look = async () => {
    try {
      take(await (await ask(`${ticket.dataset.page}/live?${query()}`)).json());
      $("stale").hidden = true;
    } catch {
      $("stale").hidden = false;
    }
  };
  look();
  polling = setInterval(look, 2000);
}

function rest() {
  clearInterval(polling);
  clearTimeout(resting);
  if (source) source.close();
  source = null;
}

// A browser keeps few connections to one place; a page nobody looks at gives its own back.
document.addEventListener("visibilitychange", () => {
  clearTimeout(resting);
  if (document.hidden) resting = setTimeout(rest, 4000);
  else if (!source) listen();
});
window.addEventListener("pagehide", rest);

// ---------------------------------------------------------------- forms

const trouble = $("trouble");

function complain(text) {
  trouble.textContent = text;
  trouble.hidden = !text;
  if (text) trouble.scrollIntoView({ block: "nearest" });
}

function see(seen) {
  ticket.dataset.key = seen.key;
  for (const [name, value] of Object.entries(seen)) {
    for (const field of ticket.querySelectorAll(`input[name="${name}"]`)) field.value = value;
  }
}

async function send(form) {
  const busy = [...form.querySelectorAll("button")];
  const body = form.enctype === "multipart/form-data" && chosenFile() ? new FormData(form) : new URLSearchParams(
    [...new FormData(form)].filter(([, value]) => typeof value === "string"),
  );
  const button = form.querySelector("button[type=submit].main");
  const name = button?.textContent;
  if (button) button.textContent = say("sending");
  for (const one of busy) one.disabled = true;
  try {
    const response = await fetch(`${form.getAttribute("action")}?${query()}`, {
      method: "POST", body, headers: { "X-Fragment": "1" }, signal: AbortSignal.timeout(60000),
    });
    if (response.status === 401 || response.redirected) return void location.reload();
    if (!(response.headers.get("content-type") || "").includes("json")) throw new Error("no answer");
    return await response.json();
  } finally {
    if (button) button.textContent = name;
    for (const one of busy) one.disabled = false;
  }
}

ticket.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  event.preventDefault();
  event.stopPropagation();
  if (form.dataset.busy) {
    form.dataset.again = "1"; // the next line, while the one before is on its way
    return;
  }
  form.dataset.busy = "1";
  const sent = writing(form)?.value ?? "";
  let done = false;
  try {
    done = settle(form, await send(form), sent);
  } catch {
    complain(say("not_sent"));
  } finally {
    const again = form.dataset.again && done && writing(form)?.value.trim();
    delete form.dataset.busy;
    delete form.dataset.again;
    followState();
    if (again) form.requestSubmit();
  }
}, true);

const writing = (form) => (["reply", "note"].includes(form.id) ? form.querySelector("textarea") : null);

function settle(form, answer, sent) {
  if (!answer) return false;
  complain(answer.trouble || "");
  if (answer.revealed) {
    $("revealed").innerHTML = answer.revealed;
    form.reset();
    form.closest("details").open = false;
    return true;
  }
  see(answer.seen);
  if (!answer.trouble) finished(form, sent);
  if (!ticket.dataset.frozen) take(answer.news);
  // An earlier part of the thread does not go on; what was done is seen at its end.
  else if (!answer.trouble) location.assign(ticket.dataset.page);
  return !answer.trouble;
}

function finished(form, sent) {
  form.closest("details")?.removeAttribute("open");
  if (form.contains(document.activeElement) && form.closest("[data-part]")) document.activeElement.blur();
  const area = writing(form);
  // What was written since it was sent stays.
  const since = !area || area.value === sent ? "" : area.value.startsWith(sent) ? area.value.slice(sent.length) : area.value;
  form.reset();
  for (const note of form.querySelectorAll('textarea[name="note"]')) {
    note.value = "";
    keepDraft(note);
  }
  if (!area) return;
  area.value = since;
  emptied(form);
}

// ---------------------------------------------------------------- writing

const text = $("text");
const noteText = $("note-text");
const file = $("file");
// An agent's own: somebody else may log in at this browser. console.js forgets them at logout.
const draftOf = (area) => `draft:${ticket.dataset.me}:${area.form.getAttribute("action")}`;
const actionNotes = () => ticket.querySelectorAll('[data-part="actions"] textarea[name="note"]');

function keepDraft(area) {
  try {
    if (area.value) sessionStorage.setItem(draftOf(area), area.value);
    else sessionStorage.removeItem(draftOf(area));
  } catch { /* private browsing: for this view only */ }
}

function keptDraft(area) {
  try {
    return sessionStorage.getItem(draftOf(area)) || "";
  } catch {
    return ""; // private browsing
  }
}

function bringNotes() {
  for (const area of actionNotes()) if (!area.value) area.value = keptDraft(area);
}

ticket.addEventListener("input", (event) => {
  if ([...actionNotes()].includes(event.target)) keepDraft(event.target);
});

function bringDraft(area) {
  const kept = keptDraft(area);
  if (!kept || area.value) return;
  area.value = kept;
  $("draft").hidden = false;
}

function count(area, place) {
  place.textContent = `${area.value.length} / ${area.maxLength}`;
  place.classList.toggle("close", area.value.length > area.maxLength * 0.9);
}

function written(area) {
  keepDraft(area);
  count(area, area === text ? $("count") : $("note-count"));
  $("draft").hidden = true;
}

function emptied(form) {
  written(form.querySelector("textarea"));
  if (form.id !== "reply") return writing(form).value ? undefined : choose("reply");
  showFile();
  tellTyping(false);
  text.focus();
}

function chosenFile() {
  return file.files[0];
}

function showFile() {
  const one = chosenFile();
  const most = Number(ticket.dataset.most);
  if (one && one.size > most) {
    file.value = "";
    complain(say("too_large", { most: Math.floor(most / 1048576) }));
    return showFile();
  }
  $("chosen").hidden = !one;
  $("chosen").querySelector("span").textContent = one ? `${one.name} (${Math.ceil(one.size / 1024)} KB)` : "";
}

file.addEventListener("change", showFile);
$("chosen").querySelector("button").addEventListener("click", () => {
  file.value = "";
  showFile();
  text.focus();
});
text.addEventListener("paste", (event) => {
  const picture = [...event.clipboardData.files].find((one) => /^image\/(png|jpeg)$/.test(one.type));
  if (!picture) return;
  event.preventDefault();
  const carried = new DataTransfer();
  carried.items.add(picture);
  file.files = carried.files;
  showFile();
});

function choose(mode) {
  for (const name of ["reply", "note"]) {
    const tab = $(`tab-${name}`);
    tab.setAttribute("aria-selected", String(name === mode));
    tab.tabIndex = name === mode ? 0 : -1;
    $(`panel-${name}`).hidden = name !== mode;
  }
}

for (const name of ["reply", "note"]) {
  const tab = $(`tab-${name}`);
  tab.addEventListener("click", () => {
    choose(name);
    $(name).querySelector("textarea").focus();
  });
  tab.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = name === "reply" ? "note" : "reply";
    choose(other);
    $(`tab-${other}`).focus();
  });
}

for (const area of [text, noteText]) {
  area.addEventListener("input", () => written(area));
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) area.form.requestSubmit();
  });
}

window.addEventListener("beforeunload", (event) => {
  if (!text.value.trim() && !noteText.value.trim() && !chosenFile()) return;
  event.preventDefault();
  event.returnValue = say("leave");
});

// ---------------------------------------------------------------- others see that we write

const TELL_EVERY = 3000;
let told = 0;

function tellTyping(on) {
  if (on && Date.now() - told < TELL_EVERY) return;
  if (!on && !told) return;
  told = on ? Date.now() : 0;
  const body = new URLSearchParams({ csrf: ticket.dataset.csrf, ...(on ? { on: "1" } : {}) });
  fetch(`${ticket.dataset.page}/typing`, { method: "POST", body, keepalive: true, headers: { "X-Fragment": "1" } })
    .catch(() => { /* nobody is hurt when others do not see it */ });
}

text.addEventListener("input", () => tellTyping(Boolean(text.value.trim())));
text.addEventListener("blur", () => tellTyping(false));

// ---------------------------------------------------------------- canned answers

const picker = $("picker");
const choices = $("choices");
let answers = null;
let found = [];
let current = 0;

async function loadAnswers() {
  answers ??= (await (await ask(`${ticket.dataset.page}/answers`)).json()).answers;
}

function asked() {
  // A slash at the start of the line that is being written.
  const before = text.value.slice(0, text.selectionStart);
  const line = before.slice(before.lastIndexOf("\n") + 1);
  const match = /^\s*\/(\S*)$/.exec(line);
  return match ? { words: match[1].toLowerCase(), from: before.length - match[1].length - 1 } : null;
}

async function offer() {
  const wanted = asked();
  if (!wanted) return closePicker();
  await loadAnswers();
  if (!asked()) return;
  const holds = (one, value) => value.toLowerCase().includes(one);
  const rank = (one) => (one.shortcut.startsWith(wanted.words) ? 0 : holds(wanted.words, one.title) ? 1 : 2);
  found = answers
    .filter((one) => holds(wanted.words, `${one.shortcut} ${one.title} ${one.text}`))
    .sort((one, other) => rank(one) - rank(other));
  current = 0;
  draw();
}

function draw() {
  choices.replaceChildren(...found.map((one, place) => {
    const item = document.createElement("li");
    item.id = `choice-${place}`;
    item.role = "option";
    item.setAttribute("aria-selected", String(place === current));
    const code = document.createElement("code");
    code.textContent = `/${one.shortcut}`;
    const preview = document.createElement("p");
    preview.textContent = one.text;
    item.append(code, ` ${one.title}`, preview);
    item.addEventListener("mousedown", (event) => {
      event.preventDefault();
      insert(one);
    });
    return item;
  }));
  $("found").textContent = found.length ? say("picker_count", { n: found.length }) : say("picker_none");
  picker.hidden = false;
  if (found.length) {
    text.setAttribute("aria-activedescendant", `choice-${current}`);
    $(`choice-${current}`).scrollIntoView({ block: "nearest" });
  } else {
    text.removeAttribute("aria-activedescendant");
  }
}

function closePicker() {
  picker.hidden = true;
  text.removeAttribute("aria-activedescendant");
}

function insert(one) {
  const wanted = asked();
  if (!wanted) return;
  const due = $("payment").querySelector("[data-expected-by]")?.dataset.expectedBy;
  const filled = due ? one.text.replaceAll("{expected_by}", due) : one.text;
  text.setRangeText(filled, wanted.from, text.selectionStart, "end");
  closePicker();
  text.dispatchEvent(new Event("input", { bubbles: true }));
  const open = /\{\w+\}/.exec(text.value);
  if (open) text.setSelectionRange(open.index, open.index + open[0].length);
}

text.addEventListener("input", () => offer().catch(closePicker));
text.addEventListener("blur", closePicker);
text.addEventListener("keydown", (event) => {
  if (picker.hidden || event.isComposing) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && found.length) current = (current + step + found.length) % found.length;
  else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") {
    if (!found.length) return;
    event.preventDefault();
    return insert(found[current]);
  } else if (event.key === "Escape") {
    event.stopPropagation();
    return closePicker();
  } else return;
  event.preventDefault();
  draw();
});
$("canned").addEventListener("click", () => {
  text.focus();
  const start = text.value && !text.value.endsWith("\n") ? "\n/" : "/";
  text.setRangeText(start, text.value.length, text.value.length, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
});

// ---------------------------------------------------------------- the payment, live

const payment = $("payment");

async function lookUp() {
  const place = document.createElement("p");
  place.className = "hint";
  place.textContent = say("payment_loading");
  payment.querySelector("[data-loading]")?.remove();
  payment.querySelector("[data-refresh]")?.setAttribute("disabled", "");
  payment.append(place);
  const slow = setTimeout(() => { place.textContent = say("payment_slow"); }, 3000);
  try {
    const response = await fetch(payment.dataset.address, {
      headers: { "X-Fragment": "1" }, signal: AbortSignal.timeout(20000),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    payment.innerHTML = await response.text();
    suggestCause();
  } catch {
    place.textContent = say("payment_failed");
    payment.querySelector("[data-refresh]")?.remove();
    const again = document.createElement("button");
    again.type = "button";
    again.dataset.refresh = "";
    again.textContent = say("payment_refresh");
    place.append(" ", again);
    place.dataset.loading = "";
  } finally {
    clearTimeout(slow);
  }
}

function suggestCause() {
  const { cause, causeWords } = payment.querySelector("[data-cause]")?.dataset ?? {};
  const list = ticket.querySelector('select[name="cause"]');
  if (!cause || !list || list.value) return;
  list.querySelector("optgroup[data-live]")?.remove();
  const group = document.createElement("optgroup");
  group.label = say("cause_suggested");
  group.dataset.live = "";
  group.append(new Option(causeWords, cause));
  list.querySelector("optgroup").before(group);
}

payment.addEventListener("click", (event) => {
  if (event.target.closest("[data-refresh]")) lookUp();
});

// ---------------------------------------------------------------- keys

function open(id) {
  const details = $(id);
  if (!details) return;
  details.open = true;
  details.scrollIntoView({ block: "nearest" });
  details.querySelector("select, textarea, input:not([type=hidden]), button[type=submit]").focus();
}

const KEYS = {
  r: () => $("tab-reply").click(),
  n: () => $("tab-note").click(),
  a: () => open("do-assign"),
  s: () => open("do-snooze"),
  e: () => open("do-resolve"),
  "?": () => ($("keys").open ? $("keys").close() : $("keys").showModal()),
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing) return escape(event);
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !KEYS[event.key]) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if ($("keys").open && event.key !== "?") return;
  event.preventDefault();
  KEYS[event.key]();
});

function escape(event) {
  const details = event.target.closest?.("details.confirm[open]");
  if (details) {
    details.open = false;
    details.querySelector("summary").focus();
  } else if (event.target.closest?.("textarea")) {
    event.target.blur();
  }
}

// ---------------------------------------------------------------- the page itself

$("composer").classList.add("scripted");
$("canned").hidden = false;
choose(noteText.value && !text.value ? "note" : "reply");
for (const area of [text, noteText]) {
  bringDraft(area);
  count(area, area === text ? $("count") : $("note-count"));
}
followState();
bringNotes();
lines.scrollTop = lines.scrollHeight;
if (!ticket.dataset.frozen) listen();
lookUp();
