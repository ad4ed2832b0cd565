"""The same edits in forms for people and programs: inline text, unified diff, side-by-side HTML.

Each form is made from the source and its edits alone, in linear time; none compares two texts again, so all of them
tell the same story as the list of edits.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import groupby

from app.core.diff import Change, apply_changes
from app.core.types import Edit, Span

_CONTEXT_LINES = 3  # as diff -u has it


class PieceKind(Enum):
    """What became of a piece of text."""

    KEPT = "kept"
    DELETED = "deleted"
    INSERTED = "inserted"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of either text."""

    kind: PieceKind
    text: str

    def marked(self) -> str:
        """As ``wdiff`` writes it: ``[-deleted-]``, ``{+inserted+}``."""
        match self.kind:
            case PieceKind.DELETED:
                return f"[-{self.text}-]"
            case PieceKind.INSERTED:
                return f"{{+{self.text}+}}"
            case PieceKind.KEPT:
                return self.text


def pieces(source: str, edits: Sequence[Edit | Change]) -> list[Piece]:
    """The two texts woven into one; of each edit the deletion first. No piece is empty."""
    found: list[Piece] = []
    at = 0
    for edit in edits:
        found += [
            Piece(PieceKind.KEPT, source[at : edit.span.start]),
            Piece(PieceKind.DELETED, edit.span.of(source)),
            Piece(PieceKind.INSERTED, edit.text),
        ]
        at = edit.span.end
    found.append(Piece(PieceKind.KEPT, source[at:]))
    return [piece for piece in found if piece.text]


def inline(source: str, edits: Sequence[Edit | Change]) -> str:
    """The whole text with ``[-deleted-]`` and ``{+inserted+}`` words."""
    return "".join(piece.marked() for piece in pieces(source, edits))


def unified(source: str, edits: Sequence[Edit | Change], before: str = "hypothesis", after: str = "post_edit") -> str:
    """A unified diff that ``patch`` and ``git apply`` take; empty where nothing changes.

    Args:
        source: The text before.
        edits: Sorted and free of conflicts.
        before: Name of the file in the first header line.
        after: Name of the file in the second.
    """
    lines = _Lines(source)
    blocks = [block for block in lines.blocks(edits) if block.old != block.new]
    out: list[str] = []
    shift = 0  # lines that the hunks so far have added
    for hunk in _hunks(blocks):
        first = max(hunk[0].start - _CONTEXT_LINES, 0)
        last = min(hunk[-1].end + _CONTEXT_LINES, len(lines))
        body: list[str] = []
        grown = 0
        at = first
        for block in hunk:
            body += _prefixed(" ", lines.between(at, block.start))
            body += _prefixed("-", block.old) + _prefixed("+", block.new)
            grown += len(block.new) - len(block.old)
            at = block.end
        body += _prefixed(" ", lines.between(at, last))
        old, new = last - first, last - first + grown
        out.append(f"@@ -{_range(first, old)} +{_range(first + shift, new)} @@\n")
        out += body
        shift += grown
    return "".join([f"--- {before}\n+++ {after}\n", *out]) if out else ""


def side_by_side(source: str, edits: Sequence[Edit | Change]) -> str:
    """An HTML table, the text before on the left and after on the right, with ``<del>`` and ``<ins>``.

    All text is escaped; line breaks within a cell stay line breaks, for ``white-space: pre-wrap``.
    """
    lines = _Lines(source)
    rows: list[str] = []
    at = 0
    for block in lines.blocks(edits):
        rows += [_row(*2 * [html.escape(line.rstrip("\r\n"))]) for line in lines.between(at, block.start)]
        start = lines.offset(block.start)
        part = source[start : lines.offset(block.end)]
        rows.append(_row(*_cells(part, [Change(c.span.shift(-start), c.text) for c in block.changes])))
        at = block.end
    rows += [_row(*2 * [html.escape(line.rstrip("\r\n"))]) for line in lines.between(at, len(lines))]
    head = '<thead><tr><th scope="col">Before</th><th scope="col">After</th></tr></thead>'
    return f'<table class="mt-repair-diff">{head}<tbody>{"".join(rows)}</tbody></table>'


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines ``[start, end)`` of the source, which hold the changes, and what they become."""

    start: int
    end: int
    changes: tuple[Change, ...]
    old: list[str]
    new: list[str]


class _Lines:
    """The lines of a text with their line ends; only ``\\n`` ends one, as in ``diff`` and ``patch``."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0]
        at = text.find("\n") + 1
        while at:
            self._starts.append(at)
            at = text.find("\n", at) + 1
        if self._starts[-1] == len(text):
            self._starts.pop()

    def __len__(self) -> int:
        return len(self._starts)

    def offset(self, line: int) -> int:
        """Where a line starts; the end of the text for the line after the last."""
        return self._starts[line] if line < len(self._starts) else len(self._text)

    def between(self, start: int, end: int) -> list[str]:
        """Lines ``[start, end)``."""
        return [self._text[self.offset(line) : self.offset(line + 1)] for line in range(start, end)]

    def blocks(self, edits: Sequence[Edit | Change]) -> Iterator[_Block]:
        """The runs of lines that edits touch, whole lines before and after."""
        changes = [Change(edit.span, edit.text) for edit in edits]
        line = first = 0
        while first < len(changes):
            while self.offset(line + 1) <= changes[first].span.start and line + 1 < len(self):
                line += 1
            end, last = min(line + 1, len(self)), first
            while True:
                while last < len(changes) and changes[last].span.start < self.offset(end):
                    end = self._line_end(changes[last].span, end)
                    last += 1
                if end >= len(self):  # what is left can only stand behind the last line
                    last = len(changes)
                taken = tuple(changes[first:last])
                at = self.offset(line)
                old = self._text[at : self.offset(end)]
                new = apply_changes(old, [Change(c.span.shift(-at), c.text) for c in taken])
                if not new or new.endswith("\n") or end >= len(self):
                    break
                end += 1  # the line end went, so the next line is drawn in
            yield _Block(line, end, taken, _split(old), _split(new))
            line, first = end, last

    def _line_end(self, span: Span, line: int) -> int:
        """The line after the one that ``span`` ends in, ``line`` at least."""
        while self.offset(line) < span.end and line < len(self):
            line += 1
        return line


def _hunks(blocks: Sequence[_Block]) -> Iterator[list[_Block]]:
    """Blocks whose context would touch or overlap, together."""
    number = 0
    numbers = []
    for i, block in enumerate(blocks):
        if i and block.start - blocks[i - 1].end > 2 * _CONTEXT_LINES:
            number += 1
        numbers.append(number)
    for _, group in groupby(zip(numbers, blocks, strict=True), key=lambda pair: pair[0]):
        yield [block for _, block in group]


def _split(text: str) -> list[str]:
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _prefixed(mark: str, lines: Sequence[str]) -> list[str]:
    return [mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n" for line in lines]


def _range(first: int, count: int) -> str:
    """Line numbers as ``diff`` counts them: from 1, the line before where there is none, no ``,1``."""
    if count == 1:
        return str(first + 1)
    return f"{first + 1 if count else first},{count}"


def _row(left: str, right: str) -> str:
    return f"<tr><td>{left}</td><td>{right}</td></tr>"


def _cells(part: str, changes: Sequence[Change]) -> tuple[str, str]:
    left: list[str] = []
    right: list[str] = []
    for piece in pieces(part, changes):
        text = html.escape(piece.text)
        if piece.kind is not PieceKind.INSERTED:
            left.append(f"<del>{text}</del>" if piece.kind is PieceKind.DELETED else text)
        if piece.kind is not PieceKind.DELETED:
            right.append(f"<ins>{text}</ins>" if piece.kind is PieceKind.INSERTED else text)
    return "".join(left), "".join(right)
