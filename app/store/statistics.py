"""What editors' decisions say of our confidences: acceptance by kind, origin and band, and thresholds fitted to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from app.core.intervals import wilson
from app.core.types import EditKind, Origin
from app.store.records import Judged, Threshold, Verdict, Why

BANDS: tuple[tuple[float, float], ...] = ((0.0, 0.5), (0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 1.0))
_Z = 1.96  # 95 %


@dataclass(frozen=True, slots=True)
class Rate:
    """How often editors took what was proposed, as proposed."""

    name: str
    decided: int
    accepted: int
    replaced: int  # the place was right, the text was not
    rejected: int
    confidence: float  # mean of what we promised
    low: float  # Wilson's interval of the share accepted
    high: float

    @property
    def share(self) -> float:
        """Share accepted."""
        return self.accepted / self.decided if self.decided else 0.0


@dataclass(frozen=True, slots=True)
class Statistics:
    """Acceptance in all, by kind, by origin and by band of confidence; reasons of rejections."""

    total: Rate
    kinds: tuple[Rate, ...]
    origins: tuple[Rate, ...]
    bands: tuple[Rate, ...]
    whys: tuple[tuple[str, int], ...]
    calibration_error: float  # mean distance of promise and share over the bands, weighted by their size


def count(judged: Sequence[Judged]) -> Statistics:
    """Count decisions."""
    whys: dict[str, int] = defaultdict(int)
    for one in judged:
        if one.verdict is Verdict.REJECTED:
            whys[one.why.value or "unsaid"] += 1
    bands = tuple(
        rate
        for low, high in BANDS
        if (rate := _rate(f"{low:g} to {high:g}", [j for j in judged if _is_in(j.confidence, low, high)])).decided
    )
    error = sum(abs(b.share - b.confidence) * b.decided for b in bands) / len(judged) if judged else 0.0
    return Statistics(
        _rate("all", judged),
        _by(judged, lambda j: j.kind.value),
        _by(judged, lambda j: j.origin.value),
        bands,
        tuple(sorted(whys.items(), key=lambda item: (-item[1], item[0]))),
        error,
    )


def fit_thresholds(judged: Iterable[Judged], *, precision: float = 0.8, least_decisions: int = 30) -> list[Threshold]:
    """For each origin and kind, the least confidence from which editors take enough of what is proposed.

    The threshold is the lowest at which the share accepted among all edits at or above it reaches ``precision``; where
    none does, it lies above every confidence, and such edits are no longer proposed. Rejections as a matter of taste
    count like any other. Fewer than ``least_decisions`` say nothing, and no threshold is fitted.
    """
    groups: dict[tuple[Origin, EditKind], list[Judged]] = defaultdict(list)
    for one in judged:
        groups[one.origin, one.kind].append(one)
    fitted = []
    for (origin, kind), mine in sorted(groups.items()):
        if len(mine) < least_decisions:
            continue
        best: tuple[float, int, float] | None = None
        accepted = 0
        ordered = sorted(mine, key=lambda j: -j.confidence)
        for number, one in enumerate(ordered, 1):
            accepted += one.verdict is Verdict.ACCEPTED
            is_last_of_its_value = number == len(ordered) or ordered[number].confidence < one.confidence
            if is_last_of_its_value and accepted / number >= precision:
                best = (one.confidence, number, accepted / number)
        if best is None:
            best = (1.01, len(mine), accepted / len(mine))
        fitted.append(Threshold(origin, kind, *best))
    return fitted


def _by(judged: Sequence[Judged], key: Callable[[Judged], str]) -> tuple[Rate, ...]:
    groups: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        groups[key(one)].append(one)
    return tuple(sorted((_rate(name, mine) for name, mine in groups.items()), key=lambda r: (-r.decided, r.name)))


def _rate(name: str, judged: Sequence[Judged]) -> Rate:
    verdicts = [one.verdict for one in judged]
    accepted = verdicts.count(Verdict.ACCEPTED)
    mean = sum(one.confidence for one in judged) / len(judged) if judged else 0.0
    return Rate(
        name, len(judged), accepted, verdicts.count(Verdict.REPLACED), verdicts.count(Verdict.REJECTED), mean,
        *wilson(accepted, len(judged), _Z),
    )  # fmt: skip


def _is_in(confidence: float, low: float, high: float) -> bool:
    return low <= confidence < high or confidence == high == 1.0


WHYS: dict[Why, str] = {
    Why.UNSAID: "Not said",
    Why.WRONG_NAME: "Wrong name",
    Why.CHANGES_MEANING: "Changes the meaning",
    Why.TASTE: "A matter of taste",
    Why.OTHER: "Something else",
    Why.DISMISSED: "Never again",
}
