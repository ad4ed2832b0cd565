"""M2, the format of grammatical error correction: tokens of a sentence, and edits by their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from app.core.classify import errant_type
from app.core.diff import Change, apply_changes
from app.core.errors import InputError

MEDIA_TYPE: Final = "text/plain; charset=utf-8"
_TOKEN: Final = re.compile(r"\w+(?:['\u2019.,-]\w+)*|[^\w\s]")
_CHUNK: Final = re.compile(r"\S+")
# From both ends: a corrected token may itself be a bar.
_ANNOTATION: Final = re.compile(r"A (-?\d+) (-?\d+)\|\|\|([^|]+)\|\|\|(.*)\|\|\|[^|]*\|\|\|[^|]*\|\|\|\d+")
_NOOP: Final = "A -1 -1|||noop|||-NONE-|||REQUIRED|||-NONE-|||0"


@dataclass(frozen=True, slots=True)
class TokenEdit:
    """Replace tokens ``[start, end)`` by other tokens."""

    start: int
    end: int
    tokens: tuple[str, ...]
    type: str


@dataclass(frozen=True, slots=True)
class M2Sentence:
    """A sentence in tokens with its edits, in order."""

    tokens: tuple[str, ...]
    edits: tuple[TokenEdit, ...]

    def corrected(self) -> tuple[str, ...]:
        """The tokens after the edits."""
        out: list[str] = []
        at = 0
        for edit in self.edits:
            out += (*self.tokens[at : edit.start], *edit.tokens)
            at = edit.end
        return (*out, *self.tokens[at:])


def tokenise(text: str) -> tuple[str, ...]:
    """Words with their inner apostrophes, hyphens and points, and single marks."""
    return tuple(_TOKEN.findall(text))


def in_tokens(sentence: str, changes: Sequence[Change]) -> M2Sentence:
    """Changes of characters as changes of tokens; one that only moves white space between tokens vanishes.

    A change inside a token, or one that glues tokens together, becomes a change of whatever stands between the white
    space around it.
    """
    chunks = [(found.start(), found.end()) for found in _CHUNK.finditer(sentence)]
    regions: list[tuple[int, int, list[Change]]] = []
    for change in changes:
        start, end = change.span.start, change.span.end
        for a, b in chunks:
            if a <= change.span.end and change.span.start <= b:
                start, end = min(start, a), max(end, b)
        if regions and start <= regions[-1][1]:
            first, last, mine = regions.pop()
            regions.append((first, max(last, end), [*mine, change]))
        else:
            regions.append((start, end, [change]))
    edits: list[TokenEdit] = []
    for start, end, mine in regions:
        before = sentence[start:end]
        after = apply_changes(before, [Change(c.span.shift(-start), c.text) for c in mine])
        edits += _trimmed(len(tokenise(sentence[:start])), tokenise(before), tokenise(after))
    return M2Sentence(tokenise(sentence), tuple(edits))


def _trimmed(first: int, old: tuple[str, ...], new: tuple[str, ...]) -> Iterator[TokenEdit]:
    """The tokens that differ, without what both begin and end with."""
    if old == new:
        return
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    gone, put = old[head : len(old) - tail], new[head : len(new) - tail]
    kind = errant_type(" ".join(gone), " ".join(put))
    yield TokenEdit(first + head, first + len(old) - tail, put, kind)


def write_m2(sentences: Iterable[M2Sentence]) -> str:
    """The format's text; a sentence without edits has a noop line, as corpora of several annotators need it."""
    out = []
    for sentence in sentences:
        lines = [f"S {' '.join(sentence.tokens)}"]
        lines += [
            f"A {e.start} {e.end}|||{e.type}|||{' '.join(e.tokens)}|||REQUIRED|||-NONE-|||0" for e in sentence.edits
        ]
        if not sentence.edits:
            lines.append(_NOOP)
        out.append("\n".join(lines) + "\n")
    return "\n".join(out)


def read_m2(text: str) -> list[M2Sentence]:
    """The sentences of a file with one annotator.

    Raises:
        InputError: A line does not fit the format; it is named by its number.
    """
    sentences: list[M2Sentence] = []
    tokens: tuple[str, ...] | None = None
    edits: list[TokenEdit] = []
    # Not splitlines: a token may hold one of the rarer line ends.
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.startswith("S ") or line == "S":
            tokens, edits = tuple(line[2:].split(" ")) if line[2:] else (), []
        elif line.startswith("A ") and tokens is not None:
            found = _ANNOTATION.fullmatch(line)
            if found is None:
                raise InputError(f"line {number}: not an annotation of M2")
            start, end, kind, correction = int(found[1]), int(found[2]), found[3], found[4]
            if start >= 0:
                edits.append(TokenEdit(start, end, tuple(correction.split(" ")) if correction else (), kind))
        elif not line.strip():
            if tokens is not None:
                sentences.append(M2Sentence(tokens, tuple(edits)))
            tokens = None
        else:
            raise InputError(f"line {number}: begins with neither S nor A")
    return sentences
