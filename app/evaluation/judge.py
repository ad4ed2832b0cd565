"""Was an edit right, and did the answer keep the product's promises: computed from the answer, not by the product."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from rapidfuzz.distance import Levenshtein

from app.core.types import DocumentRepair, Edit, EditKind, Mode, Origin

_TOKEN = re.compile(r"\w+|[^\w\s]")
_PROTECTED = (
    re.compile(r"(?:https?://|www\.)[^\s<>\"“”]+[^\s<>\"“”.,;:!?)\]'’]"),
    re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]*\w"),
    # every run of figures, since no date, time or sum changes without one; "39" of "&#39;" is a character
    re.compile(r"(?<!\d)(?<!&#)(?<!& #)(?<!& # )(?<!&# )\d+"),
)


class Verdict(StrEnum):
    """What an edit alone did to its sentence."""

    RIGHT = "right"  # closer to the reference
    NEUTRAL = "neutral"  # as far as before
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class JudgedEdit:
    """An edit with its verdict."""

    edit: Edit
    verdict: Verdict


def judge_edits(repair: DocumentRepair, references: Sequence[str]) -> list[JudgedEdit]:
    """Apply each edit alone (edits of one group together) and see whether the text comes closer to a reference.

    Distance counts words and punctuation marks inserted, deleted or replaced, to the nearest reference; where that
    ties, words with the punctuation that sticks to them, so that an edit of spacing can be right or wrong as well.
    """
    before = distance(repair.source, references)
    verdicts: dict[str, Verdict] = {}
    judged = []
    for edit in repair.edits:
        if edit.group is not None and edit.group in verdicts:
            judged.append(JudgedEdit(edit, verdicts[edit.group]))
            continue
        together = [e for e in repair.edits if e is edit or (edit.group is not None and e.group == edit.group)]
        after = distance(apply(repair.source, together), references)
        verdict = Verdict.RIGHT if after < before else Verdict.WRONG if after > before else Verdict.NEUTRAL
        if edit.group is not None:
            verdicts[edit.group] = verdict
        judged.append(JudgedEdit(edit, verdict))
    return judged


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with the edits made; written again here so that an error in the product's own cannot hide itself."""
    parts: list[str] = []
    position = 0
    for edit in sorted(edits, key=lambda e: (e.span.start, e.span.end)):
        parts += (text[position : edit.span.start], edit.text)
        position = edit.span.end
    return "".join((*parts, text[position:]))


def is_name_edit(edit: Edit) -> bool:
    """Whether an edit repairs a name and not grammar."""
    return edit.kind is EditKind.NAME or edit.origin is Origin.NAMES


def find_violations(repair: DocumentRepair, mode: Mode = Mode.MINIMAL) -> list[str]:
    """The promises that an answer breaks, in stable words; an empty list is the only good answer.

    ``protected:KIND``: an edit touches a span that the answer itself calls protected, and its text is not there any
    more. ``text:figures`` and the like: a URL, an address or a run of figures of the input is missing or new in
    the output, found by patterns of this module. ``law:…``: the edits do not give the text, or are out of order.
    """
    found = []
    expected = repair.source if mode is Mode.DETECT_ONLY else apply(repair.source, repair.edits)
    if expected != repair.text:
        found.append("law:edits_give_text")
    spans = [e.span for e in repair.edits]
    if spans != sorted(spans) or any(a.conflicts(b) for a, b in pairwise(spans)):
        found.append("law:sorted_without_conflict")
    for protected in repair.protected:
        text = protected.span.of(repair.source)
        for edit in repair.edits:
            if edit.span.conflicts(protected.span) and not _survives(repair.source, edit, protected.span.start, text):
                found.append(f"protected:{protected.kind.value}")
    for name, pattern in zip(("url", "address", "figures"), _PROTECTED, strict=True):
        if Counter(pattern.findall(repair.source)) != Counter(pattern.findall(repair.text)):
            found.append(f"text:{name}")
    return found


def changed_tokens(before: str, after: str) -> tuple[int, int]:
    """Tokens inserted, deleted or replaced, and tokens of ``before``; a change of spacing alone counts as one."""
    a, b = _TOKEN.findall(before), _TOKEN.findall(after)
    return (Levenshtein.distance(a, b) or int(before != after)), len(a)


@dataclass(frozen=True, slots=True)
class Tally:
    """Edits counted by verdict."""

    right: int = 0
    neutral: int = 0
    wrong: int = 0
    confidence: float = 0.0  # mean

    @classmethod
    def of(cls, judged: Sequence[JudgedEdit]) -> Tally:
        """Count."""
        count = Counter(j.verdict for j in judged)
        mean = sum(j.edit.confidence for j in judged) / len(judged) if judged else 0.0
        return cls(count[Verdict.RIGHT], count[Verdict.NEUTRAL], count[Verdict.WRONG], mean)

    @property
    def total(self) -> int:
        """All of them."""
        return self.right + self.neutral + self.wrong

    @property
    def precision(self) -> float | None:
        """Share that is right, neutral ones counting against; None without edits."""
        return self.right / self.total if self.total else None


def tally_by(judged: Sequence[JudgedEdit], key: Callable[[Edit], str]) -> dict[str, Tally]:
    """Tallies per value of ``key``, sorted by it."""
    names = sorted({key(j.edit) for j in judged})
    return {n: Tally.of([j for j in judged if key(j.edit) == n]) for n in names}


# Finer towards 1, where the operating points lie.
BANDS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0)


def reliability(judged: Sequence[JudgedEdit]) -> tuple[dict[str, Tally], float | None]:
    """Precision per band of confidence, and the expected calibration error.

    Returns:
        Tallies by band (``"0.90-0.95"``), and the mean distance between confidence and precision over the bands,
        weighted by edits; None without edits.
    """

    def band(edit: Edit) -> str:
        upper = next(i for i in range(1, len(BANDS)) if edit.confidence < BANDS[i] or i == len(BANDS) - 1)
        return f"{BANDS[upper - 1]:.2f}-{BANDS[upper]:.2f}"

    bands = tally_by(judged, band)
    if not judged:
        return bands, None
    gaps = (t.total * abs(t.confidence - (t.precision or 0.0)) for t in bands.values())
    return bands, sum(gaps) / len(judged)


def distance(text: str, references: Sequence[str]) -> tuple[int, int]:
    """Edits of words and marks, then of words with the marks that stick to them, to the nearest reference."""
    return min(
        (
            Levenshtein.distance(_TOKEN.findall(text), _TOKEN.findall(ref)),
            Levenshtein.distance(text.split(), ref.split()),
        )
        for ref in references
    )


def _survives(source: str, edit: Edit, start: int, text: str) -> bool:
    """Whether a protected text still stands in what an edit over it writes, as often as in what it replaces."""
    if start < edit.span.start or start + len(text) > edit.span.end:
        return False  # only a part of it lies under the edit: cut in two
    return edit.text.count(text) >= edit.span.of(source).count(text)
