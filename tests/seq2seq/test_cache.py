"""A Generator that remembers answers as the other would, and asks it less."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from app.core.protocols import GenerationTask, NameHint, Proposal
from app.core.types import Mode, Span
from app.seq2seq.cache import CachingGenerator
from app.seq2seq.echo import EchoGenerator


class Counting(EchoGenerator):
    """Answers each task with its length, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        self.asked += [task.text for task in tasks]
        return [Proposal(quality=1 / (1 + len(task.text))) for task in tasks]


def tasks_of(text: str) -> list[GenerationTask]:
    return [GenerationTask(word) for word in text]


@given(st.lists(st.text("abcd", max_size=6), max_size=8), st.integers(1, 5))
def test_the_answers_are_those_of_the_other_generator(batches: list[str], most: int) -> None:
    cached = CachingGenerator(Counting(), most)
    for batch in batches:
        assert cached.generate(tasks_of(batch)) == Counting().generate(tasks_of(batch))


def test_a_task_is_asked_once() -> None:
    inner = Counting()
    cached = CachingGenerator(inner, 10)
    cached.generate(tasks_of("aba"))
    cached.generate(tasks_of("bc"))
    assert inner.asked == ["a", "b", "c"]


def test_a_task_with_another_hint_is_another_task() -> None:
    inner = Counting()
    cached = CachingGenerator(inner, 10)
    cached.generate([GenerationTask("a"), GenerationTask("a", (NameHint(Span(0, 1), "b", 0.9),))])
    assert inner.asked == ["a", "a"]


def test_the_least_recently_used_goes_first() -> None:
    inner = Counting()
    cached = CachingGenerator(inner, 2)
    for batch in ("a", "b", "a", "c", "a", "b"):
        cached.generate(tasks_of(batch))
    assert inner.asked == ["a", "b", "c", "b"]


def test_card_and_operating_point_are_the_other_generators() -> None:
    cached = CachingGenerator(EchoGenerator(), 1)
    assert cached.card == EchoGenerator().card
    assert cached.operating_point(Mode.FLUENT) == 1.0
