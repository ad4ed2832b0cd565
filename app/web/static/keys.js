// Keys: shown on ?, changed by their reader, off by a switch, and never taken from someone who types.
import { byId, el } from "./dom.js";

const STORED = "mt-repair-keys";
const FIXED = [
  ["next", "Alt+PageDown"], ["previous", "Alt+PageUp"], ["undo", "Ctrl+Z"], ["redo", "Ctrl+Y"],
  ["confirm", "Ctrl+Enter"], ["confirmNext", "Ctrl+Shift+Enter"], ["help", "Alt+H"],
];
const MODIFIERS = ["Shift", "Control", "Alt", "AltGraph", "Meta", "CapsLock"]; // the key itself is still to come
const ACTIONS = {
  next: ["Next change", "j"],
  previous: ["Previous change", "k"],
  accept: ["Accept and go on", "a"],
  reject: ["Reject and go on", "r"],
  acceptSentence: ["Accept the whole sentence", "A"],
  rejectSentence: ["Reject the whole sentence", "R"],
  edit: ["Edit by hand (Esc leaves)", "e"],
  why: ["Say why it was rejected", "w"],
  name: ["Accept this name everywhere", "n"],
  glossary: ["Put the name into the glossary", "g"],
  never: ["Never suggest again", "d"],
  undo: ["Undo", "u"],
  redo: ["Redo", ""],
  view: ["Switch the view", "s"],
  confirm: ["Confirm the sentence", ""],
  confirmNext: ["Confirm and go to the next open one", ""],
  help: ["This list", "?"],
};

function load() {
  try {
    return JSON.parse(localStorage.getItem(STORED)) ?? {};
  } catch {
    return {};
  }
}

let own = load();
const keyOf = (action) => own.keys?.[action] ?? ACTIONS[action][1];
export const areOn = () => own.on !== false;

function store() {
  try {
    localStorage.setItem(STORED, JSON.stringify(own));
  } catch { /* they hold for this page */ }
}

function isTyping(target) {
  return target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName)
    || (target.tagName === "INPUT" && !["checkbox", "radio", "button"].includes(target.type));
}

/** Whether a key pressed on an element may be a shortcut. */
export const takesKeys = (target) => !document.querySelector("dialog[open]") && !isTyping(target);

function chord(event) {
  const name = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  return [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.altKey ? "Alt" : "", event.shiftKey ? "Shift" : "", name]
    .filter(Boolean).join("+");
}

/** Calls `run(action)` or `run("take", number)` for keys that mean something here. */
export function listen(run, isHere) {
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || !takesKeys(event.target)) return;
    let action = FIXED.find(([, keys]) => keys === chord(event))?.[0];
    if (!action && areOn() && !event.ctrlKey && !event.altKey && !event.metaKey && isHere(event.target)) {
      if (/^[1-9]$/.test(event.key)) {
        if (run("take", Number(event.key))) event.preventDefault();
        return;
      }
      action = Object.keys(ACTIONS).find((name) => keyOf(name) === event.key);
    }
    if (action && run(action) !== false) event.preventDefault();
  });
}

function draw() {
  byId("keys-on").checked = areOn();
  byId("keys").replaceChildren(
    ...Object.entries(ACTIONS).map(([action, [label]]) => {
      const more = FIXED.filter(([name]) => name === action).map(([, keys]) => keys);
      const button = el("button", { type: "button", "aria-label": `Key for ${label}: ${keyOf(action) || "none"}. Change it` },
        el("kbd", {}, keyOf(action) || "none"));
      button.addEventListener("click", () => rebind(action, button));
      return el("tr", {}, el("th", { scope: "row" }, label),
        el("td", {}, button, ...more.flatMap((keys) => [" ", el("kbd", {}, keys)])));
    }),
    el("tr", {}, el("th", { scope: "row" }, "Take an alternative"), el("td", {}, el("kbd", {}, "1"), " to ", el("kbd", {}, "9"))),
  );
}

let asking = null; // ends the question for a key

function rebind(action, button) {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  button.textContent = "Press a key";
  // Tab, or a click elsewhere, leaves the key as it was.
  button.addEventListener("blur", () => {
    asking.abort();
    button.replaceChildren(el("kbd", {}, keyOf(action) || "none"));
  }, { signal });
  button.addEventListener("keydown", (event) => {
    if (event.key === "Tab" || MODIFIERS.includes(event.key)) return;
    asking.abort();
    event.preventDefault();
    event.stopPropagation();
    if (event.key.length === 1 && !/[1-9 ]/.test(event.key)) {
      own.keys ??= {};
      // Two actions on one key would be none: the other one gives it up.
      for (const other of Object.keys(ACTIONS)) if (keyOf(other) === event.key) own.keys[other] = "";
      own.keys[action] = event.key;
      store();
    }
    const at = Object.keys(ACTIONS).indexOf(action);
    draw();
    byId("keys").querySelectorAll("button")[at].focus();
  }, { signal });
}

export function setUpHelp() {
  byId("keys-on").addEventListener("change", (event) => {
    own.on = event.target.checked;
    store();
  });
  byId("keys-reset").addEventListener("click", () => {
    own = {};
    store();
    draw();
  });
  byId("help-close").addEventListener("click", () => byId("help").close());
  byId("help-open").addEventListener("click", showHelp);
}

export function showHelp() {
  draw();
  byId("help").showModal();
}
