"""From scores of the network to a confidence that means what it says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FEATURES = (
    "bias", "detection_logit", "log_prob", "log_prob_per_piece", "insertion", "deletion", "punctuation", "long",
    "case_only",
)  # fmt: skip


def features(detection: float, log_prob: float, n_pieces: int, old: str, new: str) -> list[float]:
    """What speaks for and against an edit, in the order of ``FEATURES``.

    Args:
        detection: Probability that the span is wrong, 0 to 1.
        log_prob: Natural logarithm of the probability of the answer.
        n_pieces: Pieces of the answer.
        old: The replaced text; empty for an insertion.
        new: The new text; empty for a deletion.
    """
    p = min(max(detection, 1e-4), 1 - 1e-4)
    letters = any(c.isalnum() for c in old + new)
    return [
        1.0,
        math.log(p / (1 - p)),
        max(log_prob, -12.0),
        max(log_prob / (n_pieces + 1), -6.0),
        float(not old.strip()),
        float(not new.strip()),
        float(not letters),
        math.log1p(len(old) + len(new)),
        float(old.casefold() == new.casefold()),
    ]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Logistic regression over ``features`` (Platt 1999), fitted on held-out post-edits."""

    weights: tuple[float, ...]

    def confidence(self, detection: float, log_prob: float, n_pieces: int, old: str, new: str) -> float:
        """Probability that the edit is right, 0 to 1, to four places: finer would be noise of the arithmetic."""
        x = features(detection, log_prob, n_pieces, old, new)
        z = sum(w * v for w, v in zip(self.weights, x, strict=True))
        return round(1 / (1 + math.exp(-max(-30.0, min(30.0, z)))), 4)

    def to_json(self) -> dict[str, float]:
        """Weights by feature name."""
        return dict(zip(FEATURES, self.weights, strict=True))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Calibration:
        """Read what ``to_json`` wrote.

        Raises:
            KeyError: A feature is missing.
        """
        return cls(tuple(float(values[name]) for name in FEATURES))

    @classmethod
    def fit(cls, rows: Sequence[Sequence[float]], right: Sequence[bool], l2: float = 1.0) -> Calibration:
        """Fit by Newton's method; ``rows`` as ``features`` gives them.

        Raises:
            ValueError: There are no rows.
        """
        if not rows:
            raise ValueError("calibration needs at least one edit")
        x: npt.NDArray[np.float64] = np.asarray(rows, dtype=np.float64)
        y = np.asarray(right, dtype=np.float64)
        w = np.zeros(x.shape[1])
        penalty = np.eye(x.shape[1]) * l2
        penalty[0, 0] = 1e-6
        for _ in range(50):
            p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
            gradient = x.T @ (p - y) + penalty @ w
            hessian = (x * (p * (1 - p))[:, None]).T @ x + penalty
            step = np.linalg.solve(hessian, gradient)
            w -= step
            if float(np.abs(step).max()) < 1e-8:
                break
        return cls(tuple(float(v) for v in w))


def reliability(
    confidence: Sequence[float], right: Sequence[bool], bins: int = 10
) -> tuple[float, list[dict[str, float]]]:
    """Expected calibration error (Naeini et al. 2015) over equal-width bins, and the bins."""
    c, y = np.asarray(confidence), np.asarray(right, dtype=np.float64)
    rows: list[dict[str, float]] = []
    error = 0.0
    for b in range(bins):
        inside = (c >= b / bins) & ((c < (b + 1) / bins) if b < bins - 1 else (c <= 1.0))
        n = int(inside.sum())
        if n:
            mean, share = float(c[inside].mean()), float(y[inside].mean())
            error += n / len(c) * abs(mean - share)
            rows.append({"from": b / bins, "n": n, "confidence": round(mean, 4), "right": round(share, 4)})
    return error, rows
