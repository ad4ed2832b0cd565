"""Repairs names over a whole document: who is meant, what is printed, and what may not be touched."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.core.classify import FUNCTION_WORDS
from app.core.inflection import Form, bases
from app.core.protocols import LinkResult, NameHint
from app.core.types import Alternative, Edit, EditKind, EntityRef, Origin, Segment, Span
from app.names.background import Background, data_file
from app.names.callings import is_verb
from app.names.candidates import Candidate, CandidateFinder
from app.names.comparison import Evidence
from app.names.countries import countries_of
from app.names.examine import Examined, check_time, examine
from app.names.likeness import likeness
from app.names.link import Decision, LinkModel, Weighed, choose
from app.names.mentions import Mention
from app.names.normalise import normalise
from app.names.offices import fit_of_roles, is_rank
from app.names.sources import of_the_document, once
from app.names.store import Entity, EntityKind, EntityStore, StoreHandle

RULE_ENTITY = "MTR_NAME_ENTITY"  # linked to an entity by spelling, sound and context
RULE_SPELLING = "MTR_NAME_SPELLING_RULE"  # linked through a way in which machines are known to spoil names
RULE_CONSISTENT = "MTR_NAME_CONSISTENT"  # a short mention follows the full one
RULE_TITLE = "MTR_NAME_TITLE"  # a title that document and knowledge base contradict

MODEL_FILE = "linker.json"


@dataclass(frozen=True, slots=True)
class NameChange:
    """A place of a name that a repair changes."""

    mention: Mention
    name: str  # what the mention becomes; the edit may hold an article or an ending, too
    entity: Entity
    edit: Edit


class NameLinker:
    """The Linker of the product.

    Args:
        store: Knowledge base; taken afresh for each document, so that a new version comes into use between two.
        model: Learned weights.
        background: What is known of words and names beside the base.
    """

    def __init__(self, store: StoreHandle | EntityStore, model: LinkModel, background: Background) -> None:
        self._handle = store
        self._model = model
        self._background = background
        self._finder_of: tuple[EntityStore, CandidateFinder] | None = None

    @property
    def version(self) -> str:
        """Version of the knowledge base."""
        return self._store().version

    @property
    def store(self) -> EntityStore:
        """The knowledge base in use; a request takes it once."""
        return self._newest()

    def _store(self) -> EntityStore:
        return self._handle.current if isinstance(self._handle, StoreHandle) else self._handle

    def _newest(self) -> EntityStore:
        """The version on disk: one look at each manifest where nothing changed."""
        if isinstance(self._handle, StoreHandle):
            self._handle.refresh()
        return self._store()

    def _finder(self, store: EntityStore) -> CandidateFinder:
        found = self._finder_of
        if found is None or found[0] is not store:
            found = self._finder_of = (store, CandidateFinder(store))
        return found[1]

    def link(
        self,
        text: str,
        segments: Sequence[Segment],
        entity_hints: Sequence[tuple[str, str]],
        deadline: float = float("inf"),
    ) -> LinkResult:
        """Repair the names of a document.

        Raises:
            DeadlineError: The time is over before every name was looked at.
        """
        seen, decisions = self.decide(text, segments, self._newest(), entity_hints, deadline)
        edits = [change.edit for change in changes_of(text, decisions, seen)]
        changed = [e.span for e in edits]
        titles, flags = ([e for e in found if not any(e.span.conflicts(s) for s in changed)] for found in _titles(seen))
        return LinkResult(
            tuple(sorted([*edits, *titles], key=lambda e: e.span)),
            tuple(m.span for m in seen.right),
            _hints(text, decisions, self._model, changed),
            flags=tuple(sorted(flags, key=lambda e: e.span)),
        )

    def decide(
        self,
        text: str,
        segments: Sequence[Segment],
        store: EntityStore,
        entity_hints: Sequence[tuple[str, str]] = (),
        deadline: float = float("inf"),
    ) -> tuple[Examined, list[Decision]]:
        """The document as seen and what becomes of each doubtful name: what ``link`` makes its edits of.

        Whoever is known by then under a full name may be meant by the surnames that nothing was found for.

        Raises:
            DeadlineError: The time is over before every name was looked at.
        """
        seen = self.examine(text, segments, store, entity_hints, deadline)
        attested, model = self._background.attested, self._model
        decisions = []
        for reading, candidates in seen.readings:
            check_time(deadline)
            decisions.append(choose(reading, candidates, seen.context, attested, model))
        named = {
            entity.id: entity
            for d in decisions
            if d.chosen is not None and " " in d.chosen.text
            if (entity := d.chosen.candidate.entity).kind is EntityKind.PERSON
        }
        context = replace(seen.context, known={**named, **seen.context.known})
        for at, (reading, candidates) in enumerate(seen.readings):
            is_open = decisions[at].chosen is None and len(reading.words) == 1
            check_time(deadline)
            if is_open and (more := of_the_document(reading, named.values())):
                decisions[at] = choose(reading, once([*more, *candidates]), context, attested, model)
        return seen, decisions

    def examine(
        self,
        text: str,
        segments: Sequence[Segment],
        store: EntityStore,
        entity_hints: Sequence[tuple[str, str]] = (),
        deadline: float = float("inf"),
    ) -> Examined:
        """Find the names of a document, tell those that are right from those that may not be, and find candidates.

        Raises:
            DeadlineError: The time is over before every name was looked at.
        """
        return examine(text, segments, store, self._finder(store), self._background, entity_hints, deadline)


# ---------------------------------------------------------------- from decisions to edits


def changes_of(text: str, decisions: Sequence[Decision], seen: Examined) -> list[NameChange]:
    """All places of the names that were linked, and the short mentions that follow them."""
    changes: list[NameChange] = []
    chosen = [(d, d.chosen) for d in decisions if d.chosen is not None]
    taken = {m.span for d, _ in chosen for m in d.reading.mentions} | {m.span for m in seen.right}
    for decision, weighed in chosen:
        group = _group(weighed)
        for mention in decision.reading.mentions:
            name = _in_case_of(mention, weighed.text)
            edit = _edit(text, mention, weighed, decision, group, _rule(weighed.candidate), name)
            changes.append(NameChange(mention, name, weighed.candidate.entity, edit))
        if weighed.candidate.entity.kind is EntityKind.ORGANISATION:
            continue  # one word of it says something else
        words = short_forms(decision.reading.text, weighed.text)
        for mention in seen.mentions:
            short = words.get(normalise(mention.text))
            if short is None or mention.span in taken or not decision.reading.mentions[0].span < mention.span:
                continue
            taken.add(mention.span)
            why = f"short for “{decision.reading.text}” above, which should read {weighed.text}"
            name = _in_case_of(mention, short)
            edit = _edit(text, mention, weighed, decision, group, RULE_CONSISTENT, name, why)
            changes.append(NameChange(mention, name, weighed.candidate.entity, edit))
    return changes


def _in_case_of(mention: Mention, name: str) -> str:
    """A name in capitals where the mention stands in them."""
    return name.upper() if mention.is_all_caps and mention.text.isupper() else name


def _group(weighed: Weighed) -> str:
    """Key of the edits that make or leave a name together."""
    return f"name:{weighed.candidate.entity.id}:{normalise(weighed.text).replace(' ', '_')}"


def _rule(candidate: Candidate) -> str:
    return RULE_SPELLING if candidate.probability > 0 else RULE_ENTITY


def short_forms(wrong: str, right: str) -> dict[str, str]:
    """Words of a wrong full name -> what they should be, where the two names have the same words in the same places."""
    old, new = wrong.split(), right.split()
    if len(old) != len(new) or len(old) < 2:
        return {}
    changed = {normalise(a): b for a, b in zip(old, new, strict=True) if normalise(a) != normalise(b)}
    return {} if changed.keys() & set(map(normalise, new)) else changed


def _edit(
    text: str, mention: Mention, weighed: Weighed, decision: Decision, group: str, rule: str, name: str, why: str = ""
) -> Edit:
    entity = weighed.candidate.entity
    span, printed = with_grammar(text, mention, name)
    others = [w for w in decision.ranked if normalise(w.text) != normalise(weighed.text)]
    alternatives = tuple(
        {
            w.text: Alternative(w.text, round(w.probability, 4), w.candidate.entity.id) for w in reversed(others[:5])
        }.values()
    )[::-1]
    return Edit(
        span,
        printed,
        EditKind.NAME,
        Origin.NAMES,
        round(weighed.probability, 4),
        rule,
        why or explain(mention.text, weighed),
        alternatives,
        group,
        EntityRef(
            entity.id,
            entity.name,
            entity.type,
            round(weighed.probability, 4),
            tuple((e.feature, round(e.score, 3)) for e in weighed.evidence),
        ),
    )


_SPOKEN = (
    "mangled", "exonym", "literal", "word_bag", "sole_bag", "fuller_form", "hinted", "role_fits", "body",
    "same_given_name", "same_words", "case_ending", "sound", "country", "companions",
    "in_office", "surroundings", "truncated", "spelling",
)  # fmt: skip
_WEAK = {"surroundings": 0.4, "sound": 0.8, "spelling": 0.75, "same_words": 0.3}


def explain(text: str, weighed: Weighed) -> str:
    """One line for an editor: who is meant and the strongest grounds."""
    entity = weighed.candidate.entity
    who = entity.name
    if entity.roles:
        who += f", {entity.roles[0].title}"
    elif entity.kind is not EntityKind.PERSON:
        who += f", {entity.type}"
    by_name: dict[str, Evidence] = {e.feature: e for e in weighed.evidence if e.detail and e.score > 0}
    grounds = [by_name[f].detail for f in _SPOKEN if f in by_name and by_name[f].score >= _WEAK.get(f, 0.0)]
    return f"No “{text}” is in the knowledge base; {who} is meant: {'; '.join(grounds[:4]) or 'the spelling is close'}"


_VOWELS = frozenset("aeiou")
_AN = re.compile(r"\b([Aa])(n?)(\s+)$")


def with_grammar(text: str, mention: Mention, name: str) -> tuple[Span, str]:
    """The span to replace and its new text, with article and possessive ending fitted to the new name.

    ``a``/``an`` before the name changes with its first letter; the bare apostrophe after a name in *s* becomes
    *'s* where the new name has no *s* at its end, and so does an *s* that other languages put there alone: *Macrons
    visit*. Otherwise the span is the mention's.
    """
    start, end = mention.span.start, mention.span.end
    printed = name
    after = text[end : end + 2]
    if mention.text.endswith("s") and after[:1] in ("'", "’") and after[1:2] not in ("s", "S"):
        plain_next = not after[1:2].isalnum()
        if plain_next and mention.is_possessive and not name.endswith("s"):
            printed, end = f"{printed}{after[0]}s", end + 1
    elif _is_genitive(text, mention, name):
        printed += "’s" if "’" in text else "'s"
    article = _AN.search(text[max(0, start - 6) : start])
    if article is not None:
        wants_n = name[:1].casefold() in _VOWELS
        had_n = bool(article.group(2))
        old_wanted = mention.text[:1].casefold() in _VOWELS
        if wants_n != had_n and had_n == old_wanted:
            letter = article.group(1) + ("n" if wants_n else "")
            printed = f"{letter}{article.group(3)}{printed}"
            start -= len(article.group(0))
    return Span(start, end), printed


def _is_genitive(text: str, mention: Mention, name: str) -> bool:
    """Whether a name has an *s* too many before a noun that somebody has."""
    old, new = normalise(mention.text).split()[-1], normalise(name).split()[-1]
    if mention.is_possessive or not old.endswith("s") or new.endswith("s"):
        return False
    if likeness(old[:-1], new) <= likeness(old, new):
        return False
    following = _FOLLOWING.match(text, mention.span.end)
    if following is None or following[1] in FUNCTION_WORDS or is_verb(following[1]):
        return False
    return not any(form is Form.PAST for _, form in bases(following[1]))  # *became*


_FOLLOWING = re.compile(r" ([a-z]{3,})")


def _hints(text: str, decisions: Sequence[Decision], model: LinkModel, changed: Sequence[Span]) -> tuple[NameHint, ...]:
    """What the repair model is told: the likeliest form of a name where that is not clear enough to act alone."""
    hints = []
    for decision in decisions:
        best = decision.best
        if best is None or decision.reason in ("already_right", "") or best.probability < model.least_hint:
            continue
        group, rule = _group(best), _rule(best.candidate)
        for mention in decision.reading.mentions:
            if any(mention.span.conflicts(span) for span in changed):
                continue
            why = f"{explain(mention.text, best)}; the repair model, reading the sentence, writes the same"
            edit = _edit(text, mention, best, decision, group, rule, _in_case_of(mention, best.text), why)
            hints.append(NameHint(mention.span, best.text, round(best.probability, 4), edit))
    return tuple(hints)


# ---------------------------------------------------------------- titles


def _titles(seen: Examined) -> tuple[list[Edit], list[Edit]]:
    """Titles that the document itself and the knowledge base contradict: those to set right, and those to show only.

    The wrong title is the office of somebody else of the same country whom the document names. It is set right where
    the person stands elsewhere in the document under a title that is theirs, or where the two have each other's.
    """
    titled: dict[str, list[Mention]] = defaultdict(list)
    people = [e for e in seen.context.known.values() if e.kind is EntityKind.PERSON and e.roles]
    for mention in seen.right:
        if mention.title_span is not None:
            for entity in people:
                if entity.is_called(mention.text):
                    titled[entity.id].append(mention)
    edits: list[Edit] = []
    flags: list[Edit] = []
    for entity in people:
        good = next((m.title for m in titled[entity.id] if _is_title_of(m.title, entity)), None)
        for mention in titled[entity.id]:
            owner = _owner(mention.title, entity, people)
            if owner is None or mention.title_span is None:
                continue
            swapped = next((m.title for m in titled[owner.id] if _is_title_of(m.title, entity)), None)
            span, printed = _behind_nation(mention.title, mention.title_span)
            title = good or swapped or _as_title(entity.roles[0].title, printed)
            title = _behind_nation(title, span)[1]
            if good is not None:
                why = f"{entity.name} is “{good}” elsewhere in the text and in the knowledge base"
            elif swapped is not None:
                why = f"{entity.name} and {owner.name} have each other's titles"
            else:
                why = f"{entity.name} is known as {entity.roles[0].title}"
            sure = 0.9 if good or swapped else 0.5
            edit = Edit(
                span, title, EditKind.NAME, Origin.NAMES, sure, RULE_TITLE,
                f"{why}; “{mention.title}” is {owner.name}",
                group=":".join(("title", *sorted((entity.id, owner.id)))) if swapped and not good else None,
                entity=EntityRef(entity.id, entity.name, entity.type, sure),
            )  # fmt: skip
            (edits if good or swapped else flags).append(edit)
    return edits, flags


def _behind_nation(title: str, span: Span) -> tuple[Span, str]:
    """A title without the nation before it, which stays where the other title comes: *Chinese foreign minister*."""
    nation, _, office = title.partition(" ")
    if not office or not countries_of([normalise(nation)]):
        return span, title
    return Span(span.start + len(nation) + 1, span.end), office


def _is_title_of(title: str, entity: Entity) -> bool:
    fit, office, _ = fit_of_roles([title], entity)
    return fit == 1 and bool(office)


def _owner(title: str, entity: Entity, people: Iterable[Entity]) -> Entity | None:
    """Whose office a title is that the entity never had, among the people of the document from the same country.

    A mere rank (*General*, *Chairwoman*) is nobody's alone.
    """
    fit, office, _ = fit_of_roles([title], entity)
    if fit > 0 or not office or is_rank(office):
        return None
    return next(
        (e for e in people if e.id != entity.id and e.country == entity.country and _is_title_of(title, e)), None
    )


def _as_title(role: str, title: str) -> str:
    """An office as it stands before a name, with capitals where the title in its place has them."""
    office, _, where = role.partition(" of ")
    if not countries_of(normalise(where).split()):
        office = role
    return office[:1].upper() + office[1:] if title[:1].isupper() else office


def build_linker(names_dir: Path, overlays: Sequence[Path] = ()) -> NameLinker:
    """The linker over the knowledge base in a folder, with others laid over it. Weights, and what is known beside the
    base, are taken from the folder where it has them, else those that are shipped.

    Raises:
        ResourceError: The knowledge base or one of these is missing or damaged.
    """
    model = LinkModel.load(data_file(MODEL_FILE, names_dir))
    return NameLinker(StoreHandle(names_dir, overlays), model, Background.read(names_dir))
