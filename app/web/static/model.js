// What is known of the document, and questions about it. No element is touched here.

export const state = {
  version: 0, // every decision up to here is known
  stage: "repairing",
  sentences: [], // by index
  edits: new Map(), // id -> edit, with .sentence
  standings: new Map(), // target -> standing
  byName: new Map(), // name -> edits that mean it
  byGroup: new Map(), // group -> edits that are decided together
  show: "open",
  view: "inline",
  current: null, // target
};

export function add(sentences) {
  const fresh = sentences.filter((s) => s.index >= state.sentences.length);
  for (const sentence of fresh) {
    state.sentences.push(sentence);
    for (const edit of sentence.edits) {
      edit.sentence = sentence;
      state.edits.set(edit.id, edit);
      const name = nameOf(edit);
      if (name && !edit.refusal) {
        if (!state.byName.has(name)) state.byName.set(name, []);
        state.byName.get(name).push(edit);
      }
      if (edit.group && !edit.refusal) {
        if (!state.byGroup.has(edit.group)) state.byGroup.set(edit.group, []);
        state.byGroup.get(edit.group).push(edit);
      }
    }
  }
  return fresh;
}

export const verdict = (target) => state.standings.get(target)?.verdict ?? "open";
export const isOpen = (edit) => !edit.refusal && verdict(edit.id) === "open";
export const groupOf = (edit) => state.byGroup.get(edit.group) ?? [edit];
export const live = (sentence) => sentence.edits.filter((e) => !e.refusal || verdict(e.id) !== "open");
export const isSettled = (sentence) => ["confirmed", "rewritten"].includes(verdict(sentence.id));

/** What an edit puts in its place as things stand; null where the original stays. */
export function textOf(edit) {
  const standing = state.standings.get(edit.id);
  const v = standing?.verdict ?? "open";
  if (v === "replaced") return standing.text;
  if (v === "rejected" || (edit.refusal && v !== "accepted")) return null;
  return edit.replacement;
}

export function nameOf(edit) {
  if (edit.kind !== "name" && edit.kind !== "term") return "";
  return edit.entity ? edit.entity.id : `${edit.original}\n${edit.replacement}`;
}

/** The edits that an editor has to look at in a sentence, or the sentence itself where it was left alone. */
export function targets(sentence, show = state.show) {
  const edits = sentence.edits.filter((e) => !e.refusal);
  const fits = (target) => show === "all" || (verdict(target) === "open") === (show === "open");
  if (show === "open" && isSettled(sentence)) return [];
  if (edits.length) return edits.map((e) => e.id).filter(fits);
  const needed = sentence.need > 0 || (show !== "open" && isSettled(sentence));
  return needed && fits(sentence.id) ? [sentence.id] : [];
}

/** Sentences in the order in which they need an editor. */
export function byNeed(show = state.show) {
  return state.sentences
    .filter((sentence) => targets(sentence, show).length)
    .sort((a, b) => b.need - a.need || a.index - b.index);
}

export const sentenceOf = (target) =>
  target.startsWith("e") ? state.edits.get(target)?.sentence : state.sentences[Number(target.slice(1))];

export function counts() {
  let open = 0;
  let decided = 0;
  for (const sentence of state.sentences) {
    open += targets(sentence, "open").length;
    decided += sentence.edits.filter((e) => !e.refusal && verdict(e.id) !== "open").length;
  }
  return { open, decided };
}

/** The sentence as it stands, in pieces: {text} kept, or {edit, was, is}. */
export function pieces(sentence) {
  const rewritten = state.standings.get(sentence.id);
  const own = sentence.text.slice(0);
  if (rewritten?.verdict === "rewritten") return [{ was: codepoints(own).join(""), is: rewritten.text, edit: null }];
  const chars = codepoints(own);
  const found = [];
  let at = 0;
  for (const edit of live(sentence)) {
    if (edit.start < at) continue;
    if (edit.start > at) found.push({ text: chars.slice(at, edit.start).join("") });
    found.push({ edit, was: edit.original, is: textOf(edit) });
    at = edit.end;
  }
  if (at < chars.length) found.push({ text: chars.slice(at).join("") });
  return found;
}

// Places count code points, as everywhere in the product; JavaScript's strings count UTF-16 units.
const codepoints = (text) => Array.from(text);
