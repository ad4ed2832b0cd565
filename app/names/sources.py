"""Where candidates for a doubtful name come from: the base, and what the document itself says."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from app.names.candidates import EXONYM_PROBABILITY, Candidate, CandidateFinder, Route
from app.names.comparison import Context, Reading
from app.names.countries import capitals
from app.names.evidence.spelling import before_apostrophe
from app.names.likeness import align, likeness
from app.names.link import as_printed
from app.names.mangle.forms import Damage
from app.names.normalise import WORDS, normalise
from app.names.offices import fit_of_roles, is_of_few
from app.names.paired_places import pairs_like
from app.names.store import Entity, EntityKind, EntityStore

_MOST_CANDIDATES = 12
_LEAST_LIKE_PART = 0.6
_LEAST_LIKE_HOLDER = 0.5  # in all, and of each word


def candidates_for(
    reading: Reading, context: Context, store: EntityStore, finder: CandidateFinder, foreign: Entity | None
) -> tuple[Candidate, ...]:
    """Who or what a name may mean, each once.

    Args:
        reading: The name.
        context: What the document says.
        store, finder: The base.
        foreign: What another language calls so.
    """
    found = finder.find(reading.text, countries=tuple(context.countries), limit=_MOST_CANDIDATES)
    return once(
        [
            *([_exonym(foreign, " ".join(reading.words))] if foreign is not None else ()),
            *_before_apostrophe(reading, finder),
            *of_the_document(reading, context.known.values()),
            *_of_the_office(reading, context.countries, finder),
            *_capitals(reading, context.countries, store),
            *_paired_places(reading, store),
            *(as_printed(candidate, reading.text) for candidate in found),
        ]
    )


def of_the_document(reading: Reading, known: Iterable[Entity]) -> list[Candidate]:
    """The entities that the document names in full, where the reading is like one of their names or a part of it."""
    found = []
    key = " ".join(reading.words)
    for entity in known:
        if entity.kind is EntityKind.PERSON and len(reading.words) == 1:
            parts = [w for w in WORDS.findall(entity.name) if len(w) > 3]
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
    return Candidate(entity, Route.MANGLED, name, 0.0, likeness(key, name), EXONYM_PROBABILITY, Damage.EXONYM)


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
    found = []
    for name in (f"{a} and {b}" for a, b in pairs_like(key, store.paired_places)):
        like = likeness(key, name)
        found += [Candidate(entity, Route.FUZZY, name, like, like) for entity in store.by_name(name)[:1]]
    return [as_printed(candidate, reading.text) for candidate in found]


def _least_alike(reading: Reading, name: str) -> float:
    """How alike the least alike words of a reading and a canonical form are; 0 where one of them has more words."""
    pairs, found, meant = align(reading.words, tuple(name.split()))
    return 0.0 if found or meant else min(p.similarity for p in pairs)


def once(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
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
