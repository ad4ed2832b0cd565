from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from app.core.errors import InputError, ResourceError
from app.core.rules import Rules
from app.core.types import RepairOptions
from app.serving.lanes import AbandonedError, Ticket, working_for
from app.serving.processes import BrokenEngineError, EngineProcesses, LostError
from tests.api.engines import pipeline
from tests.serving.engines import build

TEXT = "The the minister has went home. He said that he is glad."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("engines")
    (place / "version").write_text("one")
    return place


@pytest.fixture(scope="module")
def engines(folder: Path) -> Iterator[EngineProcesses]:
    running = EngineProcesses(partial(build, folder), Rules(), count=2, threads=4)
    running.start()
    yield running
    running.close()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.005)


def test_an_answer_is_that_of_the_engine_itself(engines: EngineProcesses) -> None:
    options = RepairOptions(disabled_rules=frozenset({"MTR_REPEATED_WORD"}))
    for wanted in (None, options):
        given, own = (replace(e.repair(TEXT, wanted), timing_s=()) for e in (engines, pipeline()))
        assert given == own
    assert engines.repair(TEXT).text != engines.repair(TEXT, options).text
    assert (engines.card, engines.kb_version) == (pipeline().card, "one")


def test_an_error_of_the_caller_keeps_its_place(engines: EngineProcesses) -> None:
    with pytest.raises(InputError) as found:
        engines.repair("REFUSE")
    assert (found.value.code, found.value.pointer) == ("invalid-pattern", "/protect/patterns/0")


def test_a_slip_says_where_and_nothing_of_the_text(engines: EngineProcesses, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(BrokenEngineError) as found:
        engines.repair("SLIP Zw4nary")
    assert "ValueError" in str(found.value)
    assert "engines.py:" in caplog.text
    assert "Zw4nary" not in str(found.value) + caplog.text


def test_a_process_that_is_killed_loses_what_it_was_at_work_on_and_nothing_else(
    engines: EngineProcesses, folder: Path
) -> None:
    before, restarts = set(engines.pids), []
    engines.watch(lambda *_: None, lambda *_: None, lambda: restarts.append(1))
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(engines.repair, f"HOLD kill{i}") for i in range(2)]  # one in each: the least busy has it
        until(lambda: all((folder / f"kill{i}-holds").exists() for i in range(2)))
        os.kill(min(before), signal.SIGKILL)
        until(lambda: any(call.done() for call in held))
        assert engines.repair(TEXT).text.startswith("The minister")  # by the other one
        for i in range(2):
            (folder / f"kill{i}-goes").touch()
        errors = [call.exception() for call in held]
    assert [type(error) for error in errors if error] == [LostError]
    until(lambda: engines.ready == 2)
    assert len(set(engines.pids) & before) == 1
    assert restarts == [1]


def test_a_text_that_kills_its_process_kills_one_and_another_takes_its_place(engines: EngineProcesses) -> None:
    with pytest.raises(LostError):
        engines.repair("DIE")
    assert engines.repair(TEXT).text.startswith("The minister")
    until(lambda: engines.ready == 2)


def test_an_abandoned_document_frees_its_thread(engines: EngineProcesses, folder: Path) -> None:
    ticket = Ticket()

    def repair() -> None:
        with working_for(ticket):
            engines.repair("HOLD left")

    with ThreadPoolExecutor(1) as pool:
        left = pool.submit(repair)
        until((folder / "left-holds").exists)
        ticket.abandoned.set()
        assert isinstance(left.exception(60), AbandonedError)
    for i in range(8):  # as many as all threads: none is taken
        (folder / f"after{i}-goes").touch()
    with ThreadPoolExecutor(8) as pool:
        assert len(list(pool.map(engines.repair, [f"HOLD after{i}" for i in range(8)]))) == 8


def test_batches_and_memory_are_told_of(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("one")
    batches: list[tuple[int, int, float, float]] = []
    asked: list[tuple[int, int]] = []
    running = EngineProcesses(partial(build, tmp_path), Rules(), count=1, threads=1)
    running.start()
    running.watch(lambda *batch: batches.append(batch), lambda *found: asked.append(found), lambda: None)
    for _ in range(4):
        running.repair("A sentence that nobody sent before.")
    running.close()
    assert [sum(counts) for counts in zip(*asked, strict=True)] == [4, 3]
    assert [sentences for sentences, _, _, _ in batches] == [1]


def test_a_reload_brings_in_what_is_new_and_loses_nothing(engines: EngineProcesses, folder: Path) -> None:
    stop = threading.Event()
    before = set(engines.pids)

    def ask() -> int:
        count = 0
        while not stop.is_set():
            assert engines.repair(TEXT).text.startswith("The minister")
            count += 1
        return count

    with ThreadPoolExecutor(3) as pool:
        clients = [pool.submit(ask) for _ in range(3)]
        (folder / "version").write_text("two")
        try:
            engines.reload()
        finally:
            stop.set()
        assert all(client.result() > 0 for client in clients)
    assert engines.kb_version == "two"
    assert engines.ready == 2
    assert not set(engines.pids) & before


def test_a_document_on_its_way_to_a_process_that_a_reload_stops_goes_to_the_new_one(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("one")
    running = EngineProcesses(partial(build, tmp_path), Rules(), count=1, threads=1)
    running.start()

    class Reloading(Ticket):
        """Asked for its time once a process is chosen, and before that has the document."""

        def left_s(self) -> float:
            if running.kb_version == "one":
                (tmp_path / "version").write_text("two")
                running.reload()
            return super().left_s()

    with working_for(Reloading()):
        assert running.repair(TEXT).text.startswith("The minister")
    assert running.kb_version == "two"
    running.close()


def test_a_reload_of_what_is_broken_leaves_what_is_there(engines: EngineProcesses, folder: Path) -> None:
    before = engines.pids
    version = (folder / "version").read_text()
    (folder / "version").unlink()
    with pytest.raises(ResourceError, match="write one"):
        engines.reload()
    (folder / "version").write_text(version)
    assert engines.pids == before
    assert engines.repair(TEXT).text.startswith("The minister")


def test_an_engine_that_cannot_be_built_stops_the_start(tmp_path: Path) -> None:
    broken = EngineProcesses(partial(build, tmp_path), Rules(), count=1, threads=1)
    with pytest.raises(ResourceError, match="no version; write one"):
        broken.start()
    with pytest.raises(LostError):
        broken.repair(TEXT)


def test_a_close_finishes_what_is_under_way(tmp_path: Path) -> None:
    (tmp_path / "version").write_text("one")
    running = EngineProcesses(partial(build, tmp_path), Rules(), count=1, threads=1)
    running.start()
    (pid,) = running.pids
    with ThreadPoolExecutor(2) as pool:
        held = pool.submit(running.repair, "HOLD end")
        until((tmp_path / "end-holds").exists)
        os.kill(pid, signal.SIGTERM)  # as sent to the whole group
        closing = pool.submit(running.close)
        (tmp_path / "end-goes").touch()
        assert held.result(60).text == "HOLD end"
        closing.result(60)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
