"use strict";
// A browser lets the clock of a window nobody looks at go slow, down to once a minute; a worker's goes on.
setInterval(() => postMessage(0), 1000);
