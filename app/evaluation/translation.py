"""TER, chrF and BLEU of many segments, from sacrebleu, with everything slow done once.

sacrebleu spends minutes on the TER of a few thousand sentences, but a repair changes few of them and a score is a
function of sums over segments: the statistics of the unrepaired text are kept on disk, those of changed segments
computed, the rest copied.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson
import sacrebleu
from sacrebleu.metrics.base import Metric
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.metrics.ter import TER

Statistics = npt.NDArray[np.float64]  # (segments, statistics of the metric)

BOOTSTRAP_SAMPLES = 1000  # sacrebleu's default
BOOTSTRAP_SEED = 12345  # sacrebleu's default


def make_metrics() -> dict[str, Metric]:
    """The metrics of the data's own table of "do nothing" scores, so that figures can be compared."""
    return {
        "ter": TER(),
        "ter_cased": TER(normalized=True, case_sensitive=True),
        "chrf": CHRF(),
        "bleu": BLEU(force=True),  # force: no warning about input that looks tokenised; the score is the same
    }


def signatures() -> dict[str, str]:
    """The signature of each metric, which says how to compute the same score elsewhere."""
    result = {}
    for name, metric in make_metrics().items():
        metric.corpus_score(["a b c d"], [["a b c d"]])  # a signature knows the number of references only after use
        result[name] = metric.get_signature().format(short=False)
    return result


@dataclass(frozen=True, slots=True)
class Difference:
    """A score before and after, and whether the change is more than chance.

    Attributes:
        interval: 95 % of paired bootstrap resamples change by something in between.
        p_value: Of the paired bootstrap test as sacrebleu does it: how often chance alone moves the score so far.
    """

    before: float
    after: float
    interval: tuple[float, float]
    p_value: float

    @property
    def delta(self) -> float:
        """After minus before; below 0 is better for TER, above 0 for chrF and BLEU."""
        return self.after - self.before


class SegmentScorer:
    """Segment statistics of each metric, and corpus scores of any selection of segments.

    Args:
        references: One per segment.
        originals: The unrepaired segments.
        cache: File to keep the statistics of ``originals`` in; statistics of other texts in it are replaced.
    """

    def __init__(self, originals: Sequence[str], references: Sequence[str], cache: Path | None = None) -> None:
        self._originals = list(originals)
        self._references = list(references)
        self.metrics = make_metrics()
        self.before = self._read(cache) or {n: self._compute(n, range(len(originals)), originals) for n in self.metrics}
        if cache is not None:
            self._write(cache)

    def statistics(self, texts: Sequence[str]) -> dict[str, Statistics]:
        """Statistics of repaired segments; only those that differ from the originals cost anything."""
        changed = [i for i, text in enumerate(texts) if text != self._originals[i]]
        result = {}
        for name in self.metrics:
            after = self.before[name].copy()
            if changed:
                after[changed] = self._compute(name, changed, [texts[i] for i in changed])
            result[name] = after
        return result

    def score(self, name: str, statistics: Statistics) -> float:
        """Corpus score of the given segments."""
        return float(self.metrics[name]._compute_score_from_stats(list(statistics.sum(axis=0))).score)

    def compare(self, name: str, after: Statistics, rows: Sequence[int]) -> Difference:
        """Score of ``rows`` before and after with a paired bootstrap (Koehn 2004, as sacrebleu implements it)."""
        index = np.asarray(rows)
        old, new = self.before[name][index], after[index]
        score_old, score_new = self.score(name, old), self.score(name, new)
        if np.array_equal(old, new):
            return Difference(score_old, score_new, (0.0, 0.0), 1.0)
        rng = np.random.default_rng(BOOTSTRAP_SEED)
        deltas = np.empty(BOOTSTRAP_SAMPLES)
        for sample in range(BOOTSTRAP_SAMPLES):
            drawn = rng.integers(len(index), size=len(index))
            deltas[sample] = self.score(name, new[drawn]) - self.score(name, old[drawn])
        low, high = np.quantile(deltas, [0.025, 0.975])
        # sacrebleu centres the absolute differences at their mean; kept so that its p-values are ours
        spread = np.abs(deltas) - np.abs(deltas).mean()
        p_value = (np.sum(spread > abs(score_new - score_old)) + 1) / (BOOTSTRAP_SAMPLES + 1)
        return Difference(score_old, score_new, (float(low), float(high)), float(p_value))

    def _compute(self, name: str, rows: Sequence[int], texts: Sequence[str]) -> Statistics:
        metric = self.metrics[name]
        stats = metric._extract_corpus_statistics(list(texts), [[self._references[i] for i in rows]])
        return np.asarray(stats, dtype=np.float64)

    def _read(self, cache: Path | None) -> dict[str, Statistics] | None:
        if cache is None or not cache.is_file():
            return None
        stored: Mapping[str, object] = orjson.loads(cache.read_bytes())
        if stored.get("key") != self._key():
            return None
        return {n: np.asarray(stored[n], dtype=np.float64) for n in self.metrics}

    def _write(self, cache: Path) -> None:
        cache.parent.mkdir(parents=True, exist_ok=True)
        payload = {"key": self._key(), **{n: s.tolist() for n, s in self.before.items()}}
        partial = cache.with_name(f"{cache.name}.{os.getpid()}")
        partial.write_bytes(orjson.dumps(payload))
        partial.replace(cache)

    def _key(self) -> dict[str, object]:
        texts = orjson.dumps([self._originals, self._references])
        digest = hashlib.sha256(texts).hexdigest()
        return {"sacrebleu": sacrebleu.__version__, "sha256": digest, "signatures": signatures()}
