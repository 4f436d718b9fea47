// The result column: the verdict, the two sides, the orders, the change.

import { $, link, make, showText } from "./dom.js";
import { showDrawing } from "./drawing.js";
import { REFUSED, citation, differences, exposed, verdictOf } from "./verdict.js";

export function showStart() {
  showVerdict("What happens here", "");
  $("intro").hidden = false;
  $("outcome").hidden = true;
  $("mistakes").replaceChildren();
}

export function showRefusal(plan) {
  showVerdict(REFUSED, "blocked");
  showText($("stale"), "What is wrong stands below the policy.");
  $("outcome").hidden = true;
  $("mistakes").replaceChildren(...plan.mistakes.split("\n").map((line) => make("p", {}, line)));
  $("mistakes").scrollIntoView({ block: "nearest" });
}

/** Tell what went wrong in the playground itself: its server has ended, or has forgotten the page. */
export function showFailure(error) {
  const isGone = error instanceof TypeError;
  showVerdict(isGone ? "The server of the playground does not respond." : "The playground cannot do that.", "blocked");
  $("outcome").hidden = true;
  $("mistakes").replaceChildren(make("p", {}, isGone ? "Start it again, and load this page again." : error.message));
}

export function showWarnings(warnings) {
  $("mistakes").replaceChildren();
  const lines = warnings.flatMap((text) => text.split("\n"));
  $("python").append(...lines.map((line) => make("span", { class: "comment" }, `\n# ${line}`)));
}

export function showOutcome(got, judged) {
  showVerdict(verdictOf(got, judged), got.read ? "allowed" : "blocked");
  $("outcome").hidden = false;
  showBrowser(got);
  showStandard(judged.model);
  showDifferences(differences(got, judged));
  showOrders(judged, Boolean(got.read));
  showDrawing(judged);
  showChange(judged.change);
}

function showVerdict(sentence, kind) {
  $("intro").hidden = true;
  $("stale").hidden = true;
  $("status").className = kind;
  $("verdict").textContent = sentence;
}

function showBrowser({ read, error }) {
  const parts = read ? readParts(read) : errorParts(error);
  $("browser").replaceChildren(...parts);
}

function errorParts(error) {
  const message = make("code", { class: "blocked" }, error);
  return [make("p", {}, message), make("p", {}, "That is all that the page's script learns.")];
}

function readParts(read) {
  const more = exposed(read);
  const headers = more.length ? more.map((name) => make("code", {}, name)) : ["none beyond the usual ones"];
  const rows = [
    ["status", String(read.status)],
    ["headers", ...separated(headers)],
    ["body", make("code", {}, read.body)],
  ];
  return [make("dl", {}, ...rows.flatMap(([name, ...value]) => [make("dt", {}, name), make("dd", {}, ...value)]))];
}

function separated(nodes) {
  return nodes.flatMap((node, index) => (index ? [", ", node] : [node]));
}

function showStandard(model) {
  const { text, url } = citation(model);
  const verdict = make("b", { class: model.allowed ? "allowed" : "blocked" }, model.allowed ? "Allowed" : "Blocked");
  const rule = text ? [verdict, " by the ", link(text, url)] : [verdict];
  const why = [model.cause?.text, model.reason, ...model.notes.map((note) => note.text)].filter(Boolean);
  $("standard").replaceChildren(...[rule, ...why].map((part) => make("p", {}, ...[part].flat())));
}

function showDifferences(found) {
  showText($("differs"), found.length ? `Your browser does not follow the standard here: ${found.join("; ")}.` : "");
}

function showOrders({ orders }, isRead) {
  const more = orders && !isRead ? " The page was blocked, and the server did it all the same." : "";
  showText($("orders"), orders === null ? "" : `Orders placed or changed at the server: ${orders}.${more}`);
}

function showChange(change) {
  $("change").hidden = !change;
  if (!change) return;
  showText($("change-sentence"), change.sentence ?? "");
  const lines = changedLines(change.diff ?? "");
  $("diff").hidden = !lines.length;
  $("diff").replaceChildren(...lines.map(diffLine));
}

function changedLines(diff) {
  return diff.split("\n").filter((line) => /^[+-](?!\+\+ |-- )/.test(line));
}

function diffLine(line) {
  const kinds = { "+": "added", "-": "removed" };
  return make("span", { class: kinds[line[0]] ?? "" }, `${line}\n`);
}
