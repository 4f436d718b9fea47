// The drawing of the conversation, and the list of its steps. Arrow keys walk both.

import { $, link, make } from "./dom.js";

const SENDERS = { page: "the page", browser: "the browser", server: "the server", other: "the other server" };
let current = 0;

export function showDrawing({ drawing, steps }) {
  current = 0;
  $("drawing").replaceChildren(...parseSvg(drawing));
  $("steps").replaceChildren(...steps.map(stepItem));
  for (const arrow of $("drawing").querySelectorAll("[data-step]")) {
    arrow.addEventListener("click", () => walkTo(Number(arrow.dataset.step)));
  }
}

/** Read the server's SVG as XML: in XML, text stays text, and scripts are kept out by the page's policy. */
function parseSvg(text) {
  const parsed = new DOMParser().parseFromString(text ?? "", "image/svg+xml").documentElement;
  return parsed.nodeName === "svg" ? [document.importNode(parsed, true)] : [];
}

function stepItem(step) {
  const head = make("summary", {}, `${SENDERS[step.from]} → ${SENDERS[step.to]}: `, make("code", {}, step.label));
  if (step.kind === "not-sent") head.append(" ", make("em", {}, "not sent"));
  if (step.decided) head.append(make("strong", { class: "decided" }, "decided here"));
  const details = make("details", { name: "steps", "data-step": step.n }, head, ...stepParts(step));
  details.addEventListener("toggle", () => details.open && mark(step.n));
  return make("li", {}, details);
}

function stepParts({ sentence, raw, anchor }) {
  const parts = [];
  if (sentence) parts.push(make("p", {}, sentence));
  if (raw) parts.push(make("pre", { class: "code" }, raw));
  if (anchor) parts.push(make("p", {}, link("The rule in the standard", anchor)));
  return parts;
}

/** Walk one step forward or back; both ends stay where they are. */
export function walk(difference) {
  const last = $("steps").childElementCount;
  if (last) walkTo(Math.max(1, Math.min(last, current + difference)));
}

function walkTo(number) {
  const details = $("steps").querySelector(`[data-step="${number}"]`);
  if (!details) return;
  details.open = true;
  mark(number);
  const head = details.firstElementChild;
  if ($("steps").contains(document.activeElement)) head.focus();
  details.scrollIntoView({ block: "nearest" });
}

function mark(number) {
  current = number;
  for (const part of $("wire").querySelectorAll("[data-step]")) {
    part.classList.toggle("current", Number(part.dataset.step) === number);
  }
}

/** Let ← and → walk, unless the visitor types, or a key with them means something else. */
export function walkByKeyboard(event) {
  const difference = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const isTyping = event.target.matches("input, select, textarea");
  const hasModifier = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
  if (!difference || isTyping || hasModifier || $("outcome").hidden) return;
  event.preventDefault();
  walk(difference);
}
