"use strict";
// The inbox: kept up to date each second, worked with the keyboard.

const LIST_EVERY = 1000;
const $ = (id) => document.getElementById(id);
const list = $("list");
const form = $("bulk");
let state = "";

// ---------------------------------------------------------------- what is marked

const marks = () => [...list.querySelectorAll('input[type="checkbox"][name]')];
const rows = () => [...list.querySelectorAll("tr[data-number]")];

function countMarked() {
  const count = marks().filter((mark) => mark.checked).length;
  $("marked").textContent = String(count);
  $("tools").classList.toggle("is-empty", !count);
}

list.addEventListener("change", (event) => {
  if (event.target.id === "all") for (const mark of marks()) mark.checked = event.target.checked;
  countMarked();
});

// On a phone the tools would hide the list: they open when they are asked for.
$("tools").classList.add("scripted");
$("fold").addEventListener("click", () => {
  const open = $("tools").classList.toggle("is-open");
  $("fold").setAttribute("aria-expanded", String(open));
});

function markAgain(names) {
  for (const mark of marks()) mark.checked = names.has(mark.name);
  countMarked();
}

form.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm;
  const count = marks().filter((mark) => mark.checked).length;
  if (question && !confirm(question.replace("{n}", count))) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);

function claim(number) {
  for (const mark of marks()) mark.checked = mark.name === `ticket.${number}`;
  // A disabled field is not sent, nor is the button that did it: say what is asked for in a field.
  const act = Object.assign(document.createElement("input"), { type: "hidden", name: "act", value: "claim" });
  form.append(act);
  form.submit();
}

list.addEventListener("click", (event) => {
  const button = event.target.closest("[data-claim]");
  if (button) claim(button.dataset.claim);
});

// ---------------------------------------------------------------- kept up to date

let known = new Set(rows().map((row) => row.dataset.number));

async function refresh() {
  const address = new URL(list.dataset.refresh, location.href);
  if (state) address.searchParams.set("state", state);
  const response = await ask(address);
  state = response.headers.get("X-State") || "";
  if (response.status === 204) return;
  const marked = new Set(marks().filter((mark) => mark.checked).map((mark) => mark.name));
  exchange(list, await response.text());
  markAgain(marked);
  tellOfNew();
}

function tellOfNew() {
  const now = rows().map((row) => row.dataset.number);
  const added = now.filter((number) => !known.has(number));
  known = new Set([...known, ...now]);
  if (added.length) $("heard").textContent = `${list.dataset.new} ${added.join(" ")}`;
}

every(LIST_EVERY, refresh);
countMarked();

// ---------------------------------------------------------------- the keyboard

const keys = $("keys");
$("help").addEventListener("click", () => keys.showModal());

let before = "";

function step(by) {
  const all = rows();
  const here = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.min(all.length - 1, Math.max(0, here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by))];
  next?.querySelector(".number").focus();
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  x: (row) => row?.querySelector('input[type="checkbox"]').click(),
  c: (row) => row?.querySelector("[data-claim]")?.click(),
  "/": () => $("q").focus(),
  "?": () => (keys.open ? keys.close() : keys.showModal()),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input:not([type=checkbox]), select, textarea")) return;
  if (keys.open && event.key !== "?") return;
  const key = event.key;
  const went = before === "g" && key === "i";
  before = key;
  if (went) return void location.assign("/console");
  const tab = list.querySelector(`[data-tab="${CSS.escape(key)}"]`);
  if (tab && /^[1-8]$/.test(key)) return void tab.click();
  if (!Object.hasOwn(KEYS, key)) return;
  event.preventDefault();
  KEYS[key](rows().find((row) => row.contains(document.activeElement)));
});
