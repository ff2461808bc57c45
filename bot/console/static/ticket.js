"use strict";
// One ticket, kept up to date.

const TICKET_EVERY = 2000;

function openTicket(ticket) {
  const lines = document.getElementById("lines");
  const reply = document.getElementById("reply");
  const follow = () => {
    const done = ticket.querySelector("[data-state]")?.dataset.state === "done";
    for (const part of reply.querySelectorAll("textarea, button")) part.disabled = done;
  };
  follow();
  lines.scrollTop = lines.scrollHeight;
  reply.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) reply.requestSubmit();
  });
  if (ticket.dataset.frozen) return;
  every(TICKET_EVERY, async () => {
    const { live, last, key } = ticket.dataset;
    const news = await (await ask(`${live}?after=${last}&key=${key}`)).json();
    addLines(lines, news.lines);
    ticket.dataset.last = String(news.last);
    for (const [name, html] of Object.entries(news.parts)) {
      exchange(ticket.querySelector(`[data-part="${name}"]`), html);
    }
    follow();
  });
}

function addLines(lines, html) {
  if (!html.trim()) return;
  const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 120;
  const bottom = document.createElement("div");
  bottom.innerHTML = html;
  lines.append(...bottom.children);
  if (atEnd) lines.scrollTop = lines.scrollHeight;
}

openTicket(document.getElementById("ticket"));
