"""The service as it is started: a process of its own, talked to over a socket, under what the world may send."""

from __future__ import annotations

import http.client
import json
import os
import queue
import random
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

from tests.api.test_laws import assert_each_can_be_left_out, assert_laws

ROOT = Path(__file__).resolve().parents[2]
_JSON = {"Content-Type": "application/json"}
_CANARY = "Zw4nary"
_START_S = 120


@dataclass
class Server:
    """A running ``mt-repair serve`` and what it has logged."""

    process: subprocess.Popen[str]
    port: int
    log: list[str] = field(default_factory=list)

    def send(
        self, body: bytes, path: str = "/repair", headers: Mapping[str, str] = _JSON, method: str = "POST"
    ) -> tuple[int, dict[str, object]]:
        """Status and JSON of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()

    def memory_bytes(self) -> int:
        """Resident memory of the service: its process, and those that it has started."""
        own = psutil.Process(self.process.pid)
        return sum(int(one.memory_info().rss) for one in [own, *own.children(recursive=True)])


def _follow(stream: IO[str], log: list[str], port: queue.Queue[int]) -> None:
    for line in stream:
        log.append(line)
        listening = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if listening:
            port.put(int(listening[1]))


@pytest.fixture(scope="module", params=["shipped", "echo"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The service as it is shipped, network and names included; and without a network."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MT_REPAIR_")}
    environment |= {"MT_REPAIR_LOG_LEVEL": "debug"}
    if request.param != "shipped":
        environment |= {"MT_REPAIR_GENERATOR": request.param}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli.main", "serve", "--port", "0"],
        stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    log: list[str] = []
    port: queue.Queue[int] = queue.Queue()
    assert process.stderr is not None
    reader = threading.Thread(target=_follow, args=(process.stderr, log, port), daemon=True)
    reader.start()
    try:
        running = Server(process, port.get(timeout=_START_S), log)
        while running.send(b"", "/readyz", method="GET")[0] != 200:
            assert process.poll() is None, "".join(log)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:  # a test found a way to hang it
            process.kill()
            process.wait()
        reader.join(10)
        process.stderr.close()


def _text(text: str) -> bytes:
    return json.dumps({"text": text}).encode()


_NOISE = random.Random(20).randbytes(1_000_000)
_HOSTILE: dict[str, tuple[bytes, int, str]] = {
    "1 MB of random bytes": (_NOISE, 400, "malformed-json"),
    "random bytes in a string": (b'{"text": "' + _NOISE + b'"}', 400, "malformed-json"),
    "a text of 10 MB": (_text("Sound text. " * 833_334), 413, "body-too-large"),
    "a text of 900 kB": (_text("Sound text. " * 75_000), 413, "text-too-long"),
    "10,000 lines of one character": (_text("a\n" * 10_000), 413, "text-too-long"),
    "control characters": (_text("a\x00b\x07c\x1b[31m"), 422, "invalid-request"),
    "a lone surrogate": (rb'{"text": "\ud83c"}', 422, "invalid-request"),
    "surrogates the wrong way round": (rb'{"text": "\udf0a\ud83c"}', 422, "invalid-request"),
    "deeply nested arrays": (b"[" * 500_000 + b"]" * 500_000, 400, "malformed-json"),
    "deeply nested objects": (b'{"a":' * 170_000 + b"1" + b"}" * 170_000, 400, "malformed-json"),
    "nesting within a field": (b'{"text": ' + b"[" * 30 + b"]" * 30 + b"}", 422, "invalid-request"),
    "an unknown field": (b'{"text": "Hello.", "colour": "red"}', 422, "invalid-request"),
    "a wrong type": (b'{"text": {"a": 1}}', 422, "invalid-request"),
    "many keys": (json.dumps({f"k{i}": i for i in range(60_000)}).encode(), 422, "invalid-request"),
    "a number of 100,000 digits": (b'{"text": "a", "alternatives": ' + b"9" * 100_000 + b"}", 400, "malformed-json"),
    "a huge exponent": (b'{"text": "a", "min_confidence": 1e999}', 422, "invalid-request"),
    "nothing": (b"", 422, "invalid-request"),
}


@pytest.mark.parametrize("name", list(_HOSTILE))
def test_a_hostile_body_gets_a_clear_answer_and_the_service_goes_on(server: Server, name: str) -> None:
    body, status, slug = _HOSTILE[name]
    answer, problem = server.send(body)
    assert (answer, problem["type"]) == (status, f"/problems/{slug}")
    assert problem["detail"]
    assert server.send(_text("Hello the the world."))[1]["text"] == "Hello the world."


def test_a_pattern_made_to_backtrack_takes_no_time(server: Server) -> None:
    body = {"text": "a" * 50_000, "protect": {"patterns": ["(a+)+$", "(a|a)*b", "([a-z]+)*X"]}}
    assert server.send(json.dumps(body).encode())[0] == 200  # within the time limit of the connection


def test_bytes_that_are_no_http_at_all_do_not_stop_it(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        raw.sendall(f"{_CANARY} not HTTP\r\n\r\n".encode())
        while raw.recv(4096):
            pass
    assert server.send(b"", "/livez", method="GET") == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        *((f"POST {path}", "application/json") for path in ("/repair", "/v1/jobs", "/v2/check")),
        ("POST /v1/jobs", "text/plain"),
        ("PUT /v1/glossaries/house", "text/csv"),
    ],
)
def test_a_length_that_is_too_much_is_refused_before_anything_of_it_comes(
    server: Server, where: str, kind: str
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=4) as raw:
        raw.sendall(f"{where} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: 99999999\r\n\r\n".encode())
        assert raw.recv(12) == b"HTTP/1.1 413"


def test_a_caller_who_hangs_up_does_not_stop_it(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
        raw.sendall(
            b"POST /repair HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"
        )
    assert server.send(_text("Hello."))[0] == 200


def test_memory_comes_back_after_a_burst(server: Server) -> None:
    texts = ["".join(f"The harbour towns agrees on on ring {i} of {n} cables. " for i in range(60)) for n in (3, 4)]

    def burst() -> None:
        bodies = [body for body, _, _ in _HOSTILE.values()] + [_text(text) for text in texts]
        with ThreadPoolExecutor(8) as pool:
            statuses = [status for status, _ in pool.map(server.send, bodies)]
        assert all(status in (200, 400, 413, 422, 503) for status in statuses)

    burst()  # the allocator keeps what a first burst needed
    before = server.memory_bytes()
    for _ in range(2):
        burst()
    assert server.memory_bytes() - before < 100 * 2**20


@pytest.mark.parametrize("server", ["shipped"], indirect=True)
def test_the_shipped_example_is_repaired_in_several_ways_and_keeps_the_laws(server: Server) -> None:
    article = (ROOT / "examples/garbled-article.txt").read_text(encoding="utf-8")
    status, answer = server.send(json.dumps({"text": article}).encode())
    assert status == 200
    edits: Any = answer["edits"]
    assert len({edit["kind"] for edit in edits}) >= 3
    assert {"names", "rule"} <= {edit["origin"] for edit in edits}
    assert answer["model"]["name"] != "echo"  # type: ignore[index]
    lines: Any = answer["furniture"]
    assert lines
    for line in lines:  # flagged, and left as they are
        assert not [edit for edit in edits if edit["start"] < line["end"] and line["start"] < edit["end"]]
    assert_laws(answer, article, "minimal")
    assert_each_can_be_left_out(answer, article)


def test_nothing_of_a_text_is_logged(server: Server) -> None:
    server.send(_text(f"{_CANARY} met met the minister."))
    server.send(_text(f"{_CANARY}\x00"))
    server.send(b"", f"/{_CANARY}?{_CANARY}={_CANARY}", method="GET")
    server.send(f"{{{_CANARY}".encode())
    status, problem = server.send(b"", "/nowhere", headers={"X-Request-ID": "the-last-1"}, method="GET")
    assert (status, problem["request_id"]) == (404, "the-last-1")
    for _ in range(1000):
        if any("the-last-1" in line for line in server.log):
            break
        threading.Event().wait(0.01)
    else:
        raise AssertionError("the last request is not in the log")
    assert all(json.loads(line) for line in server.log)
    assert not [line for line in server.log if _CANARY.lower() in line.lower()]
