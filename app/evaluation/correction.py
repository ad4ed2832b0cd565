"""Precision, recall and F0.5 of corrections against the edits of annotators.

Like ERRANT's span-based score in form, but edits are cut by plain word alignment, without a parser, so figures
compare systems here and not with published ERRANT figures.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

_TOKEN = re.compile(r"\w+(?:['’]\w+)*|[^\w\s]")
TokenEdit = tuple[int, int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class EditScore:
    """Counts of edits: found as the annotator made them, made by us alone, made by the annotator alone."""

    true_positives: int
    false_positives: int
    false_negatives: int

    @property
    def precision(self) -> float:
        """1.0 where nothing was changed, as ERRANT has it."""
        made = self.true_positives + self.false_positives
        return self.true_positives / made if made else 1.0

    @property
    def recall(self) -> float:
        """1.0 where there was nothing to find."""
        wanted = self.true_positives + self.false_negatives
        return self.true_positives / wanted if wanted else 1.0

    @property
    def f_half(self) -> float:
        """F0.5: precision counts twice as much as recall."""
        p, r = self.precision, self.recall
        return 1.25 * p * r / (0.25 * p + r) if p + r else 0.0


def score_edits(sources: Sequence[str], outputs: Sequence[str], references: Sequence[Sequence[str]]) -> EditScore:
    """Score a corpus; in each sentence the annotator counts who agrees best with the output."""
    totals = [0, 0, 0]
    for source, output, refs in zip(sources, outputs, references, strict=True):
        ours = token_edits(source, output)
        options = []
        for ref in refs:
            theirs = token_edits(source, ref)
            options.append(EditScore(len(ours & theirs), len(ours - theirs), len(theirs - ours)))
        best = max(options, key=lambda s: (s.f_half, s.true_positives, -s.false_positives, -s.false_negatives))
        totals[0] += best.true_positives
        totals[1] += best.false_positives
        totals[2] += best.false_negatives
    return EditScore(*totals)


def token_edits(before: str, after: str) -> frozenset[TokenEdit]:
    """Edits from one text to the other as (first token, token after the last, new tokens); neighbours are joined."""
    a, b = _TOKEN.findall(before), _TOKEN.findall(after)
    edits: list[TokenEdit] = []
    for step in Levenshtein.opcodes(a, b):
        new = tuple(b[step.dest_start : step.dest_end])
        if step.tag == "equal":
            continue
        if edits and edits[-1][1] == step.src_start:
            edits[-1] = (edits[-1][0], step.src_end, edits[-1][2] + new)
        else:
            edits.append((step.src_start, step.src_end, new))
    return frozenset(edits)
