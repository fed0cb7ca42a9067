// Follows the simulator: an event stream tells that something has changed, then the page is asked for once more.
import { renew } from "./morph.js";

const LEAST = 150; // ms between two looks
let looking = false;
let again = false;
let hurry = () => {};
let stream = null;

export function follow() {
  document.addEventListener("visibilitychange", () => (document.hidden ? hide() : show()));
  window.addEventListener("popstate", () => look());
  document.addEventListener("click", lead);
  document.addEventListener("focusin", pin);
  for (const one of document.querySelectorAll("[data-stick]")) one.scrollTop = one.scrollHeight;
  if (document.hidden) hide();
  else open(true);
}

let watching = null;

// Of the hidden pages only one holds a connection, since browsers allow only a few for each server: it shows in its
// title, and by its sound, that a phone rings. A lock says which one, where the browser has locks.
function hide() {
  close();
  watching?.abort();
  watching = new AbortController();
  const { signal } = watching;
  const watch = () => {
    if (signal.aborted) return undefined;
    open();
    return new Promise((done) => signal.addEventListener("abort", done));
  };
  navigator.locks?.request("xoxzo-hidden-page", { signal }, watch).catch(() => {});
}

function show() {
  watching?.abort();
  open();
}

function close() {
  stream?.close();
  stream = null;
}

function open(fresh = false) {
  if (stream) return;
  const topics = document.body.dataset.topics;
  stream = new EventSource(`/console/events?topics=${encodeURIComponent(topics)}`);
  let first = fresh;
  stream.addEventListener("changed", () => look());
  stream.addEventListener("open", () => {
    document.documentElement.dataset.following = "yes";
    lose(false);
    if (!first) look(); // something may have happened meanwhile
    first = false;
  });
  stream.addEventListener("error", () => {
    delete document.documentElement.dataset.following;
    if (stream?.readyState === EventSource.CLOSED) {
      close();
      setTimeout(() => (document.hidden ? hide() : open()), 5000);
    }
    lose(true);
  });
}

let losing = 0;

// A simulator that is started again at once leaves no note.
function lose(lost) {
  const note = document.getElementById("lost");
  if (!lost) {
    clearTimeout(losing);
    losing = 0;
    note.hidden = true;
  } else if (!losing) {
    losing = setTimeout(() => {
      note.textContent = document.body.dataset.lost;
      note.hidden = false;
    }, 1500);
  }
}

// Asks for this page once more; what changes while it is on its way is seen by one more look after it. However much
// happens, nine tenths of the time are left to the simulator; only who has just pressed a button does not wait.
export async function look(atOnce = false) {
  again = true;
  if (atOnce) hurry();
  if (looking) return;
  looking = true;
  while (again) {
    again = false;
    const began = performance.now();
    try {
      const asked = location.href;
      const answer = await fetch(asked, { headers: { Accept: "text/html" } });
      const text = await answer.text();
      // Whoever has followed a link meanwhile is not led back.
      if (asked !== location.href) again = true;
      else if (answer.ok) renew(new DOMParser().parseFromString(text, "text/html"));
    } catch {
      // The stream will tell that the simulator does not answer.
    }
    document.dispatchEvent(new CustomEvent("renewed"));
    const rest = Math.max(LEAST, 9 * (performance.now() - began));
    await new Promise((done) => {
      hurry = done;
      setTimeout(done, rest);
    });
  }
  looking = false;
}

// Whoever begins to write on the newest phone stays with it, whatever is reached meanwhile.
function pin(event) {
  if (!event.target.closest?.("[data-pins]") || location.pathname !== "/") return;
  const { number } = document.querySelector(".phone").dataset;
  history.replaceState(null, "", `/console/phones/${encodeURIComponent(number)}`);
  look(true);
}

let led = 0;

// Links within a page change its live parts alone.
async function lead(event) {
  const link = event.target.closest?.("a[data-soft]");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const turn = ++led;
  const answer = await fetch(link.href).catch(() => null);
  const text = await answer?.text().catch(() => null);
  if (turn !== led) return; // another link was followed meanwhile
  if (!answer?.ok || text === null) {
    location.href = link.href;
    return;
  }
  history.pushState(null, "", link.href);
  renew(new DOMParser().parseFromString(text, "text/html"));
  const thread = document.querySelector("[data-stick]");
  if (thread && !link.closest("[data-stick]")) thread.scrollTop = thread.scrollHeight;
  document.dispatchEvent(new CustomEvent("renewed"));
}
