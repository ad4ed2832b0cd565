"""Names in running text, with what stands around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.core.types import Segment, Span


class MentionKind(StrEnum):
    """What the words of a mention and those around it say that it is."""

    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Mention:
    """A name as it stands in the document: without title, possessive ending and leading article.

    ``span.of(document) == text``, and so for the two other spans.
    """

    span: Span
    text: str
    kind: MentionKind
    segment: int  # index of the segment
    title: str = ""  # what stands before: "finance minister", "Mr."
    title_span: Span | None = None
    description: str = ""  # what stands after: "director of the Asia programme at the Lowy Institute"
    description_span: Span | None = None
    is_possessive: bool = False
    is_initial: bool = False  # first words of the sentence: the capital proves nothing
    is_all_caps: bool = False  # the sentence around it is in capitals
    is_acronym: bool = False
    has_article: bool = False  # "the" stands before it


def find_mentions(text: str, segments: Sequence[Segment]) -> list[Mention]:
    """The names of a document, in order; no two overlap."""
    del text, segments
    return []
