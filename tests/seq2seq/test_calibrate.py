"""Confidence that means what it says."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.seq2seq.calibrate import (
    FEATURES,
    INFLECTIONS,
    LEEWAY,
    LEEWAY_WITH_LM,
    READ_AGAIN,
    Calibration,
    ScoredAnswer,
    choose_threshold,
    features,
    inflection,
    reliability,
)

ANSWER = ScoredAnswer(3, 5, "goes", 0.9, -0.1, 1, 0.2, 1)


def test_there_is_a_value_for_every_feature() -> None:
    assert len(features(ANSWER, "He go home")) == len(READ_AGAIN)


@pytest.mark.parametrize(
    ("name", "answer", "text"),
    [
        ("insertion", ScoredAnswer(2, 2, " the", 0.9, -0.1, 1, 0.2, 1), "in sea"),
        ("deletion", ScoredAnswer(2, 6, "", 0.9, -0.1, 0, 0.2, 1), "in the sea"),
        ("punctuation", ScoredAnswer(2, 3, ".", 0.9, -0.1, 1, 0.2, 1), "in,"),
        ("case_only", ScoredAnswer(3, 6, "The", 0.9, -0.1, 1, 0.2, 1), "in the"),
        ("article", ScoredAnswer(3, 6, "a", 0.9, -0.1, 1, 0.2, 1), "in the sea"),
        ("name_like", ScoredAnswer(3, 6, "Sea", 0.9, -0.1, 1, 0.2, 1), "in ocean"),
        ("misspelt", ScoredAnswer(3, 6, "she", 0.9, -0.1, 1, 0.2, 1, "sea"), "in see"),
        ("as_suggested", ScoredAnswer(3, 6, "sea", 0.9, -0.1, 1, 0.2, 1, "sea"), "in see"),
        ("strokes", ScoredAnswer(3, 6, "she", 0.9, -0.1, 1, 0.2, 1, "sea"), "in see"),
        ("frequency", ScoredAnswer(3, 6, "sea", 0.9, -0.1, 1, 0.2, 1, "sea", 9), "in see"),
        ("joins", ScoredAnswer(2, 7, " sea", 0.9, -0.1, 1, 0.2, 1), "in. Sea"),
        ("at_start", ScoredAnswer(0, 2, "On", 0.9, -0.1, 1, 0.2, 1), "in sea"),
        ("opening_comma", ScoredAnswer(11, 11, ",", 0.9, -0.1, 1, 0.2, 1), "In addition he left"),
    ],
)
def test_each_sort_of_edit_is_told_apart(name: str, answer: ScoredAnswer, text: str) -> None:
    at = FEATURES.index(name)
    assert features(answer, text)[at] == 1.0
    assert features(ANSWER, "He go home")[at] == 0.0


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("He walk", "He walks", "final_s"),
        ("cities", "city", "final_s"),
        ("boxes", "box", "final_s"),
        ("the regions is", "the regions are", "auxiliary"),
        ("Has", "have", "auxiliary"),
        ("was walked", "was walking", "ending"),
        ("invest", "invested", "ending"),
        ("by", "buys", ""),
        ("make", "made", ""),
        ("it are", "they is", ""),
        ("go", "goes to", ""),
        ("", "goes", ""),
        ("He", "he", ""),
    ],
)
def test_what_one_word_became_is_told_by_its_end(old: str, new: str, name: str) -> None:
    assert inflection(old, new) == name
    row = dict(zip(READ_AGAIN, features(replace(ANSWER, start=0, end=len(old), text=new, doubt_after=0.2), old),
                   strict=True))  # fmt: skip
    for kind in INFLECTIONS:
        for of in ("detection_logit", "logit_after"):
            assert row[f"{kind}_{of}"] == (row[of] if kind == name else 0.0)


def test_a_fit_finds_the_probability_behind_the_data() -> None:
    rng = random.Random(1)
    rows = [[1.0, rng.uniform(-3, 3)] + [0.0] * (len(READ_AGAIN) - 2) for _ in range(4000)]
    right = [rng.random() < 1 / (1 + 2.718281828 ** -(0.5 + row[1])) for row in rows]
    fitted = Calibration.fit(rows, right)
    for weights in (fitted.first, fitted.second):
        assert weights[0] == pytest.approx(0.5, abs=0.15)
        assert weights[1] == pytest.approx(1.0, abs=0.15)
    error, _ = reliability([fitted.believed(row) for row in rows], right)
    assert error < 0.03


WORDS = st.sampled_from(
    [
        "",
        "the",
        ". The",
        ". Goes",
        "a",
        "an",
        "a house",
        "an house",
        "The",
        "go",
        "Goes",
        ",",
        ".",
        " ",
        "house of",
        "12",
    ]
)


@given(
    st.lists(st.floats(-3, 3), min_size=len(READ_AGAIN), max_size=len(READ_AGAIN)),
    st.floats(0, 1),
    st.sampled_from(["", "In ", "He, "]),
    WORDS,
    WORDS,
    st.floats(0.01, 1),
    st.floats(-30, 0),
    st.integers(1, 24),
    st.floats(0, 1),
    st.integers(1, 9),
    st.sampled_from(["", "goes", "the"]),
    st.integers(0, 10**6),
    st.booleans(),
    st.floats(-30, 30),
    st.floats(-4, 4),
)
def test_no_answer_is_more_confident_than_the_bound_of_its_doubt(
    weights: list[float], doubt_after: float, before: str, old: str, new: str, detection: float, log_prob: float,
    n: int, quality: float, doubts: int, suggestion: str, count: int, listed: bool,
    log_ratio: float, odds: float,
) -> None:  # fmt: skip
    calibration = Calibration(tuple(weights[: len(FEATURES)]), tuple(weights))
    start, end = len(before), len(before) + len(old)
    listed = listed and bool(suggestion)
    odds = odds if {old.split()[:1] == ["a"], new.split()[:1] == ["a"]} == {True, False} and old.strip() else 0.0
    answer = ScoredAnswer(
        start, end, new, detection, log_prob, n, quality, doubts, suggestion, count, listed, 0.0, log_ratio, odds,
        doubt_after,
    )  # fmt: skip
    bound = calibration.bound(
        old, detection, quality, doubts, at_start=not before, suggestion=suggestion, count=count, is_listed=listed
    )
    hypothesis = f"{before}{old} home"
    assert calibration.confidence(answer, hypothesis) <= calibration.at_first(answer, hypothesis) <= bound


def test_calibration_survives_its_file() -> None:
    calibration = Calibration(
        tuple(float(i) for i in range(len(FEATURES))), tuple(float(-i) for i in range(len(READ_AGAIN)))
    )
    assert Calibration.from_json(calibration.to_json()) == calibration


def test_a_doubt_that_is_left_lowers_the_confidence_and_none_never_raises_it() -> None:
    first = (2.0, *(0.0 for _ in FEATURES[1:]))
    weights = dict.fromkeys(READ_AGAIN, 0.0) | {"bias": 2.0, "logit_after": -1.0}
    calibration = Calibration(first, tuple(weights.values()))
    sure, unsure = (replace(ANSWER, doubt_after=p) for p in (0.5, 0.9))
    assert calibration.confidence(sure, "He go home") == pytest.approx(0.8808)
    assert calibration.confidence(unsure, "He go home") == pytest.approx(0.4509)


def test_no_confidence_is_higher_than_what_let_the_doubt_be_asked_about_or_much_higher_than_at_first() -> None:
    sure = (9.0, *(0.0 for _ in READ_AGAIN[1:]))
    unlikely, unsure_answer = dict.fromkeys(FEATURES, 0.0), dict.fromkeys(FEATURES, 0.0)
    unlikely["bias"] = -1.0
    of_unlikely = Calibration(tuple(unlikely.values()), sure)
    assert of_unlikely.confidence(ANSWER, "He go home") == pytest.approx(0.2689)  # the bound
    unsure_answer |= {"bias": -1.0, "long": -1.0, "insertion": 9.0}
    of_unsure = Calibration(tuple(unsure_answer.values()), sure)
    insertion = replace(ANSWER, end=ANSWER.start, text=" a" * 30)
    at_first = of_unsure.at_first(insertion, "He go home")
    assert of_unsure.confidence(insertion, "He go home") == at_first < 0.999


def test_words_that_are_likelier_without_an_answer_speak_against_it_before_it_is_read_again() -> None:
    weights = dict.fromkeys(READ_AGAIN, 0.0) | {"unlikelier": 0.5, "log_ratio": 0.25}
    calibration = Calibration(tuple(weights[n] for n in FEATURES), tuple(weights.values()))
    common, rare, rarest = (replace(ANSWER, log_ratio=r) for r in (4.0, -4.0, -400.0))
    assert calibration.at_first(common, "He go home") == 0.5 > calibration.at_first(rare, "He go home")
    assert calibration.confidence(rare, "He go home") == pytest.approx(0.0474, abs=1e-4)
    assert calibration.confidence(rarest, "He go home") > 0


def test_of_a_misspelling_that_people_make_its_likeness_says_nothing_more() -> None:
    told = replace(ANSWER, suggestion=ANSWER.text, count=99)
    names = ("strokes", "letters", "frequency")
    listed, other = (dict(zip(READ_AGAIN, features(a, "He go home"), strict=True))
                     for a in (replace(told, is_listed=True), told))  # fmt: skip
    assert [listed[name] for name in names] == [0.0, 0.0, 0.0]
    assert all(other[name] for name in names)
    assert (listed["as_listed"], other["as_listed"], listed["as_suggested"], other["as_suggested"]) == (1, 0, 1, 1)
    astray = dict(zip(READ_AGAIN, features(replace(told, is_listed=True, text="gone"), "He go home"), strict=True))
    assert astray["strokes"]
    assert not astray["as_listed"]


def test_nothing_to_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Calibration.fit([], [])


def test_confidence_that_is_always_wrong_has_the_error_to_show_for_it() -> None:
    error, rows = reliability([0.95] * 10, [False] * 10)
    assert error == pytest.approx(0.95)
    assert rows == [{"from": 0.9, "n": 10, "confidence": 0.95, "right": 0.0}]


def test_the_threshold_takes_the_edits_that_gain_and_leaves_those_that_cost() -> None:
    confidence, gain = [0.9, 0.8, 0.6, 0.5], [1, 1, -1, -1]
    assert choose_threshold(confidence, gain, least_precision=0.5) == pytest.approx(0.61)


def test_harm_on_clean_text_raises_the_threshold() -> None:
    confidence, gain, clean = [0.9, 0.7], [1, 1], [0.75, 0.72]
    assert choose_threshold(confidence, gain, [(clean, 0)], least_precision=0.5) == pytest.approx(0.76)
    assert choose_threshold(confidence, gain, [(clean, 1)], least_precision=0.5) == pytest.approx(0.73)
    assert choose_threshold(confidence, gain, [(clean, 2), (clean[1:], 0)], least_precision=0.5) == pytest.approx(0.73)


def test_where_no_threshold_keeps_the_bounds_no_edit_reaches_it() -> None:
    assert choose_threshold([0.9], [-1], least_precision=0.5) > 1


def test_what_real_translations_lose_in_all_raises_the_threshold() -> None:
    confidence, gain, guarded = [0.9, 0.8, 0.8, 0.7], [1, -2, 3, 1], [True, True, False, False]
    free = choose_threshold(confidence, gain, least_precision=0.5)
    held = choose_threshold(confidence, gain, least_precision=0.5, is_real=guarded, most_cost=0)
    assert (free, held) == (0.3, 0.81)


def test_a_row_of_weight_two_counts_as_two_rows() -> None:
    rng = random.Random(3)
    rows = [[1.0, rng.uniform(-3, 3)] + [0.0] * (len(READ_AGAIN) - 2) for _ in range(200)]
    right = [rng.random() < 0.5 + row[1] / 8 for row in rows]
    weighted = Calibration.fit(rows, right, [2.0] * 100 + [1.0] * 100)
    doubled = Calibration.fit(rows[:100] + rows, right[:100] + right)
    assert weighted.first == pytest.approx(doubled.first, abs=1e-9)
    assert weighted.second == pytest.approx(doubled.second, abs=1e-9)
    confidence = [weighted.believed(row) for row in rows]
    once, _ = reliability(confidence, right, [2.0] * 100 + [1.0] * 100)
    twice, _ = reliability(confidence[:100] + confidence, right[:100] + right)
    assert once == pytest.approx(twice)


def test_what_is_edited_in_right_sentences_is_trusted_less_and_the_rest_stays_calibrated() -> None:
    rng = random.Random(4)

    def row(signal: float, looks_so: float) -> list[float]:
        return [1.0, signal, *[0.0] * 10, looks_so, *[0.0] * (len(READ_AGAIN) - 13)]

    rows = [row(rng.uniform(-3, 3), float(rng.random() < 0.5)) for _ in range(2000)]
    right = [rng.random() < 1 / (1 + 2.718281828 ** -r[1]) for r in rows]
    needless = [row(rng.uniform(-3, 3), 1.0) for _ in range(400)]
    plain, warned = Calibration.fit(rows, right), Calibration.fit(rows, right, needless=needless)
    assert warned.believed(row(1.0, 1.0)) < plain.believed(row(1.0, 1.0))
    assert warned.believed(row(1.0, 0.0)) > warned.believed(row(1.0, 1.0)) + 0.05
    error, _ = reliability([warned.believed(r) for r in rows], right)
    assert error < 0.04


def test_what_a_language_model_finds_likelier_is_learned_to_be_right() -> None:
    rng = random.Random(4)
    answers = [replace(ANSWER, lm_log_ratio=rng.uniform(-20, 20)) for _ in range(400)]
    right = [a.lm_log_ratio + rng.gauss(0, 4) > 0 for a in answers]
    fitted = Calibration.fit([features(a, "He go home") for a in answers], right, leeway=LEEWAY_WITH_LM)
    rows = [features(replace(ANSWER, lm_log_ratio=ratio), "He go home") for ratio in (-30, -9, -3, 3, 9)]
    sure = [fitted.believed(row) for row in rows]
    assert sure == sorted(sure)
    assert sure[0] < 0.1
    assert sure[-1] > 0.8


def test_a_language_model_may_raise_the_confidence_by_more() -> None:
    first = {**dict.fromkeys(FEATURES, 0.0), "long": -1.0}
    second = (9.0, *(0.0 for _ in READ_AGAIN[1:]))
    insertion = replace(ANSWER, end=ANSWER.start, text=" a" * 30)
    alone, with_lm = (
        Calibration(tuple(first.values()), second, leeway).confidence(insertion, "He go home")
        for leeway in (LEEWAY, LEEWAY_WITH_LM)
    )
    odds = [math.log(p / (1 - p)) for p in (alone, with_lm)]
    assert odds[1] - odds[0] == pytest.approx(LEEWAY_WITH_LM - LEEWAY, abs=0.02)


def test_without_a_language_model_its_features_weigh_nothing() -> None:
    fitted = Calibration.fit([features(ANSWER, "He go home")] * 4, [True, True, True, False])
    weights = fitted.to_json()["second"]
    assert [weights[name] for name in READ_AGAIN if name.startswith("lm_")] == [0.0, 0.0, 0.0]
