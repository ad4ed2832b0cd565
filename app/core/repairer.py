"""The pipeline: from a garbled document to a corrected one, step by step, each step handed in."""

from __future__ import annotations

import re
import time
from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise

from app.core.classify import edit_kind, explain
from app.core.diff import OffsetMap, apply_edits, resolve, weaker
from app.core.errors import DeadlineError, GenerationError
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
    ProposedEdit,
    Protector,
    RuleSet,
    Segmenter,
    TermMatcher,
)
from app.core.span_index import SpanIndex
from app.core.types import (
    BUILTIN_PROTECTION,
    Alternative,
    DocumentRepair,
    Edit,
    EditKind,
    Furniture,
    FurnitureMode,
    GlossaryUse,
    Mode,
    Origin,
    ProtectedSpan,
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
_LINE_BREAK = re.compile("[\n\r\x0b\x0c\x85\u2028\u2029]")
_END_OF_LINE = re.compile(r"[ \t]*(?:\r\n?|\n)?")
_ALWAYS = frozenset({EditKind.TERM, EditKind.FURNITURE})  # the caller asked for these by name
_MODEL_SCOPES = frozenset({Scope.GRAMMAR, Scope.SPELLING, Scope.PUNCTUATION})
_TASKS_PER_CALL = 256
_TASKS_PER_CALL_IN_HASTE = 16  # between two looks at the clock
# A sentence that a page breaks in two has a short piece, so only such neighbours are read together: four in five of
# broken sentences, one in six of whole ones.
SHORT_WORDS = 10
_OVERLAPS = "overlaps_better_edit"
# Of sound translations the model changes two sentences in a thousand, of rough text a quarter to a half: a changed one
# is no sound one, and two in a short text, or one in fifteen of a long one, make all of it rough.
ROUGH_ONE_IN = 15


@dataclass(slots=True)
class _Work:
    """What one document's repair has come to so far."""

    text: str
    options: RepairOptions
    segments: Sequence[Segment]
    protected: tuple[ProtectedSpan, ...]
    protection: Protection
    asleep: dict[int, str]  # segments that are left alone, and why
    deadline: float
    edits: tuple[Edit, ...] = ()
    rejected: dict[RejectedEdit, None] = field(default_factory=dict)  # in order, each once
    quality: dict[int, float] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)
    glossary: tuple[GlossaryUse, ...] = ()
    furniture: Sequence[Furniture] = ()
    terms: tuple[Span, ...] = ()  # what the glossary says is right as it stands
    keep: tuple[Span, ...] = ()  # what the glossary or the knowledge base says is right as it stands
    hints: tuple[NameHint, ...] = ()
    read_s: float = 0.0
    names_s: float = 0.0

    @property
    def awake(self) -> list[Segment]:
        """The segments that the model reads, if it reads any."""
        if self.options.mode is Mode.NAMES_ONLY or not self.options.scope & _MODEL_SCOPES:
            return []
        return [segment for segment in self.segments if segment.index not in self.asleep]

    @property
    def changed(self) -> list[Segment]:
        """The segments that the model has changed so far."""
        found = {s.index for e in self.edits if e.origin is Origin.MODEL and (s := self.segment_of(e.span)) is not None}
        return [segment for segment in self.awake if segment.index in found]

    def segment_of(self, span: Span) -> Segment | None:
        """The segment that a span begins in; white space belongs to the segment before it."""
        at = bisect_right(self.starts, span.start) - 1
        return self.segments[max(at, 0)] if self.segments else None

    def is_asleep(self, span: Span) -> bool:
        """Whether a span belongs to or reaches into a segment that is left alone."""
        first = self.segment_of(span)
        if first is None:
            return False
        after = bisect_left(self.starts, span.end)
        return any(s.index in self.asleep for s in (first, *self.segments[first.index + 1 : after]))

    def reject(self, edits: Iterable[Edit], reason: str) -> None:
        """Note why edits were not made, each once."""
        for edit in edits:
            self.rejected[RejectedEdit(edit, reason)] = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A segment that the generator reads, as it stands in the document as edited so far.

    With ``boundary``, its first so many code points are the segment, and what follows is the next one: read together to
    see whether they are one sentence, and for nothing else.
    """

    work: _Work
    segment: Segment
    start: int  # in the edited document
    offsets: OffsetMap
    task: GenerationTask
    boundary: int | None = None

    def takes(self, edit: ProposedEdit) -> bool:
        """Whether an edit is of the kind that was asked for."""
        if edit.confidence < self.task.min_confidence:
            return False
        if self.boundary is None:
            return True
        old, new = edit.span.of(self.task.text), edit.text
        return (
            edit.span.start < self.boundary < edit.span.end
            and not any(c in ".!?" for c in new)
            and old.replace(".", "").casefold().split() == new.casefold().split()
        )


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
        short_words: Neighbouring sentences of which one has so many words at most are read as one, too; 0 reads none.
        rough_one_in: Where two sentences and one in so many are changed, all the text is rough; 0: the default mode
            reads nothing again.
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
        short_words: int = SHORT_WORDS,
        rough_one_in: int = ROUGH_ONE_IN,
    ) -> None:
        self._segmenter, self._protector, self._furniture = segmenter, protector, furniture
        self._language, self.rules, self._terms, self._linker = language, rules, terms, linker
        self._generator, self._verifier, self.kb_version = generator, verifier, kb_version
        self._short_words, self._rough_one_in = short_words, rough_one_in

    @property
    def generator(self) -> Generator:
        """Who proposes the edits that neither rules, terms nor names make."""
        return self._generator

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
        return self.repair_many([text], options)[0]

    def repair_many(
        self, texts: Sequence[str], options: RepairOptions | Sequence[RepairOptions] | None = None
    ) -> list[DocumentRepair]:
        """Repair documents as ``repair`` does each, their sentences in common batches, which is faster.

        Args:
            texts: The documents; none knows of the others.
            options: The same for all, or one for each.

        Raises:
            InputError: The options of one document cannot be used.
        """
        each = [options or RepairOptions()] * len(texts) if not isinstance(options, Sequence) else options
        works = [self._read(text, own) for text, own in zip(texts, each, strict=True)]
        started = time.monotonic()
        self._generate([(work, work.awake) for work in works], is_first=True)
        self._generate([(work, again) for work in works if (again := self._to_read_again(work))], is_first=False)
        spent_s = time.monotonic() - started
        return [self._finish(work, spent_s) for work in works]

    def _to_read_again(self, work: _Work) -> Sequence[Segment]:
        """The segments that are read a second time: those that were changed, or all of a text with many changes."""
        changed = work.changed
        if work.options.mode is not Mode.FLUENT:
            if work.options.min_confidence is not None or not self._rough_one_in:
                return ()
            awake = work.awake
            if is_rough(len(changed), len(awake), self._rough_one_in):
                return awake
        return changed

    def _read(self, text: str, options: RepairOptions) -> _Work:
        """Everything that is done without the generator."""
        started = time.monotonic()
        segments = self._segmenter.segment(text)
        furniture = self._furniture.find(text, segments)
        protected = self._protector.protect(text, options.protect)
        if options.furniture is FurnitureMode.REMOVE:
            protected = _outside(protected, [segments[f.segment].span for f in furniture])
        asleep = {f.segment: "furniture" for f in furniture}
        for segment, english in zip(segments, self._language.is_english(segments), strict=True):
            if not english:
                asleep.setdefault(segment.index, "not_english")
        work = _Work(
            text, options, segments, protected, Protection(text, protected), asleep,
            deadline=started + options.max_latency_s if options.max_latency_s is not None else float("inf"),
            starts=[s.span.start for s in segments], furniture=furniture,
        )  # fmt: skip
        read = time.monotonic()
        terms = self._terms.match(text, [s for s in segments if s.index not in asleep], options.glossary, protected)
        work.terms, work.glossary = terms.keep, terms.glossary
        names = self._names(work)
        work.keep, work.hints = (*terms.keep, *names.keep), (*terms.hints, *names.hints)
        self._take(work, [*terms.edits, *names.edits, *self._rule_edits(work)], work.keep)
        work.reject([flag for flag in names.flags if self._is_wanted(flag, work, 0.0)], "unsure:title")
        work.read_s, work.names_s = read - started, time.monotonic() - read
        return work

    def _finish(self, work: _Work, model_s: float) -> DocumentRepair:
        """The answer for a document that every step has seen."""
        text, options = work.text, work.options
        if options.furniture is FurnitureMode.REMOVE:
            self._take(work, list(_removals(text, work.segments, work.furniture)), ())
        repaired = text if options.mode is Mode.DETECT_ONLY else apply_edits(text, work.edits)
        answers = self._answers(work)
        return DocumentRepair(
            source=text,
            text=repaired,
            status=_document_status(work, answers),
            segments=answers,
            edits=work.edits,
            rejected=tuple(sorted(work.rejected, key=_place)),
            furniture=tuple(work.furniture) if options.furniture is not FurnitureMode.KEEP else (),
            glossary=work.glossary,
            protected=work.protected,
            warnings=("deadline",) if "deadline" in work.failed.values() else (),
            garble=_garble(work),
            timing_s=(("read", work.read_s), ("names", work.names_s), ("model", model_s)),
        )

    def _names(self, work: _Work) -> LinkResult:
        if Scope.NAMES not in work.options.scope:
            return LinkResult()
        try:
            return self._linker.link(work.text, work.segments, work.options.entity_hints, work.deadline)
        except DeadlineError:
            _give_up(work, work.segments)
            return LinkResult()

    def _rule_edits(self, work: _Work) -> list[Edit]:
        if work.options.mode is Mode.NAMES_ONLY:
            return []
        edits: list[Edit] = []
        for _, members in groupby(work.segments, key=lambda s: s.paragraph):  # a rule knows nothing of other ones
            paragraph = list(members)
            if time.monotonic() < work.deadline:
                edits += self.rules.find(work.text, paragraph, work.options.disabled_rules)
                continue
            _give_up(work, paragraph)
        return edits

    def _take(self, work: _Work, proposed: Sequence[Edit], keep: Sequence[Span]) -> None:
        """Add the edits that the caller wants and every check passes; say why of those that fail."""
        kept_names, kept_terms = SpanIndex(keep), SpanIndex(work.terms)
        wanted: list[Edit] = []
        refused_groups: dict[str, str] = {}
        unwanted_groups: set[str] = set()
        least = work.options.min_confidence or 0.0
        for edit in proposed:
            if edit.span.of(work.text) == edit.text:
                continue  # changes nothing
            if not self._is_wanted(edit, work, least):
                if edit.group is not None:
                    unwanted_groups.add(edit.group)
                continue
            reason = self._refuse(edit, work, kept_names, kept_terms)
            if reason is None:
                wanted.append(edit)
                continue
            work.reject([edit], reason)
            if edit.group is not None:
                refused_groups[edit.group] = reason
        alive = []
        for edit in wanted:
            if edit.group in refused_groups:
                work.reject([edit], f"group:{refused_groups[edit.group]}")
            elif edit.group not in unwanted_groups:
                alive.append(edit)
        kept, dropped = resolve([*work.edits, *alive])
        work.reject(dropped, _OVERLAPS)
        work.edits = self._apart(work, kept)

    def _apart(self, work: _Work, edits: Sequence[Edit]) -> tuple[Edit, ...]:
        """The edits without the weaker one, with its group, of neighbours that together touch a protected span."""
        kept: list[Edit] = []  # none of them violates anything with its neighbour
        left = deque(edits)
        while left:
            edit = left.popleft()
            found = _joint_violation(work, kept[-1], edit) if kept else None
            if found is None:
                kept.append(edit)
                continue
            victim, reason = found
            group = victim.group
            if group is None:
                work.reject([victim], reason)
                if victim is not edit:
                    kept.pop()
                    left.appendleft(edit)
                continue
            everything = [*kept, edit, *left]
            work.reject([one for one in everything if one.group == group], reason)
            first = next(at for at, one in enumerate(everything) if one.group == group)
            kept = everything[:first]
            left = deque(one for one in everything[first:] if one.group != group)
        return tuple(kept)

    def _is_wanted(self, edit: Edit, work: _Work, least: float) -> bool:
        if not work.segments or edit.rule in work.options.disabled_rules or edit.confidence < least:
            return False
        if edit.kind is EditKind.FURNITURE:
            return True
        if work.is_asleep(edit.span):
            return False
        return edit.kind in _ALWAYS or any(edit.kind in KINDS_OF_SCOPE[scope] for scope in work.options.scope)

    def _refuse(self, edit: Edit, work: _Work, names: SpanIndex, terms: SpanIndex) -> str | None:
        if edit.origin in (Origin.MODEL, Origin.RULE) and names.conflicts(edit.span):
            return "protected:name"
        if edit.origin is Origin.NAMES and terms.conflicts(edit.span):
            return "protected:term"
        segment = work.segment_of(edit.span)
        sentence = segment.span if segment is not None else Span(0, len(work.text))
        return self._verifier.check(edit, work.text, sentence, work.protection)

    def _generate(self, read: Sequence[tuple[_Work, Sequence[Segment]]], *, is_first: bool) -> None:
        """Let the generator read segments of documents as edited so far, and take what passes.

        Args:
            read: The segments of each document.
            is_first: The first reading takes neighbours as one, too, where they may be pieces of a sentence, and tells
                the generator what the linker is not sure of. A second one is as bold as ``fluent``.
        """
        asked = [one for work, segments in read for one in self._asked(work, segments, is_first)]
        proposed: dict[int, list[Edit]] = defaultdict(list)
        # what the linker would have there, were it sure
        told = {id(work): {(h.span, h.text) for h in work.hints if h.edit is not None} for work, _ in read}
        agreed: dict[int, dict[Span, float]] = defaultdict(dict)  # places of names that the model writes as it was told
        in_haste = any(work.options.max_latency_s is not None for work, _ in read)
        size = _TASKS_PER_CALL_IN_HASTE if in_haste else _TASKS_PER_CALL
        for at in range(0, len(asked), size):
            now = time.monotonic()
            chunk = []
            for one in asked[at : at + size]:
                # Of a second reading or a join, too: with more time there might be an edit.
                if now >= one.work.deadline:
                    one.work.failed.setdefault(one.segment.index, "deadline")
                else:
                    chunk.append(one)
            if not chunk:
                continue
            for one, proposal in zip(chunk, self._propose([one.task for one in chunk]), strict=True):
                work, index = one.work, one.segment.index
                if proposal is None or proposal.reason:
                    if one.boundary is None and index not in work.quality:
                        work.failed[index] = proposal.reason if proposal else "error"
                    continue
                if one.boundary is None:
                    work.quality.setdefault(index, proposal.quality)
                for edit in proposal.edits:
                    source = one.offsets.to_source(edit.span.shift(one.start))
                    if source is None or not one.takes(edit):
                        continue
                    if (source, edit.text) in told[id(work)]:
                        agreed[id(work)][source] = edit.confidence
                    else:
                        proposed[id(work)].append(_model_edit(edit, source, work.text, one.segment))
        for work, _ in read:
            self._take(work, [*proposed[id(work)], *_agreed(work.hints, agreed[id(work)])], work.keep)

    def _asked(self, work: _Work, segments: Sequence[Segment], is_first: bool) -> list[_Asked]:
        """What the generator is asked about segments of a document as edited so far."""
        if not segments:
            return []
        patched = apply_edits(work.text, work.edits)
        offsets = OffsetMap.of(work.text, work.edits)
        least = work.options.min_confidence
        if least is None:
            is_bold = not is_first or work.options.mode is Mode.FLUENT
            least = self._generator.operating_point(Mode.FLUENT if is_bold else Mode.MINIMAL)
        hints = _HintsInText(work.hints if is_first else (), offsets)
        asked = []
        for segment in segments:
            span = offsets.to_patched(_whole(segment.span, work.edits))
            if segment.index not in work.failed and span is not None and span.of(patched).strip():
                task = GenerationTask(span.of(patched), hints.within(span), least)
                asked.append(_Asked(work, segment, span.start, offsets, task))
        return [*asked, *_together(asked, patched, self._short_words)] if is_first else asked

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
        for rejection in sorted(work.rejected, key=_place):
            segment = work.segment_of(rejection.edit.span)
            if segment is not None and rejection.reason != _OVERLAPS:  # its place was repaired, in another way
                refused.setdefault(segment.index, rejection.reason)
        answers = []
        for segment in work.segments:
            i = segment.index
            mine = tuple(edits.get(i, ()))
            quality = work.quality.get(i, 1.0)
            reason = work.failed.get(i) or work.asleep.get(i) or refused.get(i, "")
            if work.failed.get(i) == "error" and not mine:
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


def _give_up(work: _Work, segments: Iterable[Segment]) -> None:
    """Note of segments that are not left alone anyway that the time ran out before they were looked at."""
    for segment in segments:
        if segment.index not in work.asleep:
            work.failed.setdefault(segment.index, "deadline")


def is_rough(changed: int, sentences: int, one_in: int = ROUGH_ONE_IN) -> bool:
    """Whether so many changed sentences show that a document is no sound text with a slip or two."""
    return one_in > 0 and changed >= 1 + sentences / one_in


def _together(asked: Sequence[_Asked], patched: str, short_words: int) -> Iterator[_Asked]:
    """Neighbours that may be two pieces of one sentence, each pair as one segment."""
    for one, other in pairwise(asked):
        end = one.start + len(one.task.text)
        between = patched[end : other.start]
        if (
            other.segment.index == one.segment.index + 1
            and other.segment.paragraph == one.segment.paragraph
            and one.task.text.endswith(".")
            and between.isspace()
            and "\n" not in between
            and min(len(one.task.text.split()), len(other.task.text.split())) <= short_words
        ):
            text = one.task.text + between + other.task.text
            yield replace(one, task=replace(one.task, text=text, hints=()), boundary=len(one.task.text))


def _agreed(hints: Sequence[NameHint], sure: Mapping[Span, float]) -> Iterator[Edit]:
    """The edits of names that linker and model agree on: of all places of a name, if they do so in half of them."""
    by_name: dict[str | None, list[tuple[Span, Edit]]] = defaultdict(list)
    for hint in hints:
        if hint.edit is not None:
            by_name[hint.edit.group].append((hint.span, hint.edit))
    for places in by_name.values():
        found = [sure[span] for span, _ in places if span in sure]
        if found and 2 * len(found) >= len(places):
            mean = round(sum(found) / len(found), 4)
            for span, edit in places:
                yield replace(edit, confidence=sure.get(span, mean))


def _model_edit(proposed: ProposedEdit, span: Span, text: str, segment: Segment) -> Edit:
    old = span.of(text)
    kind = edit_kind(old, proposed.text, starts_sentence=span.start <= segment.span.start)
    return Edit(
        span,
        proposed.text,
        kind,
        Origin.MODEL,
        proposed.confidence,
        rule=f"MTR_MODEL_{kind.value.upper()}",
        reason=explain(old, proposed.text, kind, text[segment.span.start : span.start]),
        alternatives=tuple(Alternative(text, score) for text, score in proposed.alternatives),
    )


def _outside(protected: Sequence[ProtectedSpan], removed: Sequence[Span]) -> tuple[ProtectedSpan, ...]:
    """What stays protected where lines are taken out: not their own figures and addresses, but the caller's spans."""
    if not removed:
        return tuple(protected)
    starts = [span.start for span in removed]

    def is_inside(span: Span) -> bool:
        at = bisect_right(starts, span.start) - 1
        return at >= 0 and removed[at].contains(span)

    return tuple(p for p in protected if p.kind not in BUILTIN_PROTECTION or not is_inside(p.span))


def _joint_violation(work: _Work, one: Edit, other: Edit) -> tuple[Edit, str] | None:
    """The weaker of two neighbouring edits that are harmless alone but together touch a protected span, and why."""
    gap = work.text[one.span.end : other.span.start]
    if len(gap) > 2 or any(c.isalnum() for c in gap):
        return None
    both = work.protection.violated_by(Span(one.span.start, other.span.end), one.text + gap + other.text)
    return None if both is None else (weaker(one, other), f"protected:{both.kind.value}")


def _whole(span: Span, edits: Sequence[Edit]) -> Span:
    """``span`` without what an edit that crosses one of its ends replaces."""
    start, end = span.start, span.end
    for at in (bisect_left(edits, start, key=_starts) - 1, bisect_left(edits, end, key=_starts) - 1):
        crossed = edits[at].span if at >= 0 else Span(0, 0)
        if crossed.start < start < crossed.end:
            start = crossed.end
        if crossed.start < end < crossed.end:
            end = crossed.start
    return Span(start, max(start, end))


def _place(rejection: RejectedEdit) -> tuple[Span, str, str, str, float, str, str, str]:
    edit = rejection.edit
    return edit.span, edit.origin, edit.rule, edit.text, -edit.confidence, edit.kind, edit.group or "", rejection.reason


def _starts(edit: Edit) -> int:
    return edit.span.start


class _HintsInText:
    """Hints by their place in the patched document."""

    def __init__(self, hints: Sequence[NameHint], offsets: OffsetMap) -> None:
        mapped = ((offsets.to_patched(hint.span), number, hint) for number, hint in enumerate(hints))
        found = ((place, number, hint) for place, number, hint in mapped if place is not None)
        self._places = sorted(found, key=lambda one: one[:2])

    def within(self, span: Span) -> tuple[NameHint, ...]:
        """The hints of one segment, in the order in which they were given, relative to its text."""
        first = bisect_left(self._places, span.start, key=lambda one: one[0].start)
        after = bisect_right(self._places, span.end, key=lambda one: one[0].start)
        inside = sorted(
            (number, place, hint) for place, number, hint in self._places[first:after] if span.contains(place)
        )
        return tuple(NameHint(place.shift(-span.start), hint.text, hint.confidence) for _, place, hint in inside)


def _removals(text: str, segments: Sequence[Segment], furniture: Sequence[Furniture]) -> Iterator[Edit]:
    """Take furniture out with the blanks behind it, and of a line without prose the line break too."""
    last, is_behind_prose = -1, False
    for found in furniture:
        index, span = found.segment, segments[found.segment].span
        begins_line = index == 0 or _LINE_BREAK.search(text, segments[index - 1].span.end, span.start) is not None
        is_behind_prose = not begins_line and (index - 1 != last or is_behind_prose)
        last = index
        end = _END_OF_LINE.match(text, span.end).end()  # type: ignore[union-attr]  # it may be empty
        if is_behind_prose:
            end = span.end + len(text[span.end : end].rstrip("\r\n"))
        yield Edit(Span(span.start, end), "", EditKind.FURNITURE, Origin.RULE, 1.0, "MTR_FURNITURE", found.reason)


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
