"""Counts over rows, sentences and edits that can be added up: of a batch, a unit, a file, a run."""

from __future__ import annotations

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

from app.core.types import DocumentRepair, Edit, EditKind, Segment, SegmentRepair, Status
from app.corpus.batch import RowOutcome

SAMPLES = 50
PROBLEMS = 1000  # rows that are listed; the rest is counted
_TOP = 10_000  # different entities that are counted apart; beyond it the rarest are forgotten
_BINS = 10
_SAMPLE_CHARS = 600


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One edit at its place in a file, as a review shows it."""

    confidence: float
    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    row: int
    rule: str
    kind: str
    original: str
    replacement: str
    reason: str
    context: str  # the sentence, which tells the finding from others when lines move
    is_exact: bool = False  # line and column are those of the edit, and not only of the row it is in


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row stands: the file, its number, its line, and where a character of its text stands in the file."""

    file: str
    row: int
    line: int
    source: str | None = None  # the file's text from that line on, where the text stands in it as it is
    places: tuple[int, ...] | None = None  # of marked-up text: begin and end of each character in ``source``

    def find(self, at: int) -> tuple[int, int]:
        """Line and column, from 1, of a character of the text."""
        if self.source is None:
            return self.line, 1
        if self.places is not None:
            at = next((p for p in self.places[2 * at :: 2] if p >= 0), len(self.source))
        break_before = self.source.rfind("\n", 0, at)
        return self.line + self.source.count("\n", 0, at), at - break_before


@dataclass(slots=True)
class Tally:
    """What a report counts."""

    rows: int = 0
    rows_changed: int = 0
    rows_empty: int = 0
    rows_failed: int = 0
    rows_repeated: int = 0
    chars: int = 0
    segments: int = 0
    low: int = 0  # sentences whose confidence lies below the caller's mark
    status: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)  # of sentences that were left alone
    edits: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    origins: Counter[str] = field(default_factory=Counter)
    rules: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    entities: Counter[str] = field(default_factory=Counter)
    glossary_applied: Counter[str] = field(default_factory=Counter)
    glossary_missed: Counter[str] = field(default_factory=Counter)
    glossary_reasons: Counter[str] = field(default_factory=Counter)
    confidence: list[int] = field(default_factory=lambda: [0] * _BINS)
    leaks: int = 0  # edits that changed protected text: there must be none
    samples: list[dict[str, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add(self, outcome: RowOutcome, place: Place, *, low_below: float = 0.0, most_findings: int = 0) -> None:
        """Count one row."""
        self.rows += 1
        if outcome.problem:
            self.rows_failed += 1
            if len(self.problems) < PROBLEMS:
                where = "line" if place.line else "row"
                self.problems.append(f"{place.file}, {where} {place.line or place.row}: {outcome.problem}")
            return
        repair = outcome.repair
        if repair is None:
            self.rows_empty += 1
            return
        self.rows_repeated += outcome.is_repeat
        self.rows_changed += bool(repair.edits)
        self.chars += len(repair.source)
        for segment in repair.segments:
            self._add_segment(segment, repair, low_below)
        for edit in repair.edits:
            self._add_edit(edit, repair)
        self.refused.update(r.reason for r in repair.rejected)
        for use in repair.glossary:
            if use.applied:
                self.glossary_applied[use.entry] += use.applied
            if use.not_applied:
                self.glossary_missed[use.entry] += use.not_applied
                self.glossary_reasons.update(use.reasons)
        self._sample(repair, place)
        if most_findings:
            self.findings += _findings(repair, place)
            if len(self.findings) > 2 * most_findings:  # not with each row: sorting takes its time
                self.keep_worst(most_findings)

    def keep_worst(self, most: int) -> None:
        """Of the findings, keep those that most need a person: the least sure first."""
        self.findings = heapq.nsmallest(most, self.findings)

    def _add_segment(self, segment: SegmentRepair, repair: DocumentRepair, low_below: float) -> None:
        self.segments += 1
        self.status[str(segment.status)] += 1
        if segment.reason and segment.status in (Status.ABSTAINED, Status.PARTIAL, Status.ERROR):
            self.reasons[segment.reason] += 1
        # a sentence that is left alone on purpose says nothing of how good the repair is
        self.low += segment.confidence < low_below and segment.reason not in ("furniture", "not_english")

    def _add_edit(self, edit: Edit, repair: DocumentRepair) -> None:
        self.edits += 1
        self.kinds[str(edit.kind)] += 1
        self.origins[str(edit.origin)] += 1
        self.rules[edit.rule] += 1
        self.confidence[min(int(edit.confidence * _BINS), _BINS - 1)] += 1
        if edit.entity is not None:
            self.entities[f"{edit.entity.id} {edit.entity.caption}"] += 1
            if len(self.entities) > 2 * _TOP:
                self.entities = Counter(dict(self.entities.most_common(_TOP)))
        if edit.kind is not EditKind.FURNITURE:
            self.leaks += sum(p.span.start < edit.span.end and edit.span.start < p.span.end
                              and p.span.of(repair.source) not in edit.text for p in repair.protected)  # fmt: skip

    def _sample(self, repair: DocumentRepair, place: Place) -> None:
        """Keep the changed sentences with the smallest hash, each once: a sample that does not depend on the order."""
        for segment in repair.segments:
            if not segment.edits or len(segment.segment.text) > _SAMPLE_CHARS:
                continue
            edits = [_relative(repair.edits[i], segment.segment) for i in segment.edits]
            line, _ = place.find(segment.segment.span.start)
            change = f"{segment.segment.text.strip()}\0{[(e['start'], e['end'], e['text']) for e in edits]}"
            self._keep_sample(
                {
                    "key": hashlib.blake2b(change.encode(), digest_size=8).hexdigest(),
                    "file": place.file,
                    "line": line or None,
                    "row": place.row,
                    "count": 1,
                    "text": segment.segment.text,
                    "confidence": segment.confidence,
                    "edits": edits,
                }
            )

    def _keep_sample(self, sample: dict[str, Any]) -> None:
        """Add a sample; of a sentence that comes again, the first place and how often.

        Those with the smallest hashes of all are so in every part of the corpus too, so their counts are exact.
        """
        for i, other in enumerate(self.samples):
            if other["key"] == sample["key"]:
                first = min(other, sample, key=lambda one: (one["file"], one["row"], one["line"] or 0))
                self.samples[i] = first | {"count": other["count"] + sample["count"]}
                return
        if len(self.samples) < SAMPLES or sample["key"] < self.samples[-1]["key"]:
            self.samples.append(sample)
            self.samples.sort(key=_key)
            del self.samples[SAMPLES:]

    def merge(self, other: Tally, *, most_findings: int = 0) -> None:
        """Add another tally to this one."""
        for one in fields(self):
            mine, theirs = getattr(self, one.name), getattr(other, one.name)
            if isinstance(mine, int):
                setattr(self, one.name, mine + theirs)
            elif isinstance(mine, Counter):
                mine.update(theirs)
        self.confidence = [a + b for a, b in zip(self.confidence, other.confidence, strict=True)]
        for sample in other.samples:
            self._keep_sample(sample)
        self.problems = [*self.problems, *other.problems][:PROBLEMS]
        self.findings += other.findings
        self.keep_worst(most_findings)
        if len(self.entities) > 2 * _TOP:
            self.entities = Counter(dict(self.entities.most_common(_TOP)))

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        values: dict[str, Any] = {}
        for one in fields(self):  # asdict() would count the items of a Counter
            value = getattr(self, one.name)
            values[one.name] = dict(value) if isinstance(value, Counter) else value
        values["findings"] = [asdict(finding) for finding in self.findings]
        return values

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The inverse of ``to_json``."""
        values = dict(data)
        for one in fields(cls):
            if isinstance(values.get(one.name), dict):
                values[one.name] = Counter(values[one.name])
        values["findings"] = [Finding(**f) for f in values.get("findings", ())]
        return cls(**values)


def share(part: int, whole: int) -> float:
    """``part / whole``, 0.0 of nothing."""
    return part / whole if whole else 0.0


def changed_share(tally: Tally) -> float:
    """Share of sentences that were changed."""
    return share(tally.status[Status.REPAIRED] + tally.status[Status.PARTIAL], tally.segments)


def _key(sample: dict[str, Any]) -> str:
    return str(sample["key"])


def _relative(edit: Edit, segment: Segment) -> dict[str, Any]:
    """An edit within its sentence."""
    start, end = edit.span.start - segment.span.start, edit.span.end - segment.span.start
    return {
        "start": start,
        "end": min(end, len(segment.text)),
        "text": edit.text,
        "kind": str(edit.kind),
        "confidence": edit.confidence,
        "reason": edit.reason,
    }


def _findings(repair: DocumentRepair, place: Place) -> Iterable[Finding]:
    of: dict[int, SegmentRepair] = {i: s for s in repair.segments for i in s.edits}
    for i, edit in enumerate(repair.edits):
        line, column = place.find(edit.span.start)
        end_line, end_column = place.find(edit.span.end)
        segment = of.get(i)
        yield Finding(
            confidence=edit.confidence,
            file=place.file,
            line=line or place.row,
            column=column,
            end_line=end_line or place.row,
            end_column=max(end_column, column) if end_line == line else end_column,
            row=place.row,
            rule=edit.rule,
            kind=str(edit.kind),
            original=edit.span.of(repair.source),
            replacement=edit.text,
            reason=edit.reason,
            context=segment.segment.text[:_SAMPLE_CHARS] if segment else "",
            is_exact=place.source is not None,
        )
