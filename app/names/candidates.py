"""Mention -> candidates, generously: whoever may be meant, with how the text led there. Choosing is for the linker."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from app.names.likeness import likeness
from app.names.mangle.forms import Damage
from app.names.normalise import index_keys, normalise, query_keys, strip_possessive
from app.names.sounds import sound_key
from app.names.store import KINDS, PERSON_CODE, PLACE_CODE, Entity, EntityKind, EntityStore, Layer, UInts


class Route(StrEnum):
    """How a text led to an entity."""

    NAME = "name"  # one of its names, after normalisation
    MANGLED = "mangled"  # a form that a machine may have made of its name
    REORDERED = "reordered"  # the words of one of its names in another order, or joined or parted otherwise
    WORD_BAG = "word_bag"  # the content words of its name, synonyms counted as the same
    FUZZY = "fuzzy"  # spelt nearly the same
    PHONETIC = "phonetic"  # sounds the same
    INITIALS = "initials"  # initials instead of given names, or an acronym
    OFFICE = "office"  # holds the office that the text names, and is called not quite otherwise
    SURNAME = "surname"  # its surname alone
    GIVEN_NAME = "given_name"  # its given name alone
    PART = "part"  # some of its words


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entity that a mention may mean.

    ``score`` orders candidates and is not a probability of being meant. Where the text is a mangled form of the name,
    by whichever route the entity was found best, ``probability`` is what the mangler gives it and ``damage`` its kind.
    """

    entity: Entity
    route: Route
    name: str  # the name of the entity that the text was compared with, in canonical form
    score: float  # 0 to 1
    similarity: float  # normalised Levenshtein similarity of text and name, both in canonical form, 0 to 1
    probability: float = 0.0
    damage: str = ""


@dataclass(frozen=True, slots=True)
class _Hit:
    layer: int
    row: int
    route: Route
    name: str
    score: float
    probability: float = 0.0
    damage: str = ""


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of the base that may be meant by a word of the mention."""

    token: int
    text: str
    weight: float  # 1: the same word
    route: Route


# How far apart words may be, and how much is read. Wide enough that the right entity is found, narrow enough that a
# mention takes well under a millisecond: scripts/bench_names.py measures both.
_LEAST_SIMILARITY = 0.6
_LEAST_SIMILARITY_BY_SOUND = 0.45
_SOUND_WEIGHT = 0.9  # of the similarity: the same sound is weaker evidence than nearly the same letters
_MOST_SIMILAR_WORDS, _SIMILAR_WORDS_WEIGHED = 14, 32
_FAME_BONUS = 0.1  # of the likeness of a word
_LENGTH_SLACK = 2
_NAMES_OF_SAME_WORD, _NAMES_OF_SIMILAR_WORD = 400, 60
_COMMON_WORD = 1500  # stands in so many names that it finds nobody by itself
_NAMES_COMPARED, _NAMES_OF_WORD = 24, 6  # those with most words in common, and the best known of each word
_MOST_WORDS_APART = 4  # of a mention whose words are looked at one by one: longer ones are no names of people
_LEAST_BY_EAR = 0.6  # likeness of a word to one of the name that another word led to
_LEAST_COVERAGE = 0.4
_MASS_OF_UNKNOWN_WORD = 0.5  # as much as a word of a few hundred names: a misspelling of any word is unknown
_CLOSE = 0.75  # a word this similar is near enough not to look further
_SHORT_WORD = 6  # letters; one wrong letter in the middle of a shorter one leaves neither beginning nor end whole
_MOST_WORDS = 14
SURNAME_FIRST = frozenset(("CN", "TW", "HK", "MO", "SG", "KR", "KP", "VN", "HU"))
# Endings of names that two or more names of the training pairs kept in English, and what stands in their place.
ENDINGS = (
    ("s", ""), ("i", ""), ("a", ""), ("er", ""), ("", "s"), ("", "a"), ("", "o"), ("ei", "a"), ("ga", "a"), ("e", "a"),
    ("t", ""), ("n", ""), ("is", ""), ("e", ""),
)  # fmt: skip
EXONYM_PROBABILITY = 0.02  # of damaged names of a place, as the base has it of those that it does not list as names
_INFLECTED = 0.3  # of damaged names have an ending besides
_SHORTEST_STEM = 5
_POPULARITY_BONUS, _COUNTRY_BONUS = 0.08, 0.05
_WORDS_KEPT = 50_000
_BEST_KNOWN = 300


class CandidateFinder:
    """Finds candidates in a store; immutable, for any number of threads."""

    def __init__(self, store: EntityStore) -> None:
        self.store = store
        self._searchers = tuple(
            _Searcher(i, layer, hidden)
            for i, (layer, hidden) in enumerate(zip(store.layers, store.hidden, strict=True))
        )

    def called_like(self, text: str, country: str, least: float) -> list[tuple[str, Entity, float]]:
        """The best known people of a country whose canonical name, as a whole, is at least so similar to ``text``.

        Args:
            text: A canonical form.
            country: ISO code.
            least: Normalised Levenshtein similarity.

        Returns:
            Canonical form, person and similarity.
        """
        return [found for searcher in self._searchers for found in searcher.called_like(text, country, least)]

    def find(
        self, text: str, *, kind: EntityKind | None = None, countries: Collection[str] = (), limit: int = 16
    ) -> list[Candidate]:
        """Whoever ``text`` may mean, the likeliest first, each entity once by its best route.

        Args:
            text: A mention as it stands: possessive, capitals and hyphens do not matter; without titles.
            kind: Only entities of this kind.
            countries: ISO codes of countries that the document speaks of; their entities go first among equals.
            limit: At most so many.
        """
        keys = query_keys(text)
        if not keys or limit <= 0:
            return []
        wanted = None if kind is None else KINDS.index(kind)
        ranked: list[tuple[float, str, _Hit]] = []
        for searcher in self._searchers:
            ranked += searcher.ranked(text, keys, wanted, countries, limit)
        ranked.sort(key=lambda r: (-r[0], r[1], r[2].row))
        if len(ranked) > limit:  # what machines are known to make of a name is not crowded out by what is spelt like it
            made = sorted((r for r in ranked[limit:] if r[2].probability > 0), key=lambda r: -r[2].probability)
            kept = made[: limit // 4]
            ranked = ranked[: limit - len(kept)] + kept
        own = normalise(strip_possessive(text))
        return [
            Candidate(
                self.store.layers[hit.layer].entity(hit.row),
                hit.route,
                hit.name,
                round(hit.score, 4),
                round(Levenshtein.normalized_similarity(own, hit.name), 4),
                hit.probability,
                hit.damage,
            )
            for _, _, hit in ranked[:limit]
        ]


class _Searcher:
    """The search in one layer, by rows."""

    def __init__(self, number: int, layer: Layer, hidden: frozenset[int]) -> None:
        self._number, self._layer, self._hidden = number, layer, hidden
        self._function_words = frozenset(layer.manifest["function_words"])
        self._similar = lru_cache(maxsize=_WORDS_KEPT)(self._find_similar)
        self._mass = lru_cache(maxsize=_WORDS_KEPT)(self._find_mass)
        self._best_known = lru_cache(maxsize=None)(self._find_best_known)
        self._log_names = math.log(2 + int(layer.manifest["counts"]["names"]))

    def called_like(self, text: str, country: str, least: float) -> list[tuple[str, Entity, float]]:
        rows = self._best_known(country)
        near = process.extract(
            text, rows.keys(), scorer=Levenshtein.normalized_similarity, score_cutoff=least, limit=None
        )
        return [(name, self._layer.entity(rows[name]), similarity) for name, similarity, _ in near]

    def _find_best_known(self, country: str) -> dict[str, int]:
        """Canonical forms and rows of the best known people of a country: their records would take too much memory."""
        layer = self._layer
        code = layer.country_codes.get(country)
        people = (layer.countries == code) & (layer.kinds == PERSON_CODE) if code is not None else np.zeros(0, bool)
        rows = [row for row in np.flatnonzero(people).tolist() if row not in self._hidden]
        known = sorted(rows, key=lambda row: int(layer.popularity[row]))[-_BEST_KNOWN:]
        return {self._canonical(row): row for row in known}

    def ranked(
        self, text: str, keys: Sequence[str], kind: int | None, countries: Collection[str], limit: int
    ) -> list[tuple[float, str, _Hit]]:
        layer = self._layer
        codes = {layer.country_codes[c] for c in countries if c in layer.country_codes}
        best: dict[int, _Hit] = {}
        for hit in self._hits(text, keys):
            if hit.row in self._hidden or (kind is not None and layer.kinds[hit.row] != kind):
                continue
            known = best.get(hit.row)
            if known is None:
                best[hit.row] = hit
                continue
            better = hit if hit.score > known.score else known
            likelier = hit if hit.probability > known.probability else known
            if likelier.damage == Damage.EXONYM and better.route is Route.NAME:
                best[hit.row] = better  # the name itself, whatever else it may be
            elif likelier.damage == Damage.EXONYM:
                best[hit.row] = replace(likelier, score=better.score)  # not one that is spelt like its foreign name
            else:
                best[hit.row] = replace(better, probability=likelier.probability, damage=likelier.damage)
        ranked = [
            (
                hit.score
                + _POPULARITY_BONUS * int(layer.popularity[row]) / 255
                + (_COUNTRY_BONUS if codes and int(layer.countries[row]) in codes else 0.0),
                hit.name,
                hit,
            )
            for row, hit in best.items()
        ]
        ranked.sort(key=lambda r: (-r[0], r[1], r[2].row))
        made = sorted((r for r in ranked[limit:] if r[2].probability > 0), key=lambda r: -r[2].probability)
        return ranked[:limit] + made[:limit]

    def _hits(self, text: str, keys: Sequence[str]) -> Iterator[_Hit]:
        for i, key in enumerate(keys):
            yield from self._named(key, Route.NAME, 1.0 - 0.01 * i)
            for form in self._layer.mangled(key):
                yield self._made(form.row, form.probability, form.damage)
            words = key.split(" ")
            if len(words) == 1 and len(key) > _SHORTEST_STEM:
                yield from self._exonyms(key)
            if 1 < len(words) <= _MOST_WORDS:
                for other in _rearranged(words):
                    yield from self._named(other, Route.REORDERED, 0.93)
        bare = strip_possessive(text)
        if bare.isupper():
            for key in index_keys(bare):
                yield from self._named(f"={key}", Route.INITIALS, 0.6)
        words = normalise(bare).split(" ")
        if len(words) <= _MOST_WORDS:
            yield from self._by_words(words)

    def _exonyms(self, key: str) -> Iterator[_Hit]:
        """Places by what another language calls them, with an ending of one of its cases."""
        for ending, own in ENDINGS:
            stem = key.removesuffix(ending) + own
            if not key.endswith(ending) or len(stem) < _SHORTEST_STEM:
                continue
            for row, rate in self._called_abroad(stem):
                yield self._made(row, _INFLECTED * rate, Damage.EXONYM)

    def _made(self, row: int, probability: float, damage: str) -> _Hit:
        """Whom a machine may have made the text of."""
        score = 0.5 + 0.4 * probability**0.25
        return _Hit(self._number, row, Route.MANGLED, self._canonical(row), score, probability, damage)

    def _called_abroad(self, key: str) -> Iterator[tuple[int, float]]:
        """The places that another language calls so, and how many of their damaged names are that."""
        for form in self._layer.mangled(key):
            if form.damage == Damage.EXONYM:
                yield form.row, form.probability
        name = self._layer.name_id(key)
        for row in self._layer.name_rows(name) if name is not None else ():
            is_place = self._layer.kinds[row] == PLACE_CODE
            if is_place and self._layer.entity(row).is_native_only(key) and not self._layer.names_people(key):
                yield row, EXONYM_PROBABILITY

    def _canonical(self, row: int) -> str:
        return normalise(self._layer.entity(row).name)

    def _named(self, key: str, route: Route, score: float) -> Iterator[_Hit]:
        name = self._layer.name_id(key)
        if name is not None:
            for row in self._layer.name_rows(name):
                yield _Hit(self._number, row, route, self._canonical(row) if key[0] == "=" else key, score)

    # ---- by words

    def _find_similar(self, word: str) -> tuple[_Word, ...]:
        """Words of the base that ``word`` may stand for, best first."""
        layer = self._layer
        found: dict[int, _Word] = {}
        own = layer.token_id(word)
        if own is not None:
            found[own] = _Word(own, word, 1.0, Route.FUZZY)
        for synonym, weight in layer.synonyms.get(word, {}).items():
            token = layer.token_id(synonym)
            if token is not None:
                found[token] = _Word(token, synonym, weight, Route.WORD_BAG)
        if len(word) >= 3 and word.isascii():
            if word.isalpha():
                by_sound = layer.tokens_with("sound", sound_key(word))
                self._take_similar(word, by_sound, _LEAST_SIMILARITY_BY_SOUND, True, found)
            begun, ended = layer.tokens_with_prefix(word[:3]), layer.tokens_with("suffix", word[-3:])
            near = np.concatenate((np.arange(begun.start, begun.stop, dtype=ended.dtype), ended))
            self._take_similar(word, near, _LEAST_SIMILARITY, False, found)
            if len(word) <= _SHORT_WORD and all(w.weight < _CLOSE for w in found.values()):
                begun = layer.tokens_with_prefix(word[:2])
                self._take_similar(word, np.arange(begun.start, begun.stop, dtype=ended.dtype), _CLOSE, False, found)
        likely = list(found.values())
        if len(likely) > _MOST_SIMILAR_WORDS:  # of those as near, those of the well known
            fame = self._fame
            likely.sort(key=lambda w: (w.route is not Route.WORD_BAG, -w.weight - fame[w.token], w.text))
        return tuple(sorted(likely[:_MOST_SIMILAR_WORDS], key=lambda w: (-w.weight, w.text)))

    @cached_property
    def _fame(self) -> npt.NDArray[np.float32]:
        """By word, how much the best known of those whose name has it adds to its likeness."""
        return (_FAME_BONUS / 255 * self._layer.token_popularity()).astype(np.float32)

    def _take_similar(self, word: str, pool: UInts, least: float, sounds: bool, found: dict[int, _Word]) -> None:
        """Add the words of the pool that are spelt like ``word``."""
        layer = self._layer
        lengths = layer.token_lengths[pool]
        fits = (lengths + _LENGTH_SLACK >= len(word)) & (lengths <= len(word) + _LENGTH_SLACK)
        tokens: list[int] = pool[fits].tolist()
        texts = [layer.tokens[t] for t in tokens]
        near = process.extract(
            word, texts, scorer=Levenshtein.normalized_similarity, score_cutoff=least, limit=_SIMILAR_WORDS_WEIGHED
        )
        for text, similarity, at in near:
            weight = max(similarity, _SOUND_WEIGHT * (0.5 + 0.5 * similarity)) if sounds else similarity
            route = Route.FUZZY if similarity >= _LEAST_SIMILARITY else Route.PHONETIC
            if tokens[at] not in found:
                found[tokens[at]] = _Word(tokens[at], text, weight, route)

    def _find_mass(self, word: str) -> float:
        """How much a word says about who is meant: rare ones much, function words next to nothing."""
        if word in self._function_words:
            return 0.1
        token = self._layer.token_id(word)
        if token is None:
            return _MASS_OF_UNKNOWN_WORD
        return max(0.15, 1.0 - math.log(1 + self._layer.token_frequency(token)) / self._log_names)

    def _by_words(self, words: Sequence[str]) -> Iterator[_Hit]:
        layer = self._layer
        meant = [self._similar(w) if len(w) > 1 and w not in self._function_words else () for w in words]
        common = [not m or layer.token_frequency(m[0].token) > _COMMON_WORD for m in meant]
        all_common = all(common)
        names, gains = [], []
        for word, similar, skip in zip(words, meant, common, strict=True):
            if not similar or (skip and not all_common):
                continue
            parts = [
                layer.token_names(s.token, _NAMES_OF_SAME_WORD if s.weight == 1.0 else _NAMES_OF_SIMILAR_WORD)
                for s in similar
            ]
            weights = np.repeat(np.array([s.weight for s in similar], np.float32), [len(p) for p in parts])
            ids, first = np.unique(np.concatenate(parts), return_index=True)  # the first is the most similar word
            names.append(ids)
            gains.append(weights[first] * self._mass(word))
        if not names:
            return
        ids, inverse = np.unique(np.concatenate(names), return_inverse=True)
        gain = np.bincount(inverse, np.concatenate(gains))
        if len(ids) > _NAMES_COMPARED:  # equal gains: the better known
            gain = gain + 0.05 / 255 * layer.popularity[layer.first_rows(ids)]
            top = np.argpartition(-gain, _NAMES_COMPARED)[:_NAMES_COMPARED]
            ids = ids[top]
            if 1 < len(names) <= _MOST_WORDS_APART:
                others = [self._best_known_of(part, weights) for part, weights in zip(names, gains, strict=True)]
                ids = np.unique(np.concatenate((ids, *others)))
        tables = [{s.text: s for s in similar} for similar in meant]
        for name in ids.tolist():
            text = layer.name_text(name)
            yield from self._compared(words, tables, text, layer.name_rows(name))

    def _best_known_of(self, names: UInts, gains: npt.NDArray[np.floating]) -> UInts:
        """The best known of the names that one word leads to: nobody is lost because another word of the mention is
        spelt like the names of many."""
        if len(names) <= _NAMES_OF_WORD:
            return names
        fame = gains + 0.5 / 255 * self._layer.popularity[self._layer.first_rows(names)]
        return names[np.argpartition(-fame, _NAMES_OF_WORD)[:_NAMES_OF_WORD]]

    def _compared(
        self, words: Sequence[str], tables: Sequence[dict[str, _Word]], name: str, rows: Sequence[int]
    ) -> Iterator[_Hit]:
        """How well the words of the mention cover a name, and it them."""
        name_words = name.split(" ")
        free = list(range(len(name_words)))
        matched = mine = 0.0
        routes: set[Route] = set()
        for word, table in zip(words, tables, strict=True):
            mass = self._mass(word)
            mine += mass
            best, at, route = 0.0, -1, Route.FUZZY
            for i in free:
                other = name_words[i]
                if other == word:
                    best, at, route = 1.0, i, Route.NAME
                    break
                similar = table.get(other)
                if similar is not None and similar.weight > best:
                    best, at, route = similar.weight, i, similar.route
                elif (len(word) == 1 or len(other) == 1) and word[0] == other[0] and best < 0.6:
                    best, at, route = 0.6, i, Route.INITIALS
            if at < 0 and len(word) > 2 and len(words) <= _MOST_WORDS_APART:
                for i in free:
                    if abs(len(word) - len(name_words[i])) <= _LENGTH_SLACK + 1:
                        like = likeness(word, name_words[i])
                        if like > best and like >= _LEAST_BY_EAR:
                            best, at, route = like, i, Route.FUZZY
            if at >= 0:
                free.remove(at)
                matched += best * mass
                routes.add(route)
        coverage = matched / mine
        if coverage < _LEAST_COVERAGE:
            return
        theirs = sum(map(self._mass, name_words))
        recall = min(1.0, matched / theirs)
        if len(words) == 1 and len(name_words) > 1:
            yield from self._short(words[0], tables[0], name_words, name, rows)
            return
        route = _route(routes, whole=not free or all(name_words[i] in self._function_words for i in free))
        score = 0.9 * (0.65 * coverage + 0.35 * recall)
        for row in rows:
            yield _Hit(self._number, row, route, name, score)

    def _short(
        self, word: str, table: dict[str, _Word], name_words: Sequence[str], name: str, rows: Sequence[int]
    ) -> Iterator[_Hit]:
        """One word of the mention against names of several: a surname, a given name, or a part."""
        first, last = (
            1.0 if w == word else table[w].weight if w in table else 0.0 for w in (name_words[0], name_words[-1])
        )
        inner = max((1.0 if w == word else table[w].weight if w in table else 0.0 for w in name_words), default=0.0)
        for row in rows:
            if self._layer.kinds[row] != PERSON_CODE:
                yield _Hit(self._number, row, Route.PART, name, 0.5 * inner)
                continue
            country = self._layer.manifest["countries"][int(self._layer.countries[row])]
            surname, given = (first, last) if country in SURNAME_FIRST else (last, first)
            route, score = (Route.SURNAME, 0.6 * surname) if surname >= given else (Route.GIVEN_NAME, 0.5 * given)
            if inner > max(surname, given):
                route, score = Route.PART, 0.45 * inner
            yield _Hit(self._number, row, route, name, score)


def _rearranged(words: Sequence[str]) -> Iterator[str]:
    """Other orders that names come in (surname first or last), and neighbouring words joined."""
    if len(words) <= 4:
        yield " ".join((*words[1:], words[0]))
        if len(words) > 2:
            yield " ".join((words[-1], *words[:-1]))
        for i, (left, right) in enumerate(pairwise(words)):
            yield " ".join((*words[:i], left + right, *words[i + 2 :]))


def _route(routes: set[Route], *, whole: bool) -> Route:
    """One word for how several words matched: the weakest link names the chain."""
    if Route.INITIALS in routes:
        return Route.INITIALS
    if not whole:
        return Route.PART
    if Route.PHONETIC in routes:
        return Route.PHONETIC
    if Route.FUZZY in routes:
        return Route.FUZZY
    return Route.WORD_BAG
