"""What the Repairer needs from its collaborators. Each is handed in by ``app.wiring``; none is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.core.types import (
    Edit,
    Furniture,
    GlossaryEntry,
    GlossaryUse,
    Mode,
    ProtectedSpan,
    ProtectOptions,
    Segment,
    Span,
)


class Segmenter(Protocol):
    """Cuts a document into segments (see ``Segment`` for the law that they keep)."""

    def segment(self, text: str) -> list[Segment]: ...


class Protector(Protocol):
    """Finds the spans that no edit may touch, sorted by start; they may overlap.

    Raises:
        InputError: A pattern of the caller does not compile, is too long, or a span lies outside the text.
    """

    def protect(self, text: str, options: ProtectOptions) -> tuple[ProtectedSpan, ...]: ...


class FurnitureFinder(Protocol):
    """Recognises page furniture, per segment."""

    def find(self, text: str, segments: Sequence[Segment]) -> list[Furniture]: ...


class LanguageIdentifier(Protocol):
    """Says of each segment whether it is English; short or doubtful ones count as English."""

    def is_english(self, segments: Sequence[Segment]) -> list[bool]: ...


class RuleSet(Protocol):
    """The rules that are right every time: edits of the segments, in any order, possibly in conflict.

    The segments are whole paragraphs of ``text``; of one paragraph the edits are the same whatever others there are.
    """

    def find(self, text: str, segments: Sequence[Segment], disabled: frozenset[str]) -> list[Edit]: ...


@dataclass(frozen=True, slots=True)
class NameHint:
    """What the repair model is told about a span: the form that the linker thinks right without being sure.

    Attributes:
        span: In the document; in a ``GenerationTask``, in its text.
        text: The form.
        confidence: How likely the linker thinks it.
        edit: What is to be done where the model, reading the sentence, writes the same.
    """

    span: Span
    text: str
    confidence: float
    edit: Edit | None = None


@dataclass(frozen=True, slots=True)
class LinkResult:
    """Edits of names or terms, spans that are right as they stand, and hints for the repair model.

    ``flags`` are edits to show and not to make: something is wrong there, and what is right is not certain.
    """

    edits: tuple[Edit, ...] = ()
    keep: tuple[Span, ...] = ()
    hints: tuple[NameHint, ...] = ()
    glossary: tuple[GlossaryUse, ...] = ()
    flags: tuple[Edit, ...] = ()


class Linker(Protocol):
    """Repairs names over the whole document, or says nothing.

    Raises:
        DeadlineError: It is not done by ``deadline``, on the clock of ``time.monotonic``. What a name is depends on all
            of the document, so that there is nothing to give before.
    """

    def link(
        self,
        text: str,
        segments: Sequence[Segment],
        entity_hints: Sequence[tuple[str, str]],
        deadline: float = float("inf"),
    ) -> LinkResult: ...


class TermMatcher(Protocol):
    """Applies glossary entries over the whole document; reports every entry as applied or not, and why."""

    def match(
        self,
        text: str,
        segments: Sequence[Segment],
        entries: Sequence[GlossaryEntry],
        protected: Sequence[ProtectedSpan],
    ) -> LinkResult: ...


@dataclass(frozen=True, slots=True)
class GenerationTask:
    """One segment as the repair model sees it: its text, and hints with spans relative to that text.

    Nobody will look at an edit of less than ``min_confidence``: a Generator may give it or spare the work.
    """

    text: str
    hints: tuple[NameHint, ...] = ()
    min_confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class ProposedEdit:
    """An edit of a model, with its span relative to ``GenerationTask.text``."""

    span: Span
    text: str
    confidence: float  # calibrated, 0 to 1
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a model suggests for one task: sorted edits that do not conflict, not yet trusted.

    ``quality`` estimates without a reference that the text needs no edit at all, 0 to 1. ``reason`` says in one stable
    word why the model could not judge the text (``"too_long"``, ``"truncated"``); there are no edits then.
    """

    edits: tuple[ProposedEdit, ...] = ()
    quality: float = 1.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a report needs to name the model that made it; ``sha256`` differs where proposals may differ."""

    name: str
    version: str
    sha256: str


class Generator(Protocol):
    """Proposes edits: one Proposal per task, in the same order; the same for a task whatever else is in the batch.

    Raises:
        GenerationError: A task cannot be handled even alone.
    """

    @property
    def card(self) -> ModelCard: ...

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]: ...

    def operating_point(self, mode: Mode) -> float:
        """Least confidence of a model edit worth making in this mode, chosen on held-out data."""
        ...
