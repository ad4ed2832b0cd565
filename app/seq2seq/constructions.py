# ruff: noqa: SIM905
# Word tables are read and edited as running text.
"""Slips of constructions: what stands together does not fit, and the sentence itself shows it.

"Able do", "without make", "more larger", "although …, but …", "many informations", "the different between": what
translators correct and learners write because their own language has it so. Each function changes one place, or nothing
where the sentence has no such construction.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from app.seq2seq.slip_text import SlipText

Families = Mapping[str, tuple[str, ...]]

_MODALS: Final = frozenset("can could will would shall should may might must".split())
# After these "to" belongs before a verb: without it, or with "-ing" in its place, something is missing.
_BEFORE_TO: Final = frozenset(
    "want wants wanted wish wishes wished hope hopes hoped need needs needed able unable going ought have has had "
    "decide decides decided try tries tried plan plans planned agree agreed refuse refused expect expects expected "
    "continue continues continued begin begins began ready likely unlikely willing forced allowed asked urged due "
    "order seek seeks sought fail fails failed manage managed promise promised attempt attempted".split()
)
_BEFORE_ING: Final = frozenset(
    "of by for without from after before in at with about instead on despite through while when".split()
)
_SINGULAR: Final = frozenset("a an one each every another this".split())
_OF_SEVERAL: Final = frozenset(
    "number lot lots variety range series group kinds types forms sorts dozens hundreds thousands millions couple "
    "majority handful one two some many most several".split()
)
# Nouns that are not counted: a plural of them is a slip wherever it stands.
_MASS: Final = frozenset(
    "information advice equipment furniture homework evidence knowledge progress luggage traffic software hardware "
    "research news music money weather electricity pollution violence transportation machinery legislation "
    "infrastructure wealth happiness courage patience ammunition agriculture aid assistance harm damage rice".split()
)
_GRADED: Final = (
    "large small high low great old young long short strong weak fast slow cheap rich poor easy hard early late wide "
    "deep safe close big new light dark warm cold simple clear tough healthy wealthy busy happy".split()
)
# What opens a clause, and the second conjunction that other languages set before the main one.
_CORRELATIVE: Final = {
    "although": "but", "though": "but", "while": "but", "because": "so", "since": "so", "as": "so",
}  # fmt: skip
_CLAUSE: Final = frozenset("if when although though while because since after before once unless until as".split())
_CONNECTIVES: Final = frozenset(
    "however therefore moreover furthermore nevertheless nonetheless consequently meanwhile additionally finally "
    "instead similarly likewise fortunately unfortunately".split()
)
_PHRASES: Final = tuple(
    tuple(phrase.split())
    for phrase in (
        "for example", "for instance", "in addition", "in fact", "in contrast", "as a result", "of course",
        "in particular", "in other words", "on the other hand", "at the same time", "in conclusion", "in general",
        "in this case", "above all", "first of all", "after all", "as a consequence", "in the end", "in short",
    )
)  # fmt: skip
_CASES: Final = {
    "he": "him", "she": "her", "they": "them", "we": "us", "him": "he", "them": "they", "us": "we",
}  # fmt: skip
_REFLEXIVES: Final = {
    "he": "himself", "she": "herself", "it": "itself", "they": "themselves", "we": "ourselves", "i": "myself",
}  # fmt: skip
_PREPOSITIONS: Final = frozenset("of to for with by from at in on about between against among without".split())
_FINITE: Final = frozenset("is are was were has have had will would can could may might must should".split())
_NUMBERED: Final = {"this": "these", "these": "this", "those": "that"}
# Endings that make a word of another class of the same stem.
_ENDINGS: Final = (
    ("ent", "ence"), ("ent", "ency"), ("ant", "ance"), ("ant", "ancy"), ("", "ness"), ("y", "iness"), ("", "ity"),
    ("e", "ity"), ("able", "ability"), ("ible", "ibility"), ("", "ment"), ("e", "ion"), ("", "ion"), ("", "ation"),
    ("e", "ation"), ("", "al"), ("e", "al"), ("y", "ic"), ("", "ic"), ("y", "ical"), ("", "ful"), ("", "less"),
    ("", "ous"), ("y", "ous"), ("", "y"), ("e", "y"), ("", "ive"), ("e", "ive"), ("ion", "ive"), ("", "ly"),
    ("", "ally"), ("y", "ily"), ("le", "ly"), ("ism", "ist"), ("", "ance"), ("e", "ance"), ("ation", "ative"),
    ("", "able"),
)  # fmt: skip
_PAIRS: Final = (
    "true:truth strong:strength long:length wide:width high:height young:youth safe:safety poor:poverty free:freedom "
    "wise:wisdom die:death believe:belief choose:choice lose:loss grow:growth succeed:success advise:advice "
    "prove:proof dead:death deep:depth warm:warmth good:well hot:heat proud:pride angry:anger hungry:hunger "
    "succeed:successful analyse:analysis analyze:analysis describe:description explain:explanation decide:decision "
    "destroy:destruction receive:reception produce:production reduce:reduction france:french china:chinese"
).split()


def with_s(word: str) -> tuple[str, str, str]:
    """What a noun's plural, or a verb's third person, may look like."""
    return f"{word}s", f"{word}es", f"{word[:-1]}ies"


def _graded(ending: str) -> dict[str, str]:
    """Compared form, and the word itself."""
    found = {}
    for word in _GRADED:
        stem = word.removesuffix("e") if word.endswith("e") else f"{word}g" if word == "big" else word
        found[(f"{word[:-1]}i" if word.endswith("y") else stem) + ending] = word
    return found


_COMPARED: Final = _graded("er") | {"better": "good", "worse": "bad"}
_MOST: Final = _graded("est") | {"best": "good", "worst": "bad"}


def derived_words(words: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The words of another class that share each word's stem: those of ``words`` (lower case) that its endings give."""
    known = frozenset(words)
    found: dict[str, set[str]] = defaultdict(set)
    for word in known:
        for short, long in _ENDINGS:
            stem = word[: len(word) - len(long)]
            if word.endswith(long) and len(stem) >= 4 and stem + short in known:
                found[word].add(stem + short)
                found[stem + short].add(word)
    for pair in _PAIRS:
        one, other = pair.split(":")
        if one in known and other in known:
            found[one].add(other)
            found[other].add(one)
    return {word: tuple(sorted(others)) for word, others in found.items()}


def word_class(text: SlipText, rng: random.Random, derived: Families) -> None:
    """A word of another class: "the different between", "recovered good"."""
    whole = [i for i in range(len(text.words)) if not text.is_part(i)]
    _replace_one(text, rng, [(i, other) for i in whole for other in derived.get(text.words[i], ())])


def before_a_verb(text: SlipText, rng: random.Random, families: Families) -> None:
    """A lost "to" ("able do"), one after a modal verb ("can to do"), or "-ing" after "to" ("want to doing")."""
    lost, added, changed = [], [], []
    for i in range(1, len(text.words)):
        before, word = text.words[i - 1].lower(), text.words[i]
        if word == "to" and before in _BEFORE_TO and i + 1 < len(text.words):
            lost.append(i)
            changed += [(i + 1, form) for form in families.get(text.words[i + 1], ()) if form.endswith("ing")]
        if before in _MODALS and word in families:
            added.append(i)
    chance = rng.random()
    if added and (chance < 0.4 or not lost):
        text.insert(rng.choice(added), "to")
    elif changed and chance < 0.6:
        text.replace(*rng.choice(changed))
    elif lost:
        text.delete(rng.choice(lost))


def after_a_preposition(text: SlipText, rng: random.Random, families: Families) -> None:
    """The plain verb after a preposition: "by move", "instead of use"."""
    _replace_one(text, rng, [
        (i, form)
        for i in range(1, len(text.words))
        if text.words[i].endswith("ing") and text.words[i - 1].lower() in _BEFORE_ING
        for form in families.get(text.words[i], ())
        if text.words[i][:-3] in (form, form.removesuffix("e"), form + form[-1])
    ])  # fmt: skip


def number_of_a_noun(text: SlipText, rng: random.Random, families: Families) -> None:
    """A noun in the number that its determiner does not ask for: "every countries", "a lot of place", "this plans"."""
    places: list[tuple[int, str]] = []
    for i in range(1, len(text.words)):
        word, before = text.words[i], text.words[i - 1].lower()
        forms = families.get(word, ()) if word.islower() and not text.is_part(i) else ()
        plurals = [form for form in forms if form in with_s(word)]
        singulars = [form for form in forms if word in with_s(form)]
        following = text.words[i + 1] if i + 1 < len(text.words) else "."
        if before in _SINGULAR and not (following.isalpha() and following not in _PREPOSITIONS | _FINITE):
            places += [(i, form) for form in plurals]
        if before == "of" and i > 1 and text.words[i - 2].lower() in _OF_SEVERAL:
            places += [(i, form) for form in singulars]
        if before in ("the", "these", "those") and i > 2 and text.words[i - 2] == "of":
            places += [(i, form) for form in singulars if text.words[i - 3].lower() in _OF_SEVERAL]
        if before in _NUMBERED and (singulars or plurals):
            places.append((i - 1, _NUMBERED[before]))
    _replace_one(text, rng, places)


def counted_mass_noun(text: SlipText, rng: random.Random) -> None:
    """What is not counted in the plural ("informations"), or as if it were counted ("many information")."""
    places = [i for i in text.places(_MASS) if text.words[i].islower()]
    if not places:
        return
    at = rng.choice(places)
    if at and text.words[at - 1].lower() in ("much", "little", "less") and rng.random() < 0.5:
        text.replace(at - 1, {"much": "many", "little": "few", "less": "fewer"}[text.words[at - 1].lower()])
    elif not text.words[at].endswith("s"):
        word = text.words[at]
        text.replace(
            at, f"{word[:-1]}ies" if word.endswith("ry") else f"{word}es" if word.endswith("ch") else f"{word}s"
        )


def comparison(text: SlipText, rng: random.Random) -> None:
    """Compared twice ("more larger"), not at all ("large than"), or with another particle ("larger as")."""
    added: list[tuple[int, str]] = []
    changed: list[tuple[int, str]] = []
    for i, word in enumerate(text.words):
        small = word.lower()
        if small in _COMPARED or small in _MOST:
            added.append((i, "more" if small in _COMPARED else "most"))
        if small in _COMPARED and text.words[i + 1 : i + 2] == ["than"]:
            changed += [
                (i, _COMPARED[small]),
                (i, f"more {_COMPARED[small]}"),
                (i + 1, rng.choice(("then", "as", "that"))),
            ]
        elif small in _MOST and i and text.words[i - 1] == "the":
            changed += [(i, _MOST[small]), (i, f"most {_MOST[small]}")]
    if changed and rng.random() < 0.6:
        text.replace(*rng.choice(changed))
    elif added:
        text.insert(*rng.choice(added))


def is_opening(text: str) -> bool:
    """Whether a text is one that opens a sentence and is set apart by a comma: "However", "In addition"."""
    words = tuple(text.lower().split())
    return words in _PHRASES or (len(words) == 1 and words[0] in _CONNECTIVES)


def second_conjunction(text: SlipText, rng: random.Random) -> None:
    """A clause joined twice: "Although it rained, but we went"."""
    second = _CORRELATIVE.get(text.words[0].lower()) if text.words else None
    if second and text.words.count(",") == 1:
        at = text.words.index(",")
        if 3 < at < len(text.words) - 3 and text.words[at + 1].islower():
            text.insert(at + 1, second)


def opening_comma(text: SlipText, rng: random.Random) -> None:
    """The comma lost that closes what opens a sentence: "However the plan failed", "If he comes we go"."""
    words = [word.lower() for word in text.words]
    if "," not in words:
        return
    at = words.index(",")
    if is_opening(" ".join(words[:at])) or (at > 2 and words[0] in _CLAUSE):
        text.delete(at)


def pronoun_case(text: SlipText, rng: random.Random) -> None:
    """A pronoun in the other case ("for he", "them said"), not the subject's reflexive, "which" for a person."""
    places: list[tuple[int, str]] = []
    for i, word in enumerate(text.words):
        small = word.lower()
        following = text.words[i + 1].lower() if i + 1 < len(text.words) else ""
        before = text.words[i - 1].lower() if i else ""
        if small in ("he", "she", "they", "we") and following in _FINITE and before != "than":
            places.append((i, _CASES[small]))
        if small in ("him", "them", "us") and before in _PREPOSITIONS and following not in _FINITE:
            places.append((i, _CASES[small]))
        if small in ("who", "which"):
            places.append((i, "which" if small == "who" else "who"))
        if any(_REFLEXIVES.get(w.lower()) == small for w in text.words[max(0, i - 5) : i]):
            places += [(i, other) for other in _REFLEXIVES.values() if other != small]
    _replace_one(text, rng, places)


def _replace_one(text: SlipText, rng: random.Random, places: list[tuple[int, str]]) -> None:
    if places:
        text.replace(*rng.choice(places))


Construction = Callable[[SlipText, random.Random], None]
CONSTRUCTIONS: Final[dict[str, tuple[Construction, int]]] = {
    "mass noun": (counted_mass_noun, 24),
    "comparison": (comparison, 48),
    "second conjunction": (second_conjunction, 70),
    "opening comma": (opening_comma, 48),
    "pronoun case": (pronoun_case, 24),
}
"""Those that need to know no other forms, and how often each is drawn beside the other slips."""
