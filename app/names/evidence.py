"""Small scores that speak for or against a candidate, each with a reason that an editor understands.

Every feature is a function of what the document says about a name (``Reading``), of a candidate and of the other
candidates (``Comparison``). It returns ``Evidence`` or ``None`` where it has nothing to say, which counts as 0.
Weights are learned (``app.names.link``): the sign of a feature is not fixed here, its meaning is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files
from math import log10, prod

import regex
from rapidfuzz.distance import JaroWinkler, Levenshtein, Prefix

from app.names.background import Attested
from app.names.candidates import ENDINGS, Candidate, Route
from app.names.given_names import are_equivalent, is_given_name
from app.names.mangle import chinese, japanese
from app.names.mangle.forms import Damage
from app.names.mangle.noise import respelling_probability
from app.names.mentions import Mention, MentionKind
from app.names.normalise import normalise
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
    hinted: frozenset[str] = frozenset()  # ids that the caller knows to be in the text


@dataclass(frozen=True)
class Reading:
    """A name as it stands in the document, in all its places."""

    text: str
    mentions: tuple[Mention, ...]
    preceded_by: frozenset[str] = frozenset()  # the words before it, in lower case
    known_words: Mapping[str, int] = field(default_factory=dict)  # in how many names of the base its words stand
    in_use: Mapping[str, float] = field(default_factory=dict)  # how often people write its words: Zipf's scale
    beside: frozenset[str] = frozenset()  # ISO codes of the countries named within a few words of it
    ends_another: bool = False  # a longer name of the document ends in it: it is somebody's surname as it stands
    is_town: bool = False  # a town or village, maybe one that the base lacks, is called so

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


_LONG = 9  # letters: few names are so long and differ in one


@dataclass(frozen=True, slots=True)
class Pair:
    """A word of the text and the word of the name that it may stand for."""

    found: str
    meant: str
    similarity: float  # 0 to 1

    @property
    def is_same(self) -> bool:
        return self.found == self.meant

    @property
    def is_slight(self) -> bool:
        """Whether one letter is lost or added, by sound too, a long word has another letter, or there is an ending."""
        if self.found.startswith(self.meant) or self.meant.startswith(self.found):
            return True
        distance = Levenshtein.distance(self.found, self.meant)
        if distance == 1 and (len(self.found) != len(self.meant) or len(self.meant) >= _LONG):
            return True
        found, meant = sound(self.found), sound(self.meant)
        return found == meant or (len(found) != len(meant) and Levenshtein.distance(found, meant) == 1)


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
    def is_exonym(self) -> bool:
        """Whether another language calls the place that."""
        return self.is_mangled and self.candidate.damage == Damage.EXONYM

    @property
    def is_bag(self) -> bool:
        """Whether an organisation's words agree in whatever order, synonyms counted as the same."""
        candidate = self.candidate
        if candidate.route is not Route.WORD_BAG or candidate.entity.kind is not EntityKind.ORGANISATION:
            return False
        found = [w for w in self.reading.words if w not in _FUNCTION_WORDS]
        return len(found) == sum(w not in _FUNCTION_WORDS for w in normalise(candidate.name).split())


_LOST = frozenset((Damage.DROPPED_CHARACTER.value, Damage.SHORTENED.value))
_READ = frozenset(
    d.value for d in (Damage.WRONG_READING, Damage.OTHER_LANGUAGE, Damage.HOMOPHONE, Damage.HAN, Damage.TRANSLATED)
)
_ROUND_TRIP = frozenset(d.value for d in (Damage.KATAKANA, Damage.HANGUL, Damage.CYRILLIC, Damage.ARABIC))
_FAR = _LOST | _READ


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
    pairs, found, meant = align(reading.words, tuple(normalise(candidate.name).split()))
    similarity = likeness(" ".join(reading.words), normalise(candidate.name))
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
    )


@lru_cache(maxsize=20_000)
def likeness(a: str, b: str) -> float:
    """How alike two canonical forms are: letters, or what is left of the sound."""
    return max(Levenshtein.normalized_similarity(a, b), 0.9 * Levenshtein.normalized_similarity(sound(a), sound(b)))


_LEAST_PAIRED = 0.34


@lru_cache(maxsize=20_000)
def align(found: tuple[str, ...], meant: tuple[str, ...]) -> tuple[tuple[Pair, ...], tuple[str, ...], tuple[str, ...]]:
    """Pair words, the most alike first; the order of words does not matter.

    Returns:
        The pairs in the order of the name, and the words of either side that have no counterpart.
    """
    scored = sorted(
        (-(1.0 if a == b else min(0.99, likeness(a, b))), abs(i - j), i, j)
        for i, a in enumerate(found)
        for j, b in enumerate(meant)
    )
    of_meant: dict[int, tuple[int, float]] = {}
    used: set[int] = set()
    for negative, _, i, j in scored:
        if j not in of_meant and i not in used and -negative >= _LEAST_PAIRED:
            of_meant[j] = (i, -negative)
            used.add(i)
    pairs = tuple(Pair(found[i], meant[j], s) for j, (i, s) in sorted(of_meant.items()))
    return (
        pairs,
        tuple(w for i, w in enumerate(found) if i not in used),
        tuple(w for j, w in enumerate(meant) if j not in of_meant),
    )


_CLUSTERS = (
    ("tsch", "c"), ("tch", "c"), ("sch", "s"), ("dzh", "j"), ("dž", "j"), ("sh", "s"), ("ch", "c"), ("cz", "c"),
    ("kh", "h"), ("ph", "f"), ("th", "t"), ("gh", "g"), ("zh", "z"), ("ck", "k"), ("qu", "kv"), ("x", "ks"),
    ("ou", "u"), ("oo", "u"), ("ee", "i"), ("ae", "e"), ("yu", "iu"), ("ya", "ia"), ("ye", "e"), ("ie", "e"),
)  # fmt: skip
_LETTERS = str.maketrans({"w": "v", "y": "i", "q": "k", "z": "s", "j": "i"})
_DOUBLED = regex.compile(r"(\p{L})\1+")


@lru_cache(maxsize=50_000)
def sound(text: str) -> str:
    """A rough spelling by sound, the same for rival romanisations of one name; vowels stay."""
    for written, heard in _CLUSTERS:
        text = text.replace(written, heard)
    text = regex.sub(r"c(?=[aouklrt])", "k", text).translate(_LETTERS)
    return _DOUBLED.sub(r"\1", text)


# ---------------------------------------------------------------- countries and roles


@lru_cache(maxsize=1)
def demonyms() -> dict[str, str]:
    """Canonical form of an adjective or of the people of a country -> ISO code."""
    table: dict[str, str] = {}
    for line in (files("app.names") / "data" / "demonyms.tsv").read_text(encoding="utf-8").splitlines():
        code, words = line.split("\t")
        table.update((normalise(word), code) for word in words.split())
    return table


_FUNCTION_WORDS = frozenset(
    [
        "of",
        "the",
        "and",
        "for",
        "in",
        "on",
        "to",
        "at",
        "a",
        "an",
        "de",
        "la",
        "s",
        "mr",
        "mrs",
        "ms",
        "dr",
        "sir",
        "former",
        "ex",
        "then",
        "current",
        "new",
        "deputy",
        "vice",
        "acting",
        "first",
        "late",
        "his",
        "her",
        "its",
        "their",
        "our",
        "state",
        "party",
    ]
)
_HEADS = frozenset(
    [
        "president",
        "premier",
        "minister",
        "chancellor",
        "king",
        "queen",
        "prince",
        "princess",
        "emperor",
        "pope",
        "senator",
        "representative",
        "member",
        "deputy",
        "governor",
        "mayor",
        "ambassador",
        "secretary",
        "general",
        "director",
        "chairman",
        "chairwoman",
        "chair",
        "chief",
        "judge",
        "justice",
        "congressman",
        "congresswoman",
        "speaker",
        "commissioner",
        "leader",
        "chairperson",
        "head",
        "professor",
        "spokesman",
        "spokesperson",
        "spokeswoman",
        "founder",
        "captain",
        "colonel",
        "admiral",
        "lieutenant",
        "marshal",
        "commander",
        "parliamentarian",
        "lawmaker",
        "foreign",
        "defence",
        "defense",
        "finance",
        "interior",
        "prime",
        "economy",
        "health",
        "education",
        "environment",
        "trade",
        "justice",
        "agriculture",
    ]
)
_SAME_HEAD = {
    "premier": "prime minister", "defense": "defence", "lawmaker": "member", "parliamentarian": "member",
    "congressman": "representative", "congresswoman": "representative", "chairwoman": "chairman", "chair": "chairman",
    "chairperson": "chairman", "mp": "member", "economic": "economy", "financial": "finance", "affairs": "",
    "republic": "", "rural": "agriculture", "pm": "prime minister", "external": "foreign",
    "gov": "governor", "sen": "senator", "rep": "representative", "gen": "general", "amb": "ambassador",
    "prof": "professor", "capt": "captain", "col": "colonel", "lt": "lieutenant", "pres": "president",
}  # fmt: skip


@lru_cache(maxsize=20_000)
def role_words(text: str) -> frozenset[str]:
    """The words of a title or role that say what the office is, rivals of one word made one."""
    found: set[str] = set()
    for word in normalise(text).split():
        found.update(_SAME_HEAD.get(word, word).split())
    return frozenset(found & _HEADS)


# Words that many offices share: a finance minister is no foreign minister.
_RANKS = frozenset(
    (
        "minister",
        "secretary",
        "general",
        "member",
        "deputy",
        "chief",
        "director",
        "head",
        "judge",
        "ambassador",
        "chairman",
    )
)


def fit_of_roles(titles: Sequence[str], entity: Entity) -> tuple[float, str, str]:
    """How well what the text calls somebody fits what they were: share of the title's words found in one role.

    Returns:
        0 to 1, the title and the role that fit best. A title that says no office ("Mr") gives 0 and no title.
    """
    best = (0.0, "", "")
    for title in titles:
        wanted = role_words(title)
        if not wanted:
            continue
        if not best[1]:
            best = (0.0, title, "")
        for role in entity.roles:
            had = role_words(role.title)
            if wanted - _RANKS and not (wanted - _RANKS) & had:
                continue
            fit = len(wanted & had) / len(wanted)
            if had and len(had - wanted) > 1 and fit == 1:
                fit = 0.8
            if fit > best[0]:
                best = (fit, title, role.title)
    return best


_OF_FEW = frozenset(
    (
        "president",
        "prime",
        "chancellor",
        "king",
        "queen",
        "emperor",
        "pope",
        "foreign",
        "defence",
        "finance",
        "interior",
        "economy",
    )
)


def is_of_few(title: str) -> bool:
    """Whether a title is an office that one or two hold in a country at a time: head of state or of government, or a
    great ministry."""
    return bool(role_words(title) & _OF_FEW)


def fit_of_body(titles: Sequence[str], entity: Entity) -> str:
    """A word of a title or description that says where somebody serves and that stands in one of their roles: the
    committee, the chamber, the institute. Countries and ranks are not among them."""
    for title in titles:
        for word in _body_words(title):
            if any(word in _body_words(role.title) for role in entity.roles):
                return word
    return ""


@lru_cache(maxsize=20_000)
def _body_words(text: str) -> tuple[str, ...]:
    words = normalise(re.sub(r"['’]s\b", "", text)).split()
    known = _FUNCTION_WORDS | _HEADS | _RANKS | _SAME_HEAD.keys() | demonyms().keys() | _country_names().keys()
    return tuple(w for w in words if len(w) > 3 and w not in known and w not in _COUNTRY_WORDS)


_COUNTRY_WORDS = frozenset(
    ["united", "states", "kingdom", "people", "national", "federal", "general", "central", "union"]
)


# ---------------------------------------------------------------- the features


def same_spelling(c: Comparison) -> Evidence:
    """How much of the spelling is the same."""
    return Evidence("spelling", c.similarity, f"“{c.reading.text}” is spelt much like {c.candidate.name}")


def worst_word(c: Comparison) -> Evidence | None:
    """The least alike of the paired words."""
    if c.is_bag:
        return None
    return Evidence("worst_word", min((p.similarity for p in c.pairs), default=0.0))


def same_sound(c: Comparison) -> Evidence | None:
    """The changed words sound the same."""
    if not c.changed or c.is_bag:
        return None
    score = min(Levenshtein.normalized_similarity(sound(p.found), sound(p.meant)) for p in c.changed)
    word = min(c.changed, key=lambda p: p.similarity)
    return Evidence("sound", score, f"“{word.found}” sounds like “{word.meant}”")


def same_words(c: Comparison) -> Evidence | None:
    """Letters of the name that stand in words spelt as they should."""
    total = sum(len(p.meant) for p in c.pairs) + sum(map(len, c.unpaired_meant))
    same = [p.meant for p in c.pairs if p.is_same]
    if not same or not total:
        return None
    return Evidence("same_words", sum(map(len, same)) / total, f"“{' '.join(same)}” agrees")


def rare_words(c: Comparison) -> Evidence | None:
    """Words that agree and that few names have: a rare given name says more than a common one."""
    same = [p.meant for p in c.pairs if p.is_same and len(p.meant) > 2]
    if not same:
        return None
    best = max(same, key=lambda w: -c.attested.as_name(w))
    rarity = 1 - c.attested.as_name(best)
    return Evidence("rare_words", rarity, f"“{best}” is rare") if rarity > 0 else None


def same_surname(c: Comparison) -> Evidence | None:
    """The last word of the name agrees, and another differs."""
    if not c.changed or not c.pairs or not c.pairs[-1].is_same:
        return None
    return Evidence("same_surname", 1.0)


def other_order(c: Comparison) -> Evidence | None:
    """The words agree, their order does not."""
    if c.changed or c.unpaired_found or c.unpaired_meant or len(c.pairs) < 2:
        return None
    return Evidence("other_order", 1.0, "the words stand in another order")


def same_start(c: Comparison) -> Evidence | None:
    """Share of the changed words that begin alike: machines garble ends more than beginnings."""
    if not c.changed:
        return None
    return Evidence("same_start", min(JaroWinkler.similarity(p.found[:3], p.meant[:3]) for p in c.changed))


def is_cut_or_grown(c: Comparison) -> Evidence | None:
    """One form is the other with letters at the end: an ending of the source language, or a lost one."""
    changed = c.changed
    if changed and all(p.found.startswith(p.meant) and len(p.found) - len(p.meant) <= 3 for p in changed):
        ends = [p.found[len(p.meant) :] for p in changed]
        return Evidence("ending", 1.0, f"“-{ends[0]}” looks like an ending of another language")
    return None


def is_truncated(c: Comparison) -> Evidence | None:
    """The text has the beginning of the word only."""
    if c.changed and all(p.meant.startswith(p.found) for p in c.changed):
        return Evidence("truncated", 1.0, "the end of the name is missing")
    return None


def is_mangled(c: Comparison) -> Evidence | None:
    """A machine is known to make this form of the name."""
    if not c.is_mangled or c.is_exonym:
        return None
    return Evidence(
        "mangled", _mangled(c), f"machines make this of {c.candidate.name} ({c.candidate.damage.replace('_', ' ')})"
    )


def _mangled(c: Comparison) -> float:
    return min(1.0, max(0.1, 1 + log10(c.candidate.probability) / 4))


def is_lost(c: Comparison) -> Evidence | None:
    """A character, or a word, that machines are known to leave out of the name is missing."""
    return Evidence("mangled_lost", _mangled(c)) if c.is_mangled and c.candidate.damage in _LOST else None


def is_read(c: Comparison) -> Evidence | None:
    """Its characters, read otherwise or in another language, or its words, translated, give the text."""
    return Evidence("mangled_read", _mangled(c)) if c.is_mangled and c.candidate.damage in _READ else None


def is_round_trip(c: Comparison) -> Evidence | None:
    """Written in another script and read back the name gives the text."""
    return Evidence("round_trip", _mangled(c)) if c.is_mangled and c.candidate.damage in _ROUND_TRIP else None


def is_far_and_fits(c: Comparison) -> Evidence | None:
    """Letters say little, but office or body are those of the entity: two signs that do not depend on each other."""
    if not c.is_far:
        return None
    fit = fit_of_roles(c.reading.titles, c.candidate.entity)[0]
    body = fit_of_body(c.reading.titles, c.candidate.entity)
    score = 0.5 * fit + 0.5 * bool(body)
    return Evidence("far_fits", score) if score else None


def is_far_abroad(c: Comparison) -> Evidence | None:
    """Letters say little, and nothing in the text speaks of the entity's country."""
    if not c.is_far:
        return None
    country = c.candidate.entity.country
    named = country in c.context.countries or any(e.country == country for e in c.context.known.values())
    return None if named else Evidence("far_abroad", 1.0)


def is_exonym(c: Comparison) -> Evidence | None:
    """Another language calls the place that, with or without an ending of a case."""
    return Evidence("exonym", c.similarity, "another language calls the place that") if c.is_exonym else None


def respelt(c: Comparison) -> Evidence | None:
    """How often machines make the letters of the text of those of the name, as real pairs show it."""
    if not c.changed or c.is_bag or c.is_exonym:
        return None
    rate = prod(respelling_probability(p.meant, p.found) for p in c.changed)
    return Evidence("respelt", max(0.0, 1 + log10(rate) / 5)) if rate > 0 else None


def case_ending(c: Comparison) -> Evidence | None:
    """An ending that machines are known to leave on names: *Craiovei*, *Podolskis*."""
    if not c.changed or c.is_exonym or any(c.attested.as_word(p.found) for p in c.changed):
        return None
    if not _is_cut_at_apostrophe(c) and not all(_has_case_ending(p) for p in c.changed):
        return None
    return Evidence("case_ending", 1.0, f"“{c.changed[0].found}” has a case ending of another language")


def _is_cut_at_apostrophe(c: Comparison) -> bool:
    """Whether the text is the name with an apostrophe and a case ending behind it."""
    name = before_apostrophe(c.reading.text)
    return bool(name) and normalise(name) == normalise(c.candidate.name)


def before_apostrophe(text: str) -> str:
    """What stands before an apostrophe and a case ending, as Turkish parts them: *Adana'ya*; empty if nothing does."""
    ending = _TURKISH.search(text)
    return text[: ending.start()] if ending is not None else ""


# No vowel alone: *Lana'i*, *San'a*.
_TURKISH = regex.compile(r"['’](?:n?[dt][ae]n?|y[aeıiuü]|n?[ıiuü]n|n?[dt][ae]ki)$")


def _has_case_ending(p: Pair) -> bool:
    shared = Prefix.similarity(p.found, p.meant)
    return shared >= _SHORTEST_STEM and (p.found[shared:], p.meant[shared:]) in _CASE_ENDINGS


_SHORTEST_STEM = 4
_CASE_ENDINGS = frozenset(ENDINGS)


def office_and_word(c: Comparison) -> Evidence | None:
    """The office is theirs, and so is one of the names: two signs that do not depend on each other."""
    if c.candidate.entity.kind is not EntityKind.PERSON or not any(p.is_same and len(p.meant) > 2 for p in c.pairs):
        return None
    fit = fit_of_roles(c.reading.titles, c.candidate.entity)[0]
    return Evidence("office_and_word", fit) if fit else None


def same_given_name(c: Comparison) -> Evidence | None:
    """One given name in two languages, and all else agrees: machines translate those."""
    if c.candidate.entity.kind is not EntityKind.PERSON or len(c.changed) != 1 or len(c.pairs) < 2:
        return None
    p = c.changed[0]
    if not are_equivalent(p.found, p.meant):
        return None
    return Evidence("same_given_name", 1.0, f"“{p.found}” is “{p.meant}” in another language")


def sole_start(c: Comparison) -> Evidence | None:
    """Nobody else who may be meant has the words that agree and a name that begins so."""
    return Evidence("sole_start", 1.0, "nobody else of that name begins so") if c.is_sole_start else None


def mangled_rival(c: Comparison) -> Evidence | None:
    """Machines may as well have made the text of another name."""
    if not c.is_mangled or c.is_exonym or c.rival_share <= 0:
        return None
    return Evidence("mangled_rival", c.rival_share, "another name may have become this as well")


def same_bag(c: Comparison) -> Evidence | None:
    """An organisation whose words are these, in whatever order, synonyms counted as the same."""
    if not c.is_bag:
        return None
    return Evidence("word_bag", 1.0, f"the words mean the same as {c.candidate.name}")


def sole_bag(c: Comparison) -> Evidence | None:
    """No other organisation has these words."""
    if not c.is_bag or not c.is_sole_bag:
        return None
    return Evidence("sole_bag", 1.0, "no other organisation is called that")


def _is_inflected(c: Comparison) -> bool:
    """Whether only the end of each changed word differs, as far as endings of cases reach: *Craiovei* for *Craiova*."""
    return bool(c.changed) and all(_is_ending(p) for p in c.changed)


def _shared_start(p: Pair) -> int:
    shared = Prefix.similarity(p.found, p.meant)
    return shared if len(p.found) - shared <= _LONGEST_ENDING else 0


_LONGEST_ENDING = 4


def famous_ending(c: Comparison) -> Evidence | None:
    """A well-known place with an ending of another language, in a form that English never has."""
    if c.candidate.entity.kind is not EntityKind.PLACE or not _is_inflected(c):
        return None
    if any(c.attested.as_name(p.found) or c.attested.as_word(p.found) for p in c.changed):
        return None
    return Evidence("famous_ending", fame_of(c)) if fame_of(c) else None


def fame_of(c: Comparison) -> float:
    """How well edited English knows the least known of the words that the text would get."""
    return min((c.attested.as_name(p.meant) for p in c.changed), default=0.0)


def fame_of_all(c: Comparison) -> float:
    """The same, of all words of the name."""
    return min((c.attested.as_name(w) for w in normalise(c.candidate.name).split()), default=0.0)


def is_cut_in_place(c: Comparison) -> Evidence | None:
    """A case ending after a preposition of place: *in Dubais*; without one it may be the people of the place."""
    if c.candidate.entity.kind is not EntityKind.PLACE or not _is_inflected(c):
        return None
    return Evidence("placed_ending", 1.0) if c.reading.preceded_by & _PLACE_WORDS else None


def obscure_place(c: Comparison) -> Evidence | None:
    """A place that edited English hardly knows."""
    if c.candidate.entity.kind is not EntityKind.PLACE:
        return None
    return Evidence("obscure_place", 1.0 - fame_of_all(c))


def well_formed(c: Comparison) -> Evidence | None:
    """The words that would change are made of the syllables of the language: Chinese and Japanese have a name for
    nearly every row of them."""
    if not c.changed or (c.is_far and c.candidate.entity.kind is not EntityKind.PLACE):
        return None
    country = c.candidate.entity.country
    if country in _CHINESE:
        formed = all(chinese.split(p.found) and chinese.split(p.meant) for p in c.changed)
    elif country == "JP":
        formed = all(japanese.is_romaji(p.found) and japanese.is_romaji(p.meant) for p in c.changed)
    else:
        return None
    return Evidence("well_formed", 1.0, "may be another name of that language") if formed else None


_CHINESE = frozenset(("CN", "TW", "HK", "MO", "SG"))


def attested_variant(c: Comparison) -> Evidence | None:
    """Another romanisation that edited English has, too: both are right."""
    if variant(c) is None or not all(c.attested.as_name(p.found) for p in c.changed):
        return None
    return Evidence("attested_variant", 1.0)


def known_form(c: Comparison) -> Evidence | None:
    """A word that would change is a form of the same name that edited English has: *Mikhail* for *Mikheil*."""
    if c.candidate.entity.kind is not EntityKind.PERSON or another_name(c) is not None:
        return None
    seen = max((c.attested.as_name(p.found) for p in c.changed), default=0.0)
    return Evidence("known_form", min(1.0, 2 * seen), "another form of the name") if seen else None


def unvouched(c: Comparison) -> Evidence | None:
    """Somebody few know, and nothing but the letters speaks for them: it may be a private person."""
    entity = c.candidate.entity
    if entity.kind is not EntityKind.PERSON or entity.popularity >= _WELL_KNOWN:
        return None
    if entity.id in c.context.known or entity.country in c.context.countries:
        return None
    if fit_of_roles(c.reading.titles, entity)[0] > 0 or companions(c) is not None:
        return None
    return Evidence("unvouched", 1 - entity.popularity)


_WELL_KNOWN = 0.6


def short_name(c: Comparison) -> Evidence | None:
    """A short name: one letter makes another of it."""
    if c.candidate.entity.kind is not EntityKind.PERSON or c.is_mangled or not c.changed:
        return None
    letters = sum(map(len, c.reading.words))
    return Evidence("short_name", min(1.0, (13 - letters) / 6)) if letters < 13 else None


def body_fits(c: Comparison) -> Evidence | None:
    """What the text says of them names the body that they belonged to."""
    word = fit_of_body(c.reading.titles, c.candidate.entity)
    return Evidence("body", 1.0, f"belonged to the “{word}” that is named here") if word else None


def length(c: Comparison) -> Evidence:
    """The longer a name, the less is a likeness by chance."""
    return Evidence("length", min(1.0, len(normalise(c.candidate.name)) / 20))


def changed_length(c: Comparison) -> Evidence:
    """Letters of the words that change: short words are like too many others."""
    return Evidence("changed_length", min(1.0, min((len(p.meant) for p in c.changed), default=0) / 10))


def edits_per_letter(c: Comparison) -> Evidence | None:
    """How many letters change, whatever the length."""
    if c.is_bag:
        return None
    return Evidence("distance", min(1.0, sum(Levenshtein.distance(p.found, p.meant) for p in c.changed) / 6))


def missing_words(c: Comparison) -> Evidence | None:
    """Words of the name that the text lacks."""
    return Evidence("missing_words", min(1.0, len(c.unpaired_meant) / 2)) if c.unpaired_meant else None


def extra_words(c: Comparison) -> Evidence | None:
    """Words of the text that the name lacks."""
    return Evidence("extra_words", min(1.0, len(c.unpaired_found) / 2)) if c.unpaired_found else None


def role_fits(c: Comparison) -> Evidence | None:
    """What the text calls them is an office they held."""
    fit, title, role = fit_of_roles(c.reading.titles, c.candidate.entity)
    if fit <= 0:
        return None
    return Evidence("role_fits", fit, f"called “{title}” here, and was {role}")


def role_differs(c: Comparison) -> Evidence | None:
    """What the text calls them is no office they are known to have held."""
    fit, title, _ = fit_of_roles(c.reading.titles, c.candidate.entity)
    if fit > 0 or not title or not c.candidate.entity.roles:
        return None
    return Evidence("role_differs", 1.0, f"is not known to have been “{title}”")


def in_office(c: Comparison) -> Evidence | None:
    """The document's years lie within, or near, those that they were in office."""
    entity = c.candidate.entity
    if not c.context.years or entity.active_from is None:
        return None
    end = entity.active_to
    near = [y for y in c.context.years if entity.active_from - 1 <= y and (end is None or y <= end + 2)]
    return Evidence("in_office", 1.0, f"in office around {near[-1]}") if near else Evidence("in_office", -1.0)


def country_named(c: Comparison) -> Evidence | None:
    """Their country is named in the same sentence, or in the document."""
    country = c.candidate.entity.country
    if not country:
        return None
    here = any(country in c.context.countries_of_segment.get(m.segment, ()) for m in c.reading.mentions)
    if here:
        return Evidence("country", 1.0, "their country is named in the sentence")
    if country in c.context.countries:
        return Evidence("country", 0.5, "their country is named in the text")
    return None


def unsupported_place(c: Comparison) -> Evidence | None:
    """Neither a preposition nor its country nor others of its country say that it is a place there."""
    if c.candidate.entity.kind is not EntityKind.PLACE or _is_supported_place(c):
        return None
    return Evidence("unsupported_place", 1.0)


def country_beside(c: Comparison) -> Evidence | None:
    """Their country is named within a few words of the name."""
    country = c.candidate.entity.country
    if not country or country not in c.reading.beside:
        return None
    return Evidence("country_beside", 1.0, "their country is named beside it")


def other_country(c: Comparison) -> Evidence | None:
    """Countries are named in the sentence, and theirs is not among them."""
    country = c.candidate.entity.country
    if not country or country in c.context.countries:
        return None
    here = [c.context.countries_of_segment.get(m.segment, frozenset()) for m in c.reading.mentions]
    return Evidence("other_country", 1.0, "other countries are named here") if any(here) else None


def companions(c: Comparison) -> Evidence | None:
    """Others of the same country stand in the document."""
    entity = c.candidate.entity
    if not entity.country:
        return None
    others = [e for e in c.context.known.values() if e.country == entity.country and e.id != entity.id]
    if not others:
        return None
    return Evidence("companions", min(1.0, len(others) / 3), f"named beside {others[0].name}")


def fuller_form(c: Comparison) -> Evidence | None:
    """The entity stands elsewhere in the document under its right name; beside Missouri the Missouria are no slip."""
    if c.candidate.entity.kind is EntityKind.PLACE:
        return None
    if c.candidate.entity.id not in c.context.known:
        return None
    return Evidence("fuller_form", 1.0, f"{c.context.known[c.candidate.entity.id].name} is named elsewhere in the text")


def caller_says(c: Comparison) -> Evidence | None:
    """The caller knows the entity to be in the text."""
    return Evidence("hinted", 1.0, "named by the caller") if c.candidate.entity.id in c.context.hinted else None


def popularity(c: Comparison) -> Evidence:
    """How well known they are."""
    return Evidence("popularity", c.candidate.entity.popularity)


def rival(c: Comparison) -> Evidence | None:
    """Another name is nearly as close."""
    if c.is_far:  # letters do not tell: ``mangled_rival`` does
        return None
    gap = c.similarity - c.rival_similarity
    return Evidence("rival", max(0.0, 1 - max(gap, 0.0) * 4), "another name is nearly as close") if gap < 0.25 else None


def attested_words(c: Comparison) -> Evidence | None:
    """The words that would change are names that edited English knows."""
    words = [p.found for p in c.changed] + list(c.unpaired_found)
    if not words or c.is_bag:
        return None
    seen = sum(c.attested.as_name(w) for w in words) / len(words)
    return Evidence("attested", seen, f"“{words[0]}” is a name of its own") if seen else None


def common_word(c: Comparison) -> Evidence | None:
    """The words that would change are ordinary English words."""
    if c.is_bag:
        return None
    words = [p.found for p in c.changed] + list(c.unpaired_found)
    seen = max((c.attested.as_word(w) for w in words), default=0.0)
    return Evidence("common_word", seen, "an ordinary English word") if seen else None


def known_target(c: Comparison) -> Evidence | None:
    """The words that it would become are names that edited English knows."""
    words = [p.meant for p in c.changed]
    if not words:
        return None
    return Evidence("known_target", min(c.attested.as_name(w) for w in words))


def famous_target(c: Comparison) -> Evidence | None:
    """The words that it would become stand in a great many documents, and those that stand there in none."""
    words = c.changed
    if not words or any(c.attested.as_name(p.found) or c.attested.as_word(p.found) for p in words):
        return None
    fame = min(c.attested.as_name(p.meant) for p in words)
    if fame <= 0.4:
        return None
    return Evidence(
        "famous_target", min(1.0, (fame - 0.4) * 2), f"“{words[0].found}” is no name that English texts use"
    )


def unheard(c: Comparison) -> Evidence | None:
    """The words that would change stand in no edited English at all."""
    words = [p.found for p in c.changed] + list(c.unpaired_found)
    if not words or c.is_bag or any(c.attested.as_name(w) or c.attested.as_word(w) for w in words):
        return None
    return Evidence("unheard", 1.0)


def known_word(c: Comparison) -> Evidence | None:
    """A word that would change stands in other names of the base, and is not one given name in another language."""
    words = [p.found for p in c.changed if not are_equivalent(p.found, p.meant)]
    if not words or c.is_bag or c.is_exonym:
        return None
    names = max(c.reading.known_words.get(w, 0) for w in words)
    return Evidence("known_word", min(1.0, log10(1 + names) / 2)) if names else None


def in_use(c: Comparison) -> Evidence | None:
    """People write a word that would change as it is: it may be a name that the base lacks."""
    if c.is_bag:
        return None
    zipf = max((c.reading.in_use.get(p.found, 0.0) for p in c.changed), default=0.0)
    return Evidence("in_use", min(1.0, 0.4 + zipf / 10)) if zipf else None


def another_name(c: Comparison) -> Evidence | None:
    """A word that would change is a name of its own that does not sound like the other: *Gary* and *Mary*."""
    for p in () if c.is_bag else c.changed:
        if are_equivalent(p.found, p.meant):
            continue
        named = c.attested.as_name(p.found) or (is_given_name(p.found) and is_given_name(p.meant))
        if named and Levenshtein.normalized_similarity(sound(p.found), sound(p.meant)) < 0.8:
            return Evidence("another_name", 1.0, f"“{p.found}” is another name")
    return None


def variant(c: Comparison) -> Evidence | None:
    """The changed words only differ as two romanisations of one name do: both may be right."""
    if not c.changed or any(sound(p.found) != sound(p.meant) for p in c.changed):
        return None
    return Evidence("variant", 1.0, "both spellings are in use")


_KIND = {
    EntityKind.PERSON: MentionKind.PERSON,
    EntityKind.ORGANISATION: MentionKind.ORGANISATION,
    EntityKind.PLACE: MentionKind.PLACE,
}
_BEFORE_PLACES = (
    "in at near from to towards toward into outside across around visiting visited city town village province region"
    " capital district county municipality suburb island port north south east west northern southern eastern western"
    " central residents inhabitants citizens territory borders border outskirts suburbs mayor"
)
_PLACE_WORDS = frozenset(_BEFORE_PLACES.split())
_SPEECH = frozenset(["said", "says", "told", "mr", "mrs", "ms"])


def same_kind(c: Comparison) -> Evidence | None:
    """The text treats it as the kind of thing that the candidate is, or as another."""
    kinds = c.reading.kinds
    if any(m.title for m in c.reading.mentions):  # "Pope Damasus" is no city
        kinds = frozenset({MentionKind.PERSON})
    if not kinds:
        return None
    fits = _KIND[c.candidate.entity.kind] in kinds
    return Evidence("kind", 1.0 if fits else -1.0)


def is_placed(c: Comparison) -> Evidence | None:
    """A preposition of place, or a word such as *city*, stands before it."""
    if not (c.reading.preceded_by & _PLACE_WORDS):
        return None
    return Evidence("placed", 1.0 if c.candidate.entity.kind is EntityKind.PLACE else -1.0)


def sentence_start(c: Comparison) -> Evidence | None:
    """It only ever stands where every word has a capital."""
    if not all(m.is_initial for m in c.reading.mentions):
        return None
    return Evidence("sentence_start", 1.0)


def is_place(c: Comparison) -> Evidence | None:
    """The candidate is a place."""
    return Evidence("is_place", 1.0) if c.candidate.entity.kind is EntityKind.PLACE else None


def is_organisation(c: Comparison) -> Evidence | None:
    """The candidate is an organisation."""
    return Evidence("is_organisation", 1.0) if c.candidate.entity.kind is EntityKind.ORGANISATION else None


def given_name(c: Comparison) -> Evidence | None:
    """A given name alone was compared: many bear it."""
    return Evidence("given_name", 1.0) if c.candidate.route is Route.GIVEN_NAME else None


_HONORIFICS = frozenset(("Mr", "Mr.", "Mrs", "Mrs.", "Ms", "Ms.", "Dr", "Dr.", "Sir", "Lord", "Lady", "Dame", "Saint"))
_OF_PLACES = regex.compile(r"(?:n|an|ian|ean|i|ish|ese|ers?|ites?|ans|ians|is|ic|que)")


def is_possible(c: Comparison) -> bool:
    """Whether the candidate could be what a damaged name was: not where the text merely says less, more or another
    form of the same word.

    An initial more or less, a title or a second surname left out, *Kazakhstani* and *the Copelands* are no damage.
    """
    changed = c.changed
    kind = c.candidate.entity.kind
    if c.unpaired_meant and not changed and not c.unpaired_found:
        return False  # *Xinhua News* says less than *Xinhua News Agency*, and nothing wrong
    if _OTHERS[kind](c):
        return False
    if c.is_exonym:
        return bool(changed)
    if c.is_far or c.is_bag:
        return True
    if not c.is_mangled and _would_lose_words(c):
        return False
    if c.is_mangled:
        return True
    if not changed:  # nothing is spelt otherwise: words only come and go
        return not (c.unpaired_found or c.unpaired_meant) and len(c.pairs) > 1
    if any(min(len(p.found), len(p.meant)) < 3 for p in changed) and not any(len(p.found) > 2 for p in changed):
        return False
    if kind is EntityKind.PERSON and any(len(w) == 1 for w in c.unpaired_found):
        return False  # an initial that the candidate does not have
    if kind is EntityKind.PERSON and " " not in c.reading.text and " " in c.candidate.name:
        return False  # *Adams-Smith* is one surname, not given name and surname
    if kind is not EntityKind.PERSON and any(role_words(m.title) or m.title in _HONORIFICS for m in c.reading.mentions):
        return False  # *Pope Damasus* is no city
    return not (
        kind is EntityKind.PERSON
        and len(c.reading.words) == 1
        and changed[0].found in (f"{changed[0].meant}s", f"{changed[0].meant}es")
        and any(m.has_article for m in c.reading.mentions)
    )


def _is_another_place(c: Comparison) -> bool:
    """Whether the text has a word or a place of its own, not what became of the candidate."""
    if c.reading.is_town:
        return True  # *Walldorf* is no slip for *Waldorf*
    if any(c.attested.as_word(p.meant) >= _ORDINARY for p in c.changed):
        return True  # *Island* for *Iceland* is nobody's English
    if any(m.title for m in c.reading.mentions):
        return True  # *the attorney Taibbi*
    if any(letter.isdigit() for letter in c.reading.text):
        return True  # *Africa24*
    if _is_cut_at_apostrophe(c):
        return False  # *Adana'ya* is no derived word
    if _INNER_CAPITAL.search(c.reading.text) or _is_named_so(c, 0.0) or _is_derived(c):
        return True
    if c.is_exonym and not _is_supported_place(c):
        return True
    if c.candidate.entity.name in c.context.known_places and (c.is_exonym or not c.is_mangled):
        return True  # beside *Lesotho* the *Sesotho* are no slip
    if len(c.changed) != 1 or len(c.reading.words) != 1:
        return False
    found, meant, is_placed = c.changed[0].found, c.changed[0].meant, _is_placed(c)
    if _OF_PEOPLES.fullmatch(found.removeprefix(meant)) and not is_placed:
        return True  # *Normans*, *the Missouria*
    stem = meant.rstrip("aeiouy")
    if len(stem) < _SHORTEST_STEM - 1 or not found.startswith(stem) or (is_placed and len(meant) > _SHORT_WORD):
        return False
    return _OF_PLACES.fullmatch(found[len(stem) :]) is not None


_INNER_CAPITAL = regex.compile(r"\p{Ll}\p{Lu}|\p{Lu}{2,}\p{Ll}")  # *RwandAir*, *IRAs*


def _is_another_organisation(c: Comparison) -> bool:
    """Whether it is an acronym, a name that English texts have, this one by another custom of spelling, or a person's;
    or whether its words are nothing like those of the name."""
    if not c.is_bag and c.reading.kinds == {MentionKind.PERSON}:
        return True
    if c.is_mangled:
        return False
    if not c.is_bag and any(p.similarity < _LEAST_LIKE and not _is_traced(p) for p in c.changed):
        return True
    return len("".join(c.reading.words)) < _SHORT_WORD or _is_custom(c) or _is_named_so(c, _KNOWN)


def _is_traced(p: Pair) -> bool:
    """Whether machines are known to make the one word of the other, nearly do, or translate a given name."""
    if p.is_slight or are_equivalent(p.found, p.meant):
        return True
    return respelling_probability(p.meant, p.found) >= _LEAST_RATE


def _is_somebody_else(c: Comparison) -> bool:
    """Whether the text may as well speak of another person."""
    alone = _is_by_letters_alone(c)
    if c.reading.ends_another and len(c.reading.words) == 1:
        return True  # the full name is what would have to change
    if not c.is_mangled and any(p.similarity < _LEAST_OF_PART and not _is_traced(p) for p in c.changed):
        if len(c.reading.words) == 1 or (alone and role_differs(c) is not None):
            return True
        offices = frozenset[str]().union(*map(role_words, c.reading.titles))
        if offices and offices <= _OF_MANY and not fit_of_body(c.reading.titles, c.candidate.entity):
            return True  # *Member A*: there are too many of them
    if not c.is_mangled and not _is_expected(c) and any(p.similarity < _LEAST_SAME for p in c.changed):
        return True  # *General Arthur Lichte* is no *Arthur Li*
    if not c.is_mangled and other_surname(c) is not None and _is_of_another_time(c):
        return True  # nor is the *Robert Scotten* of 1948 a *Robert Scott*
    if alone and (known_word(c) is not None or c.rival_similarity >= c.similarity):
        return True  # another name is as near
    if len(c.reading.words) == 1 and (known_word(c) is not None or (alone and " " in c.candidate.entity.name)):
        return True  # many bear a given name, and a surname that others have is theirs
    told_by_letters = _is_told_by_letters(c)
    if c.is_mangled:
        return told_by_letters and not c.is_far and _is_famous_otherwise(c)
    if (told_by_letters and _may_be_anyone(c)) or (is_truncated(c) is not None and role_differs(c) is not None):
        return True  # somebody else, maybe of a shorter name
    return another_name(c) is not None and any(p.similarity < _LEAST_SAME for p in c.changed)  # *Khalid*, *Mohammad*


def _is_expected(c: Comparison) -> bool:
    """Whether the text or the caller has spoken of them, or gives them an office that was theirs, then."""
    if c.candidate.entity.id in c.context.known or c.candidate.entity.id in c.context.hinted:
        return True
    return fit_of_roles(c.reading.titles, c.candidate.entity)[0] == 1 and not _is_of_another_time(c)


def _is_of_another_time(c: Comparison) -> bool:
    """Whether the years that the text names are far from those that they were in office."""
    when = in_office(c)
    return when is not None and when.score < 0


_OF_MANY = frozenset(("member", "deputy", "representative"))
_LEAST_SAME = 0.5
_LEAST_LIKE, _LEAST_OF_PART = 0.6, 0.75


_OTHERS: Mapping[EntityKind, Callable[[Comparison], bool]] = {
    EntityKind.PLACE: _is_another_place,
    EntityKind.ORGANISATION: _is_another_organisation,
    EntityKind.PERSON: _is_somebody_else,
}


def _is_named_so(c: Comparison, more_than: float) -> bool:
    """Whether edited English has a word that would change: it is the name of something else."""
    return any(c.attested.as_name(p.found) > more_than for p in c.changed) and not c.is_bag


def _is_custom(c: Comparison) -> bool:
    """Whether words differ as two customs of spelling English do: *Defence*, *Defense*."""
    if not c.is_bag or not c.changed:
        return False
    return all(
        p.similarity >= _LEAST_ALIKE
        or sorted(p.found) == sorted(p.meant)
        or p.found.startswith(p.meant)
        or p.meant.startswith(p.found)
        for p in c.changed
    )


_LEAST_ALIKE = 0.75
_KNOWN = 0.2  # of the measure of ``Attested.as_name``: in more documents than may have a slip
_DERIVED = regex.compile(r"[aei]?ans?|ese|ish|i[sz]e[ds]?|ed|ites?|ics?|ism|ists?|ids?")
_OF_TRADES = regex.compile(r"(?:air|avia|bank|jet|net|oil|soft|tech|tel)$")  # companies are named so: *Bulgartel*
_ADJECTIVE = regex.compile(r"[ei]ans?")  # in place of the last letters: *Asturian*
_LONGEST_DERIVED = 3


def _is_derived(c: Comparison) -> bool:
    """Whether the last word is one that English derives from the name, or a compound with it or a part of it:
    *Tuvaluans*, *Shanghaied*, *Rwandatel*."""
    if not c.changed:
        return False
    p = c.changed[-1]
    shared = Prefix.similarity(p.found, p.meant)
    rest = p.found[shared:]
    if shared == len(p.meant) and len(rest) >= _LONGEST_DERIVED:
        return True
    if len(p.meant) > 3 and p.found.endswith(p.meant):
        return True
    if _OF_TRADES.search(p.found) and not _OF_TRADES.search(p.meant):
        return True
    if shared >= max(3, len(p.meant) - 2) and _DERIVED.fullmatch(rest) is not None:
        return True
    stems = range(max(3, len(p.meant) - _LONGEST_DERIVED), shared)
    return any(_ADJECTIVE.fullmatch(p.found[at:]) is not None for at in stems)


# ---------------------------------------------------------------- what makes a candidate doubtful


def untraced(c: Comparison) -> Evidence | None:
    """Letters of a place differ as machines do not make them differ: by no known exchange, lost or added letter or
    ending."""
    if c.candidate.entity.kind is not EntityKind.PLACE or c.is_mangled or not c.changed or respelt(c) is not None:
        return None
    if all(p.is_slight for p in c.changed if respelling_probability(p.meant, p.found) == 0):
        return None
    return Evidence("untraced", 1.0)


def unheard_of(c: Comparison) -> Evidence | None:
    """No English text names the place, and neither caller nor a country in the text speaks for it."""
    if c.candidate.entity.kind is not EntityKind.PLACE or c.is_exonym or not c.changed or fame_of(c):
        return None
    if c.candidate.entity.id in c.context.hinted or country_named(c) is not None or companions(c) is not None:
        return None
    return Evidence("unheard_of", 1.0)


def letters_changed(c: Comparison) -> Evidence | None:
    """More than a letter of a place's word differs, and neither sound nor an ending nor another word explains it; of a
    place that hardly any text names a missing end is no sign either."""
    if c.candidate.entity.kind is not EntityKind.PLACE or c.is_mangled or variant(c) is not None:
        return None
    if any(p.is_same and len(p.meant) > 2 for p in c.pairs):
        return None
    cut = fame_of(c) < _OBSCURE and is_truncated(c) is not None and len("".join(c.reading.words)) < _SHORT_NAME
    if not cut and not any(Levenshtein.distance(p.found, p.meant) > 1 and not _is_ending(p) for p in c.changed):
        return None
    return Evidence("letters_changed", 1.0)


def short_place(c: Comparison) -> Evidence | None:
    """A short word of a place that hardly any text names differs, not by an ending: there are too many villages with
    like names."""
    if c.candidate.entity.kind is not EntityKind.PLACE or c.is_exonym or not c.changed:
        return None
    if fame_of(c) >= _OBSCURE or _is_inflected(c) or min(len(p.meant) for p in c.changed) >= _LONG_WORD:
        return None
    return Evidence("short_place", 1.0)


def _is_ending(p: Pair) -> bool:
    return _shared_start(p) >= max(4, len(p.meant) - 2)


def _is_supported_place(c: Comparison) -> bool:
    """Whether the text speaks of a place there: a preposition, its country, others of its country, or the caller."""
    if c.reading.preceded_by & _PLACE_WORDS or c.candidate.entity.id in c.context.hinted:
        return True
    return country_named(c) is not None or companions(c) is not None


def obscure_exonym(c: Comparison) -> Evidence | None:
    """Another language calls a place that, and hardly any English text names it: the form may be English, too."""
    if not c.is_exonym or fame_of_all(c) >= _NAMED:
        return None
    return Evidence("obscure_exonym", 1.0)


def other_surname(c: Comparison) -> Evidence | None:
    """One surname is made of the other: *Kolesnik*, *Kolesnikov*."""
    if c.candidate.entity.kind is not EntityKind.PERSON or not c.changed:
        return None
    for p in c.changed:
        shorter, longer = sorted((p.found, p.meant), key=len)
        if longer.startswith(shorter) and _OF_SURNAMES.fullmatch(longer[len(shorter) :]):
            return Evidence("other_surname", 1.0, "another surname of that stem")
    return None


_OF_SURNAMES = regex.compile(
    r"ov|ova|ev|eva|in|ina|sk[iy]|skaya|ska|enko|uk|chuk|[eo]?vi[cć]h?|ich|son|s[eo]n|ez|ian|yan|escu|s|e[nr]|mann?|ton"
)


def other_given_name(c: Comparison) -> Evidence | None:
    """Only the given name differs, and English texts know both: somebody goes by either."""
    if c.candidate.entity.kind is not EntityKind.PERSON or len(c.changed) != 1 or len(c.pairs) < 2:
        return None
    if c.unpaired_found or c.unpaired_meant or c.pairs[0].is_same:
        return None
    p = c.pairs[0]
    if min(c.attested.as_name(p.found), c.attested.as_name(p.meant)) < _FAMOUS:
        return None
    return Evidence("other_given_name", 1.0, "both given names are in use")


def begins_otherwise(c: Comparison) -> Evidence | None:
    """A word begins otherwise, and another name is nearly as close: whoever else has that office and given name."""
    if c.candidate.entity.kind is not EntityKind.PERSON or c.is_mangled or not _begins_otherwise(c):
        return None
    return Evidence("begins_otherwise", 1.0) if c.rival_similarity > c.similarity - _LEAD else None


def other_person(c: Comparison) -> Evidence | None:
    """A word is a name of its own, well known and of another sound, and no office says who is meant."""
    if c.candidate.entity.kind is not EntityKind.PERSON or c.is_mangled or another_name(c) is None:
        return None
    if not any(c.attested.as_name(p.found) >= _FAMOUS for p in c.changed):
        return None
    if fit_of_roles(c.reading.titles, c.candidate.entity)[0] == 1:
        return None
    return Evidence("other_person", 1.0, "a well-known name of its own")


def _is_told_by_letters(c: Comparison) -> bool:
    """Whether neither office nor caller, nor, of one word, a fuller form in the text speaks for somebody."""
    if len(c.reading.words) < 2 and c.candidate.entity.id in c.context.known:
        return False
    return c.candidate.entity.id not in c.context.hinted and not _has_office(c)


def _has_office(c: Comparison) -> bool:
    """Whether what the text calls them is an office that they held, and the text not of a time long before it."""
    entity, years = c.candidate.entity, c.context.years
    if not fit_of_roles(c.reading.titles, entity)[0]:
        return False
    return not years or entity.active_from is None or max(years) >= entity.active_from - _CAREER


_CAREER = 30  # years


def _begins_otherwise(c: Comparison) -> bool:
    return any(sound(p.found)[:1] != sound(p.meant)[:1] for p in c.changed)


def _is_famous_otherwise(c: Comparison) -> bool:
    """Whether a word that would change is well known, and not one given name in another language."""
    return any(c.attested.as_name(p.found) >= _FAMOUS and not are_equivalent(p.found, p.meant) for p in c.changed)


_LEAD = 0.08
_LEAST_RATE = 10**-3.5  # of a respelling: below, chance does as well


def _may_be_anyone(c: Comparison) -> bool:
    """Whether letters, all there is, say little: words that are names of their own, begin otherwise, or differ in a way
    that machines are not known for; or no word agrees."""
    changed = c.changed
    if not changed or len(c.reading.words) < 2:
        return " " not in c.candidate.entity.name and case_ending(c) is None
    if not any(p.is_same for p in c.pairs) and c.similarity < _LEAST_JOINED:
        return True
    if any(c.attested.as_name(p.found) for p in changed) or _begins_otherwise(c):
        return True
    if sum(p.is_same for p in c.pairs) > 1:
        return False
    return not all(p.is_slight for p in changed if respelling_probability(p.meant, p.found) < _LEAST_RATE)


_OF_PEOPLES = regex.compile(r"s|a|e|er|ers|n")  # endings of a place that English has as well


def _is_placed(c: Comparison) -> bool:
    """Whether it stands like the name of a place: after a preposition or beside its country, without an article, and
    nowhere a word."""
    if any(m.has_article for m in c.reading.mentions) or any(c.attested.as_name(p.found) for p in c.changed):
        return False
    return bool(c.reading.preceded_by & _PLACE_WORDS) or c.candidate.entity.country in c.reading.beside


def _would_lose_words(c: Comparison) -> bool:
    """Whether words would go that the name does not explain: *State* before a name, *Adams* of *Adams-Smith*."""
    lost = [w for w in c.unpaired_found if w not in _FUNCTION_WORDS or w == "state"]
    if not lost or (c.candidate.entity.kind is not EntityKind.PERSON and len(lost) <= len(c.unpaired_meant)):
        return False
    joined = "".join(c.reading.words)
    whole = "".join(normalise(c.candidate.name).split())
    return likeness(joined, whole) < _LEAST_JOINED  # "Xi Jin Ping" loses nothing


def _is_by_letters_alone(c: Comparison) -> bool:
    """Whether neither office nor caller, nor a fuller form, nor a known way of damage speaks for somebody."""
    if c.is_mangled or c.candidate.entity.id in c.context.known or c.candidate.entity.id in c.context.hinted:
        return False
    return not _has_office(c)


_LONG_WORD = 8
_NAMED = 0.2
_ORDINARY = 0.5  # of the measure of ``Attested.as_word``
_OBSCURE, _FAMOUS = 0.25, 0.4  # of the measure of ``Attested.as_name``: in some twenty documents
_LEAST_JOINED = 0.85
_SHORT_WORD = 5  # letters
_SHORT_NAME = 11


Feature = Callable[[Comparison], Evidence | None]
FEATURES: tuple[Feature, ...] = (
    same_spelling, worst_word, same_sound, same_words, rare_words, same_surname, other_order, same_start,
    is_cut_or_grown, is_truncated, is_mangled, length, changed_length, edits_per_letter, missing_words, extra_words,
    role_fits, role_differs, in_office, country_named, other_country, companions, fuller_form, caller_says,
    popularity, rival, attested_words, common_word, known_target, famous_target, unheard, another_name, variant,
    same_kind, is_placed, sentence_start, is_place, is_organisation, given_name,
    is_lost, is_read, is_round_trip, is_far_and_fits, is_far_abroad, mangled_rival, same_bag, sole_bag, famous_ending,
    short_name, body_fits, is_cut_in_place, obscure_place, well_formed, attested_variant, known_form,
    unvouched, is_exonym, respelt, same_given_name, sole_start, case_ending, office_and_word,
    known_word, in_use, country_beside, unsupported_place,
    untraced, unheard_of, letters_changed, short_place, other_given_name,
    begins_otherwise, other_person, obscure_exonym, other_surname,
)  # fmt: skip


def gather(comparison: Comparison) -> tuple[Evidence, ...]:
    """What every feature says about a candidate."""
    return tuple(e for e in (feature(comparison) for feature in FEATURES) if e is not None)


# ---------------------------------------------------------------- what a document says

_YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")


def years_of(text: str) -> tuple[int, ...]:
    """The years that a text names, in order."""
    return tuple(int(y) for y in _YEAR.findall(text))


@lru_cache(maxsize=1)
def _country_names() -> dict[str, str]:
    """Canonical names of countries, of one or two words -> ISO code."""
    from babel import Locale  # reads its tables when it is first needed

    names = {normalise(name): code for code, name in Locale("en").territories.items() if len(code) == 2}
    names.update({"usa": "US", "uk": "GB", "britain": "GB", "america": "US", "england": "GB", "czech republic": "CZ"})
    return {name: code for name, code in names.items() if code.isalpha() and name.count(" ") <= 1}


def countries_of(words: Sequence[str]) -> Counter[str]:
    """How often each country is named, by noun or adjective, among words and pairs of words in canonical form."""
    table, names = demonyms(), _country_names()
    counts: Counter[str] = Counter()
    for i, word in enumerate(words):
        pair = f"{words[i - 1]} {word}" if i else ""
        for key in (pair, word):
            code = table.get(key) or names.get(key)
            if code:
                counts[code] += 1
                break
    return counts
