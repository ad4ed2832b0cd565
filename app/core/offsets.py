"""Offsets in the unit that a caller counts in.

Inside the product every offset counts code points. Browsers, Java and LanguageTool's clients count UTF-16 code units,
Go, Rust and most editors' protocols bytes of UTF-8. The text is never normalised; a CRLF counts as two everywhere.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import StrEnum

from app.core.types import Span

__all__ = ["OffsetTable", "OffsetUnit"]

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_NOT_BMP = re.compile(r"[^\x00-\uffff]")


class OffsetUnit(StrEnum):
    """What an offset counts."""

    CODEPOINT = "codepoint"
    UTF16 = "utf16"
    UTF8 = "utf8"


class OffsetTable:
    """Converts offsets of one text; built once a text, then logarithmic in its unusual characters.

    Args:
        text: The text that the offsets belong to.
        unit: What the offsets outside count.
    """

    def __init__(self, text: str, unit: OffsetUnit) -> None:
        self.unit = unit
        self._length = len(text)
        # For each character wider than one unit: its code point offset, its offset in the unit, its width.
        self._points: list[int] = []
        self._offsets: list[int] = []
        self._widths: list[int] = []
        if unit is OffsetUnit.CODEPOINT or text.isascii():
            return
        wide = _NOT_BMP if unit is OffsetUnit.UTF16 else _NOT_ASCII
        extra = 0
        for match in wide.finditer(text):
            at = match.start()
            width = 2 if unit is OffsetUnit.UTF16 else _utf8_width(match.group())
            self._points.append(at)
            self._offsets.append(at + extra)
            self._widths.append(width)
            extra += width - 1

    @property
    def length(self) -> int:
        """Length of the text in the unit."""
        return self.to_unit(self._length)

    def to_unit(self, codepoint: int) -> int:
        """Convert an offset in code points, 0 to the length of the text.

        Raises:
            ValueError: The offset lies outside the text.
        """
        if not 0 <= codepoint <= self._length:
            raise ValueError(f"offset {codepoint} is outside the text of {self._length} code points")
        k = bisect_right(self._points, codepoint - 1) - 1  # the last wide character that ends here or before
        if k < 0:
            return codepoint
        return self._offsets[k] + self._widths[k] + codepoint - self._points[k] - 1

    def from_unit(self, offset: int) -> int:
        """Convert an offset in the unit, 0 to ``length``, to code points.

        Raises:
            ValueError: The offset lies outside the text, or inside a surrogate pair or a UTF-8 sequence.
        """
        if not 0 <= offset <= self.length:
            raise ValueError(f"offset {offset} is outside the text of {self.length} units ({self.unit})")
        k = bisect_right(self._offsets, offset) - 1  # the last wide character that starts here or before
        if k < 0:
            return offset
        beyond = offset - self._offsets[k]
        if 0 < beyond < self._widths[k]:
            inside = "a surrogate pair" if self.unit is OffsetUnit.UTF16 else "a UTF-8 sequence"
            raise ValueError(f"offset {offset} lies inside {inside}")
        return self._points[k] + (beyond - self._widths[k] + 1 if beyond else 0)

    def span_to_unit(self, span: Span) -> tuple[int, int]:
        """Convert both ends of a span; see ``to_unit``."""
        return self.to_unit(span.start), self.to_unit(span.end)

    def span_from_unit(self, start: int, end: int) -> Span:
        """Convert both ends to a span in code points; see ``from_unit``.

        Raises:
            ValueError: As ``from_unit``, or ``start`` comes after ``end``.
        """
        return Span(self.from_unit(start), self.from_unit(end))


def _utf8_width(character: str) -> int:
    # A lone surrogate has no UTF-8 form; it counts the three bytes that writers who let it pass would use.
    code = ord(character)
    return 2 if code < 0x800 else 3 if code < 0x10000 else 4
