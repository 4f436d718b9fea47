// The presets: ten mistakes, each with its story, its fix and its lesson. The server has them in scenarios.py.

import { $, make, prose } from "./dom.js";
import { setup } from "./server.js";
import { isSame, stateOf } from "./state.js";

export function prepare() {
  const texts = setup.presets.map(({ id, number, name }) => make("option", { value: id }, `${number}. ${name}`));
  $("scenario").append(make("option", { value: "" }, "Your own"), ...texts);
}

export function find(id) {
  return setup.presets.find((preset) => preset.id === id);
}

export function mistakeOf(preset) {
  return stateOf(preset);
}

export function fixedOf(preset) {
  return stateOf(preset.fix, mistakeOf(preset));
}

export function isMistake(preset, state) {
  return Boolean(preset) && isSame(mistakeOf(preset), state);
}

/** Return the state of the second half of a story that has one: another call at the same address. */
export function moreOf(preset) {
  return stateOf(preset.more, mistakeOf(preset));
}

/** Whether the fields are still those that the story is about. */
export function isStory(preset, state) {
  return isMistake(preset, state) || (Boolean(preset?.more) && isSame(moreOf(preset), state));
}

export function isFixed(preset, state) {
  return Boolean(preset) && isSame(fixedOf(preset), state);
}

export function showStory(preset) {
  $("scenario").value = preset?.id ?? "";
  const story = preset?.story ?? "Fill in the fields below, or choose one of the ten mistakes.";
  $("story").replaceChildren(...prose(story));
}

/** Show how the story goes on, after its first half. */
export function showMore(preset, state) {
  $("more-card").hidden = !(preset?.more && isStory(preset, state));
  $("more").hidden = !isMistake(preset, state);
  $("more-text").replaceChildren(...prose(preset?.more?.story ?? ""));
}

/** Say why the fix of a story is another than the line that the explanation advises. */
export function showWhyNot(preset, state) {
  if (isStory(preset, state) && preset.why_not) $("change-sentence").textContent = preset.why_not;
  $("change-sentence").hidden = !$("change-sentence").textContent;
}

/** Show the lesson where the fix works, and what comes next. */
export function showLesson(preset, works) {
  $("lesson").hidden = !(preset && works);
  if (!preset) return;
  $("lesson-text").replaceChildren(...prose(preset.lesson));
  const next = nextOf(preset);
  $("next").textContent = next ? `Next: ${next.number}. ${next.name}` : "Begin again";
}

export function nextOf(preset) {
  return setup.presets[setup.presets.indexOf(preset) + 1];
}
