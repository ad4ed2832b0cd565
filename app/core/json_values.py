"""One value of a JSON object replaced in the object's text: all else stays as it was written."""

from __future__ import annotations

import json
from typing import Final

from app.core.types import Span

_SPACE: Final = " \t\n\r"


def with_value(source: str, field: str, text: str | None) -> str:
    """The JSON text of an object with a string, or null, as the value of one of its members.

    A number of any precision, a second member of one name, the order and the spaces stay: nothing is read and written
    again but the value.

    Args:
        source: Valid JSON; what stands before and behind the object is kept.
        field: A member that the object has; of several of this name the last, as parsers take it.
        text: The new value.
    """
    span = value_span(source, field)
    return f"{source[: span.start]}{json.dumps(text, ensure_ascii=False)}{source[span.end :]}"


def value_span(source: str, field: str) -> Span:
    """Where the value of a member stands in the JSON text of an object; arguments as of ``with_value``."""
    decoder = json.JSONDecoder()
    found = Span(0, 0)
    at = _skip(source, source.index("{") + 1)
    while source[at] != "}":
        key, at = decoder.raw_decode(source, at)
        start = _skip(source, _skip(source, at) + 1)  # behind the colon
        _, end = decoder.raw_decode(source, start)
        if key == field:
            found = Span(start, end)
        at = _skip(source, end)
        if source[at] == ",":
            at = _skip(source, at + 1)
    return found


def _skip(source: str, at: int) -> int:
    while source[at] in _SPACE:
        at += 1
    return at
