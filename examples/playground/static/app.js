// The playground: choose a mistake, see it fail, see why, apply the fix, see it work.

import { copy } from "./copy.js";
import { $, make, showText } from "./dom.js";
import { walk, walkByKeyboard } from "./drawing.js";
import { fillFields, prepare as prepareFields, readFields, showState } from "./form.js";
import { fragmentOf, parseFragment } from "./fragment.js";
import { callFrom } from "./frame.js";
import * as presets from "./presets.js";
import { showFailure, showOutcome, showRefusal, showStart, showWarnings } from "./result.js";
import { post, setup, withOrigins } from "./server.js";
import { initOf, planOf, stateOf } from "./state.js";

const CHANGED = "The fields have changed since then. Send it again.";
const EXAMPLE = "https://app.example";
/** As in style.css. */
const TWO_COLUMNS = matchMedia("(width >= 64rem) and (height >= 32rem)");

/** The preset that the visitor chose, the last plan, and the state that the fix leads to. */
const current = { preset: undefined, plan: null, fixed: null, isBusy: false };

// -- Send --------------------------------------------------------------------------------------------------

async function send(event) {
  event?.preventDefault();
  await busily($("send"), () => sendState(readFields()));
}

/** Do something that takes time, once at a time; tell if the server is gone. */
async function busily(button, act) {
  if (current.isBusy) return;
  current.isBusy = true;
  button.setAttribute("aria-busy", "true");
  await act().catch(showFailure);
  button.removeAttribute("aria-busy");
  current.isBusy = false;
}

async function sendState(state) {
  const keep = $("again").checked ? current.plan.run : null;
  const plan = await post("/plan", planOf(state, keep));
  showState();
  if (plan.mistakes) return refuse(plan);
  showWarnings(plan.warnings);
  const got = await callFrom(state.from, plan.url, initOf(state));
  const judged = await post("/judge", { run: plan.run, url: plan.url, from: state.from, readable: Boolean(got.read) });
  current.plan = plan;
  showOutcome(got, judged);
  bringIntoView();
  prepareNext(state, judged, Boolean(got.read));
}

function refuse(plan) {
  showRefusal(plan);
  setFix(null);
}

/** Offer what can come after a call: the same address, the fix, the rest of the story, the lesson. */
function prepareNext(state, judged, works) {
  const { preset } = current;
  $("again").disabled = $("copy-command").disabled = false;
  setFix(fixOf(state, judged));
  presets.showMore(preset, state);
  presets.showWhyNot(preset, state);
  presets.showLesson(preset, works && presets.isFixed(preset, state));
}

/** Bring the verdict into view. In one column it is below the fields, so the focus goes there, too. */
function bringIntoView() {
  $("result").scrollTop = 0;
  if (TWO_COLUMNS.matches) return;
  $("result").scrollIntoView();
  $("verdict").focus({ preventScroll: true });
}

// -- The fix -----------------------------------------------------------------------------------------------

/** Return the state that the fix leads to: the preset's own, or the one that the server found. */
function fixOf(state, { change }) {
  const { preset } = current;
  if (presets.isFixed(preset, state)) return null;
  if (presets.isStory(preset, state)) return presets.fixedOf(preset);
  return change?.options ? stateOf(change, state) : null;
}

function setFix(state) {
  current.fixed = state;
  $("fix").disabled = !state;
  $("fix-here").hidden = !state;
}

function applyFix() {
  fillFields(current.fixed);
  $("again").checked = false;
  edited("The fix is filled in. Send it again.");
  $("send").focus();
}

// -- Fields, links, presets --------------------------------------------------------------------------------

/** Keep the page's own address in step with the fields, and mark a result that is older. */
function edited(note) {
  showState();
  history.replaceState(null, "", fragment());
  showText($("stale"), $("intro").hidden ? note : "");
}

function fragment() {
  const state = readFields();
  const { preset } = current;
  const isPreset = presets.isMistake(preset, state);
  return fragmentOf(state, isPreset ? preset.id : "");
}

/** Fill the fields from the fragment. Nothing is sent. */
function restore() {
  const { scenario, state } = parseFragment(location.hash);
  current.preset = presets.find(scenario) ?? (state ? undefined : setup.presets[0]);
  presets.showStory(current.preset);
  fillFields(state ?? presets.mistakeOf(current.preset));
  forgetResult();
}

function forgetResult() {
  $("again").checked = false;
  showStart();
  setFix(null);
}

function choose(id) {
  if (id) location.hash = fragmentOf({}, id);
  else location.hash = fragmentOf(readFields(), "");
}

function chooseNext() {
  choose((presets.nextOf(current.preset) ?? setup.presets[0]).id);
  $("scenario").focus();
  $("scenario").scrollIntoView({ block: "nearest" });
}

function tellMore() {
  fillFields(presets.moreOf(current.preset));
  $("again").checked = true;
  edited("The policy is changed. Send it again.");
  $("send").focus();
}

// -- Paste and copy ----------------------------------------------------------------------------------------

async function paste() {
  const found = await post("/paste", { text: $("pasted").value });
  const notes = found.mistakes ? found.mistakes.split("\n") : found.notes;
  $("paste-notes").replaceChildren(...notes.map((note) => make("p", {}, note)));
  if (found.mistakes) return;
  current.preset = undefined;
  presets.showStory(undefined);
  fillFields(stateOf(found, readFields()));
  edited(CHANGED);
}

function copyLink() {
  copy(location.href.split("#")[0] + fragment(), "the link");
}

function copyPython() {
  copy(portable($("python").textContent), "the line of Python");
}

function copyCommand() {
  copy(portable(current.plan.portable.command), "the command");
}

/** Write the visitor's own origin for that of the page. */
function portable(text) {
  const origin = $("origin").value.trim() || EXAMPLE;
  return text.replaceAll(EXAMPLE, origin).replaceAll(withOrigins("{page}"), origin);
}

/** What is chosen or pasted to fill the fields does not belong to the call itself. */
function typed({ target }) {
  if (!target.matches("#scenario, #add, #pasted")) edited(CHANGED);
}

function sendByKeyboard(event) {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") send(event);
}

// -- Begin -------------------------------------------------------------------------------------------------

function listen() {
  const clicks = {
    fix: applyFix,
    "fix-here": applyFix,
    next: chooseNext,
    more: tellMore,
    fill: () => busily($("fill"), paste),
    "copy-link": copyLink,
    "copy-python": copyPython,
    "copy-command": copyCommand,
    "previous-step": () => walk(-1),
    "next-step": () => walk(1),
  };
  for (const [id, act] of Object.entries(clicks)) $(id).addEventListener("click", act);
  $("form").addEventListener("submit", send);
  $("form").addEventListener("input", typed);
  $("scenario").addEventListener("change", () => choose($("scenario").value));
  addEventListener("hashchange", restore);
  addEventListener("keydown", walkByKeyboard);
  addEventListener("keydown", sendByKeyboard);
}

presets.prepare();
prepareFields();
listen();
restore();
