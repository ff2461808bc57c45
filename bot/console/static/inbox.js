"use strict";
// The list of tickets, kept up to date.

const LIST_EVERY = 5000;

function openList(list) {
  const title = document.title;
  const mark = () => {
    const count = Number(list.querySelector("[data-count]")?.dataset.count || 0);
    document.title = count ? `(${count}) ${title}` : title;
  };
  mark();
  every(LIST_EVERY, async () => {
    exchange(list, await (await ask(list.dataset.refresh)).text());
    mark();
  });
}

openList(document.getElementById("list"));
