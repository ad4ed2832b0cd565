"""Slips of grammar and spelling on clean text, with exact labels: forms, articles, prepositions, misspellings and more.

Post-edits say what translators changed, right sentences what is right; neither says plainly "this word is in the wrong
form". Here clean sentences get the slips that the grammatical part of real post-edits consists of. Counted on pe-train
(4,539 edits of Estonian, Romanian and Russian translations): determiners 36 %, prepositions 24 %, forms of one word
21 %, pronouns 11 %, auxiliaries 8 %; forms are drawn more often, for they have the most variety, and most often where
the sentence shows that they are wrong: agreement, after an auxiliary, after a number. The forms of a word are those
that the clean text itself shows. Scraped text adds what people and scanners do to letters, commas and spaces.

A slip must show in the sentence: another tense ("he earns" for "he earned", "is" for "was") or another modal verb
usually leaves a right one, and a network that is told it is wrong puts the news into the past.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from rapidfuzz.distance import OSA

from app.core.classify import IRREGULAR_NOUNS, IRREGULAR_VERBS
from app.core.inflection import article
from app.seq2seq.constructions import (
    CONSTRUCTIONS,
    Construction,
    Families,
    after_a_preposition,
    before_a_verb,
    derived_words,
    number_of_a_noun,
    with_s,
    word_class,
)
from app.seq2seq.slip_text import SlipText
from app.seq2seq.tokenizer import Words

_ENDINGS = ("", "s", "es", "ed", "d", "ing", "ly", "er")
_ARTICLES = ("a", "an", "the")
_PREPOSITIONS = (
    "in",
    "on",
    "at",
    "to",
    "for",
    "of",
    "from",
    "with",
    "by",
    "about",
    "into",
    "during",
    "between",
    "over",
)
_AUXILIARIES = (
    ("is", "are", "be", "been", "being"),
    ("was", "were", "be", "been", "being"),
    ("has", "have", "having"),
    ("had", "having"),
    ("do", "does"),
)
_CONFUSED = (
    ("its", "it's"),
    ("their", "there", "they're"),
    ("then", "than"),
    ("to", "too"),
    ("your", "you're"),
    ("whose", "who's"),
    ("affect", "effect"),
    ("lose", "loose"),
    ("much", "many"),
    ("less", "fewer"),
    ("few", "little"),
    ("other", "another", "others"),
    ("than", "that"),
    ("because", "because of"),
    ("although", "despite"),
    ("make", "do"),
    ("makes", "does"),
    ("say", "tell"),
    ("said", "told"),
    ("so", "such"),
    ("as", "like"),
    ("also", "too"),
)
_TRIES = 8  # kinds that are tried for one slip: not every sentence has room for each
_LEAST_ALIKE = 4  # letters of a word that is taken for another
_AS_SEEN = 0.5  # of the misspellings of a word that people are known to misspell
_TWICE = 0.2  # of the misspelt words of seven letters or more
_VOWELS = "aeiou"
_APOSTROPHE = re.compile("['’]")
# Letters that sound alike, or are taken for each other, in both directions.
_ALIKE = (
    ("ie", "ei"), ("c", "s"), ("c", "k"), ("f", "ph"), ("sion", "tion"), ("ent", "ant"), ("ence", "ance"),
    ("able", "ible"), ("z", "s"), ("y", "i"), ("er", "or"), ("er", "re"), ("ee", "ea"), ("ou", "o"), ("qu", "q"),
    ("wh", "w"), ("gh", "g"), ("ght", "th"), ("ck", "k"), ("oo", "u"), ("u", "o"), ("e", "i"), ("a", "e"), ("l", "i"),
    ("m", "rn"), ("n", "m"), ("v", "b"), ("b", "p"), ("t", "d"), ("g", "j"),
)  # fmt: skip
_BEFORE_A_FORM = frozenset((
    "will", "would", "can", "could", "shall", "should", "may", "might", "must", "did", "does", "do", "has", "have",
    "had", "be", "been", "is", "are", "was", "were", "being", "to",
))  # fmt: skip
# After these a verb shows its tense or its form: "he earn", "to earned", "has earn".
_BEFORE_ONE_FORM = _BEFORE_A_FORM | {"he", "she", "it", "this", "that", "who", "which", "not"}
# What a finite verb has in the other number, and what stands before a verb of either.
_OTHER_NUMBER = {
    "is": "are", "are": "is", "was": "were", "were": "was", "has": "have", "have": "has", "does": "do",
    "isn't": "aren't", "aren't": "isn't", "wasn't": "weren't", "weren't": "wasn't", "hasn't": "haven't",
    "haven't": "hasn't", "doesn't": "don't",
}  # fmt: skip
_ONE = frozenset(("this", "its", "his", "has", "is", "was", "as", "us", "does"))
_SEVERAL = frozenset(("we", "they", "you", "i", "people", "these", "those", "men", "women", "children", "both"))
_MANY = frozenset((
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "twenty", "hundred",
    "many", "several", "few", "these", "those", "both", "various", "all", "most", "other", "some",
))  # fmt: skip
_AUXILIARY = _BEFORE_A_FORM | {"cannot", "didn't", "doesn't", "don't", "won't"}
# After these comes no finite verb: what looks like one is a noun.
_NO_SUBJECT = frozenset((
    *_ARTICLES, *_PREPOSITIONS, *_MANY, *_AUXILIARY, "and", "or", "my", "your", "his", "her", "its", "our", "their",
    "this", "that", "no", "any", "each", "every", "not", "as", "than", ",", "more",
))  # fmt: skip


def _made_regular() -> dict[str, tuple[str, ...]]:
    """Irregular form, and what it would be if verbs and nouns were regular."""
    found: dict[str, tuple[str, ...]] = {}
    for lines, ending in ((IRREGULAR_VERBS, "ed"), (IRREGULAR_NOUNS, "s")):
        for line in lines:
            base, _, forms = line.partition(":")
            regular = base + ending[1:] if base.endswith("e") and ending == "ed" else base + ending
            for form in re.split("[/,]", forms):
                if base not in ("be", "have", "do", "person") and form not in (base, f"{base}s", f"{base}es", regular):
                    found[form] = tuple(dict.fromkeys((*found.get(form, ()), regular)))
    return found


_REGULAR = _made_regular()
_SMALL = frozenset((*_ARTICLES, *_PREPOSITIONS, "that", "and", "as", "not", "it", "there"))


def word_families(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Other forms of each word: those of ``words`` (lower case, each worth having) that share its stem."""
    known = frozenset(words)
    by_stem: dict[str, set[str]] = defaultdict(set)
    for word in known:
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                stem = word[: len(word) - len(ending)]
                if stem in known or f"{stem}e" in known:
                    by_stem[stem if stem in known else f"{stem}e"].add(word)
        for ending in ("ies", "ied"):
            if word.endswith(ending) and word[: -len(ending)] + "y" in known:
                by_stem[word[: -len(ending)] + "y"].add(word)
    for line in (*IRREGULAR_VERBS, *IRREGULAR_NOUNS):
        forms = {form for form in re.split("[:/,]", line) if form in known}
        if len(forms) > 1:
            by_stem[line].update(forms)
    families: dict[str, set[str]] = defaultdict(set)
    for forms in by_stem.values():
        for form in forms:
            families[form] |= forms - {form}
    return {word: tuple(sorted(forms)) for word, forms in families.items() if forms}


def look_alikes(words: Iterable[str], families: Families) -> dict[str, tuple[str, ...]]:
    """The words (lower case, of four letters or more) that one stroke makes of each, but for its own forms.

    A stroke adds, drops or changes a letter, or swaps two neighbours: "form" and "from", "though" and "through".
    """
    known = frozenset(word for word in words if len(word) >= _LEAST_ALIKE)
    by_rest: dict[str, set[str]] = defaultdict(set)
    for word in known:
        by_rest[word].add(word)
        for at in range(len(word)):
            by_rest[word[:at] + word[at + 1 :]].add(word)
    found: dict[str, set[str]] = defaultdict(set)
    for alike in by_rest.values():
        for word in alike:
            found[word] |= {
                other for other in alike - {word} if other not in families.get(word, ()) and _is_one_stroke(word, other)
            }
    return {word: tuple(sorted(others)) for word, others in found.items() if others}


def _is_one_stroke(one: str, other: str) -> bool:
    return OSA.distance(one, other, score_cutoff=1) == 1


@dataclass(frozen=True, slots=True)
class Slipper:
    """Makes grammatical slips.

    Args:
        families: Other forms of a word, as ``word_families`` gives them.
        derived: Words of another class, as ``derived_words`` gives them.
        known: Words, lower case: a misspelling is none of them.
        alike: Words that one stroke makes of a word, as ``look_alikes`` gives them.
        misspelt: What people write for a word by mistake; every other misspelling of such a word is one of these.
    """

    families: Families
    derived: Families
    known: frozenset[str] = frozenset()
    alike: Families = field(default_factory=dict)
    misspelt: Families = field(default_factory=dict)

    @classmethod
    def of(cls, words: Iterable[str], known: Iterable[str], misspelt: Families | None = None) -> Slipper:
        """With the forms that ``words`` (lower case, each worth having) are of one another."""
        words = frozenset(words)
        families = word_families(words)
        return cls(families, derived_words(words), frozenset(known), look_alikes(words, families), misspelt or {})

    @classmethod
    def from_counts(
        cls, counts: Mapping[str, int], *, least: int, least_known: int = 1, misspelt: Families | None = None
    ) -> Slipper:
        """With the forms of words that were counted so often at least, and what was counted less often is known."""
        words = (word for word, count in counts.items() if count >= least and word.isalpha())
        return cls.of(words, (word for word, count in counts.items() if count >= least_known), misspelt)

    @property
    def kinds(self) -> dict[str, tuple[Construction, int]]:
        """The kinds of slip by name, and how often each is drawn beside the others.

        What few sentences have room for is drawn the more often: a comparison stands in one of twelve, an article in
        each.
        """
        return {
            "form": (self._form, 16), "article": (_article, 26), "preposition": (_preposition, 13),
            "auxiliary": (_auxiliary, 6), "lost or doubled": (_lost_or_doubled, 5),
            "misspelling": (self._misspelling, 26), "another word": (self._another_word, 6), "confused": (_confused, 4),
            "comma": (_comma, 5),
            "space": (_space, 2), "order": (_order, 2), "capital": (_capital, 3), "apostrophe": (_apostrophe, 3),
            "agreement": (self._agreement, 28), "after an auxiliary": (self._after_auxiliary, 18),
            "number": (self._number, 15), "as if regular": (_as_if_regular, 5), "a or an": (_a_or_an, 8),
            "before a verb": (partial(before_a_verb, families=self.families), 24),
            "after a preposition": (partial(after_a_preposition, families=self.families), 40),
            "number of a noun": (partial(number_of_a_noun, families=self.families), 20),
            "word class": (partial(word_class, derived=self.derived), 8),
            **CONSTRUCTIONS,
        }  # fmt: skip

    def slip(self, words: Words, count: int, rng: random.Random, only: str | None = None) -> str:
        """The text with up to ``count`` slips, of the kind ``only`` if one is named."""
        ends = [0, *(end for _, end in words.bounds)]
        text = SlipText([words.text[a:b] for a, (b, _) in zip(ends, words.bounds, strict=False)], words.surfaces())
        kinds = self.kinds
        drawn = [kinds[only]] if only else [*kinds.values()]
        for _ in range(count):
            before = str(text)
            for kind, _ in rng.choices(drawn, weights=[weight for _, weight in drawn], k=_TRIES):
                kind(text, rng)
                if str(text) != before:
                    break
        return str(text) + words.text[ends[-1] :]

    def _form(self, text: SlipText, rng: random.Random) -> None:
        places = [i for i, word in enumerate(text.words) if (word.lower() if i == 0 else word) in self.families]
        if places:
            at = rng.choice(places)
            old, before = text.words[at].lower(), text.words[at - 1].lower() if at else ""
            forms = [form for form in self.families[old] if not _is_other_tense(old, form, before)]
            if forms:
                text.replace(at, rng.choice(forms))

    def _agreement(self, text: SlipText, rng: random.Random) -> None:
        """A verb in the other number: "we has", "the results shows"."""
        places = [(i, other) for i, word in enumerate(text.words) if (other := _OTHER_NUMBER.get(word.lower()))]
        for i in range(1, len(text.words)):
            word, before = text.words[i], text.words[i - 1].lower()
            forms = self.families.get(word, ()) if word.islower() else ()
            if not any(form.endswith("ing") for form in forms) or before in _NO_SUBJECT:
                continue
            if word.endswith("s"):
                if not before.endswith("s") or before in _ONE:
                    places += [(i, form) for form in forms if form in (word[:-1], word[:-2], f"{word[:-3]}y")]
            elif before in _SEVERAL or (before.endswith("s") and before not in _ONE):
                places += [(i, form) for form in forms if form in with_s(word)]
        if places:
            text.replace(*rng.choice(places))

    def _after_auxiliary(self, text: SlipText, rng: random.Random) -> None:
        """Another form where an auxiliary asks for one: "will costs", "did not changed", "has be"."""
        places = []
        for i in range(1, len(text.words)):
            before = text.words[i - 1].lower()
            if before in ("not", "also") and i > 1:
                before = text.words[i - 2].lower()
            forms = self.families.get(text.words[i], ())
            if forms and before in _AUXILIARY and any(f.endswith(("ing", "ed")) for f in (*forms, text.words[i])):
                places.append((i, forms))
        if places:
            at, forms = rng.choice(places)
            text.replace(at, rng.choice(forms))

    def _number(self, text: SlipText, rng: random.Random) -> None:
        """A noun in the singular where the word before it asks for the plural: "eleven month"."""
        places = [
            (i, form)
            for i in range(1, len(text.words))
            if (text.words[i - 1].lower() in _MANY or (text.words[i - 1].isdigit() and text.words[i - 1] != "1"))
            and text.words[i].endswith("s")
            for form in self.families.get(text.words[i], ())
            if text.words[i] in with_s(form)
        ]
        if places:
            text.replace(*rng.choice(places))

    def _misspelling(self, text: SlipText, rng: random.Random) -> None:
        places = [i for i, word in enumerate(text.words) if len(word) > 3 and word.isalpha() and word.isascii()
                  and (word.islower() or i == 0)]  # fmt: skip
        if not places:
            return
        at = rng.choice(places)
        seen = self.misspelt.get(text.words[at].lower())
        if seen and rng.random() < _AS_SEEN:
            text.replace(at, rng.choice(seen))
            return
        for _ in range(5):
            wrong = misspell(text.words[at].lower(), rng)
            if len(wrong) > 6 and rng.random() < _TWICE:
                wrong = misspell(wrong, rng)
            if wrong not in self.known and wrong != text.words[at].lower():
                text.replace(at, wrong)
                return

    def _another_word(self, text: SlipText, rng: random.Random) -> None:
        """A word of the language that looks like the right one: "form" for "from"."""
        places = [(i, other) for i, word in enumerate(text.words) for other in self.alike.get(word, ())]
        if places:
            text.replace(*rng.choice(places))


def small_words(sentences: Iterable[str]) -> Counter[str]:
    """How often each word is written small; punctuation sticks to it."""
    return Counter(word for sentence in sentences for word in sentence.split() if word.islower())


def _is_other_tense(old: str, new: str, before: str) -> bool:
    """Whether two forms of a verb may differ in tense alone, ``before`` being the word before them."""
    past = next((word for word in (old, new) if word.endswith("ed")), None)
    if past is None:
        return False
    other = new if past == old else old
    if other.endswith("s"):
        return True
    is_base = past in (f"{other}ed", f"{other}d", f"{other[:-1]}ied")
    return is_base and before not in _BEFORE_ONE_FORM


def misspell(word: str, rng: random.Random) -> str:
    """``word`` (lower case, three letters at least) as a hasty or learning writer might spell it."""
    at, kind = rng.randrange(1, len(word)), rng.random()
    if kind < 0.3:
        pairs = [(a, b) for x, y in _ALIKE for a, b in ((x, y), (y, x)) if a in word]
        if pairs:
            old, new = rng.choice(pairs)
            place = rng.choice([m.start() for m in re.finditer(old, word)])
            return word[:place] + new + word[place + len(old) :]
    if kind < 0.5:  # a vowel for another
        places = [i for i in range(len(word)) if word[i] in _VOWELS and i]
        if places:
            place = rng.choice(places)
            return word[:place] + rng.choice(_VOWELS) + word[place + 1 :]
    if kind < 0.65:  # double letters made single
        doubles = [i for i in range(1, len(word)) if word[i] == word[i - 1]]
        if doubles:
            place = rng.choice(doubles)
            return word[:place] + word[place + 1 :]
        return word[:at] + word[at] + word[at:]
    if kind < 0.85:
        return word[:at] + word[at + 1 :]
    if kind < 0.95:
        return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]
    return word[:at] + rng.choice("abcdefghijklmnopqrstuvwxyz") + word[at:]


def _article(text: SlipText, rng: random.Random) -> None:
    places = text.places(_ARTICLES)
    if places and rng.random() < 0.75:
        at = rng.choice(places)
        if rng.random() < 0.7:
            text.delete(at)
        else:
            text.replace(at, "the" if text.words[at].lower() != "the" else _indefinite(text, at + 1))
        return
    gaps = [i for i in range(1, len(text.words)) if text.words[i].islower() and text.words[i].isalpha()
            and text.words[i].lower() not in _SMALL and text.words[i - 1].lower() not in _ARTICLES]  # fmt: skip
    if gaps:
        at = rng.choice(gaps)
        text.insert(at, "the" if rng.random() < 0.8 else _indefinite(text, at))


def _indefinite(text: SlipText, at: int) -> str:
    """*A* or *an*, as the word there asks for: nobody writes "an way" for "the way"."""
    return article(text.words[at]) if at < len(text.words) else "a"


def _preposition(text: SlipText, rng: random.Random) -> None:
    places = text.places(_PREPOSITIONS)
    if not places:
        return
    at, chance = rng.choice(places), rng.random()
    if chance < 0.65:
        text.replace(at, rng.choice([p for p in _PREPOSITIONS[:9] if p != text.words[at].lower()]))
    elif chance < 0.85:
        text.delete(at)
    else:
        gaps = [i for i in range(1, len(text.words)) if text.words[i].isalpha() and text.words[i].lower() not in _SMALL]
        if gaps:
            text.insert(rng.choice(gaps), rng.choice(_PREPOSITIONS[:9]))


def _swap(text: SlipText, groups: Iterable[tuple[str, ...]], rng: random.Random) -> None:
    choices = [(i, other) for group in groups for i in text.places(group) for other in group
               if other != text.words[i].lower()]  # fmt: skip
    if choices:
        text.replace(*rng.choice(choices))


def _auxiliary(text: SlipText, rng: random.Random) -> None:
    places = text.places(word for group in _AUXILIARIES for word in group)
    if places and rng.random() < 0.3:
        text.delete(rng.choice(places))
    else:
        _swap(text, _AUXILIARIES, rng)


def _as_if_regular(text: SlipText, rng: random.Random) -> None:
    """An irregular form made as regular ones are: "sended", "childs"."""
    places = [(i, other) for i, word in enumerate(text.words) for other in _REGULAR.get(word.lower(), ())]
    if places:
        text.replace(*rng.choice(places))


def _a_or_an(text: SlipText, rng: random.Random) -> None:
    """The article that the next sound does not ask for."""
    places = text.places(("a", "an"))
    if places:
        at = rng.choice(places)
        text.replace(at, "an" if text.words[at].lower() == "a" else "a")


def _lost_or_doubled(text: SlipText, rng: random.Random) -> None:
    places = text.places(_SMALL)
    if places:
        at = rng.choice(places)
        if rng.random() < 0.5:
            text.delete(at)
        else:
            text.insert(at, text.words[at].lower())


def _confused(text: SlipText, rng: random.Random) -> None:
    _swap(text, _CONFUSED, rng)


def _comma(text: SlipText, rng: random.Random) -> None:
    places = [i for i in range(1, len(text.words) - 1) if text.words[i] == ","]
    if places and rng.random() < 0.8:
        text.delete(rng.choice(places))
        return
    gaps = [i for i in range(2, len(text.words)) if text.words[i].isalpha() and text.words[i - 1].isalpha()]
    if gaps:
        at = rng.choice(gaps)
        text.words.insert(at, ",")
        text.spaces.insert(at, "")


def _space(text: SlipText, rng: random.Random) -> None:
    """Two words run together, or one cut in two."""
    if rng.random() < 0.5:
        gaps = [i for i in range(1, len(text.words)) if text.words[i].isalpha() and text.words[i].islower()
                and text.words[i - 1].isalpha() and text.spaces[i]]  # fmt: skip
        if gaps:
            text.spaces[rng.choice(gaps)] = ""
        return
    long = [i for i, word in enumerate(text.words) if len(word) > 5 and word.isalpha() and word.islower()]
    if long:
        at = rng.choice(long)
        word, cut = text.words[at], rng.randrange(2, len(text.words[at]) - 1)
        text.words[at : at + 1] = [word[:cut], word[cut:]]
        text.spaces.insert(at + 1, " ")


def _order(text: SlipText, rng: random.Random) -> None:
    gaps = [i for i in range(2, len(text.words)) if all(w.isalpha() and w.islower() for w in text.words[i - 1 : i + 1])]
    if gaps:
        at = rng.choice(gaps)
        text.words[at - 1], text.words[at] = text.words[at], text.words[at - 1]


def _capital(text: SlipText, rng: random.Random) -> None:
    """A capital lost, more often at the start of the sentence or of "I", or one too many."""
    if rng.random() < 0.3:
        places = [i for i, word in enumerate(text.words) if i and word.islower() and word.isalpha() and len(word) > 3]
    else:
        places = [i for i, word in enumerate(text.words) if word.istitle() and (i == 0 or word.isalpha())]
    if places:
        at = rng.choice(places)
        text.words[at] = text.words[at][:1].swapcase() + text.words[at][1:]


def _apostrophe(text: SlipText, rng: random.Random) -> None:
    """Lost ("dont"), or put into a plural ("the country's")."""
    places = [i for i, word in enumerate(text.words) if _APOSTROPHE.search(word)]
    if places and rng.random() < 0.8:
        at = rng.choice(places)
        text.words[at] = _APOSTROPHE.sub("", text.words[at])
        return
    plurals = [i for i, w in enumerate(text.words) if w.islower() and w.isalpha() and len(w) > 3 and w.endswith("s")
               and not w.endswith("ss")]  # fmt: skip
    if plurals:
        at = rng.choice(plurals)
        text.words[at] = text.words[at][:-1] + "'s"


def false_boundary(words: Words, rng: random.Random) -> str:
    """The sentence broken in two by a full stop, as pages translated there and back have it; the same if too short."""
    gaps = [i for i in range(3, len(words) - 2) if all(w.isalpha() for w in words.surfaces()[i - 1 : i + 1])]
    if not gaps:
        return words.text
    (_, end), (start, _) = (words.bounds[(at := rng.choice(gaps)) - 1], words.bounds[at])
    return f"{words.text[:end]}. {words.text[start].upper()}{words.text[start + 1 :]}"
