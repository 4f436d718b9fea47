// The frame that makes the call: a page of the chosen origin. It learns what to call over a private channel.

import { make } from "./dom.js";
import { setup } from "./server.js";

const SECONDS = 15;
const frames = new Map();

/** Make the call from a page of an origin. The result is `{read}` or `{error}`: all that this page learns. */
export async function callFrom(from, url, init) {
  if (!frames.has(from)) frames.set(from, openFrame(from));
  const frame = await frames.get(from);
  const { port1: port, port2: itsPort } = new MessageChannel();
  const result = new Promise((resolve) => {
    port.onmessage = ({ data }) => resolve(data);
    setTimeout(resolve, SECONDS * 1000, { error: `No response within ${SECONDS} seconds.` });
  });
  frame.contentWindow.postMessage({ type: "call" }, targetOf(from), [itsPort]);
  port.postMessage({ url, init });
  return result;
}

function openFrame(from) {
  const frame = make("iframe", { src: `${hostOf(from)}/runner`, title: "The page that calls", hidden: "" });
  if (from === "null") frame.setAttribute("sandbox", "allow-scripts"); // takes away its origin
  const isLoaded = new Promise((resolve) => frame.addEventListener("load", () => resolve(frame)));
  document.body.append(frame);
  return isLoaded;
}

function hostOf(from) {
  return setup.pages[from] ?? location.origin;
}

function targetOf(from) {
  return from === "null" ? "*" : hostOf(from); // no origin can be named for a sandboxed frame
}
