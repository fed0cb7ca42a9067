// Makes one element like another with as few changes as can be: what is the same stays, with its focus and its scroll.
import { dress } from "./time.js";

// Replaces the live parts of the page by those of a newer one.
export function renew(page) {
  if (token(page) !== token(document)) return location.reload(); // the simulator was started again
  dress(page);
  for (const part of document.querySelectorAll("[data-live]")) {
    const newer = page.getElementById(part.id);
    if (newer) morph(part, newer);
  }
  const main = document.getElementById("main");
  main.className = page.getElementById("main").className;
  document.title = page.title;
}

function token(page) {
  return page.querySelector("input[name=csrf]")?.value;
}

function morph(old, newer) {
  attributes(old, newer);
  const stuck = old.hasAttribute("data-stick") && old.scrollHeight - old.scrollTop - old.clientHeight < 60;
  children(old, newer);
  if (stuck) old.scrollTop = old.scrollHeight;
}

function attributes(old, newer) {
  for (const { name } of [...old.attributes]) {
    if (!newer.hasAttribute(name) && !keeps(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of [...newer.attributes]) {
    if (old.getAttribute(name) !== value && !keeps(old, name)) old.setAttribute(name, value);
  }
  // What is checked follows the server; what was typed is the reader's.
  if (old.type === "radio" && document.activeElement !== old) old.checked = newer.hasAttribute("checked");
}

function keeps(element, name) {
  return name === "aria-busy" || (name === "open" && element.hasAttribute("data-keep-open")) || (name === "value" && element === document.activeElement);
}

function children(old, newer) {
  const named = new Map();
  for (const child of old.children) if (child.id) named.set(child.id, child);
  let place = old.firstChild;
  for (const wanted of [...newer.childNodes]) {
    const match = wanted.id ? named.get(wanted.id) : fitting(place, wanted);
    if (!match) {
      const added = document.importNode(wanted, true);
      old.insertBefore(added, place);
      place = added.nextSibling;
      continue;
    }
    if (match !== place) old.insertBefore(match, place);
    if (match.nodeType !== Node.ELEMENT_NODE) {
      if (match.data !== wanted.data) match.data = wanted.data;
    } else if (!match.hasAttribute("data-keep") && !match.isEqualNode(wanted)) morph(match, wanted);
    place = match.nextSibling;
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

// The next old node, if it is of the same sort and has no name of its own.
function fitting(place, wanted) {
  return place && place.nodeName === wanted.nodeName && !place.id ? place : null;
}
