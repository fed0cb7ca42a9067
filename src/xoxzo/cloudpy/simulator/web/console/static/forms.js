// Posts forms without leaving the page, and tells what came of it.
import { look } from "./live.js";

export function forms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.hasAttribute("data-act")) return;
    event.preventDefault();
    post(form, event.submitter);
  });
  document.addEventListener("change", (event) => event.target.form?.matches("[data-auto]") && event.target.form.requestSubmit());
}

async function post(form, button) {
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  button?.setAttribute("aria-busy", "true");
  if (form.dataset.answers) document.dispatchEvent(new CustomEvent("answered", { detail: form.dataset.answers }));
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams(new FormData(form)),
    });
    const { message } = await answer.json();
    if (!answer.ok || !form.hasAttribute("data-quiet")) tell(message, !answer.ok);
    if (answer.ok && form.hasAttribute("data-clear")) form.querySelector("input[name=text]").value = "";
  } catch {
    tell(document.body.dataset.failed, true);
  }
  form.ariaBusy = null;
  button?.removeAttribute("aria-busy");
  look(true);
}

export function tell(text, bad = false) {
  const note = document.createElement("p");
  note.textContent = text;
  if (bad) note.className = "bad";
  const place = document.getElementById("said");
  place.append(note);
  while (place.children.length > 3) place.firstChild.remove();
  setTimeout(() => note.remove(), bad ? 8000 : 3500);
}
