// The verdict: what the browser gave the page, beside what the standard says about the same messages.

const STANDARD = "https://fetch.spec.whatwg.org/";
/** A page may always read these: Fetch, #cors-safelisted-response-header-name. */
const SAFELISTED = [
  "cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma",
];

const DENIED = "Blocked. The browser sent a preflight first, the server denied it, and the request was never sent.";
const THROWN = "Nothing was sent: fetch() itself rejects this call.";
export const REFUSED = "Flask-Cors rejects this policy. Nothing was sent.";

/** Say in one sentence how the call ended in the browser. */
export function verdictOf(got, { wire, model }) {
  if (got.read) return "The page reads the response.";
  if (wire.some(({ kind }) => kind !== "preflight")) return "Blocked. The response came; the page may not read it.";
  if (wire.length) return DENIED;
  if (/^#(dom-request|concept-header)/.test(model.step ?? "")) return THROWN;
  return "There was no response.";
}

/** Say where the browser and the standard differ: the verdict, the readable headers, the number of messages. */
export function differences(got, { wire, model }) {
  const found = [];
  if (Boolean(got.read) !== model.allowed) found.push("one allows the call, the other blocks it");
  const isReadByBoth = got.read && model.response;
  if (isReadByBoth && names(got.read).join() !== names(model.response).join()) found.push("other headers are readable");
  const expected = model.exchanges.length;
  if (wire.length !== expected) found.push(`requests on the wire: ${wire.length} instead of ${expected}`);
  return found;
}

function names({ headers }) {
  return [...new Set(headers.map(([name]) => name.toLowerCase()))].sort();
}

/** List the headers that the page can read because the server exposes them. */
export function exposed(read) {
  return names(read).filter((name) => !SAFELISTED.includes(name));
}

/** Return how the standard's step is cited, and its address. */
export function citation({ standard, step }) {
  const [text] = (standard ?? "").split(": http");
  return { text: text || step || "", url: STANDARD + (step ?? "").split(" ")[0] };
}
