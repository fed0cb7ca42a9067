// Starts what a page needs. Every page works without: links lead on, forms post, and a reload shows what is new.
import { follow } from "./live.js";
import { keyboard } from "./keyboard.js";
import { forms } from "./forms.js";
import { copying } from "./copying.js";
import { ringing } from "./ringing.js";
import { speaking } from "./speaking.js";
import { dress, ticking } from "./time.js";

dress(document);
ticking();
copying();
speaking();
ringing();
keyboard();
forms();
follow();
