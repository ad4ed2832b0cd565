"""Which candidates could be what a damaged name was; the others are somebody or something else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import regex
from rapidfuzz.distance import Prefix

from app.names.callings import of_one_trade
from app.names.candidates import SURNAME_FIRST
from app.names.comparison import LOST, Comparison
from app.names.countries import countries_of
from app.names.evidence.document import in_office, is_of_the_text, role_differs
from app.names.evidence.people import has_another_beginning, other_surname
from app.names.evidence.places import PLACE_WORDS, is_supported_place, well_formed
from app.names.evidence.spelling import SHORTEST_STEM, case_ending, is_cut_at_apostrophe, is_truncated
from app.names.evidence.usage import FAMOUS, another_name, fame_of_all, known_word, unheard
from app.names.given_names import are_equivalent
from app.names.likeness import Pair, likeness, sound
from app.names.mangle.forms import Damage
from app.names.mangle.noise import respelling_probability
from app.names.mentions import MentionKind
from app.names.normalise import acronyms, normalise, strip_possessive
from app.names.offices import FUNCTION_WORDS, fit_of_body, fit_of_roles, role_words
from app.names.store import EntityKind

_HONORIFICS = frozenset(("Mr", "Mr.", "Mrs", "Mrs.", "Ms", "Ms.", "Dr", "Dr.", "Sir", "Lord", "Lady", "Dame", "Saint"))


def is_possible(c: Comparison) -> bool:
    """Whether the candidate could be what a damaged name was: not where the text merely says less, more or another
    form of the same word.

    An initial more or less, a title or a second surname left out, *Kazakhstani* and *the Copelands* are no damage.
    """
    changed = c.changed
    kind = c.candidate.entity.kind
    says_less = c.unpaired_meant and not (c.is_literal and FUNCTION_WORDS.issuperset(c.unpaired_meant))
    if says_less and not changed and not c.unpaired_found:
        return False  # *Xinhua News* says less than *Xinhua News Agency*, and nothing wrong
    if _OTHERS[kind](c):
        return False
    if c.is_exonym:
        return True  # *Rzym* has no letter of *Rome*
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


def _would_lose_words(c: Comparison) -> bool:
    """Whether words would go that the name does not explain: *State* before a name, *Adams* of *Adams-Smith*."""
    lost = [w for w in c.unpaired_found if w not in FUNCTION_WORDS or w == "state"]
    if not lost or (c.candidate.entity.kind is not EntityKind.PERSON and len(lost) <= len(c.unpaired_meant)):
        return False
    joined = "".join(c.reading.words)
    whole = "".join(normalise(c.candidate.name).split())
    return likeness(joined, whole) < _LEAST_JOINED  # "Xi Jin Ping" loses nothing


_LEAST_JOINED = 0.85


def _is_another_place(c: Comparison) -> bool:
    """Whether the text has a word or a place of its own, not what became of the candidate."""
    if c.reading.is_town or _is_spelt_so(c) or _is_several(c):
        return True  # *Walldorf* is no slip for *Waldorf*
    if c.is_literal:
        return False  # *Heavenly Peace Square*
    if len(c.pairs) == 1 and any(c.attested.as_word(p.meant) >= _ORDINARY for p in c.changed):
        return True  # *Island* for *Iceland* is nobody's English
    if any(m.title for m in c.reading.mentions):
        return True  # *the attorney Taibbi*
    if any(letter.isdigit() for letter in c.reading.text):
        return True  # *Africa24*
    if c.reading.ends_another and not _is_placed(c):
        return True  # *Cem Karaca*, and then *Karaca*
    if " and " in c.candidate.name and any(p.is_same and len(p.meant) > len("and") for p in c.pairs):
        return False  # *Bosna and Herzegovina*: nothing else is called so
    if is_cut_at_apostrophe(c):
        return False  # *Adana'ya* is no derived word
    if _INNER_CAPITAL.search(c.reading.text):
        return True
    if not _is_placed(c) and _is_of_other_kind(c):
        return True
    if c.is_exonym and (_is_named_so(c, _LONGEST_SMALL) or not (is_supported_place(c) or _is_called_abroad_alone(c))):
        return True
    if not c.is_exonym and (_has_word_of_its_own(c) or (not c.is_mangled and _is_derived(c) and not _is_joined(c))):
        return True
    if c.candidate.entity.name in c.context.known_places and (c.is_exonym or not c.is_mangled):
        return True  # beside *Lesotho* the *Sesotho* are no slip
    if len(c.changed) != 1 or len(c.reading.words) != 1:
        return False
    found, meant, is_placed = c.changed[0].found, c.changed[0].meant, _is_placed(c)
    if _OF_PEOPLES.fullmatch(found.removeprefix(meant)) and not is_placed:
        return True  # *Normans*, *the Missouria*
    stem = meant.rstrip("aeiouy")
    if len(stem) < SHORTEST_STEM - 1 or not found.startswith(stem) or (is_placed and len(meant) > _SHORT_WORD):
        return False
    return _OF_PLACES.fullmatch(found[len(stem) :]) is not None


def _is_called_abroad_alone(c: Comparison) -> bool:
    """Whether the text has what another language calls a famous place, and neither more than that nor what English
    derives from its name."""
    return fame_of_all(c) >= FAMOUS and not c.unpaired_found and not _is_derived(c)


def _is_of_other_kind(c: Comparison) -> bool:
    """Whether the text speaks of a people, a plant, an adjective or somebody where no place need stand: *the Kanembu
    people*, *Washingtonia*, *Chattisgarhi*, *said Tomsky*."""
    if any(p.found == f"{p.meant}ia" for p in c.changed):
        return True
    if c.attested.as_name(normalise(c.candidate.name)) < FAMOUS and _speaks(c):
        return True
    if c.is_mangled:
        return False
    return bool(c.reading.followed_by & _PEOPLES) or any(
        _is_adjective_there(p, c.candidate.entity.country) for p in c.changed
    )


_PEOPLES = frozenset([
    "people", "peoples", "tribe", "tribes", "tribesmen", "language", "languages", "dialect", "dialects", "dynasty",
    "clan", "clans", "caste", "kings", "warriors", "mythology", "chiefs", "chieftains", "alphabet", "script",
])  # fmt: skip
_SPEECH = frozenset([
    "said", "says", "told", "added", "adds", "explained", "replied", "stated", "argued", "noted", "insisted",
    "admitted", "claimed", "wrote", "writes",
])  # fmt: skip


def _speaks(c: Comparison) -> bool:
    """Whether the text has somebody of that name say something."""
    return bool(c.reading.followed_by & _SPEECH or c.reading.preceded_by & _SPEECH)


_INNER_CAPITAL = regex.compile(r"\p{Ll}\p{Lu}|\p{Lu}{2,}\p{Ll}")  # *RwandAir*, *IRAs*
_OF_PEOPLES = regex.compile(r"s|a|e|er|ers|n")  # endings of a place that English has as well
_OF_PLACES = regex.compile(r"(?:n|an|ian|ean|i|ish|ese|ers?|ites?|ans|ians|is|ic|que)")
_ORDINARY = 0.5  # of the measure of ``Attested.as_word``


def _is_adjective_there(p: Pair, country: str) -> bool:
    """Whether a word says what belongs to a place as languages of its country do, by an *i*: *Chattisgarhi*."""
    return country in _SAY_SO_BY_I and p.found.endswith("i") and not p.meant.endswith(("i", "y"))


# From Arabic to Bengali: *Iraqi*, *Uzbeki*, *Bihari*.
_SAY_SO_BY_I = frozenset([
    "AE", "AF", "AZ", "BD", "BH", "DZ", "EG", "IL", "IN", "IQ", "IR", "JO", "KG", "KW", "KZ", "LB", "LY", "MA", "NP",
    "OM", "PK", "PS", "QA", "SA", "SD", "SO", "SY", "TJ", "TM", "TN", "TR", "UZ", "YE",
])  # fmt: skip


def _is_placed(c: Comparison) -> bool:
    """Whether it stands like the name of a place: after a preposition or beside its country, without an article, and
    nowhere a word."""
    if any(m.has_article for m in c.reading.mentions) or any(c.attested.as_name(p.found) for p in c.changed):
        return False
    return bool(c.reading.preceded_by & PLACE_WORDS) or c.candidate.entity.country in c.reading.beside


def _is_derived(c: Comparison) -> bool:
    """Whether the last word is one that English derives from the name, or a compound with it or a part of it:
    *Tuvaluans*, *Shanghaied*, *Rwandatel*."""
    return bool(c.changed) and _is_derived_from(c.changed[-1])


def _is_derived_from(p: Pair) -> bool:
    """The same of one word."""
    shared = Prefix.similarity(p.found, p.meant)
    rest = p.found[shared:]
    if shared == len(p.meant) and len(rest) >= _LONGEST_DERIVED:
        return True
    if len(p.meant) > 3 and p.found.endswith(p.meant) and len(p.found) - len(p.meant) >= _SHORTEST_BEFORE:
        return True
    if _OF_TRADES.search(p.found) and not _OF_TRADES.search(p.meant):
        return True
    if shared >= max(3, len(p.meant) - 2) and _DERIVED.fullmatch(rest) is not None:
        return True
    stems = range(max(3, len(p.meant) - _LONGEST_DERIVED), shared)
    return any(_ADJECTIVE.fullmatch(p.found[at:]) is not None for at in stems)


_DERIVED = regex.compile(r"[aei]?ans?|ese|ish|i[sz]e[ds]?|ed|ites?|ics?|ia|ism|ists?|ids?|esque")
_OF_TRADES = regex.compile(r"(?:air|avia|bank|jet|net|oil|soft|tech|tel)$")  # companies are named so: *Bulgartel*
_ADJECTIVE = regex.compile(r"[ei]ans?")  # in place of the last letters: *Asturian*
_LONGEST_DERIVED = 3
_SHORTEST_BEFORE = 3  # letters: *Eurasia*, and not *Tschibok*


def _is_another_organisation(c: Comparison) -> bool:
    """Whether it is an acronym, a name that English texts have, this one by another custom of spelling, or a person's;
    or whether its words are nothing like those of the name."""
    if c.is_literal:
        return False
    if not c.is_bag and c.reading.kinds == {MentionKind.PERSON}:
        return True
    if _is_several(c):
        return True
    if c.is_mangled:
        return False
    if c.reading.acronyms and _is_shortened_otherwise(c):
        return True  # *the New National Front (NNF)*
    if len(c.reading.words) == 1 and _is_inflected(c):
        return True  # *a Beatle*, *the Rammsteine*
    if not c.is_bag and c.changed and len(set(c.unpaired_meant) - FUNCTION_WORDS) > 1:
        return True  # *Hemvati Bahuguna* is no university that is called after him
    if not c.is_bag and any(p.similarity < _LEAST_LIKE and not _is_traced(p) for p in c.changed):
        return True
    return len("".join(c.reading.words)) < _SHORT_WORD or _is_custom(c) or _is_named_so(c)


def _is_several(c: Comparison) -> bool:
    """Whether the noun that a name of several words is built on stands in the plural: *the Indian Institutes of
    Technology* are several; *Federal Bureau of Investigations* is a slip."""
    words = c.reading.words
    if len(words) < 2:
        return False
    head = words[words.index("of", 1) - 1] if "of" in words[1:] else words[-1]
    return any(
        p.found == head and p.found in (f"{p.meant}s", f"{p.meant}es", f"{p.meant[:-1]}ies")
        for p in c.changed
        if c.attested.as_word(p.meant)
    )


def _is_shortened_otherwise(c: Comparison) -> bool:
    """Whether an acronym that the text gives is one of its name, and none of the candidate's."""
    own, other = (acronyms(name, FUNCTION_WORDS) for name in (c.reading.text, c.candidate.name))
    return bool(c.reading.acronyms & (own - other))


def _is_inflected(c: Comparison) -> bool:
    """Whether a single word differs from the name by an ending that English has."""
    return any(
        p.meant == p.found + "s" or (p.found.startswith(p.meant) and _INFLECTIONS.fullmatch(p.found[len(p.meant) :]))
        for p in c.changed
    )


_INFLECTIONS = regex.compile(r"s|es?|ed|ing|ics?|ians?|ists?|ites?")


def _is_custom(c: Comparison) -> bool:
    """Whether words differ as two customs of spelling English do, or one is short for the other: *Defence*, *Defense*;
    *Corp*, *Corporation*."""
    return c.is_bag and bool(c.changed) and all(map(_by_custom, c.changed))


def _by_custom(p: Pair) -> bool:
    short, long = sorted((p.found, p.meant), key=len)
    if long.startswith(short) and len(long) - len(short) >= _LEAST_CUT:
        return True
    return _in_one_custom(p.found) == _in_one_custom(p.meant)


_LEAST_CUT = 4  # letters


def _in_one_custom(word: str) -> str:
    for british, american in _CUSTOMS:
        word = word.replace(british, american)
    return word


_CUSTOMS = (
    ("isation", "ization"), ("yse", "yze"), ("ise", "ize"), ("our", "or"), ("tre", "ter"), ("ence", "ense"),
    ("mme", "m"), ("ll", "l"), ("ae", "e"), ("oe", "e"),
)  # fmt: skip


def _is_named_so(c: Comparison, longest_small: int = 0) -> bool:
    """Whether edited English has a word that would change: it is the name of something else. Beside longer ones words
    of so few letters say nothing: *La Koruna*."""
    changed = [p for p in c.changed if len(p.found) > longest_small] or c.changed
    return any(c.attested.as_name(p.found) > _KNOWN for p in changed) and not c.is_bag


def _has_word_of_its_own(c: Comparison) -> bool:
    """Whether edited English has a word that would change; where nobody has another one, not if it is the same word
    with another ending: *Northern Kiwu*."""
    named = [p for p in c.changed if c.attested.as_name(p.found)]
    if len(named) < len(c.changed):
        named = [p for p in named if not _is_inflected_part(p)]
    return bool(named) and not c.is_bag


def _is_inflected_part(p: Pair) -> bool:
    """Whether two words of a name are one with an ending of English: *Northern*, *North*."""
    short, long = sorted((p.found, p.meant), key=len)
    return len(short) >= SHORTEST_STEM and long.startswith(short) and long[len(short) :] in _OF_PARTS


_OF_PARTS = frozenset(("ern", "s", "n", "an", "ian"))


def _is_joined(c: Comparison) -> bool:
    """Whether the words of a name only stand as one, without an ending of English: *Adisababa*, not *Costarican*."""
    if len(c.reading.words) != 1 or not c.unpaired_meant:
        return False
    found, meant = c.reading.words[0], "".join(normalise(c.candidate.name).split())
    if likeness(found, meant) < _LEAST_JOINED or _OF_PEOPLES.fullmatch(found.removeprefix(meant)):
        return False
    return not _is_derived_from(Pair(found, meant, 0.0))


def _is_traced(p: Pair) -> bool:
    """Whether machines are known to make the one word of the other, nearly do, or translate a given name."""
    if p.is_slight or are_equivalent(p.found, p.meant):
        return True
    return respelling_probability(p.meant, p.found) >= _LEAST_RATE


def _is_unlike(p: Pair) -> bool:
    """Whether two words neither look nor begin alike, and no machine is known to make one of the other."""
    return p.similarity < _LEAST_LIKE and Prefix.similarity(p.found, p.meant) < _SHORTEST_BEFORE and not _is_traced(p)


_LEAST_LIKE, _LEAST_OF_PART = 0.6, 0.75
_LONGEST_SMALL = 3  # letters
_KNOWN = 0.2  # of the measure of ``Attested.as_name``: in more documents than may have a slip
_SHORT_WORD = 5  # letters
_LEAST_RATE = 10**-3.5  # of a respelling: below, chance does as well


def _is_somebody_else(c: Comparison) -> bool:
    """Whether the text may as well speak of another person."""
    found, meant = _numerals(c.reading.words), _numerals(normalise(c.candidate.name).split())
    if found and meant and found != meant:
        return True  # *Charles III*, *Carlos I*
    alone = _is_by_letters_alone(c)
    is_read = _is_read_back_at_home(c)
    if c.reading.ends_another and len(c.reading.words) == 1:
        return True  # the full name is what would have to change
    if len(c.reading.words) == 1 and not c.is_mangled and " " not in c.candidate.entity.name and _is_derived(c):
        return True  # *Napoleonic*
    if len(c.reading.words) == 1 and any(map(_is_idea, c.changed)):
        return True  # *Khomeinism*, *the Jeffersonians*
    if len(c.reading.words) == 1 and max(c.reading.in_use.values(), default=0.0) >= _OFTEN_IN_USE:
        return True  # *Linux* beside *Linus Torvalds*
    if _is_called_otherwise(c):
        return True  # *the gardener Berlusconi*
    if _stands_beside(c) or _is_spelt_so(c):
        return True  # *Yang Jiemian, brother of Yang Jiechi*
    if _is_kin(c):
        return True  # *his brother Ajitabh*
    if c.reading.text[0].islower() and c.reading.words[0] in c.unpaired_found:
        return True  # *de Klerk* is a surname, *Joe Clark* has another
    if not (c.is_mangled or is_read) and any(p.similarity < _LEAST_OF_PART and not _is_traced(p) for p in c.changed):
        if len(c.reading.words) == 1 or (alone and role_differs(c) is not None):
            return True
        offices = frozenset[str]().union(*map(role_words, c.reading.titles))
        if offices and offices <= _OF_MANY and not fit_of_body(c.reading.titles, c.candidate.entity):
            return True  # *Member A*: there are too many of them
    if not (c.is_mangled or is_read or _is_expected(c)) and any(p.similarity < _LEAST_SAME for p in c.changed):
        return True  # *General Arthur Lichte* is no *Arthur Li*
    is_unlike = not (c.is_mangled or is_read) and any(map(_is_unlike, c.changed))
    if not c.is_mangled and (is_unlike or other_surname(c) is not None) and _is_of_another_time(c):
        return True  # nor is the *Robert Scotten* of 1948 a *Robert Scott*
    shared = [c.reading.known_words.get(p.found, 0) for p in c.pairs if p.is_same]
    if is_unlike and shared and min(shared) >= _MANY and c.candidate.entity.country not in SURNAME_FIRST:
        return True  # there are other generals called *Giuseppe* than *Garibaldi*
    is_near = is_read or _is_near_home(c) or _is_nobodys_name(c) or _is_clearly_like(c)
    likest = max(c.similarity, c.read_back) if is_read else c.similarity
    if alone and ((known_word(c) is not None and not is_near) or c.rival_similarity >= likest):
        return True  # another name is as near
    if len(c.reading.words) == 1 and known_word(c) is not None:
        return True  # many bear a given name, and a surname that others have is theirs
    if len(c.reading.words) == 1 and alone and " " in c.candidate.entity.name and not _is_nobodys_surname(c):
        return True
    told_by_letters = _is_told_by_letters(c)
    if c.candidate.damage in LOST and told_by_letters and not _serves_its_country(c):
        return True  # *Zhang Wei* is a name of its own, and *Zhang Weili* another
    if c.candidate.damage == Damage.TRANSLATED and told_by_letters and not is_of_the_text(c):
        return True  # so is *Stefan Schneider* beside *Etienne Schneider*
    if c.is_mangled:
        return told_by_letters and not c.is_far and _is_famous_otherwise(c)
    if told_by_letters and c.candidate.entity.popularity < _MOST_KNOWN and well_formed(c) is not None:
        return True  # *Li Junfeng* is as good a name as *Li Yunfeng*
    if (told_by_letters and not is_near and _may_be_anyone(c)) or (
        is_truncated(c) is not None and role_differs(c) is not None
    ):
        return True  # somebody else, maybe of a shorter name
    # *Khalid*, *Mohammad*
    return another_name(c) is not None and not is_read and any(p.similarity < _LEAST_SAME for p in c.changed)


def _is_kin(c: Comparison) -> bool:
    """Whether the text calls them somebody's kin, nothing else says who they are, and the name is less than nearly
    theirs."""
    before = c.reading.preceded_by
    if not before & _KIN or "of" in before or c.is_far or _is_expected(c):
        return False
    return c.similarity < _LEAST_LIKE_KIN and sum(p.is_same for p in c.pairs) < 2


def _is_idea(p: Pair) -> bool:
    """Whether English calls ideas, or those who have them, after somebody so."""
    stems = (p.meant, p.meant[:-1]) if p.meant.endswith(tuple("aeiouy")) else (p.meant,)
    return any(
        p.found.startswith(stem) and _OF_IDEAS.fullmatch(p.found[len(stem) :]) for stem in stems if len(stem) > 3
    )


_MANY = 100  # names of the base
_LEAST_LIKE_KIN = 0.9
_OF_IDEAS = regex.compile(r"ism|ists?|[ie]?ans?|ites?|esque")
_KIN = frozenset([
    "brother", "brothers", "sister", "sisters", "mother", "father", "wife", "husband", "son", "sons", "daughter",
    "daughters", "girlfriend", "boyfriend", "uncle", "aunt", "cousin", "nephew", "niece", "grandson", "granddaughter",
    "grandfather", "grandmother", "widow",
])  # fmt: skip


def _numerals(words: Sequence[str]) -> set[str]:
    """The Roman numerals among words behind the first."""
    return {word for word in words[1:] if _NUMERAL.fullmatch(word)}


_NUMERAL = regex.compile(r"x{0,2}(?:ix|iv|v?i{1,3}|v)")


def _is_near_home(c: Comparison) -> bool:
    """Whether a full name is much like that of somebody whose country the text names, or somebody else of it, and has
    no word that is another name."""
    return (
        len(c.reading.words) > 1
        and not c.unpaired_found
        and is_of_the_text(c)
        and min(p.similarity for p in c.pairs) >= _LEAST_NEAR
        and not any(
            c.attested.as_name(p.found) and not (_is_one_name(p) and c.candidate.entity.popularity >= _LEAST_KNOWN)
            for p in c.changed
        )
    )


def _is_read_back_at_home(c: Comparison) -> bool:
    """Whether what differs of a full name is what the name in another script gives, of somebody whose country the text
    names, or somebody else of it, or who is very well known, and a word of it is nobody's: *Gabriel Garsia Markes*."""
    if not c.is_read_back or not (is_of_the_text(c) or c.candidate.entity.popularity >= _MOST_KNOWN):
        return False
    return any(_is_nobodys(c, p.found) for p in c.changed)


def _is_nobodys(c: Comparison, word: str) -> bool:
    """Whether neither edited English nor the base has a word as a name, and hardly anybody writes it."""
    if c.attested.as_name(word) or word in c.reading.known_words:
        return False
    return c.reading.in_use.get(word, 0.0) < _RARELY_IN_USE


def _is_nobodys_name(c: Comparison) -> bool:
    """Whether what differs of a full name is nobody's word, and nearly that of somebody very well known beside a word
    that agrees, or of somebody whose country the text names, or somebody else of it."""
    changed = c.changed
    if len(c.reading.words) < 2 or c.unpaired_found or any(p.similarity < _LEAST_LIKE_FAMOUS for p in changed):
        return False
    if not all(_is_nobodys(c, p.found) for p in changed):
        return False
    is_known = c.candidate.entity.popularity >= _MOST_KNOWN and not any(map(_begins_otherwise, changed))
    if is_known and any(p.is_same and len(p.meant) > 2 for p in c.pairs):
        return True
    return is_of_the_text(c)


_MOST_KNOWN, _LEAST_LIKE_FAMOUS = 0.75, 0.7


def _is_clearly_like(c: Comparison) -> bool:
    """Whether a full name is like that of somebody well known in every word, and like nobody else's by far, with a word
    that is nobody's: *Monserat Kabalje*; or whether all but one of three words agree: *Gamal Abdel Nacer*."""
    changed = c.changed
    if len(c.reading.words) < 2 or c.unpaired_found or not changed:
        return False
    if c.candidate.entity.popularity < _LEAST_WELL_KNOWN or c.similarity - c.rival_similarity < _FAR_AHEAD:
        return False
    if any(_begins_otherwise(p) or (p.similarity < _LEAST_LIKE_FAMOUS and not _is_traced(p)) for p in changed):
        return False
    known = [p for p in changed if not _is_nobodys(c, p.found)]
    if len(known) < len(changed):
        return c.similarity >= _LEAST_CLEARLY_LIKE and all(map(_is_traced, known))
    return len(changed) == 1 and len(c.pairs) > 2 and c.similarity >= _LEAST_JOINED


_FAR_AHEAD, _LEAST_CLEARLY_LIKE = 0.15, 0.75  # of similarity


def _begins_otherwise(p: Pair) -> bool:
    """Whether a word begins with another sound than the other, and no machine is known to make the one of the other."""
    return p.begins_otherwise and not _is_traced(p)


def _is_nobodys_surname(c: Comparison) -> bool:
    """Whether a single word is nobody's, stands where no place does, and is nearly the surname of somebody well known:
    *Bossonaro*, and not *Shakespearean* or *Brzezinska*."""
    if c.candidate.entity.popularity < _LEAST_WELL_KNOWN or c.similarity < _LEAST_LIKE_SURNAME:
        return False
    if unheard(c) is None or c.reading.in_use or c.reading.known_words:
        return False
    if any(m.has_article for m in c.reading.mentions) or c.reading.preceded_by & PLACE_WORDS:
        return False
    return not (_is_derived(c) or _is_inflected(c) or any(_is_of_another_sex(p) for p in c.changed))


_LEAST_WELL_KNOWN = 0.55  # of popularity
_LEAST_LIKE_SURNAME = 0.79


def _is_of_another_sex(p: Pair) -> bool:
    """Whether one of two surnames is a woman's and the other is not: *Brzezinska*, *Brzezinski*."""
    return (_OF_WOMEN.search(p.found) is None) != (_OF_WOMEN.search(p.meant) is None)


_OF_WOMEN = regex.compile(r"(?:ska|skaya|skaia|cka|ova|eva)$")


_OFTEN_IN_USE, _RARELY_IN_USE = 3.0, 2.0  # on Zipf's scale: once in a million words, in ten million


def _is_one_name(p: Pair) -> bool:
    """Whether two words sound alike, or are one given name in two languages."""
    return sound(p.found) == sound(p.meant) or are_equivalent(p.found, p.meant)


_LEAST_NEAR = 0.8
_LEAST_KNOWN = 0.3  # of popularity: below, whoever else bears a common name is as likely


def _is_called_otherwise(c: Comparison) -> bool:
    """Whether the text calls them what hardly anybody of the base is, and what they are not known to be, and no office,
    body or caller, or for a surname the full name in the text, says that they are meant all the same."""
    noun, entity = c.reading.calling, c.candidate.entity
    if not noun or entity.id in c.context.hinted:
        return False
    if role_words(noun) and _is_near_home(c):
        return False  # nobody knows all offices that somebody had
    if entity.id in c.context.known and len(c.reading.words) == 1:
        return False
    if fit_of_roles(c.reading.titles, entity)[0] > 0 or fit_of_body(c.reading.titles, entity):
        return False
    is_unlike = any(map(_begins_otherwise, c.changed))  # *the goalkeeper Košický* is no *Rosický*
    trades = (noun,) if is_unlike else of_one_trade(noun)
    return not any(entity.has_role_word(word) for word in trades)


def _stands_beside(c: Comparison) -> bool:
    """Whether a full name stands in one sentence with the right one: they are two people."""
    return len(c.reading.words) > 1 and _shares_sentence(c)


def _shares_sentence(c: Comparison) -> bool:
    """Whether the right name stands in a sentence with this one."""
    segments = c.context.known_in.get(c.candidate.entity.id, frozenset())
    return any(m.segment in segments for m in c.reading.mentions)


def _is_spelt_so(c: Comparison) -> bool:
    """Whether the text says that this is another way to spell the name: *Hammurabi, also spelled Hammurapi*; *Herat, or
    Harat*."""
    if c.reading.preceded_by & _SPELT:
        return True
    return bool(c.reading.preceded_by & _OTHERWISE) and _shares_sentence(c)


_OTHERWISE = frozenset(("or", "also", "formerly", "sometimes", "written", "pronounced"))
_SPELT = frozenset(("spelled", "spelt", "transliterated", "transcribed", "romanized", "romanised"))


_OF_MANY = frozenset(("member", "deputy", "representative"))
_LEAST_SAME = 0.5


def _is_expected(c: Comparison) -> bool:
    """Whether the text or the caller has spoken of them, or gives them an office that was theirs, then."""
    if c.candidate.entity.id in c.context.known or c.candidate.entity.id in c.context.hinted:
        return True
    return fit_of_roles(c.reading.titles, c.candidate.entity)[0] == 1 and not _is_of_another_time(c)


def _is_of_another_time(c: Comparison) -> bool:
    """Whether the years that the text names are far from those that they were in office."""
    when = in_office(c)
    return when is not None and when.score < 0


def _is_by_letters_alone(c: Comparison) -> bool:
    """Whether neither office nor caller, nor a fuller form, nor a known way of damage speaks for somebody."""
    if c.is_mangled or c.candidate.entity.id in c.context.known or c.candidate.entity.id in c.context.hinted:
        return False
    return not _has_office(c)


def _is_told_by_letters(c: Comparison) -> bool:
    """Whether neither office nor caller, nor, of one word, a fuller form in the text speaks for somebody."""
    if len(c.reading.words) < 2 and c.candidate.entity.id in c.context.known:
        return False
    return c.candidate.entity.id not in c.context.hinted and not _has_office(c)


def _serves_its_country(c: Comparison) -> bool:
    """Whether what the text says of them names the country of the candidate: *China's top diplomat*."""
    words = (normalise(strip_possessive(word)) for title in c.reading.titles for word in title.split())
    return c.candidate.entity.country in countries_of(list(words))


def _has_office(c: Comparison) -> bool:
    """Whether what the text calls them is an office that they held, and the text not of a time long before it."""
    entity, years = c.candidate.entity, c.context.years
    if not fit_of_roles(c.reading.titles, entity)[0]:
        return False
    return not years or entity.active_from is None or max(years) >= entity.active_from - _CAREER


_CAREER = 30  # years


def _is_famous_otherwise(c: Comparison) -> bool:
    """Whether a word that would change is well known, and not one given name in another language."""
    return any(c.attested.as_name(p.found) >= FAMOUS and not are_equivalent(p.found, p.meant) for p in c.changed)


def _may_be_anyone(c: Comparison) -> bool:
    """Whether letters, all there is, say little: words that are names of their own, begin otherwise, or differ in a way
    that machines are not known for; or no word agrees."""
    changed = c.changed
    if not changed or len(c.reading.words) < 2:
        return " " not in c.candidate.entity.name and case_ending(c) is None
    if not any(p.is_same for p in c.pairs) and c.similarity < _LEAST_JOINED:
        return True
    if any(c.attested.as_name(p.found) for p in changed) or has_another_beginning(c):
        return True
    if sum(p.is_same for p in c.pairs) > 1:
        return False
    return not all(p.is_slight for p in changed if respelling_probability(p.meant, p.found) < _LEAST_RATE)


_OTHERS: Mapping[EntityKind, Callable[[Comparison], bool]] = {
    EntityKind.PLACE: _is_another_place,
    EntityKind.ORGANISATION: _is_another_organisation,
    EntityKind.PERSON: _is_somebody_else,
}
