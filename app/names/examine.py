"""Reads a document for its names: which are right, which may be damaged, and what is said around them."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import regex

from app.core.errors import DeadlineError
from app.core.types import Segment, Span
from app.names.background import Background
from app.names.callings import called
from app.names.candidates import Candidate, CandidateFinder
from app.names.comparison import Context, Reading, years_of
from app.names.countries import countries_of, is_called_capital
from app.names.link import fame
from app.names.mentions import Mention, MentionKind, find_mentions
from app.names.normalise import WORDS, index_keys, normalise, strip_possessive
from app.names.paired_places import with_paired_places
from app.names.sources import candidates_for
from app.names.store import Entity, EntityKind, EntityStore

_ENGLISH = frozenset(("", "en"))  # languages of names that English texts print
_LEAST_LETTERS = 4
_LEAST_IN_USE = 2.0  # on Zipf's scale
_LEAST_FAME = 0.25  # of the measure of ``Attested.as_name``: some three documents


@dataclass(frozen=True, slots=True)
class Examined:
    """A document as the linker sees it, before anything is chosen."""

    mentions: tuple[Mention, ...]
    right: tuple[Mention, ...]  # those that are names as they should be
    readings: tuple[tuple[Reading, tuple[Candidate, ...]], ...]  # the others that may be damaged
    context: Context


def examine(
    text: str,
    segments: Sequence[Segment],
    store: EntityStore,
    finder: CandidateFinder,
    background: Background,
    entity_hints: Sequence[tuple[str, str]] = (),
    deadline: float = float("inf"),
) -> Examined:
    """Find the names of a document, tell those that are right from those that may not be, and find candidates.

    Args:
        text: The document.
        segments: Of it.
        store, finder: The base.
        background: What is known of words and names beside the base.
        entity_hints: Ids and names that the caller knows to be in the text.
        deadline: Of ``time.monotonic``.

    Raises:
        DeadlineError: The time is over before every name was looked at.
    """
    mentions = with_paired_places(
        text,
        find_mentions(text, segments, lambda name: any(e.kind is not EntityKind.PERSON for e in store.by_name(name))),
        store.paired_places,
    )
    by_text: dict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        by_text[normalise(mention.text)].append(mention)
    recognised = _recognise(by_text, store, background, entity_hints)
    context = _context(text, segments, recognised, entity_hints)
    right: list[Mention] = []
    readings: list[tuple[Reading, tuple[Candidate, ...]]] = []
    sentences = {segment.index: segment.span for segment in segments}
    full = (key for key, group in by_text.items() if " " in key and any(may_end_in_a_surname(m, store) for m in group))
    surnames = surnames_of(full)
    for key, group in by_text.items():
        if key in recognised.right or background.attested.is_name(without_initials(key)):
            right += [m for m in group if " " in key or not m.is_initial]
            continue
        if not _is_worth_a_look(key, group, background) or any(_is_cited(text, m.span) for m in group):
            continue
        check_time(deadline)
        reading = Reading(
            group[0].text,
            tuple(group),
            _words_before(text, group),
            _words_behind(text, group),
            frozenset(a[1].lower() for m in group if (a := _ACRONYM.match(text, m.span.end))),
            known_words={w: n for w in key.split() if (n := store.word_frequency(w))},
            in_use={w: zipf for w in key.split() if (zipf := background.usage.zipf(w))},
            beside=_countries_beside(text, group),
            ends_another=key in surnames,
            calling=background.callings.unlikely(noun for m in group for noun in called(text, m.span)),
            is_town=key in background.towns,
            is_capital=any(is_called_capital(text, m.span) for m in group),
        )
        candidates = candidates_for(reading, context, store, finder, recognised.foreign.get(key))
        if candidates:
            around = background.surroundings.speak_for(text, ((m.span, sentences[m.segment]) for m in group))
            reading = replace(reading, surroundings=around)
        readings.append((reading, candidates))
    right.sort(key=lambda m: m.span)
    return Examined(tuple(mentions), tuple(right), tuple(readings), context)


@dataclass(slots=True)
class _Recognised:
    """The names of a document that stand in the base, by canonical form."""

    right: set[str] = field(default_factory=set)
    foreign: dict[str, Entity] = field(default_factory=dict)  # what another language calls a place
    known: dict[str, Entity] = field(default_factory=dict)  # by id: places, and whoever is named in full
    known_in: dict[str, frozenset[int]] = field(default_factory=dict)  # by id, the segments


def _recognise(
    by_text: Mapping[str, Sequence[Mention]],
    store: EntityStore,
    background: Background,
    entity_hints: Iterable[tuple[str, str]],
) -> _Recognised:
    found = _Recognised()
    for key, group in by_text.items():
        entities = store.by_name(group[0].text) if key else []
        bare = without_initials(key)
        if not entities and bare != key and " " in bare:
            entities = store.by_name(bare)
        if not entities:
            continue
        entity = entities[0]
        if _is_foreign(key, entity, store, background):
            found.foreign[key] = entity
            continue
        found.right.add(key)
        if " " in key or entity.kind is EntityKind.PLACE:
            found.known.setdefault(entity.id, entity)
            found.known_in[entity.id] = found.known_in.get(entity.id, frozenset()) | {m.segment for m in group}
    for entity_id, name in entity_hints:
        hinted = store.get(entity_id) or next(iter(store.by_name(name)), None)
        if hinted is not None:
            found.known.setdefault(hinted.id, hinted)
    return found


def _is_foreign(key: str, entity: Entity, store: EntityStore, background: Background) -> bool:
    """Whether a form that is in the base is none of English, but of another language for a place, and nobody's name:
    *Warschau*, not *Milana*. What a list has among its aliases may be English all the same where English texts do not
    name the place otherwise."""
    if entity.kind is not EntityKind.PLACE or key == (canonical := normalise(entity.name)):
        return False
    if background.attested.as_name(key) or store.names_people(key):
        return False
    if {n.language for n in entity.names if key in index_keys(n.text)} & _ENGLISH:
        return False
    if entity.is_native_only(key):
        return True
    zipf, of_name = _least_in_use(key, background), _least_in_use(canonical, background)
    if zipf >= _LEAST_IN_USE or key in background.towns:
        return False
    known = fame(canonical, background.attested)
    if zipf == 0 and (of_name > 0 or known > 0):
        return True  # nobody writes it so, and some the other
    return " " not in key and (known >= _LEAST_FAME or of_name >= _LEAST_IN_USE)


def _least_in_use(key: str, background: Background) -> float:
    """How often the rarest word of a canonical form is used, on Zipf's scale."""
    return min(background.usage.zipf(word) for word in key.split())


def _is_worth_a_look(key: str, group: Sequence[Mention], background: Background) -> bool:
    """Whether anything could be known about a name: acronyms, initials and everyday words are left alone."""
    if len(key) < _LEAST_LETTERS or not any(len(word) > 2 for word in key.split()):
        return False
    if all(m.is_acronym for m in group):
        return False
    if " " in key:
        return True
    # A single word that is always capitalised for its place in the sentence, and that English uses as a word.
    return not (all(m.is_initial for m in group) and background.attested.as_word(key) > 0)


def _context(
    text: str, segments: Sequence[Segment], recognised: _Recognised, entity_hints: Iterable[tuple[str, str]]
) -> Context:
    countries: Counter[str] = Counter()
    by_segment: dict[int, frozenset[str]] = {}
    for segment in segments:
        counts = _countries_in(WORDS.findall(segment.text))
        for code in counts:
            countries[code] += counts[code]
        if counts:
            by_segment[segment.index] = frozenset(counts)
    places = frozenset(e.name for e in recognised.known.values() if e.kind is EntityKind.PLACE)
    return Context(
        years_of(text),
        countries,
        by_segment,
        recognised.known,
        places,
        recognised.known_in,
        frozenset(i for i, _ in entity_hints),
    )


def check_time(deadline: float) -> None:
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


def surnames_of(keys: Iterable[str]) -> frozenset[str]:
    """The last words of the full names among canonical forms."""
    return frozenset(key.rsplit(" ", 1)[1] for key in keys if " " in key)


def may_end_in_a_surname(mention: Mention, store: EntityStore) -> bool:
    """Whether a name may be somebody's: *Bank of Japan* is not."""
    if mention.kind in (MentionKind.ORGANISATION, MentionKind.PLACE):
        return False
    entities = store.by_name(mention.text)
    return not entities or any(entity.kind is EntityKind.PERSON for entity in entities)


_LINKS = frozenset(("of", "called", "named"))  # between what something is and its name: *the town of*


def _words_before(text: str, mentions: Iterable[Mention]) -> frozenset[str]:
    """The word before each place of a name, in lower case, and the one before *of*."""
    before = set()
    for mention in mentions:
        head = text[max(0, mention.span.start - _NEAR) : mention.span.start]
        words = [w.casefold() for w in WORDS.findall(head.rsplit("\n", 1)[-1])]
        if len(words) > 1 and words[-1] == "the":
            words = words[:-1]
        before.update(words[-1:])
        if len(words) > 1 and words[-1] in _LINKS:
            before.add(words[-2])
    return frozenset(before)


def _words_behind(text: str, mentions: Iterable[Mention]) -> frozenset[str]:
    """The word behind each place of a name, as it stands."""
    found = (_BEHIND.match(text, mention.span.end) for mention in mentions)
    return frozenset(match[1] for match in found if match)


_BEHIND = regex.compile(r" (\p{L}+)")
_ACRONYM = regex.compile(r" \((\p{Lu}{2,8})\)")

_NEAR = 36  # letters: a few words


def _countries_beside(text: str, mentions: Iterable[Mention]) -> frozenset[str]:
    """The countries that are named within a few words of a name: *Lindesund, Norway*, *Norway's Lindesund*."""
    beside: set[str] = set()
    for mention in mentions:
        head = text[max(0, mention.span.start - _NEAR) : mention.span.start].rsplit("\n", 1)[-1]
        tail = text[mention.span.end : mention.span.end + _NEAR].split("\n", 1)[0]
        for words in (WORDS.findall(head)[-_WORDS_BESIDE:], WORDS.findall(tail)[:_WORDS_BESIDE]):
            beside.update(_countries_in(words))
    return frozenset(beside)


def _countries_in(words: Iterable[str]) -> Counter[str]:
    """How often words name each country, *Iran's* too."""
    return countries_of([normalise(strip_possessive(word)) for word in words])


_WORDS_BESIDE = 3
