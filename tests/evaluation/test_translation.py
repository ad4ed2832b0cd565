"""Corpus scores from cached statistics equal sacrebleu's own."""

from pathlib import Path

import pytest
import sacrebleu

from app.evaluation.translation import SegmentScorer, make_metrics

ORIGINALS = [
    "He go to the school today.",
    "Two soldiers was injured near Riga.",
    "All is well here.",
    "It ran in 1956.",
]
REFERENCES = [
    "He goes to school today.",
    "Two soldiers were injured near Riga.",
    "All is well here.",
    "It began in 1956.",
]
REPAIRED = ["He goes to the school today.", ORIGINALS[1], ORIGINALS[2], "It ran out in 1956."]


def test_scores_equal_those_of_sacrebleu() -> None:
    scorer = SegmentScorer(ORIGINALS, REFERENCES)
    after = scorer.statistics(REPAIRED)
    for name, metric in make_metrics().items():
        for texts, stats in ((ORIGINALS, scorer.before), (REPAIRED, after)):
            expected = metric.corpus_score(texts, [REFERENCES]).score
            assert scorer.score(name, stats[name]) == pytest.approx(expected)
    assert scorer.score("ter", after["ter"]) == pytest.approx(sacrebleu.corpus_ter(REPAIRED, [REFERENCES]).score)


def test_doing_nothing_changes_nothing_for_certain() -> None:
    scorer = SegmentScorer(ORIGINALS, REFERENCES)
    difference = scorer.compare("ter", scorer.statistics(ORIGINALS)["ter"], range(4))
    assert (difference.delta, difference.interval, difference.p_value) == (0.0, (0.0, 0.0), 1.0)


def test_a_group_is_scored_by_its_own_rows() -> None:
    scorer = SegmentScorer(ORIGINALS, REFERENCES)
    after = scorer.statistics(REPAIRED)["ter"]
    assert scorer.compare("ter", after, [0]).delta < 0
    assert scorer.compare("ter", after, [1, 2]).delta == 0
    assert scorer.compare("ter", after, [3]).delta > 0


def test_a_repair_everywhere_is_significant_and_one_in_many_is_not() -> None:
    originals = ["He go home now."] * 40
    scorer = SegmentScorer(originals, ["He goes home now."] * 40)
    everywhere = scorer.compare("ter", scorer.statistics(["He goes home now."] * 40)["ter"], range(40))
    mixed = ["He goes home now.", "He go house now."] * 20  # as much harm as good
    balanced = scorer.compare("ter", scorer.statistics([*mixed[:-1], originals[0]])["ter"], range(40))
    assert everywhere.interval[1] < 0
    assert balanced.interval[0] < 0 < balanced.interval[1]
    assert balanced.p_value > 0.05


def test_the_cache_is_used_only_for_the_same_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache" / "set.json"
    first = SegmentScorer(ORIGINALS, REFERENCES, cache)
    computed: list[str] = []
    compute = SegmentScorer._compute

    def count(self: SegmentScorer, name: str, *rest: object) -> object:
        computed.append(name)
        return compute(self, name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(SegmentScorer, "_compute", count)
    second = SegmentScorer(ORIGINALS, REFERENCES, cache)
    assert computed == []
    assert all((second.before[n] == first.before[n]).all() for n in first.metrics)
    SegmentScorer(ORIGINALS[:2], REFERENCES[:2], cache)
    assert computed == list(first.metrics)
    other = SegmentScorer(ORIGINALS[2:], REFERENCES[2:], cache)  # as many rows as the cache holds, but other texts
    fresh = SegmentScorer(ORIGINALS[2:], REFERENCES[2:])
    assert all((other.before[n] == fresh.before[n]).all() for n in fresh.metrics)
