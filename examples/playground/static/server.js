// The server of this page: what it filled in at the start, and what it plans, judges and reads.

import { $ } from "./dom.js";

export const setup = JSON.parse($("setup").textContent);

/** Write the origins of this start for their names, which stay the same when the ports change. */
export function withOrigins(text) {
  const { "127.0.0.1": page, localhost: otherPage } = setup.pages;
  return text.replaceAll("{page}", page).replaceAll("{other-page}", otherPage);
}

/** Post JSON to the server of the page. A mistake of the visitor comes back as `{mistakes}`; all else is an error. */
export async function post(path, data) {
  const headers = { "Content-Type": "application/json", "X-Playground-Token": setup.token };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(data) });
  const found = await response.json();
  if (response.ok || found.mistakes) return found;
  throw new Error(found.error);
}
