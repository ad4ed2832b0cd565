"""How the operating points of the linker are chosen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.names.link import SHAPES, WeightTable
from scripts.fit_linker import (
    IDENTITY,
    Best,
    Design,
    Point,
    Sample,
    Tally,
    articles,
    best_of,
    best_together,
    calibrate,
    fit,
    operating_points,
    score,
)


def sample(*, right: bool, source: str = "errors", reading: int = 0, score: float = 1.0) -> Sample:
    features = (("spelling", score),)
    return Sample(reading, "place", features, right, 1.0, 0, "text", source, not right, False, False, True, 0, "")


def best(log_odds: float, *, right: bool, source: str = "errors") -> Best:
    return Best(log_odds, -35.0, right, sample(right=right, source=source))


TABLE = WeightTable(0.0, {}, IDENTITY, 1.0)


def test_a_point_lies_before_each_wrong_change() -> None:
    bests = [best(5 - i / 10, right=i not in (6, 12)) for i in range(20)]
    assert [(p.right, p.wrong) for p in operating_points(bests, TABLE, 0.5, 100_000)] == [
        (0, 0),
        (6, 0),
        (11, 1),
        (18, 2),
    ]


def test_changes_in_clean_text_end_the_points() -> None:
    bests = [best(5 - i / 10, right=True) for i in range(20)]
    bests.append(best(4.55, right=False, source="documents"))
    assert max(p.right for p in operating_points(bests, TABLE, 0.5, 100_000)) == 20
    assert max(p.right for p in operating_points(bests, TABLE, 0.5, 100)) == 5


def test_points_are_chosen_for_all_shapes_together() -> None:
    chosen = best_together({
        "person": [Point(0.95), Point(0.9, 40, 0), Point(0.8, 50, 3)],
        "place": [Point(0.95), Point(0.9, 3, 1), Point(0.8, 30, 2)],
    })  # fmt: skip
    assert {shape: (p.right, p.wrong) for shape, p in chosen.items()} == {"person": (40, 0), "place": (30, 2)}


def test_what_references_of_unread_translations_refute_counts_beside_what_they_bear_out() -> None:
    bests = [best(5 - i / 10, right=i != 4, source="pairs") for i in range(8)]
    bests += [best(4.95 - i / 10, right=True) for i in range(20)]
    points = [(p.right, p.borne_out, p.refuted) for p in operating_points(bests, TABLE, 0.5, 100_000)]
    assert points == [(0, 0, 0), (4, 4, 0), (20, 7, 1)]
    chosen = best_together({"place": [Point(0.95), Point(0.9, 5, 0, 0, 20, 1), Point(0.8, 9, 0, 0, 30, 9)]})
    assert chosen["place"].right == 5


def test_no_point_lies_below_what_a_shape_needs() -> None:
    bests = [best(5 - i / 2, right=True) for i in range(10)]  # down to log odds of a half
    assert operating_points(bests, TABLE, 0.5, 100_000)[-1].right == 10
    assert operating_points(bests, TABLE, 0.9, 100_000)[-1].right == 6


def test_of_points_that_are_right_as_often_the_one_with_fewest_wrong_is_taken() -> None:
    high, low = Point(0.9, 60, 0, 0, 20, 1), Point(0.8, 60, 0, 0, 20, 3)
    assert best_together({"place": [high, low]})["place"] == high
    assert best_together({"place": [high, replace(low, right=65)]})["place"] == replace(low, right=65)


def test_a_wrong_change_costs_more_than_a_right_one_brings() -> None:
    high, low = Point(0.9, 60, 0, 0, 20, 1), Point(0.8, 61, 0, 0, 22, 3)
    assert best_together({"place": [high, low]})["place"] == high


def test_articles_help_to_say_where_to_begin_and_not_how_many_changes_are_right() -> None:
    bests = [best(5 - i / 10, right=i != 4, source="articles") for i in range(8)]
    bests += [best(4.95 - i / 10, right=True) for i in range(20)]
    points = operating_points(bests, TABLE, 0.5, 100_000)
    assert [(p.right, p.in_articles, p.wrong_in_articles) for p in points] == [(0, 0, 0), (4, 4, 0), (20, 7, 1)]
    high, low = Point(0.9, 60), Point(0.8, 61, 1)
    assert best_together({"place": [high, low]})["place"] == high
    told = replace(low, in_articles=3)
    assert best_together({"place": [high, told]})["place"] == told
    assert best_together({"place": [high, replace(told, wrong=9)]})["place"] == high


def test_articles_are_cases_with_what_should_stand_there(tmp_path: Path) -> None:
    path = tmp_path / "articles.txt"
    path.write_text("a1\nFrom [[Varsovia|Warsaw]] to [[Praga|Prague]].\n\na2\nAll is well in Rome.\n", "utf-8")
    assert [(c.id, c.text, c.reference) for c in articles(path)] == [
        ("a1", "From Varsovia to Praga.", "From Warsaw to Prague."),
        ("a2", "All is well in Rome.", "All is well in Rome."),
    ]


def test_where_nothing_is_right_often_enough_nothing_is_changed() -> None:
    chosen = best_together({"place": [Point(0.95), Point(0.8, 3, 1)]})
    assert chosen["place"] == Point(0.95)


def test_what_speaks_for_right_candidates_gets_a_weight_above_nought() -> None:
    rng = np.random.default_rng(3)
    samples = [
        sample(right=bool(ok), reading=i, score=float(np.clip(0.3 + 0.5 * ok + rng.normal(0, 0.1), 0, 1)))
        for i, ok in enumerate(rng.integers(0, 2, 200))
    ]
    assert fit(Design.of(samples)).weights["spelling"] > 1


def test_a_weight_against_the_meaning_of_its_feature_is_left_out() -> None:
    samples = [sample(right=i % 2 == 0, reading=i, score=0.2 if i % 2 == 0 else 0.9) for i in range(100)]
    assert fit(Design.of(samples)).weights.get("spelling", 0.0) == 0.0


def test_where_few_are_right_a_step_that_overshoots_is_halved() -> None:
    rng = np.random.default_rng(1)
    samples = [
        Sample(
            i, "place",
            (("hinted", 1.0), ("fuller_form", float(rng.random() < 0.9)), ("spelling", 0.9 if i < 10 else 0.6)),
            i < 10, 1.0, 0, "text", "errors", i >= 10, False, False, True, 0, "",
        )
        for i in range(4000)
    ]  # fmt: skip
    table = fit(Design.of(samples))
    assert all(abs(weight) < 10 for weight in table.weights.values())
    assert table.weights["spelling"] > 0.5


def test_what_the_linker_never_prints_makes_no_point() -> None:
    bests = [best(5 - i / 10, right=True) for i in range(20)]
    bests.append(Best(4.55, -35.0, False, replace(sample(right=False), is_barred=True)))
    assert [(p.right, p.wrong) for p in operating_points(bests, TABLE, 0.5, 100_000)][-1] == (20, 0)


def test_where_either_form_may_stand_a_change_is_no_harm() -> None:
    bests = [best(9 - i / 10, right=i < 20, source="errors" if i < 20 else "right") for i in range(60)]
    (*_, stopped) = operating_points(bests, TABLE, 0.5, 100_000)
    neutral = [replace(b, sample=replace(b.sample, is_variant=b.sample.source == "right")) for b in bests]
    (*_, on) = operating_points(neutral, TABLE, 0.5, 100_000)
    assert (stopped.harm, on.harm) == (30, 0)
    assert on.least < stopped.least


def test_a_rival_is_another_name_that_could_be_printed_and_no_record_of_the_same_place() -> None:
    samples = [
        replace(sample(right=True, score=1.0), text="best", place=0),
        replace(sample(right=False, score=0.9), text="the same place", place=0),
        replace(sample(right=False, score=0.8), text="never printed", is_rival=False, place=1),
        replace(sample(right=False, score=0.1), text="rival", place=2),
        *(replace(sample(right=i % 3 == 0, score=(i % 3 == 0) * 1.0, reading=i), fold=1) for i in range(1, 40)),
    ]
    designs = {shape: Design.of([s for s in samples if s.shape == shape]) for shape in SHAPES}
    (found,) = [b for b in best_of(samples, designs) if b.sample.reading == 0]
    (lowest,) = [s for s in samples if s.text == "rival"]
    assert found.sample.text == "best"
    assert found.second == score(fit(designs["place"].without(0)), lowest)


def test_a_shape_whose_changes_are_right_oftener_is_trusted_more_at_the_same_log_odds() -> None:
    rng = np.random.default_rng(5)
    bests = []
    for shape, share in (("person", 0.9), ("place", 0.6)):
        for right in rng.random(300) < share:
            one = best(float(rng.normal(1.0 if right else -1.0, 1.0)), right=bool(right))
            bests.append(replace(one, sample=replace(one.sample, shape=shape)))
    points = calibrate(bests)
    at = {shape: dict(points[shape]) for shape in points}
    assert at["person"][0.0] > at["place"][0.0] + 0.1
    assert at["place"][-5.0] < at["place"][0.0] < at["place"][5.0]
    for shape in ("person", "place"):
        near = [b for b in bests if b.sample.shape == shape and abs(b.log_odds) < 0.5]
        assert abs(at[shape][0.0] - sum(b.is_right for b in near) / len(near)) < 0.15
    assert at["organisation"][0.0] == pytest.approx((at["person"][0.0] + at["place"][0.0]) / 2, abs=0.15)  # unseen


def test_names_are_counted_with_the_little_words_in_them() -> None:
    tally = Tally()
    for _ in range(2):
        tally.add(["They met at the Bank of the Lower Vaher in spring.", "They met Joy and Puu of old Vaher there."])
    attested = tally.attested()
    assert {"bank of the lower vaher", "bank of the lower", "lower vaher"} <= attested.keys()
    assert not {"of the lower vaher", "joy and puu", "puu of old vaher"} & attested.keys()
