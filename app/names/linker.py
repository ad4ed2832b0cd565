"""Repairs names over a whole document: who is meant, what is printed, and what may not be touched."""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from app.core.classify import FUNCTION_WORDS
from app.core.errors import DeadlineError
from app.core.protocols import LinkResult, NameHint
from app.core.types import Alternative, Edit, EditKind, EntityRef, Origin, Segment, Span
from app.names.background import Background, data_file
from app.names.callings import called, is_verb
from app.names.candidates import Candidate, CandidateFinder, Route
from app.names.comparison import Context, Evidence, Reading, years_of
from app.names.countries import capitals, countries_of, is_called_capital
from app.names.evidence.spelling import before_apostrophe
from app.names.evidence.usage import FAMOUS
from app.names.likeness import align, likeness
from app.names.link import Decision, LinkModel, Weighed, as_printed, choose, fame
from app.names.mangle.forms import Damage
from app.names.mentions import Mention, find_mentions
from app.names.normalise import normalise, strip_possessive
from app.names.offices import fit_of_roles, is_of_few, is_rank
from app.names.paired_places import pairs_like, with_paired_places
from app.names.store import Entity, EntityKind, EntityStore, StoreHandle

RULE_ENTITY = "MTR_NAME_ENTITY"  # linked to an entity by spelling, sound and context
RULE_SPELLING = "MTR_NAME_SPELLING_RULE"  # linked through a way in which machines are known to spoil names
RULE_CONSISTENT = "MTR_NAME_CONSISTENT"  # a short mention follows the full one
RULE_TITLE = "MTR_NAME_TITLE"  # a title that document and knowledge base contradict

MODEL_FILE = "linker.json"
_MOST_CANDIDATES = 12
_LEAST_LETTERS = 4
_LEAST_IN_USE = 2.0  # on Zipf's scale
_EXONYM_PROBABILITY = 0.02  # of damaged names of a place, as the base has it of those that it does not list as names
_WORDS = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_LEAST_LIKE_PART = 0.6
_LEAST_LIKE_HOLDER = 0.5  # in all, and of each word


@dataclass(frozen=True, slots=True)
class Examined:
    """A document as the linker sees it, before anything is chosen."""

    mentions: tuple[Mention, ...]
    right: tuple[Mention, ...]  # those that are names as they should be
    readings: tuple[tuple[Reading, tuple[Candidate, ...]], ...]  # the others that may be damaged
    context: Context


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
            _check_time(deadline)
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
            _check_time(deadline)
            if is_open and (more := _of_the_document(reading, named.values())):
                decisions[at] = choose(reading, _once([*more, *candidates]), context, attested, model)
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
        mentions = with_paired_places(
            text,
            find_mentions(
                text, segments, lambda name: any(e.kind is not EntityKind.PERSON for e in store.by_name(name))
            ),
            store.paired_places,
        )
        by_text: dict[str, list[Mention]] = defaultdict(list)
        for mention in mentions:
            by_text[normalise(mention.text)].append(mention)
        known: dict[str, Entity] = {}
        known_in: dict[str, frozenset[int]] = {}
        exact: dict[str, list[Entity]] = {}
        foreign: dict[str, Entity] = {}
        for key, group in by_text.items():
            entities = store.by_name(group[0].text) if key else []
            bare = without_initials(key)
            if not entities and bare != key and (" " in bare):
                entities = store.by_name(bare)
            if entities and self._is_foreign(key, entities[0]):
                foreign[key] = entities[0]
            elif entities:
                exact[key] = entities
                if " " in key or entities[0].kind is EntityKind.PLACE:
                    known.setdefault(entities[0].id, entities[0])
                    known_in[entities[0].id] = known_in.get(entities[0].id, frozenset()) | {m.segment for m in group}
        for entity_id, name in entity_hints:
            entity = store.get(entity_id) or next(iter(store.by_name(name)), None)
            if entity is not None:
                known.setdefault(entity.id, entity)
        context = self._context(text, segments, known, known_in, entity_hints)
        right: list[Mention] = []
        readings: list[tuple[Reading, tuple[Candidate, ...]]] = []
        finder = self._finder(store)
        surnames = {key.rsplit(" ", 1)[1] for key in by_text if " " in key}
        for key, group in by_text.items():
            if key in exact or self._background.attested.is_name(without_initials(key)):
                right += [m for m in group if " " in key or not m.is_initial]
                continue
            if not self._is_worth_a_look(key, group) or any(_is_cited(text, m.span) for m in group):
                continue
            _check_time(deadline)
            known_words = {w: n for w in key.split() if (n := store.word_frequency(w))}
            in_use = {w: zipf for w in key.split() if (zipf := self._background.usage.zipf(w))}
            reading = Reading(
                group[0].text,
                tuple(group),
                _words_before(text, group),
                known_words,
                in_use,
                _countries_beside(text, group),
                key in surnames,
                self._background.callings.unlikely(noun for m in group for noun in called(text, m.span)),
                key in self._background.towns,
                any(is_called_capital(text, m.span) for m in group),
            )
            candidates = [
                *([_exonym(foreign[key], key)] if key in foreign else ()),
                *_before_apostrophe(reading, finder),
                *_of_the_document(reading, known.values()),
                *_of_the_office(reading, context.countries, finder),
                *_capitals(reading, context.countries, store),
                *_paired_places(reading, store),
                *(
                    as_printed(c, group[0].text)
                    for c in finder.find(group[0].text, countries=tuple(context.countries), limit=_MOST_CANDIDATES)
                ),
            ]
            readings.append((reading, _once(candidates)))
        right.sort(key=lambda m: m.span)
        return Examined(tuple(mentions), tuple(right), tuple(readings), context)

    def _is_foreign(self, key: str, entity: Entity) -> bool:
        """Whether a form that is in the base is none of English, but of another language for a place that English texts
        name otherwise: *Warschau*."""
        background = self._background
        return (
            entity.kind is EntityKind.PLACE
            and " " not in key
            and key != (canonical := normalise(entity.name))
            and fame(canonical, background.attested) >= FAMOUS
            and not background.attested.as_name(key)
            and background.usage.zipf(key) < _LEAST_IN_USE
            and key not in background.towns
        )

    def _is_worth_a_look(self, key: str, group: Sequence[Mention]) -> bool:
        """Whether anything could be known about a name: acronyms, initials and everyday words are left alone."""
        if len(key) < _LEAST_LETTERS or not any(len(word) > 2 for word in key.split()):
            return False
        if all(m.is_acronym for m in group):
            return False
        if " " in key:
            return True
        # A single word that is always capitalised for its place in the sentence, and that English uses as a word.
        return not (all(m.is_initial for m in group) and self._background.attested.as_word(key) > 0)

    def _context(
        self,
        text: str,
        segments: Sequence[Segment],
        known: Mapping[str, Entity],
        known_in: Mapping[str, frozenset[int]],
        entity_hints: Sequence[tuple[str, str]],
    ) -> Context:
        countries: Counter[str] = Counter()
        by_segment: dict[int, frozenset[str]] = {}
        for segment in segments:
            counts = _countries_in(_WORDS.findall(segment.text))
            for code in counts:
                countries[code] += counts[code]
            if counts:
                by_segment[segment.index] = frozenset(counts)
        places = frozenset(e.name for e in known.values() if e.kind is EntityKind.PLACE)
        return Context(
            years_of(text), countries, by_segment, known, places, known_in, frozenset(i for i, _ in entity_hints)
        )


def _check_time(deadline: float) -> None:
    """Raise ``DeadlineError`` once the time is over: an unknown name takes milliseconds, a text may have thousands."""
    if time.monotonic() >= deadline:
        raise DeadlineError("the time ran out before every name was looked at; send less at once")


_QUOTES = frozenset("\"“”„‟«»‘’'")


def _is_cited(text: str, span: Span) -> bool:
    """Whether a name stands in quotation marks of its own: what is cited is meant as it is written."""
    before, after = text[max(0, span.start - 1) : span.start], text[span.end : span.end + 1]
    return before in _QUOTES and after in _QUOTES


def without_initials(key: str) -> str:
    """A canonical form without its single letters: ``david c bohnett`` is ``david bohnett``."""
    return " ".join(w for w in key.split() if len(w) > 1) or key


_LINKS = frozenset(("of", "called", "named"))  # between what something is and its name: *the town of*


def _words_before(text: str, mentions: Iterable[Mention]) -> frozenset[str]:
    """The word before each place of a name, in lower case, and the one before *of*."""
    before = set()
    for mention in mentions:
        head = text[max(0, mention.span.start - _NEAR) : mention.span.start]
        words = [w.casefold() for w in _WORDS.findall(head.rsplit("\n", 1)[-1])]
        if len(words) > 1 and words[-1] == "the":
            words = words[:-1]
        before.update(words[-1:])
        if len(words) > 1 and words[-1] in _LINKS:
            before.add(words[-2])
    return frozenset(before)


_NEAR = 36  # letters: a few words


def _countries_beside(text: str, mentions: Iterable[Mention]) -> frozenset[str]:
    """The countries that are named within a few words of a name: *Lindesund, Norway*, *Norway's Lindesund*."""
    beside: set[str] = set()
    for mention in mentions:
        head = text[max(0, mention.span.start - _NEAR) : mention.span.start].rsplit("\n", 1)[-1]
        tail = text[mention.span.end : mention.span.end + _NEAR].split("\n", 1)[0]
        for words in (_WORDS.findall(head)[-_WORDS_BESIDE:], _WORDS.findall(tail)[:_WORDS_BESIDE]):
            beside.update(_countries_in(words))
    return frozenset(beside)


def _countries_in(words: Iterable[str]) -> Counter[str]:
    """How often words name each country, *Iran's* too."""
    return countries_of([normalise(strip_possessive(word)) for word in words])


_WORDS_BESIDE = 3


def _of_the_document(reading: Reading, known: Iterable[Entity]) -> list[Candidate]:
    """The entities that the document names in full, where the reading is like one of their names or a part of it."""
    found = []
    key = " ".join(reading.words)
    for entity in known:
        if entity.kind is EntityKind.PERSON and len(reading.words) == 1:
            parts = [w for w in _WORDS.findall(entity.name) if len(w) > 3]
            best = max(parts, key=lambda w: likeness(key, normalise(w)), default="")
            like = likeness(key, normalise(best)) if best else 0.0
            if like >= _LEAST_LIKE_PART:
                found.append(Candidate(entity, Route.SURNAME, best, like, like))
        else:
            like = likeness(key, normalise(entity.name))
            if like >= _LEAST_LIKE_PART:
                found.append(Candidate(entity, Route.FUZZY, entity.name, like, like))
    return found


def _exonym(entity: Entity, key: str) -> Candidate:
    """A place by what another language calls it."""
    name = normalise(entity.name)
    return Candidate(entity, Route.MANGLED, name, 0.0, likeness(key, name), _EXONYM_PROBABILITY, Damage.EXONYM)


def _before_apostrophe(reading: Reading, finder: CandidateFinder) -> list[Candidate]:
    """Who or what is called what stands before an apostrophe and a case ending."""
    name = before_apostrophe(reading.text)
    return [as_printed(c, name) for c in finder.find(name) if c.route is Route.NAME] if name else []


def _of_the_office(reading: Reading, countries: Iterable[str], finder: CandidateFinder) -> list[Candidate]:
    """Who of the best known people of these countries held the office that the text gives somebody, and is called not
    quite otherwise: few held it, so that letters need say less than among all the world."""
    if len(reading.words) < 2 or not any(is_of_few(title) for title in reading.titles):
        return []
    key = " ".join(reading.words)
    return [
        as_printed(Candidate(entity, Route.OFFICE, name, 0.0, like), reading.text)
        for country in countries
        for name, entity, like in finder.called_like(key, country, _LEAST_LIKE_HOLDER)
        if fit_of_roles(reading.titles, entity)[0] == 1 and _least_alike(reading, name) >= _LEAST_LIKE_HOLDER
    ]


def _capitals(reading: Reading, named: Iterable[str], store: EntityStore) -> list[Candidate]:
    """What the text calls a capital may be that of a country it names, called not quite otherwise."""
    if not reading.is_capital:
        return []
    key = " ".join(reading.words)
    found = []
    for country in named:
        capital = capitals().get(country, "")
        like = likeness(key, normalise(capital))
        if like >= _LEAST_LIKE_HOLDER:
            places = (e for e in store.by_name(capital) if e.kind is EntityKind.PLACE and e.country == country)
            found += [Candidate(e, Route.FUZZY, normalise(capital), like, like) for e in islice(places, 1)]
    return [as_printed(candidate, reading.text) for candidate in found]


def _paired_places(reading: Reading, store: EntityStore) -> list[Candidate]:
    """Which of two joined places have one of their names as it should be, and the other not quite."""
    key = " ".join(reading.words)
    names = [f"{a} and {b}" for a, b in pairs_like(key, store.paired_places)]
    found = [(name, e) for name in names for e in store.by_name(name)[:1]]
    return [
        as_printed(Candidate(e, Route.FUZZY, name, like, like), reading.text)
        for name, e in found
        if (like := likeness(key, name)) > 0
    ]


def _least_alike(reading: Reading, name: str) -> float:
    """How alike the least alike words of a reading and a canonical form are; 0 where one of them has more words."""
    pairs, found, meant = align(reading.words, tuple(name.split()))
    return 0.0 if found or meant else min(p.similarity for p in pairs)


def _once(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Each entity by its best route: a way in which machines spoil names says more than a likeness."""
    best: dict[str, Candidate] = {}
    for candidate in candidates:
        old = best.get(candidate.entity.id)
        if old is None or _says(candidate) > _says(old):
            best[candidate.entity.id] = candidate
    return tuple(best.values())


def _says(candidate: Candidate) -> tuple[float, bool, float]:
    is_bag = candidate.route is Route.WORD_BAG and candidate.entity.kind is EntityKind.ORGANISATION
    return candidate.probability, is_bag, candidate.similarity


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
        words = _word_map(decision.reading.text, weighed.text)
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


def _word_map(wrong: str, right: str) -> dict[str, str]:
    """Words of a wrong full name -> what they should be, where the two names have the same words in the same places."""
    old, new = wrong.split(), right.split()
    if len(old) != len(new) or len(old) < 2:
        return {}
    return {normalise(a): b for a, b in zip(old, new, strict=True) if normalise(a) != normalise(b)}


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
    "mangled", "exonym", "word_bag", "sole_bag", "fuller_form", "hinted", "role_fits", "body", "same_given_name",
    "same_words", "case_ending", "sound", "country", "companions",
    "in_office", "truncated", "spelling",
)  # fmt: skip
_WEAK = {"sound": 0.8, "spelling": 0.75, "same_words": 0.3}


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
    return following is not None and following[1] not in FUNCTION_WORDS and not is_verb(following[1])


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
