// Lets a phone that rings be heard, if its reader wants that: two short tones, until it is answered.
const PAUSE = 3000; // ms
let audio = null;

export function ringing() {
  if (document.body.dataset.sound === undefined) return;
  // Browsers let a page sound only once it was clicked on, or a page of the same site before it.
  audio = new AudioContext();
  for (const event of ["pointerdown", "keydown"]) document.addEventListener(event, () => audio.resume(), { once: true });
  setInterval(ring, PAUSE);
  document.addEventListener("renewed", ring);
  ring();
}

let last = -PAUSE;

function ring() {
  if (performance.now() - last < PAUSE - 100 || !document.querySelector(".banner.ring, .call-screen.rings")) return;
  last = performance.now();
  document.documentElement.dataset.rang = "yes";
  for (const [start, pitch] of [[0, 660], [0.22, 880]]) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const at = audio.currentTime + start;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.12, at);
    volume.gain.exponentialRampToValueAtTime(0.001, at + 0.2);
    tone.connect(volume).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.2);
  }
}
