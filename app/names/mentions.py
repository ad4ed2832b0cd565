"""Names in running text, with what stands around them."""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files

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


@lru_cache(maxsize=1)
def _words() -> dict[str, int]:
    """Words that English writes in lower case -> tenths of their uses inside sentences that have a capital."""
    packed = lzma.decompress(files("app.names").joinpath("data/words.txt.xz").read_bytes()).decode()
    return {word: int(share) for word, share in (line.split() for line in packed.splitlines())}


def lower_case_share(word: str) -> float | None:
    """How often the word is written in lower case inside sentences, 0.1 to 1; ``None`` if (nearly) never."""
    share = _words().get(word.casefold())
    return None if share is None else 1 - share / 10


def find_mentions(text: str, segments: Sequence[Segment]) -> list[Mention]:
    """The names of a document, in order; no two overlap."""
    del text, segments
    return []
