"""Names of places that are two names joined by *and*, one of which a machine spoilt: *Trind and Tobago*."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import regex

from app.core.types import Span
from app.names.likeness import likeness
from app.names.mentions import Mention, MentionKind
from app.names.normalise import normalise

_AND = regex.compile(r"\s+(?:and|&)\s+(?:the\s+)?")
_LEAST_LIKE = 0.5  # of the other of the two


def with_paired_places(text: str, mentions: Sequence[Mention], pairs: Sequence[tuple[str, str]]) -> list[Mention]:
    """The mentions, two neighbours as one where they are such a name and not both of them right.

    Args:
        text: The document.
        mentions: In order.
        pairs: What stands before and behind *and* in names of places, in canonical form.
    """
    found: list[Mention] = []
    for mention in mentions:
        if found and (joined := _joined(text, found[-1], mention, pairs)) is not None:
            found[-1] = joined
        else:
            found.append(mention)
    return found


def pairs_like(name: str, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs of which one part stands in a canonical form as it is, and the other one not quite."""
    a, _, b = name.partition(" and ")
    b = b.removeprefix("the ")
    if not b:
        return []
    return [
        (before, behind)
        for before, behind in pairs
        if (a == before and likeness(b, behind) >= _LEAST_LIKE) or (b == behind and likeness(a, before) >= _LEAST_LIKE)
    ]


def _joined(text: str, first: Mention, second: Mention, pairs: Sequence[tuple[str, str]]) -> Mention | None:
    if first.segment != second.segment or first.title or second.title:
        return None
    if _AND.fullmatch(text, first.span.end, second.span.start) is None:
        return None
    joined = f"{normalise(first.text)} and {normalise(second.text)}"
    if tuple(joined.split(" and ")) in pairs or not pairs_like(joined, pairs):
        return None
    span = Span(first.span.start, second.span.end)
    return replace(
        first, span=span, text=span.of(text), kind=MentionKind.PLACE, is_possessive=second.is_possessive,
        is_acronym=False, description=second.description, description_span=second.description_span,
    )  # fmt: skip
