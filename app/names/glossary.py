"""Required terms: read from files, found in a document, put into its sentences, and accounted for one by one."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, cast

import regex
from lxml import etree

from app.core.errors import InputError
from app.core.inflection import Form, article, bases, inflect, is_plural
from app.core.protect import Protection
from app.core.protocols import LinkResult
from app.core.types import Edit, EditKind, GlossaryEntry, GlossaryUse, Origin, ProtectedSpan, Segment, Span, TermKind

__all__ = ["GlossaryFormat", "GlossaryMatcher", "read_glossary", "write_glossary"]

RULE = "MTR_GLOSSARY"

# Why a term was not applied.
NOT_FOUND = "not_found"  # neither the term nor its target stands in the document
ALREADY_RIGHT = "already_right"  # the target stands there
FORBIDDEN = "forbidden"  # it stands there, and nobody said what should
LEFT_ALONE = "segment_left_alone"  # it stands in page furniture or in a sentence of another language

_IDEOGRAPH: Final = r"\p{Han}\p{Hiragana}\p{Katakana}"
_INVISIBLE: Final = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_LETTER: Final = rf"[[\p{{L}}\p{{M}}\p{{N}}_{_INVISIBLE}]--[{_IDEOGRAPH}]]"
_TOKEN: Final = regex.compile(
    rf"[{_IDEOGRAPH}]"  # scripts that put no space between words: each sign stands for itself
    rf"|['’ʼ](?i:s)(?<={_LETTER}['’ʼ](?i:s))(?!{_LETTER})"  # a possessive ending is no part of its word
    rf"|{_LETTER}+(?:['’ʼ](?!(?i:s)(?!{_LETTER})){_LETTER}+)*"
    r"|\S",
    regex.V1,
)
_STRIPPED: Final = {ord(c): None for c in _INVISIBLE} | {ord(c): "'" for c in "’ʼ"} | {0x2010: "-", 0x2011: "-"}
_MOST_AT_ONE_PLACE: Final = 3  # terms that begin at one word; of more the longest are looked at
_ARTICLE: Final = regex.compile(r"(?<![\w.'’-])(?P<article>[Aa]|[Aa][Nn])(?P<gap>\s+[\"“‘(\[]?)$")
_AUXILIARY: Final = regex.compile(
    r"\b(?:has|have|had|having|be|is|are|am|was|were|been|being|get|gets|got|'ve|’ve)(?:\s+(?:not|never|\w+ly|also|already|been|all|both))*\s+$",
    regex.IGNORECASE,
)
_OPENERS: Final = "\"'“”‘’«([{—–-•*"
_SMALL_WORDS: Final = frozenset(
    ("a", "an", "the", "and", "or", "of", "in", "on", "at", "by", "for", "to", "from", "with")
)


# The same for text in ASCII, several times as fast.
_ASCII_TOKEN: Final = re.compile(r"'[sS](?<=\w'[sS])(?!\w)|\w+(?:'(?![sS](?!\w))\w+)*|\S", re.ASCII)


class _Token(NamedTuple):
    key: str  # as compared: canonical, without case
    start: int
    end: int
    is_spaced: bool  # white space stands before it


def _tokens(text: str, start: int = 0, end: int | None = None) -> list[_Token]:
    found: list[_Token] = []
    last = 0
    text = text[start:end]
    pattern = _ASCII_TOKEN if text.isascii() else _TOKEN
    for match in cast("Iterator[re.Match[str]]", pattern.finditer(text)):
        at, to = match.span()
        found.append(_Token(_raw(match.group()).casefold(), start + at, start + to, at > last))
        last = to
    return found


def _raw(token: str) -> str:
    """A token as compared where case counts."""
    if token.isascii():
        return token
    return unicodedata.normalize("NFC", token).translate(_STRIPPED) or token


# ---------------------------------------------------------------- finding


class _Node(dict[str, "_Node"]):
    """What may come next; ``ends`` are the terms that end here, as positions in the glossary."""

    __slots__ = ("ends", "is_target")

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[int] = []
        self.is_target = False


class _Place(NamedTuple):
    """A term found in the text."""

    entry: int
    start: int
    end: int
    form: Form


class _Standing:
    """The places of one target, in the order of the text."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._reach: list[int] = []  # where the furthest of the places up to here ends

    def add(self, start: int, end: int) -> None:
        self._starts.append(start)
        self._reach.append(max(end, self._reach[-1]) if self._reach else end)

    def covers(self, place: _Place) -> bool:
        """Whether one of the places contains ``place``."""
        at = bisect_right(self._starts, place.start)
        return at > 0 and self._reach[at - 1] >= place.end


class _Index:
    """A trie of the tokens of all terms; looking a text up costs its length times the longest term, at most."""

    def __init__(self, entries: Sequence[GlossaryEntry]) -> None:
        self.entries = entries
        self.shadowed: dict[int, int] = {}  # a term that an earlier entry has already -> that entry
        self._root = _Node()
        self._raw: list[tuple[str, ...]] = []  # the tokens of each term
        self._targets: list[_Node | None] = []  # where the target of each entry ends
        first: dict[tuple[str, ...], int] = {}
        for number, entry in enumerate(entries):
            source, target = _tokens(entry.source), _tokens(entry.target)
            self._raw.append(tuple(_raw(entry.source[t.start : t.end]) for t in source))
            named = self._raw[-1] if entry.case_sensitive else tuple(_edge(t, 1) for t in source)
            earlier = first.setdefault((str(entry.case_sensitive), *named), number)
            if earlier != number:
                self.shadowed[number] = earlier
            elif source:
                self._walk(source).ends.append(number)
            node = None
            if target and [t.key for t in source] != [t.key for t in target]:  # "internet" is not "Internet" already
                node = self._walk(target)
                node.is_target = True
            self._targets.append(node)

    def _walk(self, tokens: Sequence[_Token]) -> _Node:
        node = self._root
        for number, token in enumerate(tokens):
            node = node.setdefault(_edge(token, number), _Node())
        return node

    def find(self, text: str, start: int, end: int) -> tuple[list[_Place], dict[int, _Standing]]:
        """The places of terms in a part of the text, overlapping ones too, and the places of targets."""
        tokens = _tokens(text, start, end)
        inflected = [bases(token.key) if token.key.isalpha() else () for token in tokens]
        places: list[_Place] = []
        standing: dict[int, _Standing] = defaultdict(_Standing)
        root = self._root
        for at, first in enumerate(tokens):
            if first.key not in root and not any(base in root for base, _ in inflected[at]):
                continue
            node = root
            here: list[_Place] = []
            for to in range(at, len(tokens)):
                token = tokens[to]
                spaced = token.is_spaced and to > at
                following = node.get(f" {token.key}" if spaced else token.key)
                ended = [(following, Form.BASE)] if following is not None else []
                for base, form in inflected[to]:
                    if (other := node.get(f" {base}" if spaced else base)) is not None:
                        ended.append((other, form))
                for node_at_end, form in ended:
                    for entry in node_at_end.ends:
                        if self._agrees(entry, text, tokens, at, to, form):
                            here.append(_Place(entry, first.start, token.end, form))
                    if node_at_end.is_target:
                        standing[id(node_at_end)].add(first.start, token.end)
                if following is None:
                    break
                node = following
            places += here[-_MOST_AT_ONE_PLACE:]
        return places, standing

    def target_of(self, entry: int) -> int:
        """The key of an entry's target in what ``find`` gives; 0 where there is none to find."""
        node = self._targets[entry]
        return id(node) if node is not None else 0

    def _agrees(self, number: int, text: str, tokens: Sequence[_Token], at: int, to: int, form: Form) -> bool:
        """Whether case and ending are such that the term is meant."""
        entry, source = self.entries[number], self._raw[number]
        if form is Form.BASE and not entry.case_sensitive:
            return True
        *before, last = (_raw(text[t.start : t.end]) for t in tokens[at : to + 1])
        wanted = source[-1]
        if entry.case_sensitive and tuple(before) != source[:-1]:
            return False
        if form is Form.BASE:
            return last == wanted
        shared = 0
        while shared < min(len(last), len(wanted)) and last[shared] == wanted[shared]:
            shared += 1
        if entry.case_sensitive and (shared == 0 or not last[shared:].islower()):
            return False
        # a name has no past tense, and a word is not meant where a name stands ("United", "Cooks")
        if wanted[:1].isupper() and not last[:1].isupper():
            return False
        if form is Form.S:
            return True
        is_word = last.islower() or at == 0 or last.isupper() or tokens[at - 1].key in _OPENERS
        return len(source) == 1 and wanted.islower() and is_word


def _edge(token: _Token, number: int) -> str:
    return f" {token.key}" if number and token.is_spaced else token.key


# ---------------------------------------------------------------- applying


@dataclass(slots=True)
class _Tally:
    applied: int = 0
    not_applied: int = 0
    reasons: dict[str, None] = field(default_factory=dict)

    def refuse(self, reason: str) -> None:
        self.not_applied += 1
        self.reasons[reason] = None


class GlossaryMatcher:
    """Applies glossary entries: the longest term first, in the case and with the ending that the sentence wants.

    Of terms that compete for a place the longer wins, then the one that stands there without an added ending, then the
    one whose case counts, then the earlier in the glossary.
    """

    def __init__(self) -> None:
        """No glossary yet; the last one used is kept in memory as an index."""
        self._last: _Index | None = None

    def match(
        self,
        text: str,
        segments: Sequence[Segment],
        entries: Sequence[GlossaryEntry],
        protected: Sequence[ProtectedSpan],
    ) -> LinkResult:
        """Find every term in ``text``.

        Returns:
            Edits for the terms to replace, sorted; spans to keep; one ``GlossaryUse`` an entry, in their order. A
            term in no segment is reported as ``segment_left_alone``.
        """
        if not entries:
            return LinkResult()
        index = self._index(entries)
        tallies = [_Tally() for _ in entries]
        protection = Protection(text, protected)
        edits: list[Edit] = []
        keep: list[Span] = []
        standing: set[int] = set()  # targets that stand somewhere in the text
        for start, end, is_awake in _regions(text, segments):
            places, targets = index.find(text, start, end)
            standing |= set(targets)
            free = start  # before it other terms stand
            for place in _settle(index, places, targets, tallies):
                entry, tally = entries[place.entry], tallies[place.entry]
                if not is_awake:
                    tally.refuse(LEFT_ALONE)
                elif entry.kind is TermKind.KEEP:
                    tally.applied += 1
                    keep.append(Span(place.start, place.end))
                elif not entry.target:
                    tally.refuse(FORBIDDEN)
                else:
                    outcome = _replacement(text, place, entry, Span(start, end), protection, free)
                    if isinstance(outcome, Edit):
                        tally.applied += 1
                        edits.append(outcome)
                    elif outcome == ALREADY_RIGHT:
                        tally.reasons[outcome] = None
                    else:
                        tally.refuse(outcome)
                free = place.end
        for number, earlier in index.shadowed.items():
            met = tallies[earlier].applied + tallies[earlier].not_applied
            if met:
                tallies[number] = _Tally(0, met, {f"overlaps:{_name(earlier, entries[earlier])}": None})
        uses = tuple(
            _use(number, entry, tally, index.target_of(number) in standing)
            for number, (entry, tally) in enumerate(zip(entries, tallies, strict=True))
        )
        return LinkResult(tuple(sorted(edits, key=lambda e: e.span)), tuple(sorted(keep)), (), uses)

    def _index(self, entries: Sequence[GlossaryEntry]) -> _Index:
        last = self._last
        if last is None or last.entries != entries:
            last = self._last = _Index(tuple(entries))
        return last


def _settle(
    index: _Index, places: Iterable[_Place], targets: dict[int, _Standing], tallies: Sequence[_Tally]
) -> list[_Place]:
    """The places that no longer term has taken and where the target does not stand yet, in the order of the text."""
    entries = index.entries

    def rank(place: _Place) -> tuple[int, bool, bool, int, int]:
        entry = entries[place.entry]
        return place.start - place.end, place.form is not Form.BASE, not entry.case_sensitive, place.entry, place.start

    owner: dict[int, int] = {}  # code point -> the entry that has it
    chosen: list[_Place] = []
    seen: set[tuple[int, int, int]] = set()
    for place in sorted(places, key=rank):
        number, start, end, _ = place
        if (number, start, end) in seen:  # in two readings of its ending
            continue
        seen.add((number, start, end))
        target = targets.get(index.target_of(number))
        taken = next((owner[at] for at in (start, end - 1) if at in owner), None)
        if target is not None and target.covers(place):
            tallies[number].reasons[ALREADY_RIGHT] = None
        elif taken is not None:
            tallies[number].refuse(f"overlaps:{_name(taken, entries[taken])}")
        else:
            owner.update((at, number) for at in range(start, end))
            chosen.append(place)
    return sorted(chosen, key=lambda p: p.start)


def _name(number: int, entry: GlossaryEntry) -> str:
    return entry.id or str(number)


def _use(number: int, entry: GlossaryEntry, tally: _Tally, is_target_there: bool) -> GlossaryUse:
    reasons = tuple(tally.reasons)
    if not tally.applied and not reasons:
        reasons = (ALREADY_RIGHT,) if is_target_there and entry.kind is TermKind.REPLACE else (NOT_FOUND,)
    return GlossaryUse(_name(number, entry), tally.applied, tally.not_applied, reasons)


def _regions(text: str, segments: Sequence[Segment]) -> Iterator[tuple[int, int, bool]]:
    """The segments, and what lies between them."""
    at = 0
    for segment in segments:
        if at < segment.span.start and not text[at : segment.span.start].isspace():
            yield at, segment.span.start, False
        yield segment.span.start, segment.span.end, True
        at = segment.span.end
    if at < len(text):
        yield at, len(text), False


def _replacement(
    text: str, place: _Place, entry: GlossaryEntry, sentence: Span, protection: Protection, free: int
) -> Edit | str:
    """The edit that puts the target in the place of the term, or why there is none."""
    start, end = place.start, place.end
    old = text[start:end]
    starts = not text[sentence.start : start].strip(_OPENERS + " \t\n\u00a0")
    is_participle = place.form is Form.PAST and _AUXILIARY.search(text, max(sentence.start, start - 40), start)
    new = inflect(entry.target, place.form, after_auxiliary=bool(is_participle))
    if not entry.case_sensitive:
        new = _in_case(old, new, entry.source, starts)
    is_many = place.form is Form.S or _is_plural_term(new)
    new = _with_breaks(old, new)
    ending, extra = _possessive(text, end, sentence.end, old, new, is_many)
    before = _ARTICLE.search(text, max(free, start - 8), start)
    article_change = _article(before, starts_at=sentence.start, text=text, new=new) if before else None
    # as much grammar as nothing protected stands in the way of
    tries = [(start, end + extra, new + ending)]
    if article_change is not None:
        tries.insert(0, (article_change[0], end + extra, article_change[1] + new + ending))
    if extra or ending:
        tries.append((start, end, new))
    refused = ALREADY_RIGHT
    for first, last, candidate in tries:
        span = Span(first, last)
        if span.of(text) == candidate:
            continue
        violated = protection.violated_by(span, candidate)
        if violated is None:
            return Edit(span, candidate, EditKind.TERM, Origin.GLOSSARY, 1.0, RULE, _reason(entry))
        refused = f"protected:{violated.kind.value}"
    return refused


def _reason(entry: GlossaryEntry) -> str:
    where = f"Glossary ({entry.id})" if entry.id else "Glossary"
    verb = "must not stand here: use" if entry.kind is TermKind.FORBID else "should read"
    return f"{where}: “{entry.source}” {verb} “{entry.target}”."


def _in_case(old: str, new: str, source: str, starts: bool) -> str:
    """``new`` in the case of what it replaces, as far as that says more than the glossary does."""
    letters = [c for c in old if c.isalpha()]
    shouted = len(letters) > 1 and old.upper() == old and source.upper() != source
    if shouted:
        return new.upper()
    if not old[:1].isupper():
        return new
    words = old.split()
    if (
        len(words) > 1
        and source[:1].islower()
        and all(w[:1].isupper() or w.lower() in _SMALL_WORDS for w in words)
        and sum(w[:1].isupper() for w in words) > 1
    ):
        parts = regex.split(r"(\s+)", new)
        return "".join(_capitalised(p) if n == 0 or p not in _SMALL_WORDS else p for n, p in enumerate(parts))
    if source[:1].islower() or starts:
        return _capitalised(new)
    return new


def _capitalised(text: str) -> str:
    """With a capital, unless the first word has capitals of its own ("iPhone")."""
    first = text.split(None, 1)[0] if text.strip() else ""
    return text[:1].upper() + text[1:] if first and first == first.lower() else text


def _is_plural_term(term: str) -> bool:
    last = (term.split() or [""])[-1]
    return last.islower() and last.isalpha() and last.endswith("s") and is_plural(last)


def _with_breaks(old: str, new: str) -> str:
    """Lines of the text stay lines: its line breaks within the term go between the words of the target."""
    gaps, places = regex.findall(r"\s+", old), list(regex.finditer(r"\s+", new))
    if not places or not gaps:
        return new
    if len(gaps) != len(places):
        breaks = [g for g in gaps if regex.search(r"[\n\r\v\f\x85\u2028\u2029]", g)]
        gaps = [p.group() for p in places[: len(places) - len(breaks)]] + breaks[: len(places)]
    pieces = regex.split(r"\s+", new)
    return pieces[0] + "".join(gap + piece for gap, piece in zip(gaps, pieces[1:], strict=True))


def _possessive(text: str, end: int, limit: int, old: str, new: str, is_many: bool) -> tuple[str, int]:
    """What to put after the term, and how many code points of the text it replaces there."""
    after = text[end : min(limit, end + 3)]
    if after[:1] not in ("'", "’"):
        return "", 0
    if after[1:2] in ("s", "S") and not after[2:3].isalnum():
        ends_in_s = new[-1:] in ("s", "S")
        return (after[0], 2) if is_many and ends_in_s else ("", 0)
    closes = after[0] == "’" and text.count("‘", max(0, end - 500), end) > 0
    closes = closes or (after[0] == "'" and regex.search(r"(?<!\w)'\w", text[max(0, end - 500) : end]) is not None)
    if old[-1:] in ("s", "S") and new[-1:] not in ("s", "S") and not after[1:2].isalnum() and not closes:
        return after[0] + ("S" if new.isupper() and len(new) > 1 and old.isupper() else "s"), 1
    return "", 0


def _article(before: regex.Match[str], *, starts_at: int, text: str, new: str) -> tuple[int, str] | None:
    """Where the article before a term begins and what should stand from there to the term, where that changes."""
    old = before["article"]
    is_shouted = old.isupper() and new.isupper() and len(new) > 1
    if old[0] == "A" and not is_shouted and text[starts_at : before.start()].strip(_OPENERS + " \t\n"):
        return None  # "vitamin A", "Plan A"
    wanted = article(new if not is_shouted or " " not in new else new.lower())
    if old.lower() == wanted:
        return None
    cased = wanted.upper() if is_shouted else old[0] + wanted[1:]
    return before.start(), cased + before["gap"]


# ---------------------------------------------------------------- files


class GlossaryFormat(StrEnum):
    """Forms of a glossary file."""

    CSV = "csv"
    TSV = "tsv"
    TBX = "tbx"


_COLUMNS: Final = ("source", "target", "kind", "case", "id")
_LONGEST_TERM: Final = 200
_LARGEST_TBX: Final = 256 * 1024 * 1024
_XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_TBX: Final = "urn:iso:std:iso:30042:ed-2"
_REFUSED: Final = ("deprecated", "obsolete")
_REPLACED: Final = ("superseded",)
_SENSITIVE_NOTE: Final = "case sensitive"


def read_glossary(
    source: Path | IO[bytes], format: GlossaryFormat | str | None = None, *, name: str = ""
) -> list[GlossaryEntry]:
    """Read the terms of a file.

    CSV and TSV: columns ``source``, ``target``, ``kind`` (replace, keep, forbid), ``case`` (insensitive, sensitive) and
    ``id``; without a row of headings the columns are taken in this order. A row without ``target`` and ``kind`` keeps
    its term. TBX (versions 2 and 3, both styles): English terms of one concept; a superseded term is replaced by the
    preferred one, a deprecated or obsolete one forbidden in its favour, the others are kept.

    Args:
        source: A file, or a stream of its bytes.
        format: By default what the name of the file ends in.
        name: What entries without an id are called, with a number, such as ``house`` for ``house/12``; by default the
            name of the file.

    Raises:
        InputError: The file or a row of it cannot be used; the message names file, line and remedy.
    """
    where = str(source) if isinstance(source, Path) else str(getattr(source, "name", "") or "glossary")
    stem = name or Path(where).stem
    kind = _format_of(format, where)
    try:
        data = source.read_bytes() if isinstance(source, Path) else source.read()
    except OSError as exc:
        raise InputError(
            f"{where}: cannot be read ({exc.strerror}); name a file that can", code="invalid-glossary"
        ) from exc
    rows = _read_tbx(data, where) if kind is GlossaryFormat.TBX else _read_rows(data, where, kind)
    return [e if e.id else replace(e, id=f"{stem}/{number}") for number, e in enumerate(rows, start=1)]


def write_glossary(
    entries: Iterable[GlossaryEntry], target: Path | IO[bytes], format: GlossaryFormat | str | None = None
) -> None:
    """Write terms so that ``read_glossary`` gives them back; a file appears whole or not at all.

    Raises:
        InputError: The format is unknown, or the file cannot be written.
    """
    where = str(target) if isinstance(target, Path) else str(getattr(target, "name", "") or "glossary")
    kind = _format_of(format, where)
    data = _write_tbx(entries) if kind is GlossaryFormat.TBX else _write_rows(entries, kind)
    if not isinstance(target, Path):
        target.write(data)
        return
    partial = target.with_name(target.name + ".part")
    try:
        partial.write_bytes(data)
        partial.replace(target)
    except OSError as exc:
        raise InputError(f"{where}: cannot be written ({exc.strerror})", code="invalid-glossary") from exc


def _format_of(format: GlossaryFormat | str | None, where: str) -> GlossaryFormat:
    word = (format or Path(where).suffix.removeprefix(".")).lower()
    try:
        return GlossaryFormat({"txt": "tsv", "tab": "tsv", "xml": "tbx"}.get(word, word))
    except ValueError:
        raise InputError(f"{where}: not a glossary format; use .csv, .tsv or .tbx", code="invalid-glossary") from None


def _checked(entry: GlossaryEntry, where: str) -> GlossaryEntry:
    problem = ""
    if not _tokens(entry.source):
        problem = "no `source`"
    elif entry.kind is TermKind.REPLACE and not entry.target:
        problem = "no `target`; say what the term should read, or give `kind` keep or forbid"
    elif max(len(entry.source), len(entry.target)) > _LONGEST_TERM:
        problem = f"a term is longer than {_LONGEST_TERM} characters"
    elif any(unicodedata.category(c) == "Cc" for c in entry.source + entry.target):
        problem = "a term holds a control character"
    if problem:
        raise InputError(f"{where}: {problem}", code="invalid-glossary")
    return entry


def _read_rows(data: bytes, where: str, kind: GlossaryFormat) -> list[GlossaryEntry]:
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise InputError(f"{where}: line {line}: not UTF-8; save it as UTF-8", code="invalid-glossary") from exc
    first = text.partition("\n")[0]
    delimiter = "\t" if kind is GlossaryFormat.TSV else ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] | None = None
    found: list[GlossaryEntry] = []
    at = 0
    try:
        for row in reader:
            line, at = at + 1, reader.line_num
            cells = [unicodedata.normalize("NFC", cell).strip() for cell in row]
            if not any(cells):
                continue
            if columns is None:
                heads = [cell.lower() for cell in cells]
                columns = heads if "source" in heads else list(_COLUMNS)
                if columns is heads:
                    continue
            found.append(_row(dict(zip(columns, cells, strict=False)), f"{where}: line {line}", len(cells), columns))
    except csv.Error as exc:
        raise InputError(f"{where}: line {at + 1}: {exc}", code="invalid-glossary") from exc
    return found


def _row(cells: dict[str, str], where: str, count: int, columns: Sequence[str]) -> GlossaryEntry:
    if count > len(columns):
        raise InputError(
            f"{where}: {count} columns where there should be {len(columns)}; quote terms that hold the separator",
            code="invalid-glossary",
        )
    word = cells.get("kind", "").lower()
    try:
        kind = TermKind(word) if word else TermKind.REPLACE if cells.get("target") else TermKind.KEEP
    except ValueError:
        raise InputError(f"{where}: `kind` must be replace, keep or forbid", code="invalid-glossary") from None
    case = cells.get("case", "").lower()
    if case not in ("", "insensitive", "sensitive"):
        raise InputError(f"{where}: `case` must be insensitive or sensitive", code="invalid-glossary")
    entry = GlossaryEntry(
        cells.get("source", ""), cells.get("target", ""), kind, case == "sensitive", cells.get("id", "")
    )
    return _checked(entry, where)


def _write_rows(entries: Iterable[GlossaryEntry], kind: GlossaryFormat) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter="\t" if kind is GlossaryFormat.TSV else ",", lineterminator="\n")
    writer.writerow(_COLUMNS)
    for e in entries:
        writer.writerow((e.source, e.target, e.kind.value, "sensitive" if e.case_sensitive else "insensitive", e.id))
    return out.getvalue().encode()


@dataclass(slots=True)
class _Term:
    text: str
    line: int
    status: str = ""
    is_case_sensitive: bool = False


def _read_tbx(data: bytes, where: str) -> list[GlossaryEntry]:
    if len(data) > _LARGEST_TBX:
        raise InputError(f"{where}: larger than {_LARGEST_TBX >> 20} MiB", code="invalid-glossary")
    # no entity is resolved, no DTD loaded and nothing fetched: a TBX file is a stranger's
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, remove_comments=True)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as exc:
        raise InputError(f"{where}: line {exc.lineno or 1}: not well-formed XML", code="invalid-glossary") from exc
    dtd = cast(Any, root.getroottree().docinfo.internalDTD)
    if dtd is not None and next(iter(dtd.iterentities()), None) is not None:
        raise InputError(f"{where}: declares entities; write the characters themselves", code="invalid-glossary")
    if _local(root) not in ("martif", "tbx"):
        raise InputError(f"{where}: line 1: no TBX; its root must be `tbx` or `martif`", code="invalid-glossary")
    found: list[GlossaryEntry] = []
    for concept in root.iter():
        if _local(concept) in ("conceptEntry", "termEntry"):
            found.extend(_concept(concept, where))
    return found


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _concept(concept: etree._Element, where: str) -> Iterator[GlossaryEntry]:
    terms: list[_Term] = []
    for section in concept.iter():
        if _local(section) not in ("langSec", "langSet"):
            continue
        language = (section.get(_XML_LANG) or section.get("lang") or "en").lower()
        if language.partition("-")[0] == "en":
            terms.extend(_terms(section, where))
    preferred = next((t for t in terms if t.status == "preferred"), None) or next(
        (t for t in terms if not t.status.startswith((*_REFUSED, *_REPLACED))), None
    )
    own = concept.get("id") or ""
    count = 0
    for term in terms:
        if term is preferred and len(terms) > 1 and any(t.status.startswith((*_REFUSED, *_REPLACED)) for t in terms):
            continue
        count += 1
        target = preferred.text if preferred is not None else ""
        if term.status.startswith(_REFUSED):
            kind = TermKind.FORBID
        elif term.status.startswith(_REPLACED):
            kind = TermKind.REPLACE
        else:
            kind, target = TermKind.KEEP, ""
        name = own if not own or count == 1 else f"{own}/{count}"
        yield _checked(
            GlossaryEntry(term.text, target, kind, term.is_case_sensitive, name), f"{where}: line {term.line}"
        )


def _terms(section: etree._Element, where: str) -> Iterator[_Term]:
    for group in section.iter():
        if _local(group) not in ("termSec", "tig", "ntig"):
            continue
        parts = [part for part in group.iter() if isinstance(part.tag, str)]
        element = next((e for e in parts if _local(e) == "term"), None)
        line = cast(int, group.sourceline)
        if element is None:
            raise InputError(f"{where}: line {line}: no `term`", code="invalid-glossary")
        text = " ".join("".join(str(part) for part in element.itertext()).split())
        term = _Term(unicodedata.normalize("NFC", text), cast(int, element.sourceline))
        for part in parts:
            value = " ".join("".join(str(p) for p in part.itertext()).split()).lower()
            if part.get("type") in ("administrativeStatus", "normativeAuthorization") or _local(part) in (
                "administrativeStatus",
                "normativeAuthorization",
            ):
                term.status = value.partition("term")[0] or value
            elif _local(part) == "note" and value == _SENSITIVE_NOTE:
                term.is_case_sensitive = True
        yield term


def _write_tbx(entries: Iterable[GlossaryEntry]) -> bytes:
    root = etree.Element(f"{{{_TBX}}}tbx", nsmap=cast("dict[str, str]", {None: _TBX}), type="TBX-Basic", style="dca")
    root.set(_XML_LANG, "en")
    header = etree.SubElement(etree.SubElement(root, f"{{{_TBX}}}tbxHeader"), f"{{{_TBX}}}fileDesc")
    source = etree.SubElement(etree.SubElement(header, f"{{{_TBX}}}sourceDesc"), f"{{{_TBX}}}p")
    source.text = "mt-repair glossary"
    body = etree.SubElement(etree.SubElement(root, f"{{{_TBX}}}text"), f"{{{_TBX}}}body")
    for entry in entries:
        concept = etree.SubElement(body, f"{{{_TBX}}}conceptEntry")
        if entry.id:
            concept.set("id", entry.id)
        section = etree.SubElement(concept, f"{{{_TBX}}}langSec")
        section.set(_XML_LANG, "en")
        if entry.target and entry.kind is not TermKind.KEEP:  # a term that stays has no other form to prefer
            _write_term(section, entry.target, "preferredTerm-admn-sts", False)
        status = {TermKind.REPLACE: "supersededTerm", TermKind.FORBID: "deprecatedTerm", TermKind.KEEP: "preferredTerm"}
        _write_term(section, entry.source, f"{status[entry.kind]}-admn-sts", entry.case_sensitive)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _write_term(section: etree._Element, text: str, status: str, is_case_sensitive: bool) -> None:
    group = etree.SubElement(section, f"{{{_TBX}}}termSec")
    etree.SubElement(group, f"{{{_TBX}}}term").text = text
    etree.SubElement(group, f"{{{_TBX}}}termNote", type="administrativeStatus").text = status
    if is_case_sensitive:
        etree.SubElement(group, f"{{{_TBX}}}note").text = _SENSITIVE_NOTE
