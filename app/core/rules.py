# ruff: noqa: SIM905
# Word tables are read and edited as running text.
"""Rules for what a rule does perfectly: few, small, each with a name, a measured confidence and an off switch.

Every rule reads one paragraph at a time, so that a quotation may run over its sentences, and knows nothing of other
paragraphs. ``scripts/measure_rules.py`` measures how often a rule speaks on clean text and how often it is right on
machine translations; what did not earn its place there is not here.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import ftfy
import ftfy.badness
import regex

from app.core.classify import FUNCTION_WORDS
from app.core.diff import Change, diff
from app.core.types import Edit, EditKind, Origin, Segment, Span

Finding = Sequence[Change]
"""Changes of one paragraph that only make sense together."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it is called, what it repairs, how often it is right, and how it finds its places."""

    id: str
    kind: EditKind
    description: str  # for a list of rules
    reason: str  # for an editor, at the place
    confidence: float  # precision where the pairs show it; where they do not, judgement: docs/benchmarks.md says where
    find: Callable[[str], Iterator[Finding]]


class Rules:
    """The rule set of the product.

    Args:
        rules: In any order; by default all of them.
    """

    def __init__(self, rules: Sequence[Rule] | None = None) -> None:
        self.rules: tuple[Rule, ...] = ALL_RULES if rules is None else tuple(rules)

    def find(self, text: str, segments: Sequence[Segment], disabled: frozenset[str] = frozenset()) -> list[Edit]:
        """The edits of every rule that is not disabled; two of different rules may be in conflict."""
        active = [rule for rule in self.rules if rule.id not in disabled]
        edits: list[Edit] = []
        for _, members in groupby(segments, key=lambda s: s.paragraph):
            paragraph = list(members)
            start, end = paragraph[0].span.start, paragraph[-1].span.end
            part = text[start:end]
            for rule in active:
                for changes in rule.find(part):
                    at = start + changes[0].span.start
                    group = f"{rule.id}@{at}" if len(changes) > 1 else None
                    edits.extend(
                        Edit(c.span.shift(start), c.text, rule.kind, Origin.RULE, rule.confidence, rule.id, rule.reason,
                             group=group)
                        for c in changes
                    )  # fmt: skip
        return edits


def _each(pattern: str, replacement: str = "") -> Callable[[str], Iterator[Finding]]:
    """A rule that replaces every match of ``pattern``."""
    compiled = regex.compile(pattern)

    def find(text: str) -> Iterator[Finding]:
        for match in compiled.finditer(text):
            yield (Change(Span(*match.span()), match.expand(replacement)),)

    return find


# --- encoding ---

_ENTITY: Final = regex.compile(
    r"&(?:amp[ ]?;[ ]?)?(?P<sp>[ ]?)(?:(?P<name>amp|quot|apos|nbsp|[lr]dquo|[lr]squo|[nm]dash|hellip|eacute|egrave"
    r"|agrave|ccedil|uuml|ouml|auml|szlig)|(?P<hash>[#][ ]?)(?P<code>\d{2,5}))[ ]?;"
)


def _entities(text: str) -> Iterator[Finding]:
    for match in _ENTITY.finditer(text):
        entity = f"&{match['name']};" if match["name"] else f"&#{match['code']};"
        plain = html.unescape(entity).replace("\u00a0", " ")
        if plain != entity and plain.isprintable() and plain not in "<>":
            yield (Change(Span(*match.span()), plain),)


def _mojibake(text: str) -> Iterator[Finding]:
    at = 0
    for line in text.splitlines(keepends=True):
        if ftfy.badness.is_bad(line):
            for change in diff(line, ftfy.fix_encoding(line)):
                yield (Change(change.span.shift(at), change.text),)
        at += len(line)


# --- punctuation and spacing ---

_STARTERS: Final = "|".join(
    sorted(w.capitalize() for w in FUNCTION_WORDS if len(w) > 1 and w.isascii() and w.isalpha())
)
_TABLE_RUNS: Final = 3  # as many wide gaps in one line are a table or justified text
_GAP: Final = regex.compile(r"(?<=[\p{Ll},])[ ]{2,}(?=\p{Ll})")


def _repeated_spaces(text: str) -> Iterator[Finding]:
    at = 0
    for line in text.splitlines(keepends=True):
        gaps = list(_GAP.finditer(line))
        if len(gaps) < _TABLE_RUNS:
            for gap in gaps:
                yield (Change(Span(at + gap.start(), at + gap.end()), " "),)
        at += len(line)


_BRACKETED: Final = regex.compile(
    r"(?<![^\s“\"])\((?P<left>[ ]*)(?P<inside>[^()\s][^()\n]*[^()\s])(?P<right>[ ]*)\)(?![^\s.,;:!?”\"])"
)


def _bracket_spacing(text: str) -> Iterator[Finding]:
    """White space on the inner side of a pair of brackets; a smile has no pair, and a call no space before it."""
    for match in _BRACKETED.finditer(text):
        changes = [Change(Span(*match.span(side)), "") for side in ("left", "right") if match[side]]
        if changes:
            yield changes


_TORN: Final = regex.compile(
    r"(?<![\w'’])(?P<word>\p{L}+)(?P<gap>[ ](?P<mark>['’])[ ]?|(?P<mark>['’])[ ])(?P<end>s|t|re|ve|ll|d|m)"
    r"(?![^\s,.;:!?])(?![ ]?['’])"
)
# Any word may have an "'s"; the other endings stand behind few, and "in 't Veld" behind none of them.
_TAKES: Final = {
    "t": frozenset(
        "don can won isn aren wasn weren didn doesn hasn haven hadn couldn wouldn shouldn mustn needn ain".split()
    ),
    "m": frozenset({"i"}),
    "re": frozenset("you we they who".split()),
    "ve": frozenset("i you we they who could would should might must".split()),
    "ll": frozenset("i you he she it we they who that there this".split()),
    "d": frozenset("i you he she it we they who there".split()),
}


def _torn_apostrophes(text: str) -> Iterator[Finding]:
    for match in _TORN.finditer(text):
        if match["end"] == "s" or match["word"].casefold() in _TAKES[match["end"]]:
            yield (Change(Span(*match.span("gap")), match["mark"]),)


# --- numbers ---

# What a time or a score stands behind in running text; a time code, a citation ("2016, 15: 06)") and "Chapter 2: 3
# ways" do not.
_BEFORE_TIMES: Final = "at|around|about|after|before|by|from|until|till|since|between|to|and|of"
_BEFORE_SCORES: Final = (
    "at|after|by|with|won|win|wins|lost|lose|loses|ended|ends|finished|scored?|result|lead|leads|led|leading|draw|drew"
)
_HOUR: Final = r"(?:[01]?\d|2[0-4])"
_TORN_NUMBER: Final = regex.compile(
    rf"(?<=\b(?:{_BEFORE_TIMES})[ ]{_HOUR}:)(?P<gap>[ ])(?=[0-5]\d(?![\d:.,]?\d))"
    rf"|(?<=(?<![\d:.,])\b{_HOUR}:)(?P<gap>[ ])(?=[0-5]\d[ ]?[ap]\.?m\b)"
    rf"|(?<=\b(?:{_BEFORE_SCORES})[ ]\d{{1,3}}:)(?P<gap>[ ])"
    r"(?=\d{1,3}(?![\d:.,]?\d|[ ](?!(?:in|for|against|to|at|and|on|after)\b)\p{Ll}))"
    r"|(?<=(?<![\d,.])\d{1,3},)(?P<gap>[ ])(?=000(?![\d,]|[.]\d))"
)


def _torn_numbers(text: str) -> Iterator[Finding]:
    """A space within a time, a score or a round number."""
    for match in _TORN_NUMBER.finditer(text):
        yield (Change(Span(*match.span("gap")), ""),)


# Of "march", "may" and "august" a full stop before them may be the end of a sentence.
_FULL_STOP_BEFORE_MONTH: Final = regex.compile(
    r"(?<=[\p{Ll},][ ](?:[12]?\d|3[01]))[.]"
    r"(?=[ ](?:January|February|April|June|July|September|October|November|December"
    r"|(?:March|May|August)[ ](?:1\d|20)\d\d)\b)"
)


def _foreign_dates(text: str) -> Iterator[Finding]:
    for match in _FULL_STOP_BEFORE_MONTH.finditer(text):
        yield (Change(Span(*match.span()), ""),)


# --- quotation marks ---

_DOUBLE: Final = regex.compile('["“”„]')
_BETWEEN_SENTENCES: Final = regex.compile(r"(?<=[.!?…][ ])[\"“”„](?=[ ]\p{Lu})")


@dataclass(frozen=True, slots=True)
class _Mark:
    """A double quotation mark and what stands beside it."""

    at: int
    char: str
    before: str
    after: str

    @property
    def is_free_left(self) -> bool:
        return self.before in ("", " ", "\n", "\u00a0") or self.before in "([—–-"

    @property
    def is_free_right(self) -> bool:
        return self.after in ("", " ", "\n", "\u00a0") or self.after in ")].,;:!?—–-"

    @property
    def shows_open(self) -> bool:
        """Whether its place says that it opens."""
        return self.is_free_left and not self.is_free_right

    @property
    def shows_close(self) -> bool:
        """Whether its place says that it closes."""
        return self.is_free_right and not self.is_free_left


def _marks(text: str) -> list[_Mark]:
    found = []
    for match in _DOUBLE.finditer(text):
        at = match.start()
        before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
        if not (match.group() == '"' and before.isdigit()):  # may be inches or seconds of arc
            found.append(_Mark(at, match.group(), before, after))
    return found


def _turned(marks: Sequence[_Mark]) -> list[tuple[_Mark, _Mark]]:
    """Pairs by place alone, whatever the shape; none where one mark has no partner."""
    pairs = list(zip(marks[::2], marks[1::2], strict=False))
    fits = len(marks) % 2 == 0 and all(a.shows_open and b.shows_close for a, b in pairs)
    return pairs if fits else []


def _wrong_way_quotes(text: str) -> Iterator[Finding]:
    """A pair “so“ or „so“, where both ends show by their place which they are."""
    marks = [mark for mark in _marks(text) if not _BETWEEN_SENTENCES.match(text, mark.at)]
    if any(m.char == '"' or not (m.shows_open or m.shows_close) for m in marks):
        return
    pairs = _turned(marks)
    for opening, closing in pairs:
        changes = [
            Change(Span(mark.at, mark.at + 1), right)
            for mark, right in ((opening, "“"), (closing, "”"))
            if mark.char != right
        ]
        if changes:
            yield changes


def _pairs(marks: Sequence[_Mark]) -> list[tuple[_Mark, _Mark]] | None:
    """Opening and closing marks in turn; None where the place or the shape of one of them speaks against it."""
    if len(marks) % 2:
        return None
    pairs = list(zip(marks[::2], marks[1::2], strict=True))
    return pairs if all(_may_pair(opening, closing) for opening, closing in pairs) else None


def _may_pair(opening: _Mark, closing: _Mark) -> bool:
    """Whether neither the place nor the shape of two marks speaks against it that they belong together."""
    return not (opening.char == "”" or closing.char == "„" or opening.shows_close or closing.shows_open)


def _pairs_without(marks: Sequence[_Mark]) -> list[bool]:
    """For each of an odd number of marks, whether the others make pairs in turn."""
    count = len(marks)
    before = [True]  # whether the pairs (0, 1), (2, 3), … as far as each even place are fine
    for at in range(0, count - 1, 2):
        before.append(before[-1] and _may_pair(marks[at], marks[at + 1]))
    behind = [True]  # the same of (…, …), (count - 2, count - 1), from the end
    for at in range(count - 2, 0, -2):
        behind.append(behind[-1] and _may_pair(marks[at], marks[at + 1]))
    found = []
    for at in range(count):
        across = at % 2 == 0 or _may_pair(marks[at - 1], marks[at + 1])
        found.append(across and before[at // 2] and behind[(count - 1 - at) // 2])
    return found


_SPEECH: Final = "said|says|added|adds|told|explained|explains|stressed|noted|stated|concluded|continued|recalled|wrote"
# What was said ends here, whatever pairs up.
_BEFORE_SPEECH: Final = regex.compile(
    rf"(?<=\w[,!?])(?P<gap>[ ]+)[\"”](?=[ ](?:(?:he|she|they|I|we|\p{{Lu}}[\p{{L}}-]+)[ ])?(?:{_SPEECH})\b)"
)


def _quote_spacing(text: str) -> Iterator[Finding]:
    """White space on the inner side of marks that pair up without doubt, `" word "`, or before a verb of speech."""
    pairs = _pairs(_marks(text)) or ()
    if not pairs:
        for match in _BEFORE_SPEECH.finditer(text):
            yield (Change(Span(*match.span("gap")), ""),)
    for opening, closing in pairs:
        inside = text[opening.at + 1 : closing.at]
        if "\n" in inside or not inside.strip() or not opening.is_free_left or not closing.is_free_right:
            continue
        changes = []
        if opening.after == " ":
            changes.append(Change(Span(opening.at + 1, opening.at + 1 + len(inside) - len(inside.lstrip())), ""))
        if closing.before == " ":
            changes.append(Change(Span(closing.at - (len(inside) - len(inside.rstrip())), closing.at), ""))
        if changes:
            yield changes


_DOUBLED_QUOTE: Final = regex.compile(r"(?<=(?:^|[\s(]))\"\"(?=\w)|(?<=[\w.,!?…])\"\"(?=$|[\s.,;:!?)])")


def _doubled_quotes(text: str) -> Iterator[Finding]:
    """A straight mark twice; where two quotations end together, both marks are right: ``"I saw "Jaws"".``"""
    found = list(_DOUBLED_QUOTE.finditer(text))
    single = text.count('"') - 2 * len(found)
    if len(found) % 2 == 0 or single % 2:
        for match in found:
            yield (Change(Span(*match.span()), '"'),)


_LONE_STOP: Final = regex.compile(r"(?<![“„]|[“„][ ])[“„][ ]?\.[ ]?[“”](?=$|\n|[ ]\p{Lu})")


def _stray_quotes(text: str) -> Iterator[Finding]:
    """A full stop in quotation marks left by a broken boundary, or one mark that nothing pairs with, alone."""
    for match in _LONE_STOP.finditer(text):
        before = text[: match.start()].rstrip()
        if match.start() and before:
            yield (Change(Span(len(before), match.end()), "" if before[-1] in '.!?…”"' else "."),)
            return
    marks = _marks(text)
    if len(marks) % 2 == 0:
        return
    for mark, others_pair in zip(marks, _pairs_without(marks), strict=True):
        if others_pair and _BETWEEN_SENTENCES.match(text, mark.at):
            yield (Change(Span(mark.at - 1, mark.at + 1), ""),)
            return


# --- words that were left as they were ---

# "Before Christ" and its reverse, as languages of Europe abbreviate them behind a year. Left out: "e.Kr.", which comes
# before it in Estonian and after it in Danish, and "i. e.", which is Hungarian and English.
_BEFORE_CHRIST: Final = (
    r"[îi]\. ?Hr\.|î\. ?e\. ?n\.|eKr\b\.?|e\. ?m\. ?a\.|v\. ?Chr\.|av\. ?J\.?[- ]?C\.|a\. ?C\.|p\. ?n\. ?e\."
    r"|pr\. ?n\. ?e\.|pr\. ?Kr\.|př\. ?n\. ?l\.|př\. ?Kr\.|pred Kr\.|f\. ?Kr\.|eaa\.|pr\. ?m\. ?e\.|до н\. ?[эе]\."
)
_AFTER_CHRIST: Final = (
    r"d\. ?Hr\.|e\. ?n\.|pKr\b\.?|m\. ?a\. ?j\.|n\. ?Chr\.|apr?\. ?J\.?[- ]?C\.|d\. ?C\.|n\. ?e\.|n\. ?l\.|po Kr\."
    r"|jKr\.|jaa\.|н\. ?[эе]\."
)
_ERA: Final = regex.compile(
    r"(?:(?<![\w.,:/-])\d{1,4}[ \u00a0]|\b(?:century|centuries|millennium|millennia)(?P<comma>,?)[ ])"
    rf"(?:(?P<before>{_BEFORE_CHRIST})|(?P<after>{_AFTER_CHRIST}))(?!\w)"
)
_SENTENCE_FOLLOWS: Final = regex.compile(rf"[”\"’]?(?:\s*$|[ ]*\n|[ ](?:{_STARTERS})\b)")


def _foreign_eras(text: str) -> Iterator[Finding]:
    for match in _ERA.finditer(text):
        name = "before" if match["before"] else "after"
        stop = "." if match.group().endswith(".") and _SENTENCE_FOLLOWS.match(text, match.end()) else ""
        changes = [Change(Span(*match.span(name)), ("BC" if match["before"] else "AD") + stop)]
        if match["comma"]:
            changes.insert(0, Change(Span(*match.span("comma")), ""))
        yield changes


# Written with a capital wherever they stand: not "march", "may", "august", "polish", "french" (fries), "roman"
# (numerals), "soviet" (a council) and the like.
_CAPITALISED: Final = "|".join(
    "monday tuesday wednesday thursday friday saturday sunday january february april june july september october "
    "november december american african albanian armenian asian australian austrian azerbaijani belarusian belgian "
    "brazilian british bulgarian canadian chinese croatian cuban czech egyptian english estonian european finnish "
    "georgian german greek hungarian icelandic indian indonesian iranian iraqi irish israeli italian japanese jewish "
    "kazakh korean latvian lithuanian mexican moldovan muslim nigerian norwegian pakistani palestinian portuguese "
    "romanian russian scottish serbian slovak slovenian spanish swedish syrian ukrainian vietnamese welsh".split()
)
# Behind a lower-case "i" these make it the pronoun, and no numeral, index or word of another language.
_AFTER_I: Final = "|".join(
    "am have had was will would can could can['’]t cannot do did don['’]t didn['’]t won['’]t wouldn['’]t couldn['’]t "
    "haven['’]t must should may might shall know knew think thought want wanted need needed hope hoped like liked love "
    "loved said say saw see went go got get came come understand agree disagree mean meant bought started start "
    "studied study asked ask found find felt feel made make took take gave give told tell tried try decided work "
    "worked live lived believe guess wish wished remember forgot heard hear met read wrote look looked learned learnt "
    "spent used visited prefer suppose also just never always really still only often".split()
)
_LOWER_CASE: Final = regex.compile(
    rf"(?<![\w'’.@#/\\:=_-])(?<!\\[ ])(?P<name>{_CAPITALISED})s?(?![\w@/\\=_-]|[.:]\w)"
    rf"|(?<![^\s“\"(])(?P<name>i)(?=['’](?:m|ve|ll|d)\b|[ ](?:{_AFTER_I})\b)"
)


def _lower_case(text: str) -> Iterator[Finding]:
    for match in _LOWER_CASE.finditer(text):
        start = match.start("name")
        yield (Change(Span(start, start + 1), match["name"][0].upper()),)


# --- repetition ---

# Repeats of these are slips; "that that", "had had", "is is" and the like may be right, and so may a preposition of
# which one belongs to the verb ("asked for for the first time", "looked at at length").
_NEVER_TWICE: Final = frozenset(
    "the a an of and or but my your our their his its into because if than as this these those be are were has have "
    "will would can could should may might must shall we they he she i".split()
)
# Words that people say twice, and names of places that are said twice.
_SAID_TWICE: Final = frozenset(
    "very really much many more less long far never ever always again later sooner maybe quite pretty other great "
    "little right wrong there where which being doing going about after until under hello goodbye knock please thank "
    "thanks whatever extremely highly truly deeply still today tomorrow night sorry would could should ahead around "
    "down over through along within before behind these those their every bling boing dumdum people years great-great "
    "round whole step piece side times hush bravo encore blah yeah haha knock till".split()
)
# More of them, of which three are too many.
_SAID_TWICE_AT_MOST: Final = _SAID_TWICE | frozenset(
    "well dear hear same nice good lovely half fifty bang beep tick click chop choo chow walla hula mahi agar ylang "
    "beri talk tell come wait look".split()
)
_WORD_TWICE: Final = regex.compile(
    r"(?<![\w'’-])(?P<word>\p{L}+) (?P<again>(?P=word))(?![\w'’])(?!-\w)", regex.IGNORECASE
)
# Looked for from the place backwards: a search from the beginning, once for each match, is quadratic.
_BEHIND_WORD: Final = regex.compile(r"(?<=[\w,]\s*)")
_BEHIND_CAPITAL: Final = regex.compile(r"(?<=\p{Lu}[\w.]*[ ])")
_NAMES_TOO: Final = frozenset(("will", "may"))  # "Will will come"


def _is_said_again(text: str, match: regex.Match[str]) -> bool:
    """Whether the second word is the first one: "vitamin A a day" and the band The The are something else."""
    word, again = match["word"], match["again"]
    if word in "Ii":
        return word == again == "I" and not _BEHIND_CAPITAL.match(text, match.start())
    if not again.islower():
        return False
    return word == again or (
        word == again.capitalize() and again not in _NAMES_TOO and not _BEHIND_WORD.match(text, match.start())
    )


_SAYS_NOTHING: Final = ' \n.!?"“”'
_LOOP: Final = regex.compile(
    r"(?<![\w'’-])(?P<run>[\p{L}'’]+(?:[ ][\p{L}'’]+){0,3})(?:(?:[ ](?P=run)){2,}|(?:,[ ](?P=run)){3,})(?![\w'’-])"
)


def _repeated_words(text: str) -> Iterator[Finding]:
    for match in _WORD_TWICE.finditer(text):
        if match["again"].lower() in _NEVER_TWICE and _is_said_again(text, match):
            yield (Change(Span(match.end("word"), match.end()), ""),)


_TWICE: Final = regex.compile(
    r"(?<![\w'’-])(?P<run>\p{L}[\p{L}'’]*(?:[ ][\p{L}'’]+){0,4}) (?P<again>(?P=run))(?![\w'’]|-\w)(?![ ](?P=run))"
)
# "What will be will be", "from time to time to", "more and more and", "my weekend was my weekend".
_MAY_BEGIN_TWICE: Final = frozenset(
    "i you he she we they it is are was were be been has have had not a an and or but more what who that will "
    "my your our".split()
)
_MAY_LINK_TWICE: Final = frozenset(
    "and or to by after for in a an is be was were but more as on at from of than".split()
)


def _phrases_twice(text: str) -> Iterator[Finding]:
    """A content word or a phrase with one, right behind itself; more often is a loop."""
    for match in _TWICE.finditer(text):
        run, start = match["run"], match.start()
        words = run.split()
        folded = [word.casefold() for word in words]
        says_something = any(len(w) > 3 and w not in FUNCTION_WORDS and w not in _SAID_TWICE_AT_MOST for w in folded)
        is_third = text[max(0, start - len(run) - 1) : start].casefold() == f"{run.casefold()} "
        if not says_something or is_third or all(word[0].isupper() for word in words):
            continue  # names and products are called twice, "Magnifier Reading Magnifier Reading"
        if len(words) == 1 and (text[start - 2 : start] == ". " and text[start - 3 : start - 2].isupper()):
            continue  # "G. gorilla gorilla"
        if len(words) > 1 and (folded[0] in _MAY_BEGIN_TWICE or len(set(folded)) == 1):
            continue
        if len(words) == 2 and folded[1] in _MAY_LINK_TWICE:
            continue
        yield (Change(Span(match.end("run"), match.end()), ""),)


def _loops(text: str) -> Iterator[Finding]:
    said = text.strip(_SAYS_NOTHING)
    first = text.find(said)
    for match in _LOOP.finditer(text):
        run = match["run"]
        words = run.casefold().split()
        if len(words) == 1 and "," in match.group():
            continue  # a list: "white, green, green, green, green"
        if match.start() <= first and first + len(said) <= match.end():
            continue  # nothing else is said: "lovely lovely lovely"
        if len(run) >= 4 and not all(w in _SAID_TWICE or len(w) <= 3 for w in words):
            yield (Change(Span(match.end("run"), match.end()), ""),)


ALL_RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "MTR_MOJIBAKE",
        EditKind.ENCODING,
        "Text decoded with the wrong encoding, such as â€™ for ’.",
        "These characters were decoded with the wrong encoding.",
        0.98,
        _mojibake,
    ),
    Rule(
        "MTR_HTML_ENTITY",
        EditKind.ENCODING,
        "HTML entities left in plain text, such as &quot; or a torn & # 39;.",
        "An HTML entity stands for this character.",
        0.97,
        _entities,
    ),
    Rule(
        "MTR_SPACE_BEFORE_PUNCTUATION",
        EditKind.SPACING,
        "White space before a comma, full stop, semicolon, question or exclamation mark.",
        "No space before this mark.",
        0.95,
        _each(r"(?<=[\p{L}\p{M}\p{N}%)\]”’])[ \u00a0]+(?=(?!;\))[,;.!?](?:[ \n“”\"’)]|$)(?![ ]?[.)(]))"),
    ),
    Rule(
        "MTR_SPACE_AFTER_PUNCTUATION",
        EditKind.SPACING,
        "No white space after a comma between words, or after the full stop before a new sentence.",
        "A space is missing after this mark.",
        0.97,
        _each(
            r"(?<=(?<![\w./@&-])\p{Ll}{2,}[,;])(?=\p{Ll}{2,}(?![\w.@/,;]))"
            rf"|(?<=(?<![\w./@&-])\p{{Ll}}{{3,}}[.?!])(?=(?:{_STARTERS})(?:[ ,]))",
            " ",
        ),
    ),
    Rule(
        "MTR_DOUBLED_PUNCTUATION",
        EditKind.PUNCTUATION,
        "A comma or semicolon twice, or a mark that another one makes needless, such as ,. or a.m..",
        "One mark is enough.",
        0.95,
        _each(
            r"(?<=[\w”\")])(?<!&(?:[a-z]{2,6}|#\d{2,5}))"
            r"(?:(?P<keep>[,;])(?:[ ]?(?P=keep))+|[,;][ ]?(?P<stop>[.])(?![.\w])"
            r"|(?<=\p{L}\.\p{L})(?P<abbr>[.])[.](?![.\w]))",
            r"\g<keep>\g<stop>\g<abbr>",
        ),
    ),
    Rule(
        "MTR_DOUBLED_STOP",
        EditKind.PUNCTUATION,
        "A full stop twice, such as . . between sentences or .. at the end of a paragraph.",
        "One full stop is enough.",
        0.82,
        _each(r"(?<=[\p{Ll}\d)”\"]{2})(?:[.][ ][.](?=$|\n|[ ]\p{Lu}|[”\"](?:$|\n|[ ]))|[.][.](?=[”\"]?(?:$|\n)))", "."),
    ),
    Rule(
        "MTR_DOUBLED_QUOTE",
        EditKind.PUNCTUATION,
        'A straight quotation mark twice beside a word, such as ""word"".',
        "One quotation mark is enough.",
        0.95,
        _doubled_quotes,
    ),
    Rule(
        "MTR_TORN_NUMBER",
        EditKind.SPACING,
        "A space within a time, a score or a round number, such as at 21: 30, won 2: 1 or 10, 000.",
        "This number belongs together.",
        0.95,
        _torn_numbers,
    ),
    Rule(
        "MTR_FOREIGN_DATE",
        EditKind.PUNCTUATION,
        "A full stop between day and month, as other languages write it, such as 15. July.",
        "English has no full stop here.",
        0.95,
        _foreign_dates,
    ),
    Rule(
        "MTR_TORN_ELLIPSIS",
        EditKind.PUNCTUATION,
        "An ellipsis torn apart, such as . .. for three dots.",
        "These dots belong together.",
        0.95,
        _each(r"(?<=\p{L})(?:\.[ ]\.\.|\.\.[ ]\.)(?![.\w]|[ ]\.)", "..."),
    ),
    Rule(
        "MTR_REPEATED_SPACE",
        EditKind.SPACING,
        "Several spaces between two words of a sentence.",
        "One space is enough.",
        0.95,
        _repeated_spaces,
    ),
    Rule(
        "MTR_BRACKET_SPACING",
        EditKind.SPACING,
        "White space on the inner side of a pair of brackets.",
        "The space belongs outside the brackets.",
        0.9,
        _bracket_spacing,
    ),
    Rule(
        "MTR_TORN_APOSTROPHE",
        EditKind.SPACING,
        "White space beside the apostrophe of a genitive or a contraction, such as people ' s or don' t.",
        "This apostrophe belongs to the word.",
        0.96,
        _torn_apostrophes,
    ),
    Rule(
        "MTR_QUOTE_DIRECTION",
        EditKind.PUNCTUATION,
        "Quotation marks of a pair that open where they should close, or in another language's way.",
        "This quotation mark belongs the other way round.",
        0.95,
        _wrong_way_quotes,
    ),
    Rule(
        "MTR_QUOTE_SPACING",
        EditKind.SPACING,
        "White space on the inner side of quotation marks that pair up.",
        "The space belongs outside the quotation marks.",
        0.8,
        _quote_spacing,
    ),
    Rule(
        "MTR_STRAY_QUOTE",
        EditKind.PUNCTUATION,
        "A quotation mark that stands alone and that nothing in the paragraph pairs with.",
        "This quotation mark has no partner in the paragraph.",
        0.9,
        _stray_quotes,
    ),
    Rule(
        "MTR_FOREIGN_ERA",
        EditKind.WORDING,
        "Another language's abbreviation for BC or AD behind a year, such as 66 î.Hr. or 1400 eKr.",
        "This is how another language abbreviates it.",
        0.95,
        _foreign_eras,
    ),
    Rule(
        "MTR_LOWER_CASE",
        EditKind.SPELLING,
        "A day, a month, a nationality or the pronoun I without its capital.",
        "This word has a capital in English.",
        0.93,
        _lower_case,
    ),
    Rule(
        "MTR_REPEATED_WORD",
        EditKind.REPETITION,
        "A function word twice in a row where that is never right, such as the the.",
        "The word stands twice.",
        0.97,
        _repeated_words,
    ),
    Rule(
        "MTR_REPEATED_PHRASE",
        EditKind.REPETITION,
        "A content word or a phrase twice in a row, such as the town town or the choice of the choice of.",
        "The translation says this twice.",
        0.86,
        _phrases_twice,
    ),
    Rule(
        "MTR_LOOP",
        EditKind.REPETITION,
        "A word or phrase three or more times in a row.",
        "The translation got into a loop here.",
        0.86,
        _loops,
    ),
)


def rule_ids(rules: Iterable[Rule] = ALL_RULES) -> frozenset[str]:
    """The ids of the rules."""
    return frozenset(rule.id for rule in rules)
