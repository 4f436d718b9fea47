// Copies texts to the clipboard, and says so.

import { $ } from "./dom.js";

export async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    $("copied").textContent = `Copied: ${what}.`;
  } catch {
    $("copied").textContent = "The browser does not allow copying here.";
  }
}
