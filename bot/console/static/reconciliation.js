"use strict";
// Choosing another statement line compares with it at once; a proposal's page follows what becomes of it.

const FOLLOW_EVERY = 2000;

async function compareWith(line) {
  const answer = await ask(`${location.pathname}?line=${encodeURIComponent(line)}`);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("comparison");
  if (fresh) document.getElementById("comparison").replaceWith(fresh);
}

function follow(proposal) {
  const { follow: address, state, tries } = proposal.dataset;
  every(FOLLOW_EVERY, async () => {
    const now = await (await ask(address)).json();
    const writing = proposal.contains(document.activeElement) && document.activeElement.matches("textarea, input");
    if ((now.state !== state || String(now.tries) !== tries) && !writing) location.reload();
  });
}

const choose = document.getElementById("choose");
choose?.addEventListener("change", (event) => {
  if (event.target.name === "line") compareWith(event.target.value).catch(() => {});
});
const proposal = document.getElementById("proposal");
if (proposal?.dataset.follow) follow(proposal);
