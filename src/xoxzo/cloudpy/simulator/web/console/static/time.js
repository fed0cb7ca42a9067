// Writes moments in the reader's own zone, and lets the clock of the page go on between two looks at the simulator.
const pad = (number) => String(number).padStart(2, "0");

const forms = {
  short: (when) => `${pad(when.getHours())}:${pad(when.getMinutes())}`,
  time: (when) => `${forms.short(when)}:${pad(when.getSeconds())}`,
  date: (when) => `${when.getFullYear()}-${pad(when.getMonth() + 1)}-${pad(when.getDate())}`,
  both: (when) => `${forms.date(when)} ${forms.time(when)}`,
};

// Rewrites every <time> below an element; called before new parts are put into the page.
export function dress(root) {
  for (const time of root.querySelectorAll("time[data-form]")) {
    const written = forms[time.dataset.form](new Date(time.dateTime));
    if (time.textContent !== written) time.textContent = written;
  }
}

// The clock runs as fast as real time: what is added to the server's moment is the time since it was told.
const told = new WeakMap();

export function ticking() {
  setInterval(tick, 500);
  tick();
}

function tick() {
  for (const one of document.querySelectorAll("[data-ticking]")) {
    const seconds = moment(one);
    const time = one.querySelector("time");
    time.textContent = forms[time.dataset.form](new Date(seconds * 1000));
  }
  for (const one of document.querySelectorAll("[data-since]")) {
    const running = document.querySelector("[data-ticking]");
    if (!running) continue;
    const talked = Math.max(0, Math.floor(moment(running) - Number(one.dataset.since)));
    one.textContent = `${Math.floor(talked / 60)}:${pad(talked % 60)}`;
  }
}

function moment(one) {
  const last = told.get(one);
  if (!last || last.said !== one.dataset.ticking) told.set(one, { said: one.dataset.ticking, at: performance.now() });
  const { said, at } = told.get(one);
  return Number(said) + (performance.now() - at) / 1000;
}
