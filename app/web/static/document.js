// One document: what comes from the server, what the editor does, and what goes back.
import { drawCount, drawFolded, drawKinds, drawQueue, inWords, showMore, termBar, whyBar } from "./cards.js";
import { byId, el, say, shown } from "./dom.js";
import { append, redraw, redrawAll, syncScrolling } from "./draw.js";
import { listen, setUpHelp, showHelp, takesKeys } from "./keys.js";
import { add, byNeed, groupOf, isOpen, nameOf, sentenceOf, state, targets, textOf, verdict } from "./model.js";
import { freshId, get, isPassing, paceMs, post, Refused, waitMs } from "./server.js";

const bar = byId("bar");
const base = `/documents/${bar.dataset.document}`;
const POLL_MS = 4000;
const RETRY_MS = [500, 1000, 2000, 5000];
let mode = ""; // what the current card asks for: edit, rewrite, never
let lastRejected = null; // what the bar asks a reason for
let lastTerm = null; // what the bar offers for the glossary
let place = "";
let resumed = false;
let trouble = ""; // what kept the document from being loaded

// --- drawing ---

let isDue = false;
function drawLater() {
  // Many rows come at once: draw once for all of them.
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    draw();
  });
}

function draw() {
  drawCount();
  if (byId("hand")) return; // never under the hands of someone who types
  const had = byId("queue").contains(document.activeElement) ? document.activeElement : null;
  drawQueue(run, mode);
  if (!had || had.isConnected) return;
  const same = had.dataset.act && byId(`c-${state.current}`)?.parentElement.querySelector(`[data-act="${had.dataset.act}"]`);
  if (same) same.focus({ preventScroll: true }); else focusCard();
}

function focusCard() {
  const card = state.current && byId(`c-${state.current}`);
  if (!card) {
    byId("text").focus({ preventScroll: true });
    return;
  }
  (card.querySelector("#hand") ?? card.parentElement.querySelector("#hand") ?? card).focus({ preventScroll: true });
  hold(card);
}

/** Keep a card in view for some frames: text that comes into view above it takes its real height only then. */
function hold(card, frames = 10) {
  if (!card.isConnected || !card.contains(document.activeElement)) return;
  card.scrollIntoView({ block: "nearest" });
  if (frames) requestAnimationFrame(() => hold(card, frames - 1));
}

function go(target, { focus = true } = {}) {
  const before = state.current;
  state.current = target;
  mode = "";
  for (const one of [before, target]) {
    const sentence = one && sentenceOf(one);
    if (sentence) redraw(sentence);
  }
  drawQueue(run, mode);
  if (!target) return;
  const sentence = sentenceOf(target);
  if (sentence) redraw(sentence); // now that the card is there to be referred to
  (byId(`t-${target}`) ?? byId(`t-${sentence?.id}`))?.scrollIntoView({ block: "center" });
  if (focus) focusCard();
  rememberPlace(target);
}

let from = null; // the card that the next answer may lead away from

/** Go where an answer leads, which may come late: not away from an edit field or a card chosen meanwhile, nor with the focus of someone who types. */
function lead(target) {
  const isChosen = state.current !== from && order().includes(state.current);
  if (isChosen || byId("hand")) return;
  go(target, { focus: takesKeys(document.activeElement) });
  from = target;
}

let placeTimer = 0;
function rememberPlace(target) {
  clearTimeout(placeTimer);
  placeTimer = setTimeout(() => post(`${base}/place`, { place: target }).catch(() => {}), 1500);
}

const order = () => byNeed().flatMap((sentence) => targets(sentence));

/** Go to a card that the editor chose; a name is offered for the glossary until then, and after it the chosen one is meant. */
function choose(target) {
  if (lastTerm) aside();
  go(target);
}

function step(by) {
  const all = order();
  if (!all.length) return;
  const at = all.indexOf(state.current);
  const next = at < 0 ? 0 : Math.min(Math.max(at + by, 0), all.length - 1);
  choose(all[next]);
}

/** The next target that fits, from the current one on. */
function nextOf(all, fits) {
  const at = Math.max(all.indexOf(state.current), 0);
  return all.slice(at).find(fits) ?? all.find(fits) ?? null;
}

/** The next open target behind those that are about to be decided. */
function following(decided) {
  const gone = new Set(decided);
  return nextOf(order(), (t) => !gone.has(t));
}

// --- saving ---

let pending = 0; // sent and not yet acknowledged
let isStuck = false; // what is being sent was lost, and is tried again
let chain = Promise.resolve();
count(0);

function showSaving(text, isWrong = false) {
  byId("saving").textContent = text;
  byId("saving").classList.toggle("error", isWrong);
}

/** Close the menus, but for one that has an element in it. The focus never stays behind in what is closed. */
function closeMenus(except = null) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu.contains(except)) continue;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  }
}

/** An action whose failure is said and shown, with what has not been done because of it. */
const tried = (work, failure = "") => async (...values) => {
  try {
    await work(...values);
  } catch (error) {
    const words = [failure, error.message].filter(Boolean).join(": ");
    closeMenus(); // they would cover it
    say(words);
    showSaving(words, true);
  }
};

function count(by) {
  pending += by;
  document.body.dataset.pending = String(pending);
}

/** Send one thing after the other; what the network loses is sent again, under the same id. */
function send(path, body, headers) {
  count(1);
  showSaving("Saving…");
  const attempt = async (n) => {
    isStuck = n > 0;
    try {
      return await post(path, body(), headers);
    } catch (error) {
      if (!isPassing(error)) throw error;
      isStuck = true;
      waiting.length = 0; // by the time it gets there nobody knows what they meant
      const wait = waitMs(error, RETRY_MS[Math.min(n, RETRY_MS.length - 1)]);
      const when = wait > RETRY_MS.at(-1) ? ` in ${Math.ceil(wait / 1000)} seconds` : "";
      showSaving(`Not saved yet, trying again${when}…`, true);
      await new Promise((resolve) => setTimeout(resolve, wait));
      return attempt(n + 1);
    }
  };
  const result = chain.then(() => attempt(0));
  chain = result.then(() => {}, () => {});
  return result.then(
    (outcome) => {
      count(-1);
      if (!pending) showSaving(bar.dataset.saved === "yes" ? "Saved" : "Kept for this visit");
      return outcome;
    },
    (error) => {
      count(-1);
      showSaving(error.message, true);
      throw error;
    },
  );
}

addEventListener("beforeunload", (event) => {
  if (pending) event.preventDefault();
});

/** Keep where targets stand; those that were not known to stand so. */
function take(standings) {
  const sentences = new Set();
  const fresh = [];
  for (const standing of standings) {
    const known = state.standings.get(standing.target);
    if (known && known.version > standing.version) continue;
    state.standings.set(standing.target, standing);
    if (known?.version !== standing.version) fresh.push(standing);
    const sentence = sentenceOf(standing.target);
    if (sentence && (known?.verdict !== standing.verdict || known.text !== standing.text)) sentences.add(sentence);
  }
  for (const sentence of sentences) redraw(sentence);
  return fresh;
}

/** Only a version that follows the last one leaves no gap; otherwise the next look fills it. */
function advance(version) {
  if (version === state.version + 1) state.version = version;
}

function decide(wishes, label, next = following(wishes.map((w) => w.target))) {
  if (!wishes.length) return;
  const who = bar.dataset.editor;
  const expected = wishes.map((w) => ({ text: null, why: "", ...w, who, version: state.version }));
  const before = new Map(wishes.map((w) => [w.target, state.standings.get(w.target)]));
  const client = freshId();
  aside();
  take(expected);
  if (next !== state.current || !byId("hand")) go(next); // a field that is open on the same card stays, with what was typed
  drawCount();
  say(`${label}, ${drawCount()} left`);
  send(`${base}/decisions`, () => ({
    seen: state.version, client_id: client, label, decisions: wishes.map(({ target, verdict: v, text = null, why = "" }) => ({ target, verdict: v, text, why })),
  })).then(settle, () => {
    for (const [target, standing] of before) {
      if (standing) state.standings.set(target, standing); else state.standings.delete(target);
      redraw(sentenceOf(target));
    }
    drawLater();
  });
}

function settle(outcome) {
  take(outcome.standings);
  if (outcome.version) advance(outcome.version);
  const together = new Map(); // what is decided together is taken or left together
  for (const conflict of outcome.conflicts) {
    const { wish, standing } = conflict;
    state.standings.set(wish.target, standing);
    redraw(sentenceOf(wish.target));
    const key = state.edits.get(wish.target)?.group ?? wish.target;
    together.set(key, [...(together.get(key) ?? []), conflict]);
  }
  for (const [key, conflicts] of together) showConflict(key, conflicts);
  drawLater();
  return outcome;
}

function showConflict(key, conflicts) {
  const wishes = conflicts.map((c) => c.wish);
  const what = wishes.map(({ target }) => (state.edits.has(target) ? inWords(state.edits.get(target)) : "a sentence")).join("; ");
  const wanted = wishes.map((w) => `${w.verdict}${w.text !== null ? ` (${shown(w.text)})` : ""}`);
  const { standing } = conflicts[0];
  const words = { open: "took back a decision on", accepted: "accepted", rejected: "rejected", replaced: "changed", confirmed: "confirmed", rewritten: "rewrote" };
  const notice = el("p", { class: "notice conflict", "data-key": key },
    `${standing.who || "Someone"} ${words[standing.verdict]}: ${what}. You wanted: ${[...new Set(wanted)].join(", ")}. `,
    el("button", { type: "button", onclick: () => notice.remove() }, "Keep theirs"), " ",
    el("button", { type: "button", onclick: tried(async () => {
      await chain;
      await look();
      notice.remove();
      decide(wishes, "Mine instead", state.current);
    }, "Not taken") }, "Take mine"));
  for (const older of byId("conflicts").children) if (older.dataset.key === key) older.remove();
  byId("conflicts").append(notice);
}

/** Decisions of a file: those that met others are shown as conflicts, those without a place in a list. */
async function bringDecisions(file) {
  const id = freshId();
  const outcome = settle(await send(`${base}/import`, () => file, { "x-client-id": id }));
  const notice = byId("unmatched");
  notice.hidden = !outcome.unmatched.length;
  notice.querySelector("summary").textContent = `${outcome.unmatched.length} of the file's decisions have no place here`;
  notice.querySelector("ol").replaceChildren(...outcome.unmatched.map((u) => el("li", {},
    `${shown(u.original) || "nothing"} → ${shown(u.text ?? u.replacement) || "nothing"}: ${u.verdict}${u.who ? ` by ${u.who}` : ""}`)));
  const words = `${outcome.standings.length} decisions imported, ${outcome.conflicts.length} conflicts, ${outcome.unmatched.length} without a place`;
  say(words);
  showSaving(words);
}

async function turn(way) {
  const id = freshId();
  aside();
  const outcome = await send(`${base}/${way}`, () => ({ client_id: id }));
  const before = order();
  settle(outcome);
  if (outcome.version === null) {
    say(`Nothing to ${way}`);
    showSaving(`Nothing to ${way}`);
    return;
  }
  // To the first of what was turned, or on to the next where none has a card: what is done again is not open any more.
  const turned = outcome.standings.map((s) => s.target);
  const after = new Set(order());
  const first = turned.find((t) => after.has(t)) ?? [...after].find((t) => turned.includes(sentenceOf(t).id));
  say(`${way === "undo" ? "Undone" : "Done again"}: ${outcome.label || "a decision"}, ${drawCount()} left`);
  lead(first ?? nextOf(before, (t) => after.has(t)));
}

// --- what the editor can do ---

/** The target that an action means: none where its card is not shown, for nothing is decided unseen. */
const currentShown = () => (state.current && byId(`c-${state.current}`) ? state.current : null);
const editOf = () => state.edits.get(currentShown()) ?? null;
const sentenceShown = () => currentShown() && sentenceOf(currentShown());
const openIn = (sentence) => sentence.edits.filter(isOpen);
const wish = (v) => (edit) => ({ target: edit.id, verdict: v });

/** A change on one edit of a group is a change on all of it. */
const withGroup = (edit, v) => groupOf(edit).map(wish(v));

/** An edit with another text decides its group, too: the others are accepted, but what an editor wrote there stays. */
function changed(edit, text) {
  return groupOf(edit).map((e) => {
    if (e === edit) return { target: e.id, verdict: "replaced", text };
    return verdict(e.id) === "replaced" ? { target: e.id, verdict: "replaced", text: textOf(e) } : wish("accepted")(e);
  });
}

/** What is asked about the last decision: nothing, why it was rejected, or whether its name is a term. */
function aside({ rejected = null, term = null } = {}) {
  lastRejected = rejected;
  lastTerm = term;
  byId("aside").replaceChildren(...[rejected && whyBar(run), term && termBar(term, run)].filter(Boolean));
}

/** A name that can be a term of the glossary, as it stands. */
const termOf = (edit) => (edit && nameOf(edit) && edit.original && textOf(edit) ? { original: edit.original, replacement: textOf(edit) } : null);

let coming = 0; // answers on their way that make another card current
const waiting = []; // keys pressed meanwhile

/** An action whose answer makes another card current, unless one is chosen meanwhile; on the current one the keys that wait then act. */
const moving = (work) => async (...values) => {
  coming += 1;
  from = state.current;
  try {
    await work(...values);
  } catch (error) {
    waiting.length = 0; // the card that they meant does not come
    throw error;
  } finally {
    coming -= 1;
    // What was typed behind the key that opens the edit field was meant for the field, and is no shortcut.
    if (!coming) for (const key of waiting.splice(0)) if (takesKeys(document.activeElement)) press(...key);
  }
};

const actions = {
  next: () => step(1),
  previous: () => step(-1),
  go: (target) => choose(target),
  accept() {
    const edit = editOf();
    if (!edit) return actions.confirmNext();
    decide(withGroup(edit, "accepted"), "Accepted");
    if (edit.kind === "name") aside({ term: termOf(edit) });
  },
  reject() {
    const edit = editOf();
    if (!edit) return false;
    decide(withGroup(edit, "rejected"), "Rejected");
    aside({ rejected: edit });
  },
  because(why) {
    const edit = lastRejected;
    aside();
    if (!edit || verdict(edit.id) !== "rejected") return focusCard(); // another editor decided on it meanwhile
    decide([{ target: edit.id, verdict: "rejected", why }], "Reason noted", state.current);
    focusCard();
  },
  why() {
    byId("aside").querySelector(".why button")?.focus();
  },
  acceptSentence() {
    const sentence = sentenceShown();
    if (sentence) decide(openIn(sentence).map(wish("accepted")), "Sentence accepted");
  },
  rejectSentence() {
    const sentence = sentenceShown();
    if (sentence) decide(openIn(sentence).map(wish("rejected")), "Sentence rejected");
  },
  take(number) {
    const edit = editOf();
    const text = edit?.alternatives[number - 1];
    if (text === undefined) return false;
    decide(changed(edit, text), "Alternative taken");
    return true;
  },
  edit() { ask("edit"); },
  rewrite() { ask("rewrite"); },
  never() { if (editOf()) ask("never"); },
  leave() {
    mode = "";
    drawQueue(run, mode);
    focusCard();
  },
  write(target, text) {
    mode = "";
    byId("hand").remove(); // done with: drawing may go on
    if (target.startsWith("e")) {
      const edit = state.edits.get(target);
      decide(text === edit.replacement ? withGroup(edit, "accepted") : changed(edit, text), "Changed by hand");
    } else {
      const sentence = sentenceOf(target);
      decide([{ target, verdict: "rewritten", text }], "Sentence rewritten", following([target, ...sentence.edits.map((e) => e.id)]));
    }
  },
  name() {
    const edit = editOf();
    if (!edit || !nameOf(edit)) return false;
    const all = (state.byName.get(nameOf(edit)) ?? []).filter((e) => isOpen(e) || e === edit);
    decide(all.map(wish("accepted")), `${edit.replacement} accepted in ${all.length} ${all.length === 1 ? "place" : "places"}`);
    aside({ term: termOf(edit) });
  },
  kind() { const edit = editOf(); if (edit) actions.kindNamed(edit.kindName); },
  kindNamed(name) {
    byId("bulk").open = false;
    const all = [...state.edits.values()].filter((e) => isOpen(e) && e.kindName === name);
    decide(all.map(wish("accepted")), `${name}: ${all.length} accepted`);
  },
  above() {
    byId("bulk").open = false;
    const least = Number(byId("above").value);
    const all = [...state.edits.values()].filter((e) => isOpen(e) && e.confidence >= least);
    if (!all.length) { say("None is that sure"); showSaving("None is that sure"); return; }
    decide(all.map(wish("accepted")), `${all.length} accepted`);
  },
  bring(id) {
    decide([{ target: id, verdict: "accepted" }], "Made all the same", state.current);
    drawFolded(run);
  },
  dismiss: tried(moving(async (reach) => {
    const edit = editOf();
    if (!edit) return;
    const client = freshId();
    mode = "";
    aside();
    const outcome = await send(`${base}/dismissals`, () => ({ target: edit.id, reach, seen: state.version, client_id: client }));
    const next = following([edit.id, ...outcome.standings.map((s) => s.target)]); // its like go with it
    settle(outcome);
    lead(next);
    say(`Never again, ${drawCount()} left`);
  })),
  glossary: tried(async () => {
    const term = lastTerm ?? termOf(editOf());
    if (!term) return;
    aside();
    const { project } = await send(`${base}/terms`, () => ({ source: term.original, target: term.replacement, kind: "replace" }));
    say(`${term.replacement} is in the glossary of ${project}`);
    showSaving(`In the glossary of ${project}`);
    if (takesKeys(document.activeElement)) focusCard();
  }),
  confirm() { confirmSentence(false); },
  confirmNext() { confirmSentence(true); },
  undo: tried(moving(() => turn("undo"))),
  redo: tried(moving(() => turn("redo"))),
  view() {
    const views = ["inline", "side", "clean"];
    setView(views[(views.indexOf(state.view) + 1) % views.length]);
  },
  help: showHelp,
};

function run(action, ...values) {
  return actions[action](...values);
}

/** What a key asks for; it waits while another card is coming, for it means that one, and is dropped where that may take long. */
function press(action, ...values) {
  const free = isStuck ? ["help", "view", "next", "previous"] : ["help", "view"];
  if (!coming || (!waiting.length && free.includes(action))) return run(action, ...values);
  if (!isStuck) waiting.push([action, ...values]);
  return true;
}

function ask(what) {
  if (!currentShown()) return;
  mode = what;
  drawQueue(run, mode);
  const card = byId(`c-${state.current}`);
  if (what === "never") card.querySelector(".ask button").focus();
  else { byId("hand").focus(); byId("hand").select(); byId("hand").scrollIntoView({ block: "nearest" }); }
}

function confirmSentence(goOn) {
  const sentence = sentenceShown();
  if (!sentence) return;
  const wishes = [...openIn(sentence).map(wish("accepted")), { target: sentence.id, verdict: "confirmed" }];
  const next = following([sentence.id, ...sentence.edits.map((e) => e.id)]);
  decide(wishes, "Sentence confirmed", goOn || state.show === "open" ? next : state.current);
}

function setView(view) {
  state.view = view;
  for (const button of document.querySelectorAll("[data-view]")) {
    if (button.tagName === "BUTTON") button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }
  redrawAll();
  const sentence = state.current && sentenceOf(state.current);
  byId(`t-${sentence?.id}`)?.scrollIntoView({ block: "center" });
  say({ inline: "Inline view", side: "Side by side", clean: "Clean view" }[view]);
  try { localStorage.setItem("mt-repair-view", view); } catch { /* it holds for this page */ }
}

// --- what comes ---

function receive(page) {
  state.stage = page.stage;
  if (!resumed) { state.version = page.version; resumed = true; }
  const fresh = add(page.sentences);
  for (const standing of page.standings) state.standings.set(standing.target, standing);
  append(fresh);
  const progress = byId("progress");
  progress.hidden = page.done >= page.total;
  progress.value = page.total ? page.done / page.total : 1;
  if (page.place) place = page.place;
  drawLater();
}

function start() {
  if (!state.current) {
    const all = order();
    const target = all.includes(place) ? place : all[0];
    if (target) {
      const isFree = document.activeElement === document.body;
      go(target, { focus: isFree });
    }
  }
  draw();
  drawFolded(run);
}

async function load() {
  // All that is there by now, then the rest as it comes.
  for (;;) {
    const page = await get(`${base}/rows?first=${state.sentences.length}`);
    receive(page);
    if (!page.sentences.length) { place = page.place || place; break; }
    if (!state.current && !page.place) start();
  }
  start();
  if (state.stage === "repairing") listenForMore();
  else finish(state.stage);
}

/** The document was deleted elsewhere, or its time is over. */
function tellGone() {
  byId("gone").hidden = false;
  say("This document is not there any more.");
}

function comeBack() {
  load().then(() => {
    if (byId("saving").textContent === trouble) showSaving("");
  }, (error) => {
    if (isGone(error)) { tellGone(); return; }
    trouble = error.message;
    showSaving(trouble, true);
    if (isPassing(error)) setTimeout(comeBack, waitMs(error, POLL_MS));
  });
}

function listenForMore() {
  const source = new EventSource(`${base}/events?first=${state.sentences.length}`);
  source.addEventListener("rows", (event) => {
    receive(JSON.parse(event.data));
    if (!state.current) start();
  });
  source.addEventListener("end", (event) => {
    source.close();
    finish(JSON.parse(event.data).stage);
  });
  source.addEventListener("error", () => {
    // A browser comes back by itself where a stream breaks off, but gives up where it is refused.
    if (source.readyState === EventSource.CLOSED) setTimeout(comeBack, POLL_MS);
  });
  source.addEventListener("gone", () => {
    source.close();
    tellGone();
  });
}

function finish(stage) {
  state.stage = stage;
  byId("progress").hidden = true;
  byId("failed").hidden = stage !== "failed";
  document.body.dataset.ready = stage;
  start();
  get(`${base}/rows?first=${state.sentences.length}`).then(({ model, kb }) => {
    if (model) byId("made-by").textContent = [model, kb && `names ${kb}`].filter(Boolean).join(", ");
  }).catch(() => {});
}

/** What other editors did meanwhile, or the same one in another window: what this page has sent is known by its version. */
async function look() {
  if (document.hidden || pending) return;
  const { version, standings } = await get(`${base}/changes?since=${state.version}`);
  const theirs = take(standings);
  state.version = Math.max(state.version, version);
  if (theirs.length) {
    const names = [...new Set(theirs.map((s) => s.who))].join(", ");
    say(`${names} decided on ${theirs.length} changes`);
    showSaving(`${names} decided on ${theirs.length}`);
    drawLater();
  }
}

const isGone = (error) => error instanceof Refused && error.status === 404;
async function keepLooking() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, paceMs(POLL_MS)));
    try {
      await look();
    } catch (error) {
      if (isGone(error)) { tellGone(); return; } // anything else may be over at the next look
    }
  }
}

// --- wiring ---

for (const button of bar.querySelectorAll("button[data-view]")) button.addEventListener("click", () => setView(button.dataset.view));
for (const button of document.querySelectorAll("button[data-show]")) {
  button.addEventListener("click", () => {
    state.show = button.dataset.show;
    for (const other of document.querySelectorAll("button[data-show]")) other.setAttribute("aria-pressed", String(other === button));
    drawQueue(run, mode);
  });
}
byId("undo").addEventListener("click", () => run("undo"));
byId("redo").addEventListener("click", () => run("redo"));
byId("accept-above").addEventListener("click", actions.above);
byId("queue-more").addEventListener("click", () => showMore(run, mode));
byId("bulk").addEventListener("toggle", () => drawKinds(run));
byId("decided-only").addEventListener("change", (event) => {
  for (const link of document.querySelectorAll("a[data-form]")) {
    link.href = `${base}/export/${link.dataset.form}${event.target.checked ? "?open_edits=reject" : ""}`;
  }
});
for (const pane of [byId("text"), byId("before")]) {
  pane.addEventListener("click", (event) => {
    const target = event.target.closest("[data-target]")?.dataset.target;
    if (!target) return;
    if (!targets(sentenceOf(target)).includes(target)) document.querySelector("button[data-show=all]").click();
    choose(target);
  });
}
for (const menu of document.querySelectorAll("details.menu")) {
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeMenus();
  });
}
document.addEventListener("click", (event) => closeMenus(event.target));

const save = tried(async (days) => {
  await chain;
  const { url } = await send(`${base}/save`, () => ({ keep_days: days }));
  if (url !== location.pathname) location.replace(url); else location.reload();
}, "Not saved");
byId("save").addEventListener("click", () => save(byId("keep").value === "forever" ? null : Number(byId("keep").value)));
byId("save-now")?.addEventListener("click", () => save(30));
byId("editor").addEventListener("change", tried(async (event) => {
  const name = event.target.value.trim();
  if (!name) return;
  bar.dataset.editor = (await post("/editor", { name })).name;
  showSaving(`You are ${name}`);
}, "The name is not noted"));
byId("delete").addEventListener("click", tried(async () => {
  if (!confirm("Delete this document, its edits and all decisions for good?")) return;
  await chain;
  await post(`${base}/delete`);
  location.assign("/");
}, "Not deleted"));
byId("again").addEventListener("click", tried(async () => {
  await post(`${base}/repair`);
  state.stage = "repairing";
  byId("failed").hidden = true;
  listenForMore();
}));
byId("history-open").addEventListener("click", tried(async () => {
  byId("more").open = false;
  const changes = await get(`${base}/history`);
  byId("changes").replaceChildren(...changes.map((c) => el("li", {},
    el("time", { datetime: c.at }, new Date(c.at).toLocaleString()), ` ${c.who}: ${c.act === "decide" ? "" : `${c.act} `}${c.label || "decision"}, ${c.decisions}`,
    c.conflicts ? ` (${c.conflicts} met another decision, which stays)` : "")));
  if (!changes.length) byId("changes").append(el("li", {}, "Nothing is decided yet."));
  byId("history").showModal();
}, "The history is not there"));
byId("import").addEventListener("change", tried(async (event) => {
  const file = event.target.files[0];
  event.target.value = "";
  if (!file) return;
  byId("more").open = false;
  await bringDecisions(file);
}));
byId("history-close").addEventListener("click", () => byId("history").close());

setUpHelp();
syncScrolling();
listen(press, (target) => target === document.body || byId("panes").contains(target));
let view = "inline";
try { view = localStorage.getItem("mt-repair-view") ?? view; } catch { /* as it is */ }
if (["side", "clean"].includes(view)) setView(view);
comeBack();
keepLooking();

