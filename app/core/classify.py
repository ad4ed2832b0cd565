# ruff: noqa: SIM905
# Word tables are read and edited as running text.
"""What an edit is: its kind in an editor's words, an ERRANT-style type, and a reason to show.

The types are those of ERRANT (Bryant et al. 2017): an operation (M missing, R replacement, U unnecessary) and a
category. ERRANT tags and parses both sentences; nothing here does. The evidence is the surface alone: closed word
classes are listed, inflection is undone by its endings and a table of irregular forms, a misspelling is told by its
distance. So an open-class word that is replaced by another is ``OTHER`` (ERRANT would say NOUN, VERB or ADJ), and an
``-s`` on a word that is not among the listed verbs counts as a plural.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import regex
from rapidfuzz.distance import OSA

from app.core.types import EditKind

_TOKEN: Final = regex.compile(r"[\w\p{M}]+(?:['’ʼ][\w\p{M}]+)*|[^\s\w]")

_CLASSES: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    (
        "DET",
        frozenset(
            "a an the this that these those some any no every each either neither another both all such what which "
            "my your his her its our their whose many much few several".split()
        ),
    ),
    (
        "PRON",
        frozenset(
            "i me you he him she it we us they them mine yours hers ours theirs myself yourself himself herself itself "
            "ourselves yourselves themselves who whom whoever whomever one ones there someone anyone everyone nobody "
            "somebody anybody everybody something anything everything nothing his her its their our my your this that "
            "these those which what".split()
        ),
    ),
    ("PART", frozenset("to not n't n’t".split())),
    (
        "PREP",
        frozenset(
            "of in to for with on at from by about as into like through after over between out against during without "
            "before under around among within along towards toward upon across behind beyond despite except near off "
            "onto per since than until up down via amid throughout inside outside regarding concerning".split()
        ),
    ),
    (
        "CONJ",
        frozenset(
            "and or but nor so yet because although though while if unless whereas that when where whether since "
            "as than once until".split()
        ),
    ),
    (
        "VERB:TENSE",
        frozenset(
            "be am is are was were been being have has had having do does did will would shall should can could may "
            "might must".split()
        ),
    ),
    (
        "ADV",
        frozenset(
            "also very too just only then now here there even still already again always never often soon ever "
            "however therefore thus instead almost quite rather more most less least well".split()
        ),
    ),
)
_AUXILIARIES: Final = _CLASSES[5][1]
_ADVERBS: Final = _CLASSES[6][1]
FUNCTION_WORDS: Final = frozenset().union(*(words for _, words in _CLASSES))

# Verbs whose third person is more frequent than a plural noun of the same form, or which have no such noun.
_VERBS: Final = frozenset(
    "accept achieve add agree allow announce appear apply approach argue arrive ask become begin believe belong bring "
    "build buy call carry choose claim come confirm consider consist contain continue contribute create decide defend "
    "depend describe deserve destroy develop die differ discuss eat enable encourage ensure enter exist expect explain "
    "express face fail fall feel find follow forget get give go grow happen hear help hold hope improve include "
    "increase indicate insist intend invite involve join keep kill know lead learn leave let lie like live look lose "
    "maintain make mean meet mention move need occur offer open own participate pay perform play prefer prepare "
    "prevent produce promise propose protect prove provide publish put reach read receive refer reflect refuse relate "
    "remain remember remove represent require reveal run say see seem sell send serve show sit solve speak spend stand "
    "start stay stop strengthen suffer suggest support take talk teach tell tend think travel try understand use visit "
    "wait want warn win work write".split()
)
IRREGULAR_VERBS: Final = """
be:am,is,are/was,were/been have:has/had/had do:does/did/done go:goes/went/gone say:says/said/said make:makes/made/made
take:takes/took/taken come:comes/came/come see:sees/saw/seen know:knows/knew/known get:gets/got/gotten
give:gives/gave/given find:finds/found/found think:thinks/thought/thought tell:tells/told/told
become:becomes/became/become show:shows/showed/shown leave:leaves/left/left feel:feels/felt/felt
bring:brings/brought/brought begin:begins/began/begun keep:keeps/kept/kept hold:holds/held/held
write:writes/wrote/written stand:stands/stood/stood hear:hears/heard/heard mean:means/meant/meant meet:meets/met/met
run:runs/ran/run pay:pays/paid/paid sit:sits/sat/sat speak:speaks/spoke/spoken lead:leads/led/led
grow:grows/grew/grown lose:loses/lost/lost fall:falls/fell/fallen send:sends/sent/sent build:builds/built/built
understand:understands/understood/understood draw:draws/drew/drawn break:breaks/broke/broken
spend:spends/spent/spent rise:rises/rose/risen drive:drives/drove/driven buy:buys/bought/bought
wear:wears/wore/worn choose:chooses/chose/chosen seek:seeks/sought/sought throw:throws/threw/thrown
catch:catches/caught/caught deal:deals/dealt/dealt win:wins/won/won forget:forgets/forgot/forgotten
sell:sells/sold/sold fight:fights/fought/fought teach:teaches/taught/taught eat:eats/ate/eaten
sing:sings/sang/sung strike:strikes/struck/struck shoot:shoots/shot/shot steal:steals/stole/stolen
fly:flies/flew/flown shake:shakes/shook/shaken bear:bears/bore/borne hide:hides/hid/hidden
""".split()
IRREGULAR_NOUNS: Final = (
    "man:men woman:women child:children person:people foot:feet tooth:teeth mouse:mice goose:geese life:lives "
    "wife:wives half:halves leaf:leaves thief:thieves wolf:wolves shelf:shelves crisis:crises analysis:analyses "
    "basis:bases thesis:theses criterion:criteria phenomenon:phenomena medium:media datum:data".split()
)
_COMPARISON: Final = "good:better/best bad:worse/worst far:further/furthest little:less/least many:more/most".split()
_DERIVED: Final = (
    "tion sion ment ness ity ance ence ism ist ian ean ese ish ary ory able ible ful less ous ive ical ic al "
    "ize ise ify ly er or ant ent y e".split()
)


class _Form(NamedTuple):
    lemma: str
    feature: str


def _table() -> dict[str, frozenset[_Form]]:
    forms: dict[str, set[_Form]] = {}

    def put(words: str, lemma: str, feature: str) -> None:
        for word in words.split(","):
            forms.setdefault(word, set()).add(_Form(lemma, feature))

    for entry in IRREGULAR_VERBS:
        lemma, rest = entry.split(":")
        third, past, participle = rest.split("/")
        for words, feature in ((lemma, "verb"), (third, "verb-s"), (past, "past"), (participle, "participle")):
            put(words, lemma, feature)
    for entry in IRREGULAR_NOUNS:
        lemma, plural = entry.split(":")
        put(lemma, lemma, "noun")
        put(plural, lemma, "noun-s")
    for entry in _COMPARISON:
        lemma, rest = entry.split(":")
        put(lemma, lemma, "adjective")
        put(rest.replace("/", ","), lemma, "compared")
    return {word: frozenset(found) for word, found in forms.items()}


_IRREGULAR: Final = _table()


def errant_type(old: str, new: str) -> str:
    """The ERRANT-style type of replacing ``old`` by ``new``, such as ``R:NOUN:NUM``, ``M:DET`` or ``U:PUNCT``."""
    before, after = _differing(_tokens(old), _tokens(new))
    if not before and not after:
        return "R:ORTH"  # white space only
    if not after:
        return f"U:{_class_of(before)}"
    if not before:
        return f"M:{_class_of(after)}"
    return f"R:{_replacement(before, after)}"


def edit_kind(old: str, new: str, *, starts_sentence: bool = False) -> EditKind:
    """The kind of an edit of which nothing but the two texts is known.

    Args:
        old: What stands there.
        new: What shall stand there.
        starts_sentence: Whether ``old`` begins a sentence, where a capital says nothing.
    """
    before, after = _tokens(old), _tokens(new)
    if before == after:
        return EditKind.SPACING
    if "".join(before) == "".join(after):
        return EditKind.SPELLING if _letters_meet(old, new) else EditKind.SPACING
    if len(before) > len(after) and _without_repeats(before) == _folded(after):
        return EditKind.REPETITION
    category = errant_type(old, new).split(":", 1)[1]
    if category == "PUNCT":  # capitals that change with a mark (". Then" to ", then") belong to it
        return EditKind.PUNCTUATION
    cut_before, cut_after = _differing(before, after)
    if _are_names(cut_before, starts_sentence and bool(before) and cut_before[:1] == before[:1]) and _are_names(
        cut_after, False
    ):
        return EditKind.NAME
    if category in ("ORTH", "SPELL"):
        return EditKind.SPELLING
    return EditKind.WORDING if category == "OTHER" else EditKind.GRAMMAR


def explain(old: str, new: str, kind: EditKind, before_it: str = "") -> str:
    """One line that tells an editor what the edit does, without claiming more than the surface shows.

    Args:
        old: What stands there.
        new: What shall stand there.
        kind: Of the edit, as of ``edit_kind``.
        before_it: What the sentence has before ``old``: behind *will* or *did not* a verb agrees with nothing.
    """
    before, after = old.strip(), new.strip()
    if kind is EditKind.SPACING:
        return "Spacing."
    if kind is EditKind.REPETITION:
        return f"Repeated: {_quoted(after)} is enough."
    if kind is EditKind.PUNCTUATION:
        if not before:
            return f"Punctuation: {_quoted(after)} is missing."
        if before.startswith(".") and after and "." not in after:
            return "One sentence, cut in two."
        return "Punctuation." if after else f"Punctuation: {_quoted(before)} does not belong here."
    if kind is EditKind.NAME:
        return f"Name: {_quoted(after)} rather than {_quoted(before)}."
    category = errant_type(old, new)
    operation, _, name = category.partition(":")
    if name in ("VERB:SVA", "NOUN:NUM") and _asks_for_base_form(before_it, name):
        name = "VERB:FORM"
    what = _DESCRIBED.get(name, "")
    cut_before, cut_after = _differing(_tokens(old), _tokens(new))
    if operation != "R":
        before, after = " ".join(cut_before), " ".join(cut_after)
    if operation == "M":
        return f"{what or 'A word'} seems to be missing: {_quoted(after)}."
    if operation == "U":
        return f"{what or 'Not needed here'}: {_quoted(before)} can go." if what else f"{_quoted(before)} can go."
    if kind is EditKind.SPELLING:
        return f"Spelling: {_quoted(after)}."
    return f"{what or 'Wording'}: {_quoted(after)} rather than {_quoted(before)}."


# Behind these, *not* and an adverb let aside, a verb has its base form.
_BEFORE_BASE_FORM: Final = frozenset(
    "do does did don't doesn't didn't will would shall should can could may might must cannot can't couldn't won't "
    "wouldn't shouldn't mustn't".split()
)


def _asks_for_base_form(before_it: str, category: str) -> bool:
    words = [token.casefold().replace("’", "'") for token in _tokens(before_it)[-3:]]
    while words and (words[-1] == "not" or words[-1] in _ADVERBS):
        words.pop()
    return bool(words) and (words[-1] in _BEFORE_BASE_FORM or (category == "VERB:SVA" and words[-1] == "to"))


_DESCRIBED: Final = {
    "DET": "Article or determiner",
    "PREP": "Preposition",
    "PRON": "Pronoun",
    "CONJ": "Conjunction",
    "PART": "Particle",
    "ADV": "Adverb",
    "CONTR": "Contraction",
    "NOUN:NUM": "Singular or plural",
    "NOUN:POSS": "Possessive",
    "VERB:SVA": "Agreement of subject and verb",
    "VERB:TENSE": "Tense or auxiliary of the verb",
    "VERB:FORM": "Form of the verb",
    "ADJ:FORM": "Comparison of the adjective",
    "MORPH": "Form of the word",
    "WO": "Word order",
    "PUNCT": "Punctuation",
}


def _tokens(text: str) -> list[str]:
    return [match.group() for match in _TOKEN.finditer(text)]


def _differing(before: Sequence[str], after: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Both sides without the tokens that they begin and end with in common."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return before[start : len(before) - end], after[start : len(after) - end]


def _is_word(token: str) -> bool:
    return token[0].isalnum() or token[0] == "_"


def _folded(tokens: Sequence[str]) -> list[str]:
    return [token.casefold() for token in tokens]


def _letters_meet(old: str, new: str) -> bool:
    """Whether the white space that was added or taken away parts two letters: "every one", "everyone"."""
    longer, shorter = (old, new) if len(old) > len(new) else (new, old)
    at = 0
    for match in regex.finditer(r"\s+", longer):
        at = match.start()
        beside = longer[at - 1 : at] + longer[match.end() : match.end() + 1]
        if len(beside) == 2 and beside.isalpha() and beside in shorter:
            return True
    return False


def _without_repeats(tokens: Sequence[str]) -> list[str]:
    """The tokens, casefolded, without a run of one to three that merely repeats the run before it."""
    kept: list[str] = []
    for token in _folded(tokens):
        kept.append(token)
        for size in (3, 2, 1):
            if len(kept) >= 2 * size and kept[-size:] == kept[-2 * size : -size]:
                del kept[-size:]
                break
    return kept


def _class_of(tokens: Sequence[str]) -> str:
    """The closed class that all words belong to, or OTHER."""
    words = [token.casefold() for token in tokens if _is_word(token)]
    if not words:
        return "PUNCT"
    for name, members in _CLASSES:
        if all(word in members for word in words):
            return name
    if len(words) == 1 and regex.search(r"['’](?:s|re|ve|ll|d|m)$", words[0]):
        return "CONTR"
    return "OTHER"


def _replacement(before: Sequence[str], after: Sequence[str]) -> str:
    if "".join(before).casefold() == "".join(after).casefold():
        return "ORTH"
    words_before = [token.casefold() for token in before if _is_word(token)]
    words_after = [token.casefold() for token in after if _is_word(token)]
    if "".join(words_before) == "".join(words_after):
        return "PUNCT"
    if len(words_before) > 1 and Counter(words_before) == Counter(words_after):
        return "WO"
    if len(words_before) == len(words_after) == 1:
        return _word_change(words_before[0], words_after[0])
    one_before, one_after = _class_of(before), _class_of(after)
    if one_before == one_after != "OTHER":
        return one_before
    # an auxiliary came, went or changed beside forms of one verb: "has been going", "went"
    verbs = [[w for w in words if w not in _AUXILIARIES] for words in (words_before, words_after)]
    if len(verbs[0]) == len(verbs[1]) == 1 and _shares_lemma(verbs[0][0], verbs[1][0]):
        return "VERB:TENSE"
    return "OTHER"


def _word_change(old: str, new: str) -> str:
    inflection = _inflection(old, new)
    if inflection:
        return inflection
    for name, members in _CLASSES:
        if old in members and new in members:
            return name
    if old.replace("’", "'").replace("'", "") == new.replace("’", "'").replace("'", ""):
        return "CONTR"
    if FUNCTION_WORDS.isdisjoint((old, new)) and _is_misspelling(old, new):
        return "SPELL"
    return "OTHER"


def _is_misspelling(old: str, new: str) -> bool:
    if not (old.isalpha() and new.isalpha()) or min(len(old), len(new)) < 4:
        return False
    if _without_marks(old) == _without_marks(new):
        return True
    return OSA.distance(old, new, score_cutoff=2) <= (1 if max(len(old), len(new)) < 8 else 2)


def _without_marks(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))


def _shares_lemma(old: str, new: str) -> bool:
    return bool({f.lemma for f in _forms(old)} & {f.lemma for f in _forms(new)})


def _inflection(old: str, new: str) -> str:
    """The category of a change between two forms of one word; empty if they are not forms of one word."""
    if old == new:
        return ""
    bare_old, bare_new = (regex.sub(r"['’](?:s|$)$|['’]$", "", word) for word in (old, new))
    if (bare_old, bare_new) != (old, new) and FUNCTION_WORDS.isdisjoint((bare_old, bare_new)):
        if bare_old == bare_new or {bare_old, bare_new} in ({bare_old, bare_old + "s"}, {bare_new, bare_new + "s"}):
            return "NOUN:POSS"
        old, new = bare_old, bare_new
    for form in sorted(_forms(old)):
        for other in sorted(_forms(new)):
            if form.lemma == other.lemma and form.feature != other.feature:
                category = _category(form.lemma, form.feature, other.feature)
                if category:
                    return category
    if {old, new} <= {"am", "is", "are"} or {old, new} == {"was", "were"}:
        return "VERB:SVA"
    return "MORPH" if _is_derived(old, new) else ""


def _category(lemma: str, one: str, other: str) -> str:
    pair = {one, other}
    if "ing" in pair:
        return "VERB:FORM"
    if "possessive" in pair:
        return "NOUN:POSS"
    if pair & {"noun-s", "noun"}:
        return "NOUN:NUM"
    if pair & {"verb-s"} and pair & {"verb", "base"}:
        return "VERB:SVA"
    if pair == {"base", "s"}:
        return "VERB:SVA" if lemma in _VERBS or lemma in _IRREGULAR else "NOUN:NUM"
    if "participle" in pair:
        return "VERB:FORM"
    if pair & {"past", "ed"}:
        return "VERB:TENSE"
    if pair & {"compared"}:
        return "ADJ:FORM"
    return ""


def _forms(word: str) -> frozenset[_Form]:
    """The words that ``word`` may be a form of, generously: only a pair that meets in one lemma counts."""
    known = _IRREGULAR.get(word)
    if known is not None:
        return known | {_Form(word, "base")}
    found = {_Form(word, "base")}
    if word.endswith("s") and not word.endswith("ss"):
        found.add(_Form(word[:-1], "s"))
        if word.endswith(("ses", "xes", "zes", "ches", "shes", "oes")):
            found.add(_Form(word[:-2], "s"))
        if word.endswith("ies"):
            found.add(_Form(word[:-3] + "y", "s"))
    for ending, feature in (("ed", "ed"), ("ing", "ing"), ("er", "compared"), ("est", "compared")):
        if not word.endswith(ending):
            continue
        stem = word[: -len(ending)]
        found |= {_Form(stem, feature), _Form(stem + "e", feature)}
        if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in "aeiou":
            found.add(_Form(stem[:-1], feature))
        if stem.endswith("i"):
            found.add(_Form(stem[:-1] + "y", feature))
        if ending == "ing" and stem.endswith("y"):
            found.add(_Form(stem[:-1] + "ie", feature))
    return frozenset(
        form for form in found if len(form.lemma) >= 3 or form.lemma in ("be", "do", "go") or form.feature == "base"
    )


def _is_derived(old: str, new: str) -> bool:
    """Whether two words share a stem and differ in known endings: "economic", "economical"."""
    shared = 0
    while shared < min(len(old), len(new)) and old[shared] == new[shared]:
        shared += 1
    if shared < 4 or shared * 5 < min(len(old), len(new)) * 3:
        return False
    ends = [_ending(word[shared:]) for word in (old, new)]
    return None not in ends and ends != ["", ""]


def _ending(rest: str) -> str | None:
    """The derivational ending that what is left of a word amounts to; None if it is none."""
    if rest in ("", "s"):
        return ""
    bare = rest.removesuffix("s") if rest not in ("less", "ness", "ous") else rest
    for ending in _DERIVED:
        if bare == ending or (bare.endswith(ending) and len(ending) > 1 and len(bare) - len(ending) <= 3):
            return ending
    return None


def _are_names(tokens: Sequence[str], first_counts_not: bool) -> bool:
    """Whether the words are written as a name: capitals, and no function word."""
    words = [token for token in tokens if _is_word(token)]
    if first_counts_not:
        return False
    return bool(words) and all(w[0].isupper() and w.casefold() not in FUNCTION_WORDS for w in words)


def _quoted(text: str) -> str:
    return f"“{text}”"
