"""Many requests at once: who is refused, how soon, and who gives up a place."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest

from app.api.deps import Service
from app.api.errors import ProblemError
from app.api.main import create_app
from app.core.protocols import GenerationTask, ModelCard, Proposal
from app.core.types import Mode
from app.serving.batcher import BatchingGenerator
from app.serving.lanes import Lane
from app.serving.processes import MOST_LOSSES, LostError
from app.settings import Settings
from app.telemetry import Metrics
from tests.api.engines import WilfulEngine, pipeline
from tests.api.running import listening


@pytest.fixture
def engine() -> WilfulEngine:
    return WilfulEngine()


@pytest.fixture
def port(engine: WilfulEngine) -> Iterator[int]:
    """A service on a socket with one thread and room for four."""
    with listening(create_app(Settings(concurrent_repairs=1, waiting_repairs=4), engine)) as address:
        while send(int(address.rpartition(":")[2]), "/readyz", None)[0] != 200:
            pass
        yield int(address.rpartition(":")[2])
        engine.gate.set()


def send(port: int, path: str, body: object) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(
            "GET" if body is None else "POST", path, None if body is None else json.dumps(body),
            {} if body is None else {"Content-Type": "application/json"},
        )  # fmt: skip
        response = connection.getresponse()
        return response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
    finally:
        connection.close()


def waiting(port: int) -> float:
    text = send(port, "/metrics", None)[2].decode()
    return float(next(line for line in text.splitlines() if line.startswith("mt_repair_waiting_requests ")).split()[1])


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.005)


def test_what_cannot_be_done_in_time_is_refused_at_once(engine: WilfulEngine, port: int) -> None:
    assert send(port, "/repair", {"text": "It is so. " * 20})[0] == 200  # now a rate is known
    engine.gate.clear()
    engine.entered.clear()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(send, port, "/repair", {"text": "It is so. " * 9000})
        assert engine.entered.wait(30)
        status, headers, body = send(port, "/repair", {"text": "It is so.", "max_latency_ms": 1})
        assert (status, json.loads(body)["type"]) == (503, "/problems/queue-full")
        assert int(headers["retry-after"]) >= 1
        assert not first.done()  # refused while the first is still at work
        engine.gate.set()
        assert first.result(60)[0] == 200


def test_a_full_queue_refuses_and_then_serves_what_it_took(engine: WilfulEngine, port: int) -> None:
    engine.gate.clear()
    engine.entered.clear()
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(send, port, "/repair", {"text": "Hello."})
        assert engine.entered.wait(30)
        taken = [pool.submit(send, port, "/repair", {"text": "Hello."}) for _ in range(4)]
        until(lambda: waiting(port) == 4)
        status, headers, _ = send(port, "/repair", {"text": "Hello."})
        assert (status, headers["retry-after"]) == (503, "1")
        status, _, body = send(port, "/v2/check", {"text": "Hello.", "language": "en"})
        assert (status, body[:7]) == (503, b"Error: ")
        assert send(port, "/v2/healthcheck", None)[2] == b"OK"
        engine.gate.set()
        assert [call.result(30)[0] for call in (first, *taken)] == [200] * 5


def test_who_hangs_up_gives_up_the_place(engine: WilfulEngine, port: int) -> None:
    engine.gate.clear()
    engine.entered.clear()
    body = b'{"text": "Hello."}'
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(send, port, "/repair", {"text": "Hello."})
        assert engine.entered.wait(30)
        with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
            raw.sendall(
                b"POST /repair HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            until(lambda: waiting(port) == 1)
        until(lambda: waiting(port) == 0)
        assert not first.done()
        engine.gate.set()
        assert first.result(30)[0] == 200


class Gated:
    """A network that answers once its gate is open."""

    card = ModelCard("gated", "1", "")

    def __init__(self) -> None:
        self.gate, self.entered = threading.Event(), threading.Event()
        self.seen: list[str] = []

    def operating_point(self, mode: Mode) -> float:
        return 0.5

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        self.seen.extend(task.text for task in tasks)
        self.entered.set()
        assert self.gate.wait(30)
        return [Proposal() for _ in tasks]


def test_sentences_of_one_who_hangs_up_never_reach_the_network() -> None:
    network = Gated()
    network.gate.set()
    batcher = BatchingGenerator(network, batch_tokens=64, window_s=0.0)
    app = create_app(Settings(concurrent_repairs=4), pipeline(batcher))
    with listening(app) as address:
        port = int(address.rpartition(":")[2])
        service = app.state.service
        until(lambda: service.is_ready)
        network.gate.clear()
        network.entered.clear()
        body = b'{"text": "Nobody waits for it."}'
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(send, port, "/repair", {"text": "Somebody waits."})
            assert network.entered.wait(30)
            with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
                raw.sendall(
                    b"POST /repair HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
                )
                until(lambda: batcher.waiting_tokens > 0)
            until(lambda: service.working == 1)  # its thread is free while the network is still busy
            network.gate.set()
            assert first.result(30)[0] == 200
        assert send(port, "/repair", {"text": "The next one."})[0] == 200
    batcher.close()
    assert "Nobody waits for it." not in network.seen
    assert batcher.waiting_tokens == 0


@pytest.mark.parametrize(("losses", "refusals"), [(2, 5), (3, 0)])
def test_what_has_its_turn_later_waits_and_is_given_up_where_it_ends_one_process_after_another(
    monkeypatch: pytest.MonkeyPatch, losses: int, refusals: int
) -> None:
    monkeypatch.setattr("app.api.deps._RETRY_S", 0.0)
    service = Service(Settings(), Metrics())
    errors: list[Exception] = [LostError("x")] * losses + [ProblemError("queue-full", "x")] * refusals

    def work(_waited_s: float) -> str:
        if errors:
            raise errors.pop()
        return "done"

    async def turn() -> str:
        return await service.in_turn(work, lane=Lane.BULK, chars=1)

    if losses < MOST_LOSSES:
        assert anyio.run(turn) == "done"
    else:
        with pytest.raises(LostError):
            anyio.run(turn)


def test_what_is_wrong_with_a_request_is_said_at_once() -> None:
    service = Service(Settings(), Metrics())

    def work(_waited_s: float) -> None:
        raise ProblemError("invalid-glossary", "x")

    async def turn() -> None:
        await service.in_turn(work, lane=Lane.BULK, chars=1)

    with pytest.raises(ProblemError, match="x"):
        anyio.run(turn)
