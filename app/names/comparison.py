"""A name as the document has it, beside one candidate, and what a feature may say of the two."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from app.names.background import Attested
from app.names.candidates import Candidate, Route
from app.names.likeness import Pair, align, likeness
from app.names.mangle.forms import Damage
from app.names.mangle.readback import words_read_back
from app.names.mentions import Mention, MentionKind
from app.names.normalise import normalise
from app.names.offices import FUNCTION_WORDS
from app.names.store import Entity, EntityKind


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one feature says: a score, mostly 0 to 1, and the detail behind it."""

    feature: str
    score: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What a document says that bears on every name in it."""

    years: tuple[int, ...] = ()  # named in the text, in order
    countries: Mapping[str, int] = field(default_factory=dict)  # ISO code -> how often it is named
    countries_of_segment: Mapping[int, frozenset[str]] = field(default_factory=dict)
    known: Mapping[str, Entity] = field(default_factory=dict)  # entities whose name stands in the text as it should
    known_places: frozenset[str] = frozenset()  # names of the places among them
    known_in: Mapping[str, frozenset[int]] = field(default_factory=dict)  # by id, the segments that they stand in
    hinted: frozenset[str] = frozenset()  # ids that the caller knows to be in the text


_YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")


def years_of(text: str) -> tuple[int, ...]:
    """The years that a text names, in order."""
    return tuple(int(y) for y in _YEAR.findall(text))


@dataclass(frozen=True)
class Reading:
    """A name as it stands in the document, in all its places."""

    text: str
    mentions: tuple[Mention, ...]
    preceded_by: frozenset[str] = frozenset()  # the words before it, in lower case
    followed_by: frozenset[str] = frozenset()  # the words right behind it, as they stand
    acronyms: frozenset[str] = frozenset()  # in brackets right behind it, in small letters: *(NNF)*
    known_words: Mapping[str, int] = field(default_factory=dict)  # in how many names of the base its words stand
    in_use: Mapping[str, float] = field(default_factory=dict)  # how often people write its words: Zipf's scale
    beside: frozenset[str] = frozenset()  # ISO codes of the countries named within a few words of it
    ends_another: bool = False  # a longer name of the document ends in it: it is somebody's surname as it stands
    calling: str = ""  # what the text calls somebody, a noun that few people of the base are called by
    is_town: bool = False  # a town or village, maybe one that the base lacks, is called so
    is_capital: bool = False  # the text calls it a capital
    # Log odds that the words around it stand around such a name of the base, beyond those of any name.
    surroundings: Mapping[EntityKind, float] = field(default_factory=dict)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Its words in canonical form."""
        return tuple(normalise(self.text).split())

    @cached_property
    def kinds(self) -> frozenset[MentionKind]:
        """What its places say that it is."""
        return frozenset(m.kind for m in self.mentions) - {MentionKind.UNKNOWN}

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """Titles before and descriptions after it, once each."""
        said = [said for m in self.mentions for said in (m.title, m.office, m.description)]
        return tuple(dict.fromkeys(t for t in said if t))


LOST = frozenset((Damage.DROPPED_CHARACTER.value, Damage.SHORTENED.value))
READ = frozenset(
    d.value for d in (Damage.WRONG_READING, Damage.OTHER_LANGUAGE, Damage.HOMOPHONE, Damage.HAN, Damage.TRANSLATED)
)
_FAR = LOST | READ


@dataclass(frozen=True, slots=True)
class Comparison:
    """A reading beside one candidate, word by word, and how close the best rival comes."""

    reading: Reading
    candidate: Candidate
    pairs: tuple[Pair, ...]
    unpaired_found: tuple[str, ...]
    unpaired_meant: tuple[str, ...]
    similarity: float
    rival_similarity: float  # of the best candidate with another name
    context: Context
    attested: Attested
    rival_share: float = 0.0  # how likely, beside this one, machines made the text of another entity's name: 0 to 1
    is_sole_bag: bool = False  # no other entity has these words, synonyms counted
    is_sole_start: bool = False  # no other candidate has the words that agree, and this letter
    # How alike the changed words of a name and what its native names give, read back, are: the least of them.
    read_back: float = 0.0

    @property
    def changed(self) -> tuple[Pair, ...]:
        """The pairs that differ."""
        return tuple(p for p in self.pairs if not p.is_same)

    @property
    def is_mangled(self) -> bool:
        """Whether machines are known to make the text of the name, by whichever route it was found."""
        return self.candidate.probability > 0

    @property
    def is_far(self) -> bool:
        """The same, where letters say little: characters lost, read otherwise or translated."""
        return self.is_mangled and self.candidate.damage in _FAR

    @property
    def is_read_back(self) -> bool:
        """Whether every changed word of a full name, or of a place, is one that a native name gives, read back."""
        return self.read_back >= READ_BACK

    @property
    def is_literal(self) -> bool:
        """Whether the text has the name of a place or a body translated by its words."""
        is_translated = self.is_mangled and self.candidate.damage == Damage.TRANSLATED
        return is_translated and self.candidate.entity.kind is not EntityKind.PERSON and len(self.reading.words) > 1

    @property
    def is_reworded(self) -> bool:
        """Whether words tell what is meant, and not their letters."""
        return self.is_bag or self.is_literal

    @property
    def is_exonym(self) -> bool:
        """Whether another language calls the place that."""
        return self.is_mangled and self.candidate.damage == Damage.EXONYM

    @property
    def is_bag(self) -> bool:
        """Whether an organisation's words agree in whatever order, synonyms counted as the same."""
        return is_bag(self.reading, self.candidate)


def is_bag(reading: Reading, candidate: Candidate) -> bool:
    """Whether an organisation's words agree with those of a name in whatever order, synonyms counted as the same."""
    if candidate.route is not Route.WORD_BAG or candidate.entity.kind is not EntityKind.ORGANISATION:
        return False
    found = [w for w in reading.words if w not in FUNCTION_WORDS]
    return len(found) == sum(w not in FUNCTION_WORDS for w in normalise(candidate.name).split())


def compare(
    reading: Reading,
    candidate: Candidate,
    rival_similarity: float,
    context: Context,
    attested: Attested,
    rival_share: float = 0.0,
    *,
    is_sole_bag: bool = False,
    is_sole_start: bool = False,
) -> Comparison:
    """Lay the words of a candidate's name beside those of the text."""
    name = tuple(normalise(candidate.name).split())
    pairs, found, meant = align(reading.words, name)
    similarity = likeness(" ".join(reading.words), " ".join(name))
    read_back = 0.0
    if _may_be_read_back(reading, candidate.entity, similarity):
        made = words_read_back(candidate.entity)
        if found and len(found) == len(meant) and _are_read_back(found, name, made):
            # *Zhak* has hardly a letter of *Jacques*.
            more = [Pair(a, b, likeness(a, b)) for a, b in zip(found, meant, strict=True)]
            pairs, found, meant = tuple(sorted((*pairs, *more), key=lambda p: name.index(p.meant))), (), ()
        read_back = _read_back([p for p in pairs if not p.is_same], made)
    return Comparison(
        reading,
        candidate,
        pairs,
        found,
        meant,
        similarity,
        rival_similarity,
        context,
        attested,
        rival_share,
        is_sole_bag,
        is_sole_start,
        read_back,
    )


READ_BACK = 0.85  # likeness from which on a word is what a native name gives
_NEARER = 0.1  # likeness that such a word is ahead of the name's own: else it tells nothing that letters do not
_LEAST_KNOWN = 0.45  # of popularity: reading back takes half a millisecond
_LEAST_LIKE = {EntityKind.PERSON: 0.5, EntityKind.PLACE: 0.6}  # of names, for the same reason


def _may_be_read_back(reading: Reading, entity: Entity, similarity: float) -> bool:
    """Whether native names may tell: of a full name of a person, and of a place, that are known and at all alike."""
    if not entity.native or entity.popularity < _LEAST_KNOWN or similarity < _LEAST_LIKE.get(entity.kind, 2.0):
        return False
    return entity.kind is EntityKind.PLACE or len(reading.words) > 1


def _read_back(changed: Iterable[Pair], made: Collection[str]) -> float:
    """How alike the words of the text and what native names give are: the least of them, those left out whose own word
    is about as near; 0 where that is nearer and not near."""
    likes = [(_likest(p.found, made), p.similarity) for p in changed]
    if any(like - own < _NEARER and own < READ_BACK for like, own in likes):
        return 0.0
    return min((like for like, own in likes if like - own >= _NEARER), default=0.0)


def _are_read_back(found: Iterable[str], name: Sequence[str], made: Iterable[str]) -> bool:
    """Whether words that are like none of the name's are what a native name gives for words that are hardly like it."""
    unlike = [word for word in made if _likest(word, name) < READ_BACK]
    return all(_likest(word, unlike) >= READ_BACK for word in found)


def _likest(word: str, others: Collection[str]) -> float:
    return 1.0 if word in others else max((likeness(word, other) for other in others), default=0.0)
