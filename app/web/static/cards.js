// The queue: a card for each change, worst first.
import { byId, el, gone, put, shown } from "./dom.js";
import { byNeed, counts, groupOf, isOpen, nameOf, pieces, state, targets, textOf, verdict } from "./model.js";

const PAGE = 40;
let limit = PAGE;
const WHYS = [["wrong_name", "Wrong name"], ["changes_meaning", "Changes the meaning"], ["taste", "A matter of taste"], ["other", "Something else"]];
const VERDICTS = { accepted: "Accepted", rejected: "Rejected", replaced: "Changed by hand", confirmed: "Confirmed", rewritten: "Rewritten" };

/** The words around a change of white space or of a mark, which says nothing by itself. */
function around(edit) {
  if (/[\p{L}\p{N}]/u.test(edit.original + edit.replacement)) return ["", ""];
  const chars = Array.from(edit.sentence.text);
  const before = chars.slice(Math.max(0, edit.start - 24), edit.start).join("").match(/\S+\s*$/u)?.[0] ?? "";
  const after = chars.slice(edit.end, edit.end + 24).join("").match(/^\s*\S+/u)?.[0] ?? "";
  return [before, after];
}

function change(edit) {
  const [before, after] = around(edit);
  if (before || after) {
    const is = verdict(edit.id) === "replaced" ? textOf(edit) : edit.replacement;
    return [el("span", { class: "around" }, before), edit.original ? gone(edit.original) : null,
      is ? put(is) : null, el("span", { class: "around" }, after)];
  }
  const is = verdict(edit.id) === "replaced" ? textOf(edit) : edit.replacement;
  return [edit.original ? gone(edit.original) : el("span", { class: "nothing" }, "nothing"),
    el("span", { class: "arrow", "aria-hidden": "true" }, "→"),
    is ? put(is) : el("span", { class: "nothing" }, "nothing")];
}

/** A change in words, with what stands around it where it says nothing by itself. */
export const inWords = (edit) => `${around(edit).some(Boolean) ? `between ${around(edit).map((t) => t.trim()).join(" and ")}, ` : ""}${edit.original ? shown(edit.original) : "nothing"} to ${edit.replacement ? shown(edit.replacement) : "nothing"}`;

/** The sentence with the change in it, for screens too low to show the text beside the card. */
function context(edit) {
  const chars = Array.from(edit.sentence.text);
  return el("p", { class: "context" }, chars.slice(0, edit.start).join(""), edit.original ? gone(edit.original) : null,
    edit.replacement ? put(edit.replacement) : null, chars.slice(edit.end).join(""));
}

function confidence(edit) {
  return el("span", { class: `confidence ${edit.band}`, title: `Confidence ${edit.confidence.toFixed(2)}` },
    el("span", {}, edit.band), el("meter", { min: 0, max: 1, value: edit.confidence, "aria-label": `Confidence ${edit.confidence.toFixed(2)}` }));
}

function entity(edit) {
  if (!edit.entity) return null;
  const others = [...new Set((state.byName.get(nameOf(edit)) ?? []).map((e) => e.original))].filter((o) => o !== edit.original);
  return el("details", { class: "entity" },
    el("summary", {}, `${edit.entity.caption} `, el("span", { class: "hint" }, `${edit.entity.type}, ${edit.entity.id}`)),
    el("dl", {}, ...edit.entity.features.flatMap(([name, score]) =>
      [el("dt", {}, name.replaceAll("_", " ")), el("dd", {}, score.toFixed(2))])),
    others.length ? el("p", { class: "hint" }, `Other spellings in this document: ${others.join(", ")}`) : null);
}

function button(label, action, act, title, kind = "") {
  return el("button", { type: "button", class: kind, "aria-label": title, "data-act": action, onclick: act }, label);
}

function hand(target, value, run) {
  const area = el("textarea", { rows: 2, "aria-label": "New text", id: "hand" });
  area.value = value;
  const save = () => run("write", target, area.value);
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); run("leave"); }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); event.stopPropagation(); save(); }
  });
  return el("div", { class: "hand" }, area, el("p", { class: "actions" },
    el("button", { type: "button", class: "primary", onclick: save }, "Take this text"),
    el("button", { type: "button", onclick: () => run("leave") }, "Leave (Esc)")));
}

function editCard(edit, run, mode) {
  const isCurrent = edit.id === state.current;
  const v = verdict(edit.id);
  const same = state.byName.get(nameOf(edit)) ?? [];
  const head = el("h3", {}, ...change(edit).filter(Boolean));
  const facts = el("p", { class: "facts" }, el("span", { class: "kind" }, edit.kindName), confidence(edit),
    v !== "open" ? el("span", { class: `verdict ${v}` }, `${VERDICTS[v]} by ${state.standings.get(edit.id).who}`) : null);
  const attributes = {
    class: `card ${v}${isCurrent ? " current" : ""}`, id: `c-${edit.id}`, tabindex: -1, "data-target": edit.id,
    "aria-label": `${edit.kindName}: ${inWords(edit)}`, "aria-current": isCurrent ? "true" : undefined,
  };
  if (!isCurrent) {
    return el("article", { ...attributes, onclick: () => run("go", edit.id) }, head, facts,
      el("button", { type: "button", class: "visually-hidden", onclick: () => run("go", edit.id) }, `Look at ${inWords(edit)}`));
  }
  const alternatives = edit.alternatives.length
    ? el("ol", { class: "alternatives", "aria-label": "Alternatives" }, ...edit.alternatives.map((text, i) => el("li", {},
        button(el("span", {}, el("kbd", {}, String(i + 1)), " ", text ? shown(text) : "nothing"), "take", () => run("take", i + 1), `Take ${text || "nothing"} instead`))))
    : null;
  const many = [];
  const open = same.filter(isOpen);
  if (open.length > 1) many.push(button(`All of this name (${open.length})`, "name", () => run("name"), `Accept ${edit.replacement} everywhere, ${open.length} places`));
  many.push(button("All of this kind", "kind", () => run("kind"), `Accept all open changes of kind ${edit.kindName}`));
  const others = groupOf(edit).length - 1;
  return el("article", attributes, head, context(edit), facts,
    others > 0 ? el("p", { class: "hint" }, `Decided together with ${others} more.`) : null,
    el("p", { class: "reason" }, edit.reason, el("span", { class: "hint" }, ` ${edit.origin}, ${edit.rule}`)),
    entity(edit), alternatives,
    mode === "edit" ? hand(edit.id, textOf(edit) ?? edit.original, run) : null,
    mode === "never" ? el("div", { class: "ask", role: "group", "aria-label": "Never suggest this again" },
      el("p", {}, "Never suggest this again"),
      ...[["document", "in this document"], ["project", "in this project"], ["always", "anywhere"]].map(([reach, label]) =>
        el("button", { type: "button", onclick: () => run("dismiss", reach) }, label)),
      el("button", { type: "button", onclick: () => run("leave") }, "Leave")) : null,
    mode ? null : el("p", { class: "actions main" },
      button("Accept", "accept", () => run("accept"), `Accept ${inWords(edit)}`, "primary"),
      button("Reject", "reject", () => run("reject"), `Reject ${inWords(edit)}`),
      button("Edit", "edit", () => run("edit"), `Edit ${inWords(edit)} by hand`)),
    mode ? null : el("p", { class: "actions more" }, ...many, button("Never again", "never", () => run("never"), `Never suggest ${inWords(edit)} again`)));
}

function sentenceCard(sentence, run, mode) {
  const isCurrent = sentence.id === state.current;
  const text = pieces(sentence).map((p) => p.text ?? p.is ?? p.was).join("");
  const v = verdict(sentence.id);
  const attributes = {
    class: `card left ${v}${isCurrent ? " current" : ""}`, id: `c-${sentence.id}`, tabindex: -1, "data-target": sentence.id,
    "aria-label": `Sentence left alone: ${text.slice(0, 80)}`, "aria-current": isCurrent ? "true" : undefined,
  };
  const why = v === "open" ? sentence.reason || "Left alone, in doubt" : `${VERDICTS[v]} by ${state.standings.get(sentence.id).who}`;
  const body = [el("h3", {}, text.length > 160 ? `${text.slice(0, 160)}…` : text), el("p", { class: "facts" }, el("span", { class: "kind" }, why))];
  if (!isCurrent) {
    return el("article", { ...attributes, onclick: () => run("go", sentence.id) }, ...body,
      el("button", { type: "button", class: "visually-hidden", onclick: () => run("go", sentence.id) }, `Look at ${text.slice(0, 60)}`));
  }
  return el("article", attributes, ...body, mode === "edit" ? hand(sentence.id, text, run) : null,
    mode === "edit" ? null : el("p", { class: "actions main" }, button("Right as it is", "confirm", () => run("confirmNext"), "Confirm the sentence", "primary"),
      button("Edit", "edit", () => run("edit"), "Edit the sentence by hand")));
}

/** Put items into a list; one that would look the same stays, with the focus and the selection in it. */
function place(list, items) {
  const there = new Map([...list.children].map((item) => [item.dataset.sentence, item]));
  const wanted = items.map((item) => (there.get(item.dataset.sentence)?.isEqualNode(item) ? there.get(item.dataset.sentence) : item));
  const staying = new Set(wanted);
  for (const item of there.values()) if (!staying.has(item)) item.remove();
  let at = list.firstElementChild;
  for (const item of wanted) {
    if (item === at) at = at.nextElementSibling;
    else list.insertBefore(item, at);
  }
}

/** Draw the queue; `mode` says what the current card asks for. */
export function drawQueue(run, mode) {
  const sentences = byNeed();
  const at = sentences.findIndex((s) => targets(s).includes(state.current));
  if (at >= limit) limit = at + PAGE;
  const items = sentences.slice(0, limit).map((sentence) => {
    const mine = targets(sentence);
    const isCurrent = mine.includes(state.current);
    const cards = mine.map((t) => (t.startsWith("e") ? editCard(state.edits.get(t), run, mode) : sentenceCard(sentence, run, mode)));
    const foot = isCurrent && mine[0].startsWith("e")
      ? el("p", { class: "actions whole" },
          button("Accept sentence", "acceptSentence", () => run("acceptSentence"), "Accept all changes of the sentence"),
          button("Reject sentence", "rejectSentence", () => run("rejectSentence"), "Reject all changes of the sentence"),
          button("Rewrite sentence", "rewrite", () => run("rewrite"), "Rewrite the whole sentence by hand"))
      : null;
    const rewriting = isCurrent && mode === "rewrite"
      ? hand(sentence.id, pieces(sentence).map((p) => p.text ?? p.is ?? p.was).join(""), run) : null;
    return el("li", { class: isCurrent ? "item current" : "item", "data-sentence": sentence.id }, ...cards, rewriting, foot);
  });
  place(byId("queue"), items);
  byId("queue-more").hidden = sentences.length <= limit;
  const empty = byId("empty");
  empty.hidden = sentences.length > 0;
  if (!sentences.length) {
    empty.textContent = state.stage === "repairing" ? "Changes appear here as sentences are repaired."
      : state.show === "decided" ? "Nothing is decided yet."
      : state.edits.size ? "All is decided. Download the text, or look at what you decided."
      : "Nothing needs a change: the text reads well as it stands.";
  }
}

export function showMore(run, mode) {
  limit += PAGE;
  drawQueue(run, mode);
}

/** What is folded below the queue: held back, furniture, unchanged. */
export function drawFolded(run) {
  const refused = [...state.edits.values()].filter((e) => e.refusal && verdict(e.id) === "open");
  const furniture = state.sentences.filter((s) => s.furniture);
  const unchanged = state.sentences.filter((s) => !s.furniture && s.need === 0).length;
  byId("refused").hidden = !refused.length;
  byId("refused").querySelector("summary").textContent = `Held back (${refused.length})`;
  byId("refused").querySelector("ol").replaceChildren(...refused.slice(0, 200).map((edit) => el("li", {}, ...change(edit).filter(Boolean),
    el("p", { class: "hint" }, `${edit.refusal}. `), button("Make it all the same", "bring", () => run("bring", edit.id), `Make ${inWords(edit)} all the same`))));
  byId("furniture").hidden = !furniture.length;
  byId("furniture").querySelector("summary").textContent = `Page furniture (${furniture.length})`;
  byId("furniture").querySelector("ol").replaceChildren(...furniture.slice(0, 200).map((s) => el("li", {}, s.text)));
  byId("unchanged").hidden = !unchanged;
  byId("unchanged").querySelector("summary").textContent = `Unchanged (${unchanged})`;
  byId("unchanged").querySelector("p").textContent = `${unchanged} ${unchanged === 1 ? "sentence needs" : "sentences need"} nothing; they stand in the text.`;
}

export function drawCount() {
  const { open, decided } = counts();
  byId("count").textContent = `${open} open, ${decided} decided`;
  return open;
}

export function drawKinds(run) {
  const kinds = new Map();
  for (const edit of state.edits.values()) {
    if (isOpen(edit)) kinds.set(edit.kindName, (kinds.get(edit.kindName) ?? 0) + 1);
  }
  byId("kinds").replaceChildren(...[...kinds].sort((a, b) => b[1] - a[1]).map(([name, number]) =>
    el("button", { type: "button", onclick: () => run("kindNamed", name) }, `${name} (${number})`)));
}

export function whyBar(run) {
  return el("div", { class: "why", role: "group", "aria-label": "Why was it rejected?" }, el("span", {}, "Rejected. Why?"),
    ...WHYS.map(([why, label]) => el("button", { type: "button", onclick: () => run("because", why) }, label)));
}

export function termBar(term, run) {
  return el("div", { class: "why", role: "group", "aria-label": "Glossary" },
    el("span", {}, `Always write ${term.replacement} for ${term.original} in this project?`),
    el("button", { type: "button", onclick: () => run("glossary") }, "Add to the glossary"));
}
