"""The pipeline: from a garbled document to a corrected one, step by step, each step handed in."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from app.core.classify import edit_kind, explain
from app.core.diff import OffsetMap, apply_edits, resolve
from app.core.errors import GenerationError
from app.core.protect import Protection
from app.core.protocols import (
    FurnitureFinder,
    GenerationTask,
    Generator,
    LanguageIdentifier,
    Linker,
    LinkResult,
    ModelCard,
    NameHint,
    Proposal,
    Protector,
    RuleSet,
    Segmenter,
    TermMatcher,
)
from app.core.types import (
    Alternative,
    DocumentRepair,
    Edit,
    EditKind,
    Furniture,
    FurnitureMode,
    Mode,
    Origin,
    RejectedEdit,
    RepairOptions,
    Scope,
    Segment,
    SegmentRepair,
    Span,
    Status,
)
from app.core.verify import Verifier

KINDS_OF_SCOPE: dict[Scope, frozenset[EditKind]] = {
    Scope.NAMES: frozenset({EditKind.NAME}),
    Scope.GRAMMAR: frozenset({EditKind.GRAMMAR, EditKind.WORDING, EditKind.REPETITION}),
    Scope.SPELLING: frozenset({EditKind.SPELLING, EditKind.ENCODING}),
    Scope.PUNCTUATION: frozenset({EditKind.PUNCTUATION, EditKind.SPACING}),
}
_ALWAYS = frozenset({EditKind.TERM, EditKind.FURNITURE})  # the caller asked for these by name
_MODEL_SCOPES = frozenset({Scope.GRAMMAR, Scope.SPELLING, Scope.PUNCTUATION})
_TASKS_PER_CALL = 64  # between two looks at the clock


@dataclass(slots=True)
class _Work:
    """What one document's repair has come to so far."""

    text: str
    options: RepairOptions
    segments: Sequence[Segment]
    protection: Protection
    asleep: dict[int, str]  # segments that are left alone, and why
    deadline: float
    edits: tuple[Edit, ...] = ()
    rejected: list[RejectedEdit] = field(default_factory=list)
    quality: dict[int, float] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)

    def segment_of(self, span: Span) -> Segment | None:
        """The segment that a span begins in; white space belongs to the segment before it."""
        at = bisect_right(self.starts, span.start) - 1
        return self.segments[max(at, 0)] if self.segments else None


class Repairer:
    """Repairs documents with the collaborators that it was given.

    The answer for a text depends on that text and the options alone: not on other requests, batches or threads.

    Args:
        segmenter: Text to sentences.
        protector: Finds what no edit may touch.
        furniture: Recognises page furniture.
        language: Tells English.
        rules: What a rule does perfectly.
        terms: Applies the caller's glossary.
        linker: Repairs names.
        generator: Proposes the rest.
        verifier: Every edit is guilty until it has passed.
        kb_version: Version of the knowledge base behind ``linker``; empty without one.
    """

    def __init__(
        self,
        *,
        segmenter: Segmenter,
        protector: Protector,
        furniture: FurnitureFinder,
        language: LanguageIdentifier,
        rules: RuleSet,
        terms: TermMatcher,
        linker: Linker,
        generator: Generator,
        verifier: Verifier,
        kb_version: str = "",
    ) -> None:
        self._segmenter, self._protector, self._furniture = segmenter, protector, furniture
        self._language, self.rules, self._terms, self._linker = language, rules, terms, linker
        self._generator, self._verifier, self.kb_version = generator, verifier, kb_version

    @property
    def card(self) -> ModelCard:
        """Name, version and checksum of the model in use."""
        return self._generator.card

    def repair(self, text: str, options: RepairOptions | None = None) -> DocumentRepair:
        """Repair one document.

        Returns:
            The corrected text with its edits; ``apply_edits(text, edits)`` gives it, except in mode ``detect_only``.

        Raises:
            InputError: A protection pattern or span of the options cannot be used.
        """
        options = options or RepairOptions()
        started = time.monotonic()
        segments = self._segmenter.segment(text)
        protected = self._protector.protect(text, options.protect)
        furniture = self._furniture.find(text, segments)
        asleep = {f.segment: "furniture" for f in furniture}
        for segment, english in zip(segments, self._language.is_english(segments), strict=True):
            if not english:
                asleep.setdefault(segment.index, "not_english")
        work = _Work(
            text, options, segments, Protection(text, protected), asleep,
            deadline=started + options.max_latency_s if options.max_latency_s is not None else float("inf"),
            starts=[s.span.start for s in segments],
        )  # fmt: skip
        read = time.monotonic()
        terms = self._terms.match(text, segments, options.glossary, protected)
        names = self._names(work)
        self._take(work, [*terms.edits, *names.edits, *self._rule_edits(work)], (*terms.keep, *names.keep))
        known = time.monotonic()
        if options.mode is not Mode.NAMES_ONLY and options.scope & _MODEL_SCOPES:
            hints, keep = (*terms.hints, *names.hints), (*terms.keep, *names.keep)
            self._generate(work, hints, keep, Mode.FLUENT if options.mode is Mode.FLUENT else Mode.MINIMAL)
            if options.mode is Mode.FLUENT and work.edits:
                self._generate(work, hints, keep, Mode.FLUENT)
        if options.furniture is FurnitureMode.REMOVE:
            self._take(work, [_removal(text, segments, f) for f in furniture], ())
        done = time.monotonic()
        repaired = text if options.mode is Mode.DETECT_ONLY else apply_edits(text, work.edits)
        answers = self._answers(work)
        return DocumentRepair(
            source=text,
            text=repaired,
            status=_document_status(work, answers),
            segments=answers,
            edits=work.edits,
            rejected=tuple(work.rejected),
            furniture=tuple(furniture) if options.furniture is not FurnitureMode.KEEP else (),
            glossary=terms.glossary,
            protected=protected,
            warnings=("deadline",) if "deadline" in work.failed.values() else (),
            garble=_garble(work),
            timing_s=(("read", read - started), ("names", known - read), ("model", done - known)),
        )

    def _names(self, work: _Work) -> LinkResult:
        if Scope.NAMES not in work.options.scope:
            return LinkResult()
        return self._linker.link(work.text, work.segments, work.options.entity_hints)

    def _rule_edits(self, work: _Work) -> list[Edit]:
        if work.options.mode is Mode.NAMES_ONLY:
            return []
        return self.rules.find(work.text, work.segments, work.options.disabled_rules)

    def _take(self, work: _Work, proposed: Sequence[Edit], keep: Sequence[Span]) -> None:
        """Add the edits that the caller wants and every check passes; say why of those that fail."""
        wanted: list[Edit] = []
        refused_groups: dict[str, str] = {}
        least = work.options.min_confidence or 0.0
        for edit in proposed:
            segment = work.segment_of(edit.span)
            if not self._is_wanted(edit, segment, work, least):
                continue
            reason = self._refuse(edit, segment, work, keep)
            if reason is None:
                wanted.append(edit)
                continue
            work.rejected.append(RejectedEdit(edit, reason))
            if edit.group is not None:
                refused_groups[edit.group] = reason
        alive = []
        for edit in wanted:
            if edit.group in refused_groups:
                work.rejected.append(RejectedEdit(edit, f"group:{refused_groups[edit.group]}"))
            else:
                alive.append(edit)
        before = set(work.edits)
        kept, dropped = resolve([*work.edits, *alive])
        work.edits = kept
        work.rejected.extend(RejectedEdit(e, "overlaps_better_edit") for e in dropped if e not in before)

    def _is_wanted(self, edit: Edit, segment: Segment | None, work: _Work, least: float) -> bool:
        if edit.rule in work.options.disabled_rules or edit.confidence < least:
            return False
        if edit.kind in _ALWAYS:
            return edit.kind is EditKind.FURNITURE or segment is None or segment.index not in work.asleep
        if segment is not None and segment.index in work.asleep:
            return False
        return any(edit.kind in KINDS_OF_SCOPE[scope] for scope in work.options.scope)

    def _refuse(self, edit: Edit, segment: Segment | None, work: _Work, keep: Sequence[Span]) -> str | None:
        if edit.kind is EditKind.FURNITURE:
            return None
        if edit.origin in (Origin.MODEL, Origin.RULE) and any(edit.span.conflicts(span) for span in keep):
            return "protected:name"
        sentence = segment.span if segment is not None else Span(0, len(work.text))
        return self._verifier.check(edit, work.text, sentence, work.protection)

    def _generate(self, work: _Work, hints: Sequence[NameHint], keep: Sequence[Span], mode: Mode) -> None:
        """Let the generator read the document as edited so far, and take what passes."""
        patched = apply_edits(work.text, work.edits)
        offsets = OffsetMap.of(work.text, work.edits)
        least = work.options.min_confidence
        threshold = self._generator.operating_point(mode) if least is None else least
        awake: list[tuple[Segment, Span]] = []
        for segment in work.segments:
            span = offsets.to_patched(segment.span)
            if segment.index not in work.asleep and segment.index not in work.failed and span is not None:
                awake.append((segment, span))
        proposed: list[Edit] = []
        for at in range(0, len(awake), _TASKS_PER_CALL):
            chunk = awake[at : at + _TASKS_PER_CALL]
            if time.monotonic() > work.deadline:
                work.failed.update((segment.index, "deadline") for segment, _ in awake[at:])
                break
            tasks = [GenerationTask(span.of(patched), _within(hints, span, offsets)) for _, span in chunk]
            for (segment, span), proposal in zip(chunk, self._propose(tasks), strict=True):
                if proposal is None or proposal.reason:
                    work.failed[segment.index] = proposal.reason if proposal else "error"
                    continue
                work.quality.setdefault(segment.index, proposal.quality)
                for edit in proposal.edits:
                    source = offsets.to_source(edit.span.shift(span.start))
                    if edit.confidence < threshold or source is None:
                        continue
                    old = source.of(work.text)
                    kind = edit_kind(old, edit.text)
                    proposed.append(
                        Edit(
                            source,
                            edit.text,
                            kind,
                            Origin.MODEL,
                            edit.confidence,
                            rule=f"MTR_MODEL_{kind.value.upper()}",
                            reason=explain(old, edit.text, kind),
                            alternatives=tuple(Alternative(t, s) for t, s in edit.alternatives),
                        )  # fmt: skip
                    )
        self._take(work, proposed, keep)

    def _propose(self, tasks: Sequence[GenerationTask]) -> list[Proposal | None]:
        """A proposal per task; a task that fails even alone gets ``None`` and takes no other with it."""
        try:
            return list(self._generator.generate(tasks))
        except GenerationError:
            if len(tasks) == 1:
                return [None]
        return [self._propose([task])[0] for task in tasks]

    def _answers(self, work: _Work) -> tuple[SegmentRepair, ...]:
        edits: dict[int, list[int]] = {}
        for i, edit in enumerate(work.edits):
            segment = work.segment_of(edit.span)
            if segment is not None:
                edits.setdefault(segment.index, []).append(i)
        refused: dict[int, str] = {}
        for rejection in work.rejected:
            segment = work.segment_of(rejection.edit.span)
            if segment is not None:
                refused.setdefault(segment.index, rejection.reason)
        answers = []
        for segment in work.segments:
            i = segment.index
            mine = tuple(edits.get(i, ()))
            quality = work.quality.get(i, 1.0)
            reason = work.failed.get(i) or work.asleep.get(i) or refused.get(i, "")
            if work.failed.get(i) == "error":
                status, mine_confidence = Status.ERROR, 0.0
            elif mine and work.options.mode is Mode.DETECT_ONLY and i not in work.asleep:
                status, reason, mine_confidence = Status.ABSTAINED, "detect_only", quality
            elif mine:
                status = Status.PARTIAL if reason and reason != "furniture" else Status.REPAIRED
                mine_confidence = min(work.edits[j].confidence for j in mine)
            else:
                status = Status.ABSTAINED if reason else Status.UNCHANGED
                mine_confidence = quality
            answers.append(SegmentRepair(segment, status, mine_confidence, mine, reason))
        return tuple(answers)


def _within(hints: Sequence[NameHint], span: Span, offsets: OffsetMap) -> tuple[NameHint, ...]:
    """The hints of one segment, relative to its text as it stands in the patched document."""
    inside = []
    for hint in hints:
        place = offsets.to_patched(hint.span)
        if place is not None and span.contains(place):
            inside.append(replace(hint, span=place.shift(-span.start)))
    return tuple(inside)


def _removal(text: str, segments: Sequence[Segment], furniture: Furniture) -> Edit:
    """Take a furniture line out, with the line break behind it."""
    span = segments[furniture.segment].span
    end = span.end
    while end < len(text) and text[end] in " \t\r":
        end += 1
    if end < len(text) and text[end] == "\n":
        end += 1
    else:
        end = span.end
    return Edit(Span(span.start, end), "", EditKind.FURNITURE, Origin.RULE, 1.0, "MTR_FURNITURE", furniture.reason)


def _garble(work: _Work) -> float:
    """Share of the text, by length, that the model doubts or an edit touches, 0 to 1."""
    total = weighted = 0.0
    for segment in work.segments:
        if segment.index in work.quality:
            total += len(segment.text)
            weighted += len(segment.text) * (1.0 - work.quality[segment.index])
    return weighted / total if total else 0.0


def _document_status(work: _Work, answers: Sequence[SegmentRepair]) -> Status:
    statuses = {a.status for a in answers if a.reason != "furniture"}
    if statuses == {Status.ERROR}:
        return Status.ERROR
    if work.options.mode is not Mode.DETECT_ONLY and work.edits:
        return Status.REPAIRED if statuses <= {Status.REPAIRED, Status.UNCHANGED} else Status.PARTIAL
    return Status.UNCHANGED if statuses <= {Status.UNCHANGED} else Status.ABSTAINED
