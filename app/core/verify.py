# ruff: noqa: SIM905
# Word tables are read and edited as running text.
"""Every edit is guilty until it has passed: what an edit must not change, whoever proposed it.

A check compares the words of an edit before and after, each side widened to whole words, and refuses only for a reason
that holds as it is said: ``number_changed`` means that a number is another one afterwards.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import regex

from app.core.classify import FUNCTION_WORDS
from app.core.protect import Protection, mends_number
from app.core.types import Edit, EditKind, Origin, Span

_WORD: Final = regex.compile(r"[\p{L}\p{M}\p{N}_]+(?:['’ʼ.,](?=[\p{L}\p{N}])[\p{L}\p{M}\p{N}_]+)*")
_LINE_BREAK: Final = regex.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
_DOUBLE_QUOTES: Final = frozenset('"“”„‟«»')
_BRACKETS: Final = ("()", "[]", "{}")
_CONTEXT_WORDS: Final = 3  # words beside an edit that a repeat may run over
_CONTEXT_CHARS: Final = 80  # where they are looked for

_UNITS: Final = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
} | {word: value * 10 for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)}
_SCALES: Final = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_ORDINALS: Final = {
    word: value
    for value, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split(),
        1,
    )
} | {"dozen": 12, "half": 0.5, "twice": 2, "double": 2, "triple": 3}
# These often do not count: "one" is a pronoun, a "second" a moment, "at first" a while ago.
_MAY_NOT_COUNT: Final = frozenset({"one", "zero", "first", "second", "half", "third", "double", "fifth", "quarter"})

_NEGATORS: Final = frozenset((
    *"not no never without none nobody nothing nowhere neither nor cannot hardly scarcely barely".split(),
    # "dont", "cant": the apostrophe is lost, the negation is there.
    *(f"{verb}nt" for verb in "do does did is are was were has have had could would should must need ca wo".split()),
))  # fmt: skip
_NOT_PREFIXED: Final = frozenset("income increase increased increases increasing discover discovered".split())


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of an edit, widened to whole words, with what the checks look at."""

    text: str
    words: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> _Side:
        return cls(text, tuple(match.group() for match in _WORD.finditer(text)))


@dataclass(frozen=True, slots=True)
class _Case:
    """One edit with all that the checks need to know.

    A sentence may be as long as a document and have thousands of edits, so that nothing here copies or reads all of it
    for each of them: what only some checks ask for is found where they ask.
    """

    edit: Edit
    old: _Side
    new: _Side
    place: Span  # of the widened edit
    text: str
    sentence: Span

    @property
    def starts_sentence(self) -> bool:
        """Whether no word of the sentence stands before the edit."""
        return not any(_is_glued(self.text[at]) for at in range(self.sentence.start, self.place.start))

    @property
    def left(self) -> str:
        """What the sentence has beside the edit, before it."""
        return self.text[max(self.sentence.start, self.place.start - _CONTEXT_CHARS) : self.place.start]

    @property
    def right(self) -> str:
        """The same behind it."""
        return self.text[self.place.end : min(self.sentence.end, self.place.end + _CONTEXT_CHARS)]


class Verifier:
    """Tells why an edit must not be made.

    Args:
        max_rewritten: Largest share of a sentence's words that one edit of the model may replace.
        max_growth: How many times as long (or, inverted, as short) one edit of the model may make its sentence.
    """

    def __init__(self, *, max_rewritten: float = 0.5, max_growth: float = 1.6) -> None:
        self._max_rewritten, self._max_growth = max_rewritten, max_growth
        model: tuple[tuple[str, Callable[[_Case], bool]], ...] = (
            ("line_break_changed", _changes_line_breaks),
            ("number_changed", _changes_number),
            ("negation_changed", _changes_negation),
            ("name_changed", _changes_name),
            ("quotes_unbalanced", _unbalances_quotes),
            ("brackets_unbalanced", _unbalances_brackets),
            ("repetition_introduced", _introduces_repetition),
            ("length_changed", self._changes_length),
            ("rewrites_too_much", self._rewrites_too_much),
        )
        by_name = dict(model)
        self._checks: dict[Origin, tuple[tuple[str, Callable[[_Case], bool]], ...]] = {
            Origin.GLOSSARY: (),  # the caller asked for exactly this
            Origin.NAMES: tuple((name, by_name[name]) for name in ("line_break_changed", "repetition_introduced")),
            Origin.RULE: (("number_changed", by_name["number_changed"]),),
            Origin.MODEL: model,
        }

    def check(self, edit: Edit, text: str, sentence: Span, protection: Protection) -> str | None:
        """Why the edit must not be made, in one stable word (``"protected:number"``); None if it may.

        Args:
            edit: With its span in ``text``.
            text: The document.
            sentence: The segment that the edit belongs to, in ``text``.
            protection: What no edit of ``text`` may touch.
        """
        protected = protection.violated_by(edit.span, edit.text)
        if protected is not None:
            return f"protected:{protected.kind.value}"
        if edit.kind in (EditKind.ENCODING, EditKind.FURNITURE):  # what was there could not be read, or has to go
            return None
        checks = self._checks[edit.origin]
        if not checks or (edit.origin is Origin.RULE and mends_number(text, edit.span, edit.text)):
            return None
        case = _case(edit, text, sentence)
        for reason, fails in checks:
            if fails(case):
                return reason
        return None

    def _changes_length(self, case: _Case) -> bool:
        before = len(case.sentence)
        after = before + len(case.edit.text) - len(case.edit.span)
        # a word or two more make a heading much longer, and are still a word or two
        return abs(after - before) > 30 and not before <= after * self._max_growth <= before * self._max_growth**2

    def _rewrites_too_much(self, case: _Case) -> bool:
        replaced = _replaced(case.old.words, case.new.words)
        if replaced <= 4:
            return False
        total = len(_WORD.findall(case.text, case.sentence.start, case.sentence.end))
        return replaced > self._max_rewritten * total


def _case(edit: Edit, text: str, sentence: Span) -> _Case:
    start, end = edit.span.start, edit.span.end
    first, last = min(sentence.start, start), max(sentence.end, end)
    # whole words on both sides: what is glued to the edit, before or after it is made, belongs to it
    after_left = edit.text[:1] or text[end : min(end + 1, last)]
    if start > first and (_is_glued(text[start : start + 1]) or _is_glued(after_left)):
        while start > first and _is_glued(text[start - 1]):
            start -= 1
    before_right = edit.text[-1:] or text[max(first, edit.span.start - 1) : edit.span.start]
    if end < last and (_is_glued(text[max(first, end - 1) : end]) or _is_glued(before_right)):
        while end < last and _is_glued(text[end]):
            end += 1
    head, tail = text[start : edit.span.start], text[edit.span.end : end]
    return _Case(
        edit, _Side.of(text[start:end]), _Side.of(head + edit.text + tail), Span(start, end), text, Span(first, last)
    )


def _is_glued(char: str) -> bool:
    return char != "" and (char.isalnum() or char in "_'’ʼ" or unicodedata.combining(char) > 0)


def _changes_line_breaks(case: _Case) -> bool:
    return _LINE_BREAK.findall(case.old.text) != _LINE_BREAK.findall(case.new.text)


# --- numbers ---


def _changes_number(case: _Case) -> bool:
    before, after = _numbers(case.old.words), _numbers(case.new.words)
    lost, gained = Counter(v for v, _ in before), Counter(v for v, _ in after)
    lost, gained = lost - gained, gained - lost
    if not lost and not gained:
        return False
    if lost and gained:
        return True
    values = before if lost else after
    counted = Counter(value for value, may_not_count in values if not may_not_count)
    difference = lost or gained
    return any(counted[value] for value in difference)


def _numbers(words: Sequence[str]) -> list[tuple[float | str, bool]]:
    """The numbers in the words, in figures or spelled out, each with whether it may be no number at all."""
    found: list[tuple[float | str, bool]] = []
    total, part, open_number, doubtful = 0.0, 0.0, False, True

    def close() -> None:
        nonlocal total, part, open_number, doubtful
        if open_number:
            found.append((total + part, doubtful))
        total, part, open_number, doubtful = 0.0, 0.0, False, True

    for word in words:
        lower = word.casefold()
        if any(c.isdigit() for c in lower):
            close()
            found.append((_figure(lower), False))
        elif lower in _UNITS:
            value = _UNITS[lower]
            if open_number and not (part >= 20 and part % 10 == 0 and value < 10) and part % 100:
                close()
            part += value
            doubtful = doubtful and lower in _MAY_NOT_COUNT and not open_number
            open_number = True
        elif lower in _SCALES:
            scale = _SCALES[lower]
            if scale == 100:
                part = max(part, 1) * scale
            else:
                total, part = total + max(part, 1) * scale, 0.0
            open_number, doubtful = True, False
        elif lower in _ORDINALS:
            value_of = _ORDINALS[lower]
            if open_number and value_of < 10 and part >= 20:
                part += value_of
                doubtful = False
                close()
            else:
                close()
                found.append((value_of, lower in _MAY_NOT_COUNT))
        elif not (lower == "and" and open_number):
            close()
    close()
    return found


def _figure(word: str) -> float | str:
    """The value of a number in figures; a mixed token ("B52") stands for itself, without case."""
    bare = regex.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", word).replace(",", "")
    try:
        return float(bare)
    except ValueError:
        return word


# --- negation ---


def _changes_negation(case: _Case) -> bool:
    before, after = _folded(case.old.words), _folded(case.new.words)
    if any(_negates(w) for w in before) != any(_negates(w) for w in after):
        return True
    return _gains_affix(before, after) or _gains_affix(after, before)


def _negates(word: str) -> bool:
    return word in _NEGATORS or word.endswith(("n't", "n’t"))


def _gains_affix(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether a word of ``after`` is the opposite, by its prefix or ending, of one of ``before`` that is gone."""
    gone = Counter(before) - Counter(after)
    for word in Counter(after) - Counter(before):
        match = regex.match(r"(?:un|non-?)(?P<stem>\w{3,})$|(?:dis|in|im|il|ir)(?P<stem>\w{4,})$", word)
        if match and word not in _NOT_PREFIXED and match["stem"] in gone:
            return True
        if word.endswith("less") and (word[:-4] + "ful" in gone):
            return True
    return False


# --- names ---


def _changes_name(case: _Case) -> bool:
    return _lacks_counterpart(case, case.old, case.new) or _lacks_counterpart(case, case.new, case.old)


def _lacks_counterpart(case: _Case, one: _Side, other: _Side) -> bool:
    """Whether a word is written as a name on one side and there is nothing like it on the other."""
    for index, word in enumerate(one.words):
        if not word[0].isupper() or word.casefold() in FUNCTION_WORDS or (index == 0 and case.starts_sentence):
            continue
        if not any(_is_same_name(word, another) for another in other.words):
            return True
    return False


_DEMONYMS: Final = frozenset(("", "n", "an", "ian", "ean", "ese", "ish", "nian", "i"))


def _is_same_name(one: str, other: str) -> bool:
    """Whether two words differ in case, accents or inflection only; a country and its people count as one."""
    a, b = _bare(one), _bare(other)
    if a == b or a + "s" == b or b + "s" == a or a + "es" == b or b + "es" == a:
        return True
    shared = 0
    while shared < min(len(a), len(b)) and a[shared] == b[shared]:
        shared += 1
    rests = {a[shared:].removesuffix("s"), b[shared:].removesuffix("s")}
    return (
        shared >= 4
        and min(len(r) for r in rests) <= 2
        and any(r in _DEMONYMS - {""} for r in rests)
        and all(r in _DEMONYMS or r in ("a", "e", "y", "ia") for r in rests)
    )


def _bare(word: str) -> str:
    folded = regex.sub(r"['’ʼ]s?$", "", word.casefold())
    return "".join(c for c in unicodedata.normalize("NFD", folded) if not unicodedata.combining(c))


# --- marks ---


def _unbalances_quotes(case: _Case) -> bool:
    before = sum(c in _DOUBLE_QUOTES for c in case.edit.span.of(case.text))
    after = sum(c in _DOUBLE_QUOTES for c in case.edit.text)
    if before % 2 == after % 2:
        return False
    start = case.text.rfind("\n", 0, case.sentence.start) + 1
    end = case.text.find("\n", case.sentence.end)
    line = case.text[start : end if end >= 0 else len(case.text)]
    return sum(c in _DOUBLE_QUOTES for c in line) % 2 == 0


def _unbalances_brackets(case: _Case) -> bool:
    old, new = case.edit.span.of(case.text), case.edit.text
    sentence = case.sentence.of(case.text)
    for pair in _BRACKETS:
        change = (new.count(pair[0]) - new.count(pair[1])) - (old.count(pair[0]) - old.count(pair[1]))
        surplus = sentence.count(pair[0]) - sentence.count(pair[1])
        if change and abs(surplus + change) > abs(surplus):
            return True
    return False


# --- repetition, length ---


def _introduces_repetition(case: _Case) -> bool:
    before = _WORD.findall(case.left)[-_CONTEXT_WORDS:]
    after = _WORD.findall(case.right)[:_CONTEXT_WORDS]
    old = _repeats(_folded([*before, *case.old.words, *after]))
    new = _repeats(_folded([*before, *case.new.words, *after]))
    return bool(new - old)


def _repeats(words: Sequence[str]) -> Counter[tuple[str, ...]]:
    """Runs of one to three words that stand twice, one right after the other."""
    found: Counter[tuple[str, ...]] = Counter()
    for size in range(1, _CONTEXT_WORDS + 1):
        for at in range(len(words) - 2 * size + 1):
            run = tuple(words[at : at + size])
            if run == tuple(words[at + size : at + 2 * size]) and any(w.isalpha() for w in run):
                found[run] += 1
    return found


def _replaced(before: Sequence[str], after: Sequence[str]) -> int:
    """How many words of ``before`` are not in ``after``, or are added beyond its length."""
    kept = sum((Counter(_folded(before)) & Counter(_folded(after))).values())
    return max(len(before), len(after)) - kept


def _folded(words: Sequence[str]) -> list[str]:
    return [word.casefold().replace("’", "'") for word in words]
