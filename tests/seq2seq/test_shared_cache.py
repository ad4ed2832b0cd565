"""A memory in a file: the answers of the other Generator, asked once by all processes together."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.protocols import GenerationTask, ModelCard, NameHint, Proposal, ProposedEdit
from app.core.types import Mode, Span
from app.seq2seq import shared_cache
from app.seq2seq.echo import EchoGenerator
from app.seq2seq.shared_cache import SharedCachingGenerator, decode, encode, uses
from tests.seq2seq.test_cache import Counting, tasks_of


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text("abcd", max_size=6), max_size=8), st.integers(1, 5))
def test_the_answers_are_those_of_the_other_generator(batches: list[str], most: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cached = SharedCachingGenerator(Counting(), Path(folder) / "cache", most)
        for batch in batches:
            assert cached.generate(tasks_of(batch)) == Counting().generate(tasks_of(batch))


@given(
    st.lists(st.tuples(st.integers(0, 9), st.text(), st.floats(0, 1), st.lists(st.tuples(st.text(), st.floats(0, 1))))),
    st.floats(0, 1),
    st.sampled_from(["", "too_long"]),
)
def test_a_proposal_comes_back_to_the_last_bit(
    edits: list[tuple[int, str, float, list[tuple[str, float]]]], quality: float, reason: str
) -> None:
    made = tuple(ProposedEdit(Span(at, at + 1), text, sure, tuple(others)) for at, text, sure, others in edits)
    proposal = Proposal(made, quality, reason)
    assert decode(encode(proposal)) == proposal


def test_what_one_has_worked_out_none_does_again(tmp_path: Path) -> None:
    one, other = Counting(), Counting()
    SharedCachingGenerator(one, tmp_path / "cache", 10).generate(tasks_of("aba"))
    second = SharedCachingGenerator(other, tmp_path / "cache", 10)
    assert second.generate(tasks_of("bc")) == Counting().generate(tasks_of("bc"))
    assert (one.asked, other.asked) == (["a", "b"], ["c"])
    assert (second.asked, second.remembered) == (2, 1)
    assert uses(tmp_path / "cache") == (5, 2)


def test_another_hint_or_another_model_is_another_task(tmp_path: Path) -> None:
    class Other(Counting):
        card = ModelCard("other", "1", "cd" * 32)

    hinted = [GenerationTask("a"), GenerationTask("a", (NameHint(Span(0, 1), "b", 0.9),))]
    for generator in (Counting(), Other()):
        SharedCachingGenerator(generator, tmp_path / "cache", 10).generate(hinted)
        assert generator.asked == ["a", "a"]


def test_the_oldest_goes_first(tmp_path: Path) -> None:
    inner = Counting()
    cached = SharedCachingGenerator(inner, tmp_path / "cache", 2)
    for batch in ("a", "b", "c", "b", "a"):
        cached.generate(tasks_of(batch))
    assert inner.asked == ["a", "b", "c", "a"]


def test_more_than_a_query_takes_is_asked_in_several(tmp_path: Path) -> None:
    tasks = [GenerationTask(str(i)) for i in range(1201)]
    inner = Counting()
    cached = SharedCachingGenerator(inner, tmp_path / "cache", 5000)
    assert cached.generate(tasks) == cached.generate(tasks)
    assert len(inner.asked) == 1201


@pytest.mark.parametrize("content", [None, b"this is no database, whatever its name says" * 99])
def test_a_file_that_cannot_be_used_costs_speed_alone(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "cache"
    if content is None:
        path = tmp_path / "nowhere" / "cache"
    else:
        path.write_bytes(content)
    inner = Counting()
    cached = SharedCachingGenerator(inner, path, 10)
    for _ in range(2):
        assert cached.generate(tasks_of("ab")) == Counting().generate(tasks_of("ab"))
    assert inner.asked == ["a", "b"] * 2


def generate(path: Path, first: int) -> None:
    shared_cache._BUSY_S = 60.0  # on a machine with much else to do, too
    cached = SharedCachingGenerator(Counting(), path, 100_000)
    for at in range(first, first + 200):
        cached.generate([GenerationTask(str(n)) for n in range(at, at + 20)])


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=generate, args=(tmp_path / "cache", first)) for first in (0, 100, 200)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert uses(tmp_path / "cache")[0] == 3 * 200 * 20
    inner = Counting()
    SharedCachingGenerator(inner, tmp_path / "cache", 100_000).generate([GenerationTask(str(n)) for n in range(420)])
    assert inner.asked == ["419"]


def test_card_and_operating_point_are_the_other_generators(tmp_path: Path) -> None:
    cached = SharedCachingGenerator(EchoGenerator(), tmp_path / "cache", 1)
    assert cached.card == EchoGenerator().card
    assert cached.operating_point(Mode.FLUENT) == 1.0


def test_a_failure_of_the_other_generator_is_not_remembered(tmp_path: Path) -> None:
    class Failing(Counting):
        def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
            raise RuntimeError("once")

    with pytest.raises(RuntimeError, match="once"):
        SharedCachingGenerator(Failing(), tmp_path / "cache", 10).generate(tasks_of("a"))
    inner = Counting()
    SharedCachingGenerator(inner, tmp_path / "cache", 10).generate(tasks_of("a"))
    assert inner.asked == ["a"]
