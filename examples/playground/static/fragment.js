// A link carries the state behind its "#", which no browser sends to a server.

import { EMPTY } from "./state.js";

const TEXTS = ["front", "from", "method", "path", "headers", "body", "credentials"];

/** Write a state as a fragment: the preset that it is, or every field that is not as in an empty form. */
export function fragmentOf(state, presetId) {
  if (presetId) return `#${new URLSearchParams({ scenario: presetId })}`;
  const found = new URLSearchParams({ policy: state.policy });
  for (const [name, text] of Object.entries(state.options)) found.set(`cors.${name}`, text);
  for (const name of TEXTS) if (state[name] !== EMPTY[name]) found.set(name, state[name]);
  return `#${found}`;
}

/** Read a fragment: `{scenario}`, or `{state}`, or neither of them. */
export function parseFragment(fragment) {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  if (given.has("scenario")) return { scenario: given.get("scenario") };
  if (!given.has("policy")) return {};
  const texts = TEXTS.filter((name) => given.has(name)).map((name) => [name, given.get(name)]);
  return { state: { ...EMPTY, ...Object.fromEntries(texts), policy: policyOf(given), options: optionsOf(given) } };
}

function policyOf(given) {
  return given.get("policy") === "cors" ? "cors" : "none";
}

function optionsOf(given) {
  const entries = [...given].filter(([name]) => name.startsWith("cors."));
  return Object.fromEntries(entries.map(([name, text]) => [name.slice("cors.".length), text]));
}
