from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator

import pytest

from app.api.main import create_app
from app.evaluation.load import Round, Service, batched_over_single, bodies_of, closed_loop, open_loop, soak
from app.settings import Settings
from tests.api.engines import WilfulEngine
from tests.api.running import listening

SENTENCES = ["The the minister has went home.", "Sound text."]


@pytest.fixture
def engine() -> WilfulEngine:
    return WilfulEngine()


@pytest.fixture
def url(engine: WilfulEngine) -> Iterator[str]:
    with listening(create_app(Settings(concurrent_repairs=1, waiting_repairs=1), engine)) as address:
        yield address


def test_figures_are_those_of_the_answers() -> None:
    found = Round("some", seconds=2.0, accepted_s=[i / 1000 for i in range(1, 101)], refused_s=[0.002, 0.001])
    figures = found.figures()
    assert figures["requests_per_s"] == 50
    assert (figures["p50_ms"], figures["p95_ms"], figures["p99_ms"]) == (51, 96, 100)
    assert (figures["refused"], figures["slowest_refusal_ms"]) == (2, 2)


def test_batching_is_measured_against_one_client() -> None:
    rounds = [
        Round("1 clients", seconds=2.0, clients=1, accepted_s=[0.1] * 20),
        Round("8 clients", seconds=2.0, clients=8, accepted_s=[0.2] * 60),
        Round("open", seconds=2.0, accepted_s=[0.2] * 900),
    ]
    assert batched_over_single(rounds) == 3
    assert batched_over_single(rounds[1:]) is None


def test_nothing_came_of_a_round_without_answers() -> None:
    figures = Round("none", seconds=1.0).figures()
    assert (figures["requests_per_s"], figures["p99_ms"], figures["slowest_refusal_ms"]) == (0, None, None)


def test_a_closed_loop_counts_what_was_accepted(url: str) -> None:
    found = asyncio.run(closed_loop(url, 2, 0.3, bodies_of(SENTENCES, random.Random(1), 5000)))
    assert found.accepted_s
    assert not found.others
    assert found.probes_s
    assert found.per_s == pytest.approx(len(found.accepted_s) / found.seconds)


def test_a_closed_loop_counts_refusals_and_errors_apart(url: str, engine: WilfulEngine) -> None:
    many = asyncio.run(closed_loop(url, 8, 0.5, bodies_of(SENTENCES, random.Random(1), 5000)))
    assert many.refused_s
    assert not many.others
    engine.error = ValueError("of ours")
    broken = asyncio.run(closed_loop(url, 1, 0.1, bodies_of(SENTENCES, random.Random(1), 5000)))
    assert set(broken.others) == {"500"}
    assert not broken.accepted_s


def test_an_open_loop_does_not_wait_for_answers(url: str, engine: WilfulEngine) -> None:
    bodies = bodies_of(SENTENCES, random.Random(1), 5000)
    found = asyncio.run(open_loop("some", url, 40, 1.0, bodies, random.Random(2)))
    total = len(found.accepted_s) + len(found.refused_s)
    assert 20 <= total <= 65
    assert not found.others


def test_a_long_run_meets_nothing_but_answers_and_refusals(url: str) -> None:
    found = asyncio.run(soak(Service(os.getpid(), url), SENTENCES, seconds=1.5, clients=4, seed=3))
    assert not found.wrong
    assert {kind.partition(":")[0] for kind in found.answers} >= {"repair", "broken"}
    assert len(found.memory) > 2
    assert abs(found.growth(0.0)) < 1
