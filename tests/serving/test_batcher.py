from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import GenerationError
from app.core.protocols import GenerationTask, ModelCard, Proposal, ProposedEdit
from app.core.types import Mode, Span
from app.serving.batcher import BatchingGenerator, tokens_of
from app.serving.lanes import AbandonedError, Lane, Ticket, working_for


class Recorder:
    """Proposes to write each text in capitals, and remembers what it was asked together.

    Attributes:
        gate: Waited for before each answer.
        entered: Set once a batch is at the gate.
    """

    card = ModelCard("recorder", "1", "")

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.gate, self.entered = threading.Event(), threading.Event()
        self.gate.set()

    def operating_point(self, mode: Mode) -> float:
        return 0.5

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        self.batches.append([task.text for task in tasks])
        self.entered.set()
        assert self.gate.wait(30)
        if any(task.text == "bad" for task in tasks):
            raise GenerationError("one of them")
        if any(task.text == "slip" for task in tasks):
            raise RuntimeError("of ours")
        return [Proposal((ProposedEdit(Span(0, len(t.text)), t.text.upper(), 0.9),)) for t in tasks]


@pytest.fixture
def inner() -> Recorder:
    return Recorder()


@pytest.fixture
def batcher(inner: Recorder) -> Iterator[BatchingGenerator]:
    made = BatchingGenerator(inner, batch_tokens=64, window_s=0.0)
    yield made
    inner.gate.set()
    made.close()


def ask(generator: BatchingGenerator, *texts: str, ticket: Ticket | None = None) -> list[str]:
    with working_for(ticket or Ticket()):
        return [p.edits[0].text for p in generator.generate([GenerationTask(text) for text in texts])]


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.001)


def queue_up(
    pool: ThreadPoolExecutor, inner: Recorder, batcher: BatchingGenerator, *calls: tuple[Ticket, list[str]]
) -> list[Callable[[], list[str]]]:
    """Let calls wait, in this order, behind one that is in the network."""
    inner.gate.clear()
    inner.entered.clear()
    first = pool.submit(ask, batcher, "first")
    assert inner.entered.wait(30)
    waiting: list[Callable[[], list[str]]] = [first.result]
    for ticket, texts in calls:
        before = batcher.waiting_tokens
        waiting.append(pool.submit(ask, batcher, *texts, ticket=ticket).result)
        until(lambda before=before: batcher.waiting_tokens > before)  # type: ignore[misc]
    inner.batches.clear()
    return waiting


def test_calls_of_many_threads_share_a_batch(inner: Recorder, batcher: BatchingGenerator) -> None:
    with ThreadPoolExecutor(8) as pool:
        calls = queue_up(pool, inner, batcher, *((Ticket(), [f"text {i}"]) for i in range(5)))
        inner.gate.set()
        assert [call() for call in calls[1:]] == [[f"TEXT {i}"] for i in range(5)]
    assert inner.batches == [[f"text {i}" for i in range(5)]]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.text("acdefghi ", max_size=60), max_size=6), max_size=8))
def test_every_call_gets_its_own_answers_in_order(calls: list[list[str]]) -> None:
    batcher = BatchingGenerator(Recorder(), batch_tokens=32, window_s=0.001)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda texts: ask(batcher, *texts), calls))
    batcher.close()
    assert answers == [[text.upper() for text in texts] for texts in calls]
    assert batcher.waiting_tokens == 0


def test_no_batch_is_over_its_tokens_but_for_one_task_alone(inner: Recorder, batcher: BatchingGenerator) -> None:
    texts = ["a" * n for n in (5, 300, 40, 80, 20, 120, 33, 60)]
    ask(batcher, *texts)
    assert sorted(text for batch in inner.batches for text in batch) == sorted(texts)
    for batch in inner.batches:
        longest = max(tokens_of(GenerationTask(text)) for text in batch)
        assert len(batch) == 1 or longest * len(batch) <= 64


def test_a_sentence_that_several_ask_for_is_worked_on_once(inner: Recorder, batcher: BatchingGenerator) -> None:
    with ThreadPoolExecutor(4) as pool:
        calls = queue_up(pool, inner, batcher, (Ticket(), ["same", "one"]), (Ticket(), ["same"]))
        inner.gate.set()
        assert [call() for call in calls[1:]] == [["SAME", "ONE"], ["SAME"]]
    assert sorted(text for batch in inner.batches for text in batch) == ["one", "same"]


def test_the_interactive_lane_goes_first(inner: Recorder, batcher: BatchingGenerator) -> None:
    long = [f"{i:03} {'x' * 120}" for i in range(6)]
    with ThreadPoolExecutor(4) as pool:
        calls = queue_up(pool, inner, batcher, (Ticket(Lane.BULK), long), (Ticket(Lane.INTERACTIVE), ["editor"]))
        inner.gate.set()
        for call in calls:
            call()
    assert inner.batches[0][0] == "editor"


def test_the_bulk_lane_moves_on_under_load(inner: Recorder, batcher: BatchingGenerator) -> None:
    busy = [f"{i:03} {'x' * 120}" for i in range(40)]
    with ThreadPoolExecutor(4) as pool:
        calls = queue_up(pool, inner, batcher, (Ticket(Lane.INTERACTIVE), busy), (Ticket(Lane.BULK), ["bulk"]))
        inner.gate.set()
        for call in calls:
            call()
    where = next(i for i, batch in enumerate(inner.batches) if "bulk" in batch)
    assert where < len(inner.batches) - 1


def test_a_long_call_does_not_hold_up_the_next(inner: Recorder, batcher: BatchingGenerator) -> None:
    long = [f"{i:03} {'x' * 100}" for i in range(20)]
    with ThreadPoolExecutor(4) as pool:
        calls = queue_up(pool, inner, batcher, (Ticket(), long), (Ticket(), ["short"]))
        inner.gate.set()
        for call in calls:
            call()
    assert any("short" in batch for batch in inner.batches[:2])


def test_what_nobody_waits_for_is_dropped(inner: Recorder, batcher: BatchingGenerator) -> None:
    ticket = Ticket()
    with ThreadPoolExecutor(4) as pool:
        calls = queue_up(pool, inner, batcher, (ticket, ["gone", "away"]), (Ticket(), ["stays"]))
        ticket.abandoned.set()
        with pytest.raises(AbandonedError):  # at once: the network is still busy with the first
            calls[1]()
        inner.gate.set()
        assert calls[2]() == ["STAYS"]
    assert inner.batches == [["stays"]]
    assert batcher.waiting_tokens == 0


def test_one_who_fails_takes_no_other_along(inner: Recorder, batcher: BatchingGenerator) -> None:
    with ThreadPoolExecutor(4) as pool:
        calls = queue_up(pool, inner, batcher, (Ticket(), ["fine"]), (Ticket(), ["bad"]), (Ticket(), ["good"]))
        inner.gate.set()
        assert (calls[1](), calls[3]()) == (["FINE"], ["GOOD"])
        with pytest.raises(GenerationError):
            calls[2]()


def test_a_slip_reaches_its_callers_and_the_thread_goes_on(batcher: BatchingGenerator) -> None:
    with pytest.raises(RuntimeError, match="of ours"):
        ask(batcher, "slip")
    assert ask(batcher, "next") == ["NEXT"]


def test_closing_finishes_what_is_queued(inner: Recorder, batcher: BatchingGenerator) -> None:
    with ThreadPoolExecutor(4) as pool:
        calls = queue_up(pool, inner, batcher, (Ticket(), ["queued"]))
        closing = pool.submit(batcher.close)
        inner.gate.set()
        assert calls[1]() == ["QUEUED"]
        closing.result(30)
    with pytest.raises(GenerationError, match="stopped"):
        ask(batcher, "late")


def test_a_window_waits_for_company_until_the_batch_is_full(inner: Recorder) -> None:
    batcher = BatchingGenerator(inner, batch_tokens=9, window_s=30)
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(ask, batcher, text) for text in ("aaaa", "bbbb", "cccc")]  # three tokens each
        assert [call.result(20) for call in calls] == [["AAAA"], ["BBBB"], ["CCCC"]]
    batcher.close()
    assert [sorted(batch) for batch in inner.batches] == [["aaaa", "bbbb", "cccc"]]


def test_batches_are_told_of(batcher: BatchingGenerator) -> None:
    told: list[tuple[int, int]] = []
    ticket = Ticket(observe=lambda sentences, tokens, waited, spent: told.append((sentences, tokens)))
    ask(batcher, "four", "five", ticket=ticket)
    until(lambda: bool(told))
    assert told == [(2, 6)]


def test_it_stands_in_for_the_other(inner: Recorder, batcher: BatchingGenerator) -> None:
    assert (batcher.card, batcher.operating_point(Mode.FLUENT)) == (inner.card, 0.5)
    assert batcher.generate([]) == []
