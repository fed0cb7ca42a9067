// Keys: / searches, g and a letter opens a page, j and k walk a list, ? shows them all.
let before = "";

export function keyboard() {
  const help = document.getElementById("help");
  document.addEventListener("click", (event) => event.target.closest?.("[data-help]") && help.showModal());
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches?.("input:not([type=radio], [type=checkbox]), select, textarea");
    if (event.key === "Escape" && typing) return event.target.blur();
    if (typing || help.open) return;
    const first = before;
    before = event.key === "g" ? "g" : "";
    if (first === "g") return open(event);
    if (event.key === "?") help.showModal();
    else if (event.key === "/") search(event);
    else if (event.key === "j" || event.key === "k") walk(event.key === "j" ? 1 : -1);
  });
}

function open(event) {
  const link = [...document.querySelectorAll("nav a")].find((one) => one.dataset.key === event.key);
  if (link) location.href = link.href;
}

function search(event) {
  const field = document.querySelector("[data-search]");
  event.preventDefault();
  if (field) field.focus();
  else location.href = "/console/messages";
}

function walk(by) {
  const rows = [...document.querySelectorAll("[data-row]")].map((row) => (row.matches("a, button") ? row : row.querySelector("a, button"))).filter(Boolean);
  const at = rows.indexOf(document.activeElement);
  rows[at < 0 ? (by > 0 ? 0 : rows.length - 1) : at + by]?.focus();
}
