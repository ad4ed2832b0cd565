"""The running text inside mark-up, with a map back to the source: edits of the text become edits of the source."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from app.core.types import Edit, Span

NOWHERE = -1
REFERENCE = r"&(?:#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});"  # as CommonMark has it
_REFERENCE = re.compile(REFERENCE)


@dataclass(slots=True)
class Prose:
    """Text taken out of a marked-up source.

    ``places`` holds two numbers for each character of ``text``: where it begins and ends in the source, or ``NOWHERE``
    for a character that stands for a tag or a boundary between blocks.
    """

    chars: list[str] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    seams: list[int] = field(default_factory=list)
    protected: list[Span] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What is to be repaired."""
        return "".join(self.chars)

    def add(self, char: str, begin: int, end: int) -> None:
        """A character; white space becomes one space, wherever the source breaks its lines."""
        if char.isspace() and char != "\u00a0":
            if not self.chars or self.chars[-1] in " \n":
                if self.chars and self.chars[-1] == " " and self.places[-1] == begin:
                    self.places[-1] = end
                return
            char = " "
        self.chars.append(char)
        self.places += (begin, end)

    def add_run(self, text: str, begin: int) -> None:
        """Characters that stand in the source as they are."""
        for i, char in enumerate(text, begin):
            self.add(char, i, i + 1)

    def seam(self) -> None:
        """A tag stands here: no edit may reach across."""
        if self.chars and (not self.seams or self.seams[-1] != len(self.chars)):
            self.seams.append(len(self.chars))

    def line_break(self) -> None:
        """A line ends inside a block."""
        if self.chars and self.chars[-1] != "\n":
            self._bare("\n")

    def block(self) -> None:
        """A block ends."""
        while len(self.chars) >= 2 and self.chars[-2:] != ["\n", "\n"]:
            self._bare("\n")

    def protect_references(self) -> None:
        """Let alone what reads like a character reference: a text about mark-up shows it on purpose."""
        spans = [Span(*match.span()) for match in _REFERENCE.finditer(self.text)]
        self.protected = sorted({*self.protected, *spans})

    def _bare(self, char: str) -> None:
        self.chars.append(char)
        self.places += (NOWHERE, NOWHERE)


def fits(edit: Edit, seams: Iterable[int], places: list[int] | None) -> bool:
    """Whether an edit of the text can be made in the source: it reaches across no tag and no boundary."""
    start, end = edit.span.start, edit.span.end
    if any(start < seam < end for seam in seams):
        return False
    if places is None:
        return True
    if start < end:
        return all(places[2 * i] != NOWHERE for i in range(start, end))
    return _place_of_insertion(start, places) != NOWHERE


def apply_to_source(source: str, edits: Iterable[tuple[int, int, str]], places: list[int], escape: Escape) -> str:
    """The source with edits ``(start, end, replacement)`` of its text made, sorted, none in conflict."""
    out: list[str] = []
    at = 0
    for start, end, text in edits:
        begin = places[2 * start] if start < end else _place_of_insertion(start, places)
        until = places[2 * end - 1] if start < end else begin
        out += (source[at:begin], escape(text))
        at = until
    out.append(source[at:])
    return "".join(out)


def _place_of_insertion(at: int, places: list[int]) -> int:
    """Behind the character before, or else in front of the one after."""
    if at > 0 and places[2 * at - 1] != NOWHERE:
        return places[2 * at - 1]
    return places[2 * at] if 2 * at < len(places) else NOWHERE


Escape = Callable[[str], str]
