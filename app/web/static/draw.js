// The text panes: inline, side by side, clean.
import { byId, el, gone, put } from "./dom.js";
import { pieces, state, verdict } from "./model.js";

function suggestion({ edit, was, is }, view, side) {
  const v = edit ? verdict(edit.id) : "rewritten";
  const id = edit?.id;
  const isCurrent = id === state.current;
  const kind = `sug ${v}${isCurrent ? " current" : ""}${edit ? ` ${edit.band}` : ""}`;
  if (side === "before") return el("span", { class: `${kind} was`, "data-target": id }, is === null || is === was || !was ? was : gone(was));
  if (view !== "inline") {
    const text = is === null ? was : is;
    return view === "side" && is !== null
      ? el("span", { class: kind, "data-target": id }, text ? el("ins", {}, text) : "")
      : document.createTextNode(text);
  }
  if (is === null) return el("span", { class: kind, "data-target": id, id: `t-${id}` }, was);
  const card = id && byId(`c-${id}`) ? `c-${id}` : undefined;
  // A lone insertion or deletion speaks for itself; a suggestion holds one of each, the deletion first.
  const pair = was && is;
  // White space that is accepted stands as it is; only what is still to be decided is shown by a sign.
  const isMade = v === "accepted" || v === "replaced";
  return el("span", { role: pair ? "suggestion" : undefined, class: kind, "data-target": id, id: id ? `t-${id}` : undefined, "aria-details": pair ? card : undefined },
    was ? gone(was, { "aria-details": pair ? undefined : card }) : "",
    is && isMade && !is.trim() ? el("ins", { "aria-details": card }, is) : is ? put(is, { "aria-details": pair ? undefined : card }) : "");
}

function guarded(text, start, sentence) {
  // Figures, addresses and the like, which no edit may touch, are marked lightly.
  const chars = Array.from(text);
  const out = [];
  let at = 0;
  for (const [a, b, kind] of sentence.protected) {
    const from = a - start;
    const to = b - start;
    if (from < at || to > chars.length) continue;
    out.push(chars.slice(at, from).join(""), el("span", { class: "guard", title: `No edit may touch this ${kind}` }, chars.slice(from, to).join("")));
    at = to;
  }
  out.push(chars.slice(at).join(""));
  return out;
}

function content(sentence, view, side) {
  const out = [];
  let at = 0;
  for (const piece of pieces(sentence)) {
    if (piece.text === undefined) {
      out.push(suggestion(piece, view, side));
      at += Array.from(piece.was).length;
    } else {
      out.push(...guarded(piece.text, at, sentence));
      at += Array.from(piece.text).length;
    }
  }
  return out.filter((part) => part !== "");
}

function span(sentence, side) {
  return el("span", {
    class: `sentence ${sentence.furniture ? "furniture" : ""}`, id: side ? `b-${sentence.id}` : `t-${sentence.id}`, "data-sentence": sentence.id,
  }, ...content(sentence, state.view, side));
}

/** Append sentences that have come. */
export function append(sentences) {
  for (const [pane, side] of [[byId("text"), ""], [byId("before"), "before"]]) {
    if (side && pane.hidden) continue;
    for (const sentence of sentences) {
      let paragraph = pane.lastElementChild;
      if (!paragraph || Number(paragraph.dataset.paragraph) !== sentence.paragraph) {
        paragraph = el("p", { "data-paragraph": sentence.paragraph });
        pane.append(paragraph);
      } else {
        paragraph.append(sentence.before);
      }
      paragraph.append(span(sentence, side));
    }
  }
}

/** Draw one sentence anew. */
export function redraw(sentence) {
  byId(`t-${sentence.id}`)?.replaceWith(span(sentence, ""));
  byId(`b-${sentence.id}`)?.replaceWith(span(sentence, "before"));
}

export function redrawAll() {
  byId("before").hidden = state.view !== "side";
  byId("panes").dataset.view = state.view;
  byId("text").replaceChildren();
  byId("before").replaceChildren();
  append(state.sentences);
}

/** Two panes that scroll together: the sentence at the top of one is brought to the top of the other. */
export function syncScrolling() {
  const panes = [byId("text"), byId("before")];
  let leader = null;
  let timer = 0;
  for (const pane of panes) {
    pane.addEventListener("scroll", () => {
      if (state.view !== "side" || (leader && leader !== pane)) return;
      leader = pane;
      clearTimeout(timer);
      timer = setTimeout(() => { leader = null; }, 120);
      const other = panes.find((p) => p !== pane);
      const top = pane.scrollTop;
      const paragraphs = pane.children;
      let low = 0;
      let high = paragraphs.length - 1;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (paragraphs[middle].offsetTop - pane.offsetTop <= top) low = middle; else high = middle - 1;
      }
      const here = paragraphs[low];
      const there = other.children[low];
      if (!here || !there) return;
      const share = here.offsetHeight ? (top - (here.offsetTop - pane.offsetTop)) / here.offsetHeight : 0;
      other.scrollTop = there.offsetTop - other.offsetTop + share * there.offsetHeight;
    }, { passive: true });
  }
}
