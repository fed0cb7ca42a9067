// Copies what a button offers; where the browser keeps the clipboard to itself, the text is selected instead.
import { tell } from "./forms.js";

export function copying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      tell(document.body.dataset.copied);
    } catch {
      const shown = button.parentElement.querySelector("output, code");
      if (shown) getSelection().selectAllChildren(shown);
    }
  });
}
