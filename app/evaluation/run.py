"""Runs the whole product over an evaluation set and measures what came out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

from app.core.types import DocumentRepair, Edit, RepairOptions, Status
from app.evaluation.correction import EditScore, score_edits
from app.evaluation.data import EvaluationSet, Example, Measure
from app.evaluation.gleu import PublishedTokens, corpus_gleu
from app.evaluation.judge import (
    JudgedEdit,
    Tally,
    apply,
    changed_tokens,
    find_violations,
    is_name_edit,
    judge_edits,
    reliability,
    tally_by,
)
from app.evaluation.translation import Difference, SegmentScorer

# Languages that belong together: post-edits of the first three are repairs, of the last two retranslations.
COMPOSITES = {"et+ro+ru": frozenset({"et", "ro", "ru"}), "ne+si": frozenset({"ne", "si"})}


class DocumentRepairer(Protocol):
    """What is measured: ``app.core.repairer.Repairer``, or anything of its shape."""

    def repair(self, text: str, options: RepairOptions) -> DocumentRepair: ...


@dataclass(frozen=True, slots=True)
class GroupScore:
    """One row of the table: a language, several, or all."""

    group: str
    rows: int
    changed: int
    scores: dict[str, Difference]  # metric to before and after
    names_only: dict[str, Difference]  # as if only name edits had been made
    without_names: dict[str, Difference]  # as if all edits but those of names had been made


@dataclass(frozen=True, slots=True)
class Result:
    """Everything measured on one set. Shares are 0 to 1; None where the set cannot say."""

    set: str
    measure: Measure
    sha256: str
    texts: int
    sentences: int  # as the product segmented them
    changed_texts: int
    changed_sentences: int
    changed_tokens: int
    tokens: int
    seconds: float
    groups: tuple[GroupScore, ...] = ()
    gleu: tuple[float, float] | None = None  # before, after
    correction: tuple[EditScore, EditScore] | None = None
    edits: Tally | None = None
    edits_by: dict[str, dict[str, Tally]] = field(default_factory=dict)  # origin, kind, rule, group, confidence
    calibration_error: float | None = None
    edit_count: int = 0
    edit_kinds: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)  # why segments were left or repaired in part
    rejected: dict[str, int] = field(default_factory=dict)  # why single edits were refused
    violations: dict[str, int] = field(default_factory=dict)
    violation_ids: tuple[str, ...] = ()

    @property
    def sentences_per_s(self) -> float:
        """Sentences through the whole product a second."""
        return self.sentences / self.seconds if self.seconds else 0.0

    @property
    def harm(self) -> float:
        """Share of sentences changed; harm where the text was clean."""
        return self.changed_sentences / self.sentences if self.sentences else 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One example with the product's answer and, where there is a reference, the verdict on each edit."""

    example: Example
    repair: DocumentRepair
    judged: tuple[JudgedEdit, ...]


def repair_all(
    repairer: DocumentRepairer,
    examples: Sequence[Example],
    options: RepairOptions,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[list[DocumentRepair], float]:
    """Repair every example as a document of its own, one after the other.

    Returns:
        One answer per example, and the seconds inside the product.
    """
    answers = []
    start = time.perf_counter()
    for done, example in enumerate(examples, 1):
        answers.append(repairer.repair(example.text, options))
        progress(done)
    return answers, time.perf_counter() - start


def evaluate(
    evaluation_set: EvaluationSet,
    repairer: DocumentRepairer,
    options: RepairOptions,
    cache: Path | None = None,
    progress: Callable[[int], None] = lambda done: None,
) -> tuple[Result, list[Answer]]:
    """Repair a set and measure it.

    Args:
        evaluation_set: What to repair.
        repairer: The product.
        options: As a caller would pass them; ``RepairOptions()`` is the default mode.
        cache: Folder for the scores of doing nothing, which are slow to compute and never change.
        progress: Called with the number of examples repaired so far.
    """
    examples = evaluation_set.examples
    repairs, seconds = repair_all(repairer, examples, options, progress)
    answers = [
        Answer(e, r, tuple(judge_edits(r, e.refs)) if e.refs else ()) for e, r in zip(examples, repairs, strict=True)
    ]
    judged = [j for a in answers for j in a.judged]
    segments = [s for r in repairs for s in r.segments]
    broken = [(a.example.id, find_violations(a.repair, options.mode)) for a in answers]
    changes = [changed_tokens(r.source, r.text) for r in repairs]
    bands, calibration_error = reliability(judged)
    measure = evaluation_set.measure
    result = Result(
        set=evaluation_set.name,
        measure=measure,
        sha256=evaluation_set.sha256,
        texts=len(answers),
        sentences=len(segments),
        changed_texts=sum(r.text != r.source for r in repairs),
        changed_sentences=sum(map(_count_changed_segments, repairs)),
        changed_tokens=sum(c for c, _ in changes),
        tokens=sum(n for _, n in changes),
        seconds=seconds,
        edits=Tally.of(judged) if examples and examples[0].refs else None,
        edits_by={
            "origin": tally_by(judged, lambda e: e.origin.value),
            "kind": tally_by(judged, lambda e: e.kind.value),
            "names": tally_by(judged, lambda e: "names" if is_name_edit(e) else "other"),
            "rule": tally_by(judged, lambda e: e.rule),
            "group": _tally_groups(answers),
            "confidence": bands,
        },
        calibration_error=calibration_error,
        edit_count=sum(len(r.edits) for r in repairs),
        edit_kinds=_count(e.kind.value for r in repairs for e in r.edits),
        statuses=_count(s.status.value for s in segments),
        reasons=_count(f"{s.status.value}:{s.reason}" for s in segments if s.reason),
        rejected=_count(e.reason for r in repairs for e in r.rejected),
        violations=_count(v for _, found in broken for v in found),
        violation_ids=tuple(i for i, found in broken if found)[:20],
        groups=score_groups(evaluation_set, answers, cache) if measure is Measure.TRANSLATION else (),
        gleu=score_gleu(answers) if measure is Measure.GLEU else None,
        correction=score_correction(answers) if measure is Measure.CORRECTION else None,
    )
    return result, answers


def score_groups(
    evaluation_set: EvaluationSet, answers: Sequence[Answer], cache: Path | None
) -> tuple[GroupScore, ...]:
    """TER, chrF and BLEU before and after, per group and in all."""
    originals = [a.example.text for a in answers]
    path = cache / f"{evaluation_set.name}-{evaluation_set.sha256[:16]}.json" if cache else None
    scorer = SegmentScorer(originals, [a.example.refs[0] for a in answers], path)

    def variant(keep: Callable[[Edit], bool]) -> list[str]:
        return [apply(a.repair.source, filter(keep, a.repair.edits)) for a in answers]

    texts = [a.repair.text for a in answers]
    after = scorer.statistics(texts)
    names = scorer.statistics(variant(is_name_edit))
    others = scorer.statistics(variant(lambda e: not is_name_edit(e)))
    result = []
    for group, members in _groups([a.example.group for a in answers]).items():
        result.append(
            GroupScore(
                group=group,
                rows=len(members),
                changed=sum(texts[i] != originals[i] for i in members),
                scores={m: scorer.compare(m, after[m], members) for m in scorer.metrics},
                names_only={"ter": scorer.compare("ter", names["ter"], members)},
                without_names={"ter": scorer.compare("ter", others["ter"], members)},
            )
        )
    return tuple(result)


def score_gleu(answers: Sequence[Answer]) -> tuple[float, float]:
    """GLEU before and after, on the published tokens where there are any."""
    tokens = PublishedTokens((a.example.text, a.example.tokens[0]) for a in answers if a.example.tokens)
    sources = [tokens.tokenise(a.example.text) for a in answers]
    outputs = [tokens.tokenise(a.repair.text) for a in answers]
    refs = [a.example.tokens[1:] or tuple(map(tokens.tokenise, a.example.refs)) for a in answers]
    return corpus_gleu(sources, sources, refs), corpus_gleu(sources, outputs, refs)


def score_correction(answers: Sequence[Answer]) -> tuple[EditScore, EditScore]:
    """Precision, recall, F0.5 before and after."""
    sources = [a.example.text for a in answers]
    refs = [a.example.refs for a in answers]
    return score_edits(sources, sources, refs), score_edits(sources, [a.repair.text for a in answers], refs)


def to_json(result: Result) -> dict[str, object]:
    """The result as plain values, with what is derived from them."""
    plain = asdict(result)
    plain |= {
        "sentences_per_s": result.sentences_per_s,
        "share_of_sentences_changed": result.harm,
        "share_of_tokens_changed": result.changed_tokens / max(1, result.tokens),
        "edit_precision": result.edits.precision if result.edits else None,
    }
    for group, score in zip(plain["groups"], result.groups, strict=True):
        for part in ("scores", "names_only", "without_names"):
            for name, difference in getattr(score, part).items():
                group[part][name]["delta"] = difference.delta
    for tallies, named in ((plain["edits_by"][k], result.edits_by[k]) for k in result.edits_by):
        for name, tally in named.items():
            tallies[name]["precision"] = tally.precision
    return plain


def _groups(labels: Sequence[str]) -> dict[str, list[int]]:
    groups = {g: [i for i, label in enumerate(labels) if label == g] for g in sorted(set(labels))}
    for name, parts in COMPOSITES.items():
        if parts <= set(labels):
            groups[name] = [i for i, label in enumerate(labels) if label in parts]
    if len(groups) != 1:
        groups["all"] = list(range(len(labels)))
    return groups


def _tally_groups(answers: Sequence[Answer]) -> dict[str, Tally]:
    labels = _groups([a.example.group for a in answers])
    return {g: Tally.of([j for i in members for j in answers[i].judged]) for g, members in labels.items()}


def _count_changed_segments(repair: DocumentRepair) -> int:
    """Segments with an edit; an edit between two segments counts for one."""
    if repair.text == repair.source:
        return 0
    with_edits = sum(bool(s.edits) and s.status in (Status.REPAIRED, Status.PARTIAL) for s in repair.segments)
    return max(1, with_edits)


def _count(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))
