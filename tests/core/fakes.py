"""Collaborators of the Repairer that do as they are told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from app.core.errors import GenerationError
from app.core.protect import PatternProtector
from app.core.protocols import (
    GenerationTask,
    LinkResult,
    ModelCard,
    NameHint,
    Proposal,
    ProposedEdit,
)
from app.core.repairer import ROUGH_ONE_IN, Repairer
from app.core.segment import SentenceSegmenter
from app.core.types import (
    Edit,
    EditKind,
    Furniture,
    GlossaryEntry,
    Mode,
    Origin,
    ProtectedSpan,
    Segment,
    Span,
)
from app.core.verify import Verifier

Table = Mapping[str, str | tuple[str, float]]


def make_edit(
    start: int,
    end: int,
    text: str = "",
    *,
    kind: EditKind = EditKind.GRAMMAR,
    origin: Origin = Origin.MODEL,
    confidence: float = 0.9,
    group: str | None = None,
    rule: str = "MTR_TEST",
) -> Edit:
    """An edit with everything but its place and text filled in."""
    return Edit(Span(start, end), text, kind, origin, confidence, rule, "because", group=group)


def replacing(
    text: str, old: str, new: str, *, origin: Origin, kind: EditKind, confidence: float = 0.99, group: str | None = None
) -> list[Edit]:
    """Edits of every place where ``old`` stands in ``text``."""
    return [
        make_edit(
            m.start(),
            m.end(),
            new,
            kind=kind,
            origin=origin,
            confidence=confidence,
            group=group,
            rule=f"MTR_{origin}".upper(),
        )
        for m in re.finditer(re.escape(old), text)
    ]


class TableGenerator:
    """Proposes the replacements of a table wherever their key stands in a task.

    Args:
        table: What stands there -> what it proposes, with a confidence (0.9 where none is given).
        poison: Tasks that contain one of these raise ``GenerationError``, and take their batch with them.
        unable: Tasks that contain one of these are answered with this reason.
        before_call: Called with the number of the call, from 0, before it is answered.
    """

    def __init__(
        self,
        table: Table | None = None,
        *,
        poison: Sequence[str] = (),
        unable: Mapping[str, str] | None = None,
        quality: float = 0.8,
        points: Mapping[Mode, float] | None = None,
        before_call: Callable[[int], None] | None = None,
    ) -> None:
        self._table, self._poison, self._unable = table or {}, poison, unable or {}
        self._quality, self._before_call = quality, before_call
        self._points = points or {Mode.MINIMAL: 0.8, Mode.FLUENT: 0.5}
        self.calls: list[list[GenerationTask]] = []

    @property
    def card(self) -> ModelCard:
        """A name that cannot be mistaken for a real model's."""
        return ModelCard("table", "1", "0" * 64)

    @property
    def texts(self) -> list[str]:
        """Every text that it was shown, in order."""
        return [task.text for call in self.calls for task in call]

    @property
    def hints(self) -> list[NameHint]:
        """Every hint that it was shown, in order."""
        return [hint for call in self.calls for task in call for hint in task.hints]

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        """One proposal per task."""
        if self._before_call is not None:
            self._before_call(len(self.calls))
        self.calls.append(list(tasks))
        if any(word in task.text for word in self._poison for task in tasks):
            raise GenerationError("poisoned")
        return [self._propose(task.text) for task in tasks]

    def _propose(self, text: str) -> Proposal:
        for word, reason in self._unable.items():
            if word in text:
                return Proposal(reason=reason)
        edits = []
        for old, answer in self._table.items():
            new, confidence = answer if isinstance(answer, tuple) else (answer, 0.9)
            edits += [
                ProposedEdit(Span(m.start(), m.end()), new, confidence, ((new + "!", 0.1),))
                for m in re.finditer(re.escape(old), text)
            ]
        edits.sort(key=lambda e: e.span)
        return Proposal(tuple(edits), self._quality)

    def operating_point(self, mode: Mode) -> float:
        """As set."""
        return self._points[mode]


class Everyone:
    """Stands for linker, glossary and language at once; each does what it was given."""

    def __init__(
        self,
        *,
        names: Callable[[str], LinkResult],
        terms: Callable[[str], LinkResult],
        foreign: Sequence[str],
    ) -> None:
        self._names, self._terms, self._foreign = names, terms, foreign

    def is_english(self, segments: Sequence[Segment]) -> list[bool]:
        """Everything but segments that contain a word set as foreign."""
        return [not any(word in s.text for word in self._foreign) for s in segments]

    def match(
        self,
        text: str,
        segments: Sequence[Segment],
        entries: Sequence[GlossaryEntry],
        protected: Sequence[ProtectedSpan],
    ) -> LinkResult:
        """The terms in the segments that it is shown, where a glossary was given."""
        found = self._terms(text) if entries else LinkResult()
        return replace(found, edits=tuple(e for e in found.edits if any(s.span.contains(e.span) for s in segments)))

    def link(
        self,
        text: str,
        segments: Sequence[Segment],
        entity_hints: Sequence[tuple[str, str]],
        deadline: float = float("inf"),
    ) -> LinkResult:
        """The names."""
        return self._names(text)


class FixedRules:
    """Rules that were found beforehand."""

    def __init__(self, found: Callable[[str], Sequence[Edit]]) -> None:
        self._found = found

    def find(self, text: str, segments: Sequence[Segment], disabled: frozenset[str]) -> list[Edit]:
        """The edits of every rule that is not disabled, in the segments that it is shown."""
        shown = Span(segments[0].span.start, segments[-1].span.end)
        return [edit for edit in self._found(text) if edit.rule not in disabled and shown.contains(edit.span)]


class WordFurniture:
    """Takes every segment that contains a word for page furniture."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words

    def find(self, text: str, segments: Sequence[Segment]) -> list[Furniture]:
        """The segments with one of the words."""
        return [Furniture(s.index, "byline", "A byline.") for s in segments if any(w in s.text for w in self._words)]


def make_repairer(
    generator: TableGenerator | None = None,
    *,
    rules: Callable[[str], Sequence[Edit]] = lambda _: (),
    names: Callable[[str], LinkResult] = lambda _: LinkResult(),
    terms: Callable[[str], LinkResult] = lambda _: LinkResult(),
    furniture: Sequence[str] = (),
    foreign: Sequence[str] = (),
    rough_one_in: int = ROUGH_ONE_IN,
) -> Repairer:
    """A Repairer with the real segmenter, protector and verifier, and fakes for the rest."""
    everyone = Everyone(names=names, terms=terms, foreign=foreign)
    return Repairer(
        segmenter=SentenceSegmenter(),
        protector=PatternProtector(),
        furniture=WordFurniture(furniture),
        language=everyone,
        rules=FixedRules(rules),
        terms=everyone,
        linker=everyone,
        generator=generator or TableGenerator(),
        verifier=Verifier(),
        kb_version="kb-1",
        rough_one_in=rough_one_in,
    )
