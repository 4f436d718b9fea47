// The page's elements. Text goes in as text: nothing here, and nothing else in the playground, parses HTML.

export const $ = (id) => document.getElementById(id);

/** Make an element, with attributes and children; a string becomes text. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Split a text of the server at its backticks: what is between two of them is code. */
export function prose(text) {
  return text.split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

/** Make a link to the standard, which opens in a tab of its own. */
export function link(text, url) {
  return make("a", { href: url, target: "_blank", rel: "noreferrer" }, text);
}

/** Show an element with a text, or hide it if there is no text. */
export function showText(element, text) {
  element.textContent = text;
  element.hidden = !text;
}
