"""From scores of the network to a confidence that means what it says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA, Prefix

from app.seq2seq.articles import MOST_ODDS
from app.seq2seq.constructions import is_opening

_PLAIN = (
    "bias", "detection_logit", "log_prob", "log_prob_per_piece", "insertion", "deletion", "punctuation", "long",
    "case_only", "article", "name_like", "at_start", "sentence_logit", "doubts", "misspelt", "as_suggested",
    "as_listed", "strokes", "letters", "frequency", "misspelt_logit", "joins", "opening_comma", "a_or_an",
    "article_logit", "unlikelier",
)  # fmt: skip
# How much a probability of the decoder tells depends on the sort of edit: these features count once more, times it.
_SORTS = (
    "insertion", "deletion", "punctuation", "case_only", "article", "name_like", "at_start", "misspelt", "as_suggested",
    "as_listed", "joins",
)  # fmt: skip
PRODUCTS = tuple(f"{name}_log_prob" for name in _SORTS)
FEATURES = (*_PLAIN, *PRODUCTS)
# What is known at the second reading tells more of one word's other form than of the rest, and not as much of each.
INFLECTIONS = ("final_s", "auxiliary", "ending")
READ_AGAIN = (
    *FEATURES, "logit_after", "log_ratio", "log_fit", *INFLECTIONS,
    *(f"{name}_{of}" for name in INFLECTIONS for of in ("detection_logit", "logit_after", "log_ratio")),
    "lm_likelier", "lm_unlikelier", "lm_log_ratio",
)  # fmt: skip
_LIKENESS = ("strokes", "letters", "frequency")
_LEAST_LOG_PROB = -1.6  # of an answer; below one in five there is nothing to tell apart
_LEAST_PER_PIECE = -6.0
_LEAST_DOUBT = 1e-3  # of an answer in its place; below it, and above its opposite, there is nothing to tell apart
_MOST_RATIO = 12.0  # of how likely the words are with and without the edit, as a logarithm: more is no surer
_LONG = 60  # characters of an answer: more are not counted
_MOST_LM_RATIO = 25.0  # the same by a language model, which sees all of the sentence
# How much higher the log odds of an answer may be once it has been read in its place: by the network, and by a language
# model as well.
LEEWAY, LEEWAY_WITH_LM = 1.0, 2.0
NEEDLESS = 2.0  # weight of an edit of a right sentence in the fit
_ARTICLES = frozenset({"", "a", "an", "the"})
_AUXILIARIES = frozenset(["am", "is", "are", "was", "were", "has", "have", "do", "does"])
_SHORTEST_STEM, _LONGEST_ENDING = 3, 3  # letters


@dataclass(frozen=True, slots=True)
class ScoredAnswer:
    """What the network wrote for one mark, with what calibration needs to know of it.

    Attributes:
        start, end: Code points of the segment that ``text`` replaces.
        detection: The detector's probability that the span is wrong.
        log_prob: Natural logarithm of the probability of the answer, its closing symbol included.
        n_pieces: Pieces of the answer.
        quality: Probability that the whole segment needs no edit.
        doubts: How many spans of the segment are in doubt.
        suggestion: What the lexicon suggests for the span, a word that it does not know; else empty.
        count: How often the lexicon has seen that.
        is_listed: Whether people are known to misspell it so.
        told: How likely a linker thinks the answer, a name that it told the network; else 0.
        log_ratio: Logarithm of how many times likelier the words are with the answer than without, by ``NGrams``; in
            place of a word that the lexicon does not know, how many times likelier the answer is there than elsewhere.
        article_odds: How much likelier the answer makes an article, as of ``articles.article_odds``.
        doubt_after: The detector's probability, once the answer stands in its place, that it is wrong.
        lm_log_ratio: Logarithm of how many times likelier the sentence is with the answer than without, by a language
            model; 0 without one.
    """

    start: int
    end: int
    text: str
    detection: float
    log_prob: float
    n_pieces: int
    quality: float
    doubts: int
    suggestion: str = ""
    count: int = 0
    is_listed: bool = False
    told: float = 0.0
    log_ratio: float = 0.0
    article_odds: float = 0.0
    doubt_after: float = 0.0
    lm_log_ratio: float = 0.0


def features(answer: ScoredAnswer, hypothesis: str) -> list[float]:
    """What speaks for and against an edit of ``hypothesis``, in the order of ``READ_AGAIN``."""
    old, new = hypothesis[answer.start : answer.end].strip(), answer.text.strip()
    clipped = max(-_MOST_RATIO, min(_MOST_RATIO, answer.log_ratio))
    ratio, fit = (0.0, clipped) if answer.suggestion else (clipped, 0.0)
    is_suggested = bool(answer.suggestion) and new.casefold() == answer.suggestion
    as_listed = is_suggested and answer.is_listed
    doubt, after = _logit(answer.detection), _logit(answer.doubt_after, _LEAST_DOUBT)
    plain = [
        1.0,
        doubt,
        max(answer.log_prob, _LEAST_LOG_PROB),
        max(answer.log_prob / (answer.n_pieces + 1 if new else 1), _LEAST_PER_PIECE),
        float(not old),
        float(not new),
        float(not any(c.isalnum() for c in old + new)),
        math.log1p(len(old) + min(len(new), _LONG)),
        float(old.casefold() == new.casefold()),
        float(old.casefold() in _ARTICLES and new.casefold() in _ARTICLES),
        float(answer.start > 0 and any(word[:1].isupper() for word in (old + " " + new).split())),
        float(answer.start == 0),
        _logit(answer.quality),
        math.log(max(answer.doubts, 1)),
        float(bool(answer.suggestion)),
        float(is_suggested),
        float(as_listed),
        *((0.0, 0.0, 0.0) if as_listed else _likeness(old, answer.suggestion, answer.count)),
        doubt if answer.suggestion else 0.0,
        float("." in old and old.replace(".", "").casefold().split() == new.casefold().split()),
        float(not old and new == "," and is_opening(hypothesis[: answer.start])),
        answer.article_odds,
        doubt if answer.article_odds > 0 else 0.0,
        min(ratio, 0.0),
    ]
    kind = inflection(old, new)
    inflected = [float(kind == name) for name in INFLECTIONS]
    return [
        *_with_products(dict(zip(_PLAIN, plain, strict=True))),
        after,
        ratio,
        fit,
        *inflected,
        *(is_so * value for is_so in inflected for value in (doubt, after, ratio)),
        math.log1p(max(answer.lm_log_ratio, 0.0)),
        math.log1p(max(-answer.lm_log_ratio, 0.0)),
        max(-_MOST_LM_RATIO, min(_MOST_LM_RATIO, answer.lm_log_ratio)) / 10,
    ]


def inflection(old: str, new: str) -> str:
    """Which of ``INFLECTIONS`` tells one text from another of as many words, one of which differs; empty: none.

    A noun or verb with or without its final s, another form of *be*, *have* or *do*, or another ending.
    """
    before, after = old.casefold().split(), new.casefold().split()
    if len(before) != len(after):
        return ""
    changed = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    if len(changed) != 1:
        return ""
    short, long = sorted(changed[0], key=len)
    if {short, long} <= _AUXILIARIES:
        return "auxiliary"
    if len(short) >= _SHORTEST_STEM and long in (short + "s", short + "es", short[:-1] + "ies"):
        return "final_s"
    stem = Prefix.similarity(short, long)
    return "ending" if stem >= _SHORTEST_STEM and len(long) - stem <= _LONGEST_ENDING else ""


def _with_products(plain: Mapping[str, float]) -> list[float]:
    return [*(plain[name] for name in _PLAIN), *(plain[name] * plain["log_prob"] for name in _SORTS)]


def _likeness(old: str, suggestion: str, count: int) -> tuple[float, float, float]:
    """Strokes from a word to its suggestion, and logarithms of its length and of the suggestion's count; zeros without
    one. Where people are known to misspell a word so, these say nothing more."""
    if not suggestion:
        return 0.0, 0.0, 0.0
    return float(OSA.distance(old.casefold(), suggestion)), math.log1p(len(old)), math.log10(1 + count)


def _logit(probability: float, least: float = 1e-4) -> float:
    p = min(max(probability, least), 1 - least)
    return math.log(p / (1 - p))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Two logistic regressions (Platt 1999), fitted on held-out sentences: one says what to ask about, one is believed.

    Attributes:
        first: Weights of ``FEATURES``: what is known when the answer is there. That its words are rare speaks against
            it; that they are common must not speak for it yet, or any doubt could turn out well and would be answered.
        second: Weights of ``READ_AGAIN``: what is known when the sentence has been read with the answer in it. No
            confidence is higher than what let the doubt be asked about (``bound``), or the answer be read again.
        leeway: How much higher the log odds may be once the answer has been read in its place.
    """

    first: tuple[float, ...]
    second: tuple[float, ...]
    leeway: float = LEEWAY

    def at_first(self, answer: ScoredAnswer, hypothesis: str) -> float:
        """The most that ``confidence`` can be, whatever the second reading says."""
        return self._at_first(answer, hypothesis, features(answer, hypothesis))

    def confidence(self, answer: ScoredAnswer, hypothesis: str) -> float:
        """Probability that the edit is right, 0 to 1, to four places: finer would be noise of the arithmetic."""
        row = features(answer, hypothesis)
        return min(self.believed(row), self._at_first(answer, hypothesis, row))

    def believed(self, row: Sequence[float]) -> float:
        """What the second regression says of ``features``."""
        return _probability(self.second, row)

    def _at_first(self, answer: ScoredAnswer, hypothesis: str, row: Sequence[float]) -> float:
        bound = self.bound(
            hypothesis[answer.start : answer.end],
            answer.detection,
            answer.quality,
            answer.doubts,
            at_start=answer.start == 0,
            suggestion=answer.suggestion,
            count=answer.count,
            is_listed=answer.is_listed,
        )
        return min(bound, _sigmoid(_dot(self.first, row[: len(FEATURES)]) + self.leeway))

    def to_json(self) -> dict[str, Any]:
        """Weights of either by feature name."""
        return {
            "first": dict(zip(FEATURES, self.first, strict=True)),
            "second": dict(zip(READ_AGAIN, self.second, strict=True)),
            "leeway": self.leeway,
        }

    def bound(
        self,
        old: str,
        detection: float,
        quality: float,
        doubts: int,
        *,
        at_start: bool,
        suggestion: str = "",
        count: int = 0,
        is_listed: bool = False,
    ) -> float:
        """The most confidence that any answer for a doubt could have: what is known of it, and the best of the rest.

        Args:
            old: The doubtful text.
            detection, quality, doubts: As in ``ScoredAnswer``.
            at_start: Whether the doubt may touch the start of the segment.
            suggestion, count, is_listed: What the lexicon suggests for it, how often that was seen, and whether people
                are known to misspell it so.
        """
        old = old.strip()
        known: dict[str, tuple[float, ...]] = dict.fromkeys(_PLAIN, (0.0, 1.0)) | {
            "bias": (1.0,),
            "detection_logit": (_logit(detection),),
            "insertion": (float(not old),),
            "long": (math.log1p(len(old)), math.log1p(len(old) + _LONG)),
            "sentence_logit": (_logit(quality),),
            "doubts": (math.log(max(doubts, 1)),),
            "misspelt": (float(bool(suggestion)),),
            "a_or_an": (-MOST_ODDS, MOST_ODDS),
            "article_logit": (0.0, _logit(detection)),
            "unlikelier": (-_MOST_RATIO, 0.0),
        }
        likeness = zip(_LIKENESS, _likeness(old, suggestion, count), strict=True)
        known |= {name: (value, 0.0) if is_listed else (value,) for name, value in likeness}
        known["misspelt_logit"] = (_logit(detection) if suggestion else 0.0,)
        has_capital = any(word[:1].isupper() for word in old.split())
        if not suggestion:
            known["as_suggested"] = (0.0,)
        if not is_listed:
            known["as_listed"] = (0.0,)
        if "." not in old:
            known["joins"] = (0.0,)
        if old:
            known["opening_comma"] = (0.0,)
        if any(c.isalnum() for c in old):
            known["punctuation"] = (0.0,)
        if not _ARTICLES & set(old.casefold().split()[:1]):
            known["a_or_an"] = known["article_logit"] = (0.0,)
        if old.casefold() not in _ARTICLES:
            known["article"] = (0.0,)
        if not at_start:
            known["at_start"] = (0.0,)
            if has_capital:
                known["name_like"] = (1.0,)
        written = known | {"deletion": (0.0,)}
        deleted = known | {
            "deletion": (1.0,),
            "opening_comma": (0.0,),
            "long": (math.log1p(len(old)),),
            "as_suggested": (0.0,),
            "as_listed": (0.0,),
            "a_or_an": (0.0,),
            "article_logit": (0.0,),
            "case_only": (float(not old),),
            "article": (float(old.casefold() in _ARTICLES),),
            "punctuation": (float(not any(c.isalnum() for c in old)),),
        }
        if not has_capital:
            deleted["name_like"] = (0.0,)
        # The log odds are linear in the decoder's log-probability whatever the rest is: its ends are enough. An answer
        # of no pieces has nothing but its closing symbol to be improbable.
        least = _LEAST_LOG_PROB
        return max(
            self._best(written | {"log_prob_per_piece": (0.0,)}, 0.0),
            self._best(written | {"log_prob_per_piece": (_LEAST_PER_PIECE, 0.0)}, least),
            self._best(deleted | {"log_prob_per_piece": (0.0,)}, 0.0),
            self._best(deleted | {"log_prob_per_piece": (_LEAST_PER_PIECE, least)}, least),
        )

    def _best(self, known: Mapping[str, tuple[float, ...]], log_prob: float) -> float:
        """The highest confidence for any choice of the features' values, at one end of the log-probability."""
        known = {**known, "log_prob": (log_prob,)}
        weight = dict(zip(FEATURES, self.first, strict=True))
        each = {name: weight[name] + weight.get(f"{name}_log_prob", 0.0) * log_prob for name in _PLAIN}
        chosen = {name: max((each[name] * value, value) for value in known[name])[1] for name in _PLAIN}
        return _probability(self.first, _with_products(chosen))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Calibration:
        """Read what ``to_json`` wrote.

        Raises:
            KeyError: A feature is missing.
        """
        return cls(
            tuple(float(values["first"][name]) for name in FEATURES),
            tuple(float(values["second"][name]) for name in READ_AGAIN),
            float(values["leeway"]),
        )

    @classmethod
    def fit(
        cls,
        rows: Sequence[Sequence[float]],
        right: Sequence[bool],
        weights: Sequence[float] | None = None,
        l2: float = 1.0,
        *,
        needless: Sequence[Sequence[float]] = (),
        leeway: float = LEEWAY,
    ) -> Calibration:
        """Fit by Newton's method.

        Args:
            rows: Of each edit, as ``features`` gives them.
            right: Whether each is right.
            weights: Of each; 1 if nothing is said.
            l2: Of the ridge.
            needless: Rows of edits of sentences that were right, of weight ``NEEDLESS`` each. They say what to look at,
                and not how many edits are right: how often a text is right is not known here.
            leeway: As the attribute.

        Raises:
            ValueError: There are no rows.
        """
        if not rows:
            raise ValueError("calibration needs at least one edit")
        verdicts = [*right, *(False for _ in needless)]
        mass = [*(weights or (1.0 for _ in rows)), *(NEEDLESS for _ in needless)]

        def fitted(n: int) -> tuple[float, ...]:
            """Weights of the first ``n`` features, stretched by what makes them a share of right edits."""
            plain = _fit([row[:n] for row in (*rows, *needless)], verdicts, mass, l2)
            shift, stretch = _fit([[1.0, _dot(plain, row[:n])] for row in rows], right, weights, l2)
            return (plain[0] * stretch + shift, *(weight * stretch for weight in plain[1:]))

        return cls(fitted(len(FEATURES)), fitted(len(READ_AGAIN)), leeway)

    @classmethod
    def never(cls) -> Calibration:
        """No edit is ever sure."""
        return cls((-30.0, *(0.0 for _ in FEATURES[1:])), (-30.0, *(0.0 for _ in READ_AGAIN[1:])))


_OF_NAMES = ("bias", "told_logit", "log_prob", "detection_logit")


@dataclass(frozen=True, slots=True)
class NameCalibration:
    """The same for a name that a linker told the network and that it wrote: what either thinks of it."""

    weights: tuple[float, ...]

    @staticmethod
    def features(answer: ScoredAnswer) -> list[float]:
        """What speaks for the name: linker, decoder, detector."""
        return [1.0, _logit(answer.told), max(answer.log_prob, _LEAST_LOG_PROB), _logit(answer.detection)]

    def confidence(self, answer: ScoredAnswer) -> float:
        """Probability that the name is right, 0 to 1, to four places."""
        return self.probability(self.features(answer))

    def probability(self, row: Sequence[float]) -> float:
        """The same for ``features`` that are already known."""
        return _probability(self.weights, row)

    def bound(self, told: float, detection: float) -> float:
        """The most confidence that a name could have, whatever the decoder thinks of it."""
        ends = (self.features(ScoredAnswer(0, 0, "", detection, end, 1, 1.0, 1, told=told)) for end in (-math.inf, 0.0))
        return max(map(self.probability, ends))

    def to_json(self) -> dict[str, float]:
        """Weights by feature name."""
        return dict(zip(_OF_NAMES, self.weights, strict=True))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> NameCalibration:
        """Read what ``to_json`` wrote.

        Raises:
            KeyError: A feature is missing.
        """
        return cls(tuple(float(values[name]) for name in _OF_NAMES))

    @classmethod
    def fit(cls, rows: Sequence[Sequence[float]], right: Sequence[bool], l2: float = 1.0) -> NameCalibration:
        """Fit as ``Calibration.fit`` does; without a row no name is ever sure."""
        return cls(_fit(rows, right, None, l2)) if rows else cls.never()

    @classmethod
    def never(cls) -> NameCalibration:
        """No name is ever sure."""
        return cls((-30.0, *(0.0 for _ in _OF_NAMES[1:])))


def _probability(weights: Sequence[float], row: Sequence[float]) -> float:
    return _sigmoid(_dot(weights, row))


def _dot(weights: Sequence[float], row: Sequence[float]) -> float:
    return sum(w * v for w, v in zip(weights, row, strict=True))


def _sigmoid(z: float) -> float:
    return round(1 / (1 + math.exp(-max(-30.0, min(30.0, z)))), 4)


def _fit(
    rows: Sequence[Sequence[float]], right: Sequence[bool], weights: Sequence[float] | None, l2: float
) -> tuple[float, ...]:
    """Weights of a logistic regression with a ridge on all but the first, by Newton's method."""
    x: npt.NDArray[np.float64] = np.asarray(rows, dtype=np.float64)
    y = np.asarray(right, dtype=np.float64)
    mass = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
    w = np.zeros(x.shape[1])
    penalty = np.eye(x.shape[1]) * l2
    penalty[0, 0] = 1e-6
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (mass * (p - y)) + penalty @ w
        hessian = (x * (mass * p * (1 - p))[:, None]).T @ x + penalty
        step = np.linalg.solve(hessian, gradient)
        w -= step
        if float(np.abs(step).max()) < 1e-8:
            break
    return tuple(float(v) for v in w)


def reliability(
    confidence: Sequence[float], right: Sequence[bool], weights: Sequence[float] | None = None, bins: int = 10
) -> tuple[float, list[dict[str, float]]]:
    """Expected calibration error (Naeini et al. 2015) over equal-width bins, and the bins.

    Args:
        confidence: Of each edit.
        right: Whether it was right.
        weights: Of each edit; 1 if nothing is said.
        bins: How many.
    """
    c, y = np.asarray(confidence), np.asarray(right, dtype=np.float64)
    mass = np.ones(len(c)) if weights is None else np.asarray(weights, dtype=np.float64)
    rows: list[dict[str, float]] = []
    error = 0.0
    for b in range(bins):
        inside = (c >= b / bins) & ((c < (b + 1) / bins) if b < bins - 1 else (c <= 1.0))
        n = int(inside.sum())
        if n:
            mean, share = (float(np.average(values[inside], weights=mass[inside])) for values in (c, y))
            error += float(mass[inside].sum() / mass.sum()) * abs(mean - share)
            rows.append({"from": b / bins, "n": n, "confidence": round(mean, 4), "right": round(share, 4)})
    return error, rows


def choose_threshold(
    confidence: Sequence[float],
    gain: Sequence[int],
    harm: Sequence[tuple[Sequence[float], float]] = (),
    *,
    least_precision: float,
    is_real: Sequence[bool] = (),
    most_cost: float = math.inf,
) -> float:
    """The confidence from which on edits save most word edits in all, within bounds on harm and precision.

    Args:
        confidence: Of each edit on held-out translations.
        gain: Word edits that it saves (negative: costs).
        harm: Of each bound, confidences of edits of text that is right, the highest of each sentence, and how many of
            them may be made.
        least_precision: Least share of edits that must save something.
        is_real: Which edits are of real translations; none if empty.
        most_cost: Word edits that those, taken together, may cost more than they save.

    Returns:
        A threshold in steps of 0.01; 1.01, which no edit reaches, where no threshold keeps the bounds.
    """
    c, g = np.asarray(confidence), np.asarray(gain)
    guarded = np.asarray(is_real, dtype=bool) if len(is_real) else np.zeros(len(c), dtype=bool)
    best, best_gain = 1.01, 0
    for step in range(30, 100):
        threshold = step / 100
        chosen = g[c >= threshold]
        if not len(chosen) or any((np.asarray(done) >= threshold).sum() > most for done, most in harm):
            continue
        if g[(c >= threshold) & guarded].sum() < -most_cost:
            continue
        if (chosen > 0).mean() >= least_precision and chosen.sum() > best_gain:
            best, best_gain = threshold, int(chosen.sum())
    return best
