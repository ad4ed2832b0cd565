from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel
import pytest

from app.serving.admission import Admission, OverloadedError
from app.serving.lanes import Lane

EDITOR, BULK = Lane.INTERACTIVE, Lane.BULK


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def gate(slots: int = 1, waiting: int = 100, waiting_tokens: int = 10_000) -> tuple[Admission, Clock]:
    clock = Clock()
    return Admission(slots=slots, waiting=waiting, waiting_tokens=waiting_tokens, clock=clock), clock


async def worked(admission: Admission, clock: Clock, tokens: int, seconds: float) -> None:
    """Let one request be served, so that the rate is known."""
    turn = await admission.enter(EDITOR, tokens, 60)
    clock.now += seconds
    admission.leave(turn)


async def order_of(admission: Admission, lanes: list[Lane]) -> list[int]:
    """In which order requests, queued behind one at work, get their turns."""
    order: list[int] = []

    async def come(number: int, lane: Lane) -> None:
        turn = await admission.enter(lane, 10, 1e9)
        order.append(number)
        admission.leave(turn)

    busy = await admission.enter(EDITOR, 10, 60)
    async with anyio.create_task_group() as tasks:
        for number, lane in enumerate(lanes):
            tasks.start_soon(come, number, lane)
            while admission.waiting <= number:
                await anyio.lowlevel.checkpoint()
        admission.leave(busy)
    return order


def run(test: Callable[[], Awaitable[None]]) -> None:
    anyio.run(test)


def test_turns_are_given_in_order_of_arrival_within_a_lane() -> None:
    async def test() -> None:
        assert await order_of(gate()[0], [EDITOR] * 4) == [0, 1, 2, 3]

    run(test)


def test_editors_go_before_bulk_and_bulk_is_not_forgotten() -> None:
    async def test() -> None:
        order = await order_of(gate()[0], [BULK, BULK] + [EDITOR] * 20)
        assert order[:3] == [2, 3, 4]
        assert order.index(0) < 10
        assert set(order) == set(range(22))

    run(test)


def test_bulk_leaves_one_slot_free() -> None:
    async def test() -> None:
        admission, _ = gate(slots=2)
        first = await admission.enter(BULK, 10, 60)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(admission.enter, BULK, 10, 60.0)
            await anyio.wait_all_tasks_blocked()
            assert (admission.working, admission.waiting) == (1, 1)
            with anyio.fail_after(5):
                await admission.enter(EDITOR, 10, 60)  # at once
            admission.leave(first)
        assert admission.working == 2

    run(test)


def test_bulk_has_the_only_slot_where_there_is_one() -> None:
    async def test() -> None:
        admission, _ = gate(slots=1)
        with anyio.fail_after(5):
            await admission.enter(BULK, 10, 60)

    run(test)


def test_a_request_that_would_wait_too_long_is_refused_at_once() -> None:
    async def test() -> None:
        admission, clock = gate()
        await worked(admission, clock, tokens=100, seconds=1)  # 100 tokens a second
        await admission.enter(EDITOR, 1000, 60)
        assert admission.estimate_wait_s(EDITOR) == pytest.approx(10)
        with pytest.raises(OverloadedError) as caught:
            await admission.enter(EDITOR, 10, latency_s=4)
        assert (caught.value.retry_after_s, caught.value.is_full) == (6, False)
        clock.now += 7  # of the ten seconds three are left
        assert admission.estimate_wait_s(EDITOR) == pytest.approx(3)

    run(test)


def test_an_editor_waits_for_editors_only_and_bulk_for_all() -> None:
    async def test() -> None:
        admission, clock = gate()
        await worked(admission, clock, tokens=100, seconds=1)
        await admission.enter(EDITOR, 100, 60)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(admission.enter, BULK, 1000, 60.0)
            await anyio.wait_all_tasks_blocked()
            assert admission.estimate_wait_s(EDITOR) == pytest.approx(1)
            assert admission.estimate_wait_s(BULK) == pytest.approx(11)
            tasks.cancel_scope.cancel()

    run(test)


def test_nothing_is_refused_for_its_wait_before_anything_was_measured() -> None:
    async def test() -> None:
        assert await order_of(gate()[0], [EDITOR] * 3) == [0, 1, 2]

    run(test)


@pytest.mark.parametrize(("limits", "refused"), [((2, 10_000), 2), ((100, 35), 3)])
def test_the_queue_is_bounded_in_requests_and_in_tokens(limits: tuple[int, int], refused: int) -> None:
    async def test() -> None:
        admission, _ = gate(waiting=limits[0], waiting_tokens=limits[1])
        await admission.enter(EDITOR, 10, 60)
        async with anyio.create_task_group() as tasks:
            for _ in range(refused):
                tasks.start_soon(admission.enter, EDITOR, 10, 60.0)
            await anyio.wait_all_tasks_blocked()
            assert admission.waiting == refused
            with pytest.raises(OverloadedError) as caught:
                await admission.enter(EDITOR, 10, 60)
            assert caught.value.is_full
            tasks.cancel_scope.cancel()
        assert admission.waiting == 0

    run(test)


def test_one_long_text_may_wait_where_nothing_else_does() -> None:
    async def test() -> None:
        admission, _ = gate(waiting_tokens=5)
        await admission.enter(EDITOR, 10, 60)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(admission.enter, EDITOR, 1000, 60.0)
            await anyio.wait_all_tasks_blocked()
            assert admission.waiting_tokens == 1000
            tasks.cancel_scope.cancel()

    run(test)


def test_who_gives_up_frees_the_place() -> None:
    async def test() -> None:
        admission, _ = gate()
        busy = await admission.enter(EDITOR, 10, 60)
        with anyio.move_on_after(0):
            await admission.enter(EDITOR, 500, 60)
        assert (admission.waiting, admission.waiting_tokens, admission.working) == (0, 0, 1)
        admission.leave(busy)
        with anyio.fail_after(5):
            await admission.enter(EDITOR, 10, 60)

    run(test)


def test_a_turn_that_was_given_to_one_who_left_goes_to_the_next() -> None:
    async def test() -> None:
        admission, _ = gate()
        busy = await admission.enter(EDITOR, 10, 60)
        served = []

        async def come(name: str) -> None:
            turn = await admission.enter(EDITOR, 10, 60)
            try:
                await anyio.lowlevel.checkpoint()
                served.append(name)
            finally:
                admission.leave(turn)

        with anyio.fail_after(5):
            async with anyio.create_task_group() as outer, anyio.create_task_group() as leaving:
                leaving.start_soon(come, "leaves")
                await anyio.wait_all_tasks_blocked()
                outer.start_soon(come, "stays")
                await anyio.wait_all_tasks_blocked()
                admission.leave(busy)  # gives the turn, and before it is taken
                leaving.cancel_scope.cancel()
        assert served == ["stays"]
        assert (admission.working, admission.waiting) == (0, 0)

    run(test)
