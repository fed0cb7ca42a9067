// Lets the browser speak what a call says: on a button, and by itself once a call was answered by hand.
const answered = new Set();
const spoken = new Set();

export function speaking() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-say]");
    if (button) speak(button);
  });
  document.addEventListener("answered", (event) => answered.add(event.detail));
  document.addEventListener("renewed", () => {
    for (const button of document.querySelectorAll(".call-screen [data-say]")) {
      const place = button.parentElement.id;
      if (answered.has(button.dataset.call) && !spoken.has(place)) {
        spoken.add(place);
        speak(button);
      }
    }
  });
}

function speak(button) {
  if (!("speechSynthesis" in window)) return;
  const words = new SpeechSynthesisUtterance(button.dataset.say);
  words.lang = button.dataset.lang === "ja" ? "ja-JP" : "en-US";
  speechSynthesis.cancel();
  speechSynthesis.speak(words);
}
