// Elements are made here and nowhere else; text goes in as text and never as markup.

/** An element with attributes, listeners (onclick: f) and children (elements or strings). */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Says something to screen readers, politely. */
export function say(message) {
  byId("live").textContent = message;
}

/** White space that is changed has to be seen. */
export function shown(text) {
  return text.trim() ? text : text.replaceAll(" ", "␣").replaceAll("\n", "↵").replaceAll("\t", "⇥").replaceAll("\u00a0", "⍽");
}

/** What is taken out and what is put in; white space is shown by signs, and a line through those would hide them. */
const marked = (name) => (text, attributes = {}) => el(name, { class: text.trim() ? undefined : "space", ...attributes }, shown(text));
export const gone = marked("del");
export const put = marked("ins");
