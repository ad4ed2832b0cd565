"""What flows through the pipeline: small frozen values, made once and passed on.

Every span counts Unicode code points of the *document* that came in, half-open, whoever made it; nothing is
normalised before offsets are computed. Front doors convert to other units with ``app.core.offsets``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Mode(StrEnum):
    """How far a repair may go."""

    MINIMAL = "minimal"  # only what is wrong
    FLUENT = "fluent"  # lower threshold, second pass
    NAMES_ONLY = "names_only"  # names and glossary only
    DETECT_ONLY = "detect_only"  # report the edits, change nothing


class EditKind(StrEnum):
    """What an edit repairs, in an editor's words."""

    NAME = "name"
    TERM = "term"
    GRAMMAR = "grammar"
    WORDING = "wording"
    SPELLING = "spelling"
    PUNCTUATION = "punctuation"
    SPACING = "spacing"
    ENCODING = "encoding"
    REPETITION = "repetition"
    FURNITURE = "furniture"  # page furniture removed because the caller asked for it


class Scope(StrEnum):
    """A family of edit kinds that a caller can ask for."""

    NAMES = "names"
    GRAMMAR = "grammar"
    SPELLING = "spelling"
    PUNCTUATION = "punctuation"


class Origin(StrEnum):
    """Who proposed an edit. Where two overlap, the earlier in this list wins."""

    GLOSSARY = "glossary"
    NAMES = "names"
    RULE = "rule"
    MODEL = "model"


class Status(StrEnum):
    """The outcome for a segment, or for a whole document."""

    UNCHANGED = "unchanged"  # nothing to repair
    REPAIRED = "repaired"  # at least one edit, none refused
    ABSTAINED = "abstained"  # left as it is on purpose; the reason says why
    PARTIAL = "partial"  # some edits made, some refused
    ERROR = "error"  # failed; the text is kept


class FurnitureMode(StrEnum):
    """What to do with page furniture: say nothing, report it, or take it out."""

    KEEP = "keep"
    FLAG = "flag"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Half-open range ``[start, end)`` in code points of the document; ``start == end`` is a place between two."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"not a span: [{self.start}, {self.end})")

    def __len__(self) -> int:
        return self.end - self.start

    def of(self, text: str) -> str:
        """The part of ``text`` that the span covers."""
        return text[self.start : self.end]

    def shift(self, by: int) -> Span:
        """The same range, ``by`` code points further on."""
        return Span(self.start + by, self.end + by)

    def contains(self, other: Span) -> bool:
        """Whether ``other`` lies inside (equal ends count)."""
        return self.start <= other.start and other.end <= self.end

    def conflicts(self, other: Span) -> bool:
        """Whether edits on the two spans could not both be applied.

        Overlapping ranges conflict; so do two insertions at one place, and an insertion strictly inside a range.
        Ranges that only touch do not.
        """
        if self.start == self.end == other.start == other.end:
            return True
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another replacement for the same span, best first."""

    text: str
    score: float
    entity_id: str | None = None


@dataclass(frozen=True, slots=True)
class EntityRef:
    """The knowledge-base record behind a name edit, with what spoke for it."""

    id: str
    caption: str
    type: str
    score: float
    features: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace ``document[span]`` by ``text``; an empty span inserts, an empty text deletes."""

    span: Span
    text: str
    kind: EditKind
    origin: Origin
    confidence: float  # calibrated probability that the edit is right, 0 to 1
    rule: str  # stable id, such as MTR_DOUBLED_PUNCTUATION, MTR_MODEL_GRAMMAR, MTR_NAME_ENTITY, MTR_GLOSSARY
    reason: str  # one line, written for an editor
    alternatives: tuple[Alternative, ...] = ()
    group: str | None = None  # edits that only make sense together share one
    entity: EntityRef | None = None


@dataclass(frozen=True, slots=True)
class RejectedEdit:
    """An edit that a check refused, and why (``"protected:number"``, ``"negation_changed"``, ...)."""

    edit: Edit
    reason: str


@dataclass(frozen=True, slots=True)
class Segment:
    """One sentence (or heading, list item, furniture line) of a document, without the white space around it.

    The segments of a document are in order and do not overlap, and between them stands nothing but white space:
    joining them with what stands between gives the document back, character for character.
    """

    index: int
    span: Span
    text: str
    paragraph: int  # segments of one paragraph share it


class ProtectedKind(StrEnum):
    """Why a span may not be touched."""

    URL = "url"
    EMAIL = "email"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    CURRENCY = "currency"
    UNIT = "unit"
    CODE = "code"
    HANDLE = "handle"
    PLACEHOLDER = "placeholder"
    QUOTE = "quote"
    PATTERN = "pattern"  # a pattern of the caller
    SPAN = "span"  # a span of the caller


@dataclass(frozen=True, slots=True)
class ProtectedSpan:
    """Text that no edit may change, whoever proposes it."""

    span: Span
    kind: ProtectedKind


BUILTIN_PROTECTION: frozenset[ProtectedKind] = frozenset(ProtectedKind) - {
    ProtectedKind.QUOTE,
    ProtectedKind.PATTERN,
    ProtectedKind.SPAN,
}


@dataclass(frozen=True, slots=True)
class ProtectOptions:
    """What the caller wants left alone."""

    quotes: bool = False  # direct quotations
    builtin: frozenset[ProtectedKind] = BUILTIN_PROTECTION
    patterns: tuple[str, ...] = ()  # RE2 syntax: linear time
    spans: tuple[Span, ...] = ()


class TermKind(StrEnum):
    """What a glossary entry asks for."""

    REPLACE = "replace"  # source becomes target
    KEEP = "keep"  # source is right: no edit may change it
    FORBID = "forbid"  # source is reported wherever it stands; with a target it becomes it


@dataclass(frozen=True, slots=True)
class GlossaryEntry:
    """One term an editor requires."""

    source: str
    target: str = ""
    kind: TermKind = TermKind.REPLACE
    case_sensitive: bool = False
    id: str = ""  # as reported back, such as "house/12" or "inline/0"


@dataclass(frozen=True, slots=True)
class GlossaryUse:
    """What became of one glossary entry in a document."""

    entry: str
    applied: int
    not_applied: int
    reasons: tuple[str, ...] = ()  # why not, once each


@dataclass(frozen=True, slots=True)
class Furniture:
    """A segment that belongs to the page and not to the text."""

    segment: int
    # byline, copyright, share, newsletter, cookie, advertisement, comments, navigation, about_author or contact
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class RepairOptions:
    """One caller's wishes; the defaults are the product's."""

    mode: Mode = Mode.MINIMAL
    min_confidence: float | None = None  # None: the operating point of the mode
    scope: frozenset[Scope] = frozenset(Scope)
    protect: ProtectOptions = ProtectOptions()
    glossary: tuple[GlossaryEntry, ...] = ()
    entity_hints: tuple[tuple[str, str], ...] = ()  # (entity id, name) that the caller knows to be in the text
    furniture: FurnitureMode = FurnitureMode.FLAG
    disabled_rules: frozenset[str] = frozenset()
    alternatives: int = 1  # at most so many alternatives an edit
    max_latency_s: float | None = None  # segments not reached in time abstain with reason "deadline"


@dataclass(frozen=True, slots=True)
class SegmentRepair:
    """The answer for one segment: exactly one per segment, whatever happened on the way."""

    segment: Segment
    status: Status
    confidence: float  # that the sentence as returned needs no further repair, 0 to 1
    edits: tuple[int, ...] = ()  # indices into DocumentRepair.edits
    reason: str = ""  # stable word, such as "not_english", "furniture", "number_changed", "deadline"

    def keeping(self, number: Mapping[int, int], reason: str) -> SegmentRepair:
        """The same with those of its edits that have a new number; without all of them it is no longer repaired.

        Args:
            number: The new number of each edit of the document that is kept.
            reason: Why the others are not.
        """
        edits = tuple(number[i] for i in self.edits if i in number)
        if len(edits) == len(self.edits):
            return replace(self, edits=edits)
        was_changed = self.status in (Status.REPAIRED, Status.PARTIAL)  # not where edits are only reported
        status = Status.PARTIAL if edits and was_changed else Status.ABSTAINED
        return replace(self, edits=edits, status=status, reason=reason)


@dataclass(frozen=True, slots=True)
class DocumentRepair:
    """The answer for one document. ``apply_edits(source, edits) == text``, byte for byte."""

    source: str
    text: str
    status: Status
    segments: tuple[SegmentRepair, ...]
    edits: tuple[Edit, ...]  # sorted, no two in conflict; in mode detect_only they are reported but not applied
    rejected: tuple[RejectedEdit, ...] = ()
    furniture: tuple[Furniture, ...] = ()
    glossary: tuple[GlossaryUse, ...] = ()
    protected: tuple[ProtectedSpan, ...] = ()
    warnings: tuple[str, ...] = ()
    garble: float = 0.0  # how machine-made the document reads, 0 (clean) to 1
    timing_s: tuple[tuple[str, float], ...] = field(default=(), compare=False)
