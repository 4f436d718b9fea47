// The two lines of code that the fields stand for: the policy in Python, the call in JavaScript.

import { headersOf, optionsOf } from "./state.js";

export function pythonOf(state) {
  const options = optionsOf(state);
  if (options === null) return "# no CORS(app) at all";
  const keywords = Object.entries(options).map(([name, value]) => `${name}=${repr(value)}`);
  return `CORS(${["app", ...keywords].join(", ")})`;
}

/** Write a JSON value as Python does. */
function repr(value) {
  if (value === true) return "True";
  if (value === false) return "False";
  if (value === null) return "None";
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(reprItem).join(", ")}}`;
  return JSON.stringify(value);
}

function reprItem([key, value]) {
  return `${JSON.stringify(key)}: ${repr(value)}`;
}

export function javascriptOf(state, origin) {
  const lines = initLines(state);
  const url = JSON.stringify(`${origin}${state.path}`);
  return lines.length ? `fetch(${url}, {\n${lines.join("\n")}\n})` : `fetch(${url})`;
}

function initLines(state) {
  const { method, body, credentials } = state;
  const lines = [];
  if (method !== "GET") lines.push(`  method: ${JSON.stringify(method)},`);
  if (headersOf(state).length) lines.push(`  headers: {${headersOf(state).map(headerText).join(", ")}},`);
  if (body) lines.push(`  body: ${JSON.stringify(body)},`);
  if (credentials !== "same-origin") lines.push(`  credentials: ${JSON.stringify(credentials)},`);
  return lines;
}

function headerText([name, value]) {
  return `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
}
