// The state: what is in the fields, as plain text. Presets, links and the server have other shapes; this translates.

import { setup } from "./server.js";

export const EMPTY = {
  policy: "none",
  options: {},
  front: "",
  from: "127.0.0.1",
  method: "GET",
  path: "/orders",
  headers: "",
  body: "",
  credentials: "same-origin",
};

const defaults = new Map(setup.options.map((option) => [option.name, option.default]));

export function isFlag(name) {
  return typeof defaults.get(name) === "boolean";
}

/** Return the state that a preset, its fix or a pasted text describes; what it leaves out stays as it is. */
export function stateOf({ options, front, call }, before = EMPTY) {
  const state = { ...before, ...callState(call ?? {}) };
  if (options !== undefined) {
    state.policy = options === null ? "none" : "cors";
    state.options = mapValues(options ?? {}, textOf);
  }
  return { ...state, front: front ?? state.front };
}

function callState(call) {
  const fields = mapValues(call, (value) => value ?? "");
  if (call.headers) fields.headers = call.headers.map(([name, value]) => `${name}: ${value}`).join("\n");
  return fields;
}

/** Return the body of `POST /plan`. */
export function planOf(state, keep) {
  const { front, from, method, path, credentials } = state;
  const call = { from, method, path, headers: headersOf(state), body: state.body || null, credentials };
  return { options: optionsOf(state), front, keep, call };
}

/** Return what the page's script gives to `fetch()`, beside the URL. */
export function initOf({ method, headers, body, credentials }) {
  const init = { method, headers: headersOf({ headers }), credentials };
  return body ? { ...init, body } : init;
}

export function headersOf({ headers }) {
  const lines = headers.split("\n").filter((line) => line.trim());
  return lines.map((line) => {
    const [name, ...value] = line.split(":");
    return [name.trim(), value.join(":").trim()];
  });
}

export function optionsOf({ policy, options }) {
  if (policy === "none") return null;
  return Object.fromEntries(Object.entries(options).map(([name, text]) => [name, valueOf(name, text)]));
}

/** Show a value of an option as a visitor would type it. */
function textOf(value) {
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Read what a visitor typed: flags, seconds, a list or dict in JSON, and else text as it is. */
function valueOf(name, text) {
  if (isFlag(name)) return text === "True";
  if (name === "max_age" && /^\d+$/.test(text.trim())) return Number(text);
  return /^\s*[[{]/.test(text) ? parseOr(text) : text;
}

function parseOr(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
}

export function isSame(one, other) {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

function sorted(state) {
  const entries = Object.keys(EMPTY).map((name) => [name, state[name]]);
  const options = Object.entries(state.options).sort(([one], [other]) => (one < other ? -1 : 1));
  return { ...Object.fromEntries(entries), options };
}
