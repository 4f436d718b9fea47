// The fields: a state goes in, a state comes out.

import { javascriptOf, pythonOf } from "./code.js";
import { $, make } from "./dom.js";
import { setup, withOrigins } from "./server.js";
import { isFlag } from "./state.js";

const TEXTS = ["policy", "front", "from", "method", "path", "headers", "body", "credentials"];
const PLACES = { "127.0.0.1": "your shop", localhost: "another site" };

/** Fill the lists that depend on this start: origins of pages, and options. */
export function prepare() {
  for (const [name, origin] of Object.entries(setup.pages)) {
    $("from").append(make("option", { value: name }, `${origin} (${PLACES[name]})`));
  }
  $("from").append(make("option", { value: "null" }, "null (a sandboxed frame)"));
  $("page-origin").textContent = withOrigins("{page}");
  $("other-page-origin").textContent = withOrigins("{other-page}");
  $("add-button").addEventListener("click", addOption);
}

export function readFields() {
  const texts = TEXTS.map((name) => [name, $(name).value]);
  const fields = [...$("options").querySelectorAll("[data-option]")];
  const options = fields.map((field) => [field.dataset.option, field.value]);
  return { ...Object.fromEntries(texts), options: Object.fromEntries(options) };
}

export function fillFields(state) {
  for (const name of TEXTS) $(name).value = state[name];
  $("options").replaceChildren(...Object.entries(state.options).map(optionRow));
  showState();
}

/** Show what depends on the fields: the two lines of code, the options that are left, the height of the texts. */
export function showState() {
  const state = readFields();
  const hasPolicy = state.policy === "cors";
  $("options").hidden = $("adding").hidden = !hasPolicy;
  $("python").textContent = withOrigins(pythonOf(state));
  $("javascript").textContent = javascriptOf(state, setup.api);
  const left = setup.options.filter(({ name }) => !(name in state.options));
  $("add").replaceChildren(...left.map(({ name, help }) => make("option", { value: name }, `${name}: ${help}`)));
  for (const name of ["headers", "body"]) $(name).rows = Math.min(6, $(name).value.split("\n").length);
}

function addOption() {
  const name = $("add").value;
  $("options").append(optionRow([name, isFlag(name) ? "True" : ""]));
  $("form").dispatchEvent(new Event("input"));
  $(`option-${name}`).focus();
}

function optionRow([name, text]) {
  const id = `option-${name}`;
  const remove = make("button", { type: "button", class: "remove", "aria-label": `Remove ${name}` }, "×");
  const field = optionField(name, text, { id, "data-option": name, "aria-describedby": `${id}-help` });
  const label = make("label", { for: id }, make("code", {}, name));
  const help = make("small", { id: `${id}-help` }, helpOf(name));
  const row = make("div", { class: "row option" }, label, make("span", { class: "with-button" }, field, remove), help);
  remove.addEventListener("click", () => removeOption(row));
  return row;
}

function optionField(name, text, attributes) {
  const field = isFlag(name)
    ? make("select", attributes, make("option", {}, "True"), make("option", {}, "False"))
    : make("input", { ...attributes, autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
  field.value = text;
  return field;
}

function helpOf(name) {
  return setup.options.find((option) => option.name === name)?.help ?? "";
}

function removeOption(row) {
  row.remove();
  $("form").dispatchEvent(new Event("input"));
  $("add").focus();
}
