"""The service as a process that is stopped under load, and what its log tells of every front door."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import psutil
import pytest

_CANARY = "Zw4nary"
_JSON = {"Content-Type": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Server:
    """A running ``mt-repair serve`` and what it has logged."""

    process: subprocess.Popen[str]
    port: int = 0
    log: list[str] = field(default_factory=list)

    def send(
        self, path: str, body: bytes = b"", headers: Mapping[str, str] = _JSON, method: str = "POST"
    ) -> tuple[int, bytes]:
        """Status and body of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def follow(self) -> None:
        """Collect the log."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.01)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MT_REPAIR_")} | {
        "MT_REPAIR_GENERATOR": "echo",
        "MT_REPAIR_LOG_LEVEL": "debug",
        "MT_REPAIR_CONCURRENT_REPAIRS": "2",
        "MT_REPAIR_DATABASE_URL": f"sqlite:///{tmp_path / 'store.sqlite3'}",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli.main", "serve", "--port", "0"],
        stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    running = Server(process)
    reader = threading.Thread(target=running.follow, daemon=True)
    reader.start()
    try:
        until(lambda: any("http://127.0.0.1:" in line for line in running.log) or process.poll() is not None)
        address = next(line for line in running.log if "http://127.0.0.1:" in line)
        running.port = int("".join(c for c in address.partition("http://127.0.0.1:")[2][:5] if c.isdigit()))
        until(lambda: running.send("/readyz", method="GET")[0] == 200)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(60)
        finally:
            process.kill()
            process.wait()
            reader.join(10)
            assert process.stderr is not None
            process.stderr.close()


def waiting(server: Server) -> int:
    text = server.send("/metrics", method="GET")[1].decode()
    return int(float(next(x for x in text.splitlines() if x.startswith("mt_repair_waiting_requests ")).split()[1]))


def test_a_stop_loses_no_request_that_was_accepted(server: Server) -> None:
    body = json.dumps({"text": "The the minister has spoken , he said .. " * 1000}).encode()
    with ThreadPoolExecutor(8) as pool:
        accepted = [pool.submit(server.send, "/repair", body) for _ in range(8)]
        until(lambda: waiting(server) >= 3)
        server.process.send_signal(signal.SIGTERM)
        answers = [call.result(60) for call in accepted]
    assert [status for status, _ in answers] == [200] * 8
    assert all(json.loads(body)["text"].startswith("The minister has spoken,") for _, body in answers)
    server.process.wait(60)
    with pytest.raises(ConnectionError):
        server.send("/livez", method="GET")


def test_nothing_of_a_text_or_a_word_is_logged_by_any_door(server: Server) -> None:
    text = f"{_CANARY} met met the minister."
    server.send("/v2/check", urlencode({"text": text, "language": "en", "apiKey": _CANARY}).encode(), _FORM)
    server.send("/v2/check", urlencode({"text": text, "language": _CANARY}).encode(), _FORM)
    server.send("/v2/check", urlencode({"data": f"{{{_CANARY}", "language": "en"}).encode(), _FORM)
    server.send(f"/v2/check?{urlencode({'text': text, 'language': 'en'})}", method="GET")
    server.send(f"/v2/{_CANARY}", method="GET")
    for path in ("/v2/words/add", "/v2/words/delete"):
        assert server.send(path, urlencode({"word": _CANARY}).encode(), _FORM)[0] == 200
    server.send("/v1/repair", json.dumps({"text": text}).encode(), {**_JSON, "Accept": "text/event-stream"})
    items = {"items": [{"id": _CANARY, "text": text}, {"id": _CANARY + "2", "text": 7}]}
    server.send("/v1/repair:batch", json.dumps(items).encode(), {**_JSON, "Accept": "application/x-ndjson"})
    status, body = server.send("/v1/jobs", json.dumps({"text": text}).encode())
    assert status == 202
    place = f"/v1/jobs/{json.loads(body)['id']}"
    until(lambda: json.loads(server.send(place, method="GET")[1])["state"] == "done")
    assert _CANARY.encode() in server.send(f"{place}/result", method="GET")[1]
    server.send(f"/v1/jobs/{_CANARY}", method="GET")
    server.send("/livez", headers={"X-Request-ID": "the-last-1"}, method="GET")
    until(lambda: any("the-last-1" in line for line in server.log))
    assert not [line for line in server.log if _CANARY.lower() in line.lower()]
    assert _CANARY.encode() not in server.send("/metrics", method="GET")[1]
    assert all(json.loads(line) for line in server.log)


def test_nothing_of_what_is_sent_to_any_address_is_logged(server: Server) -> None:
    paths = json.loads(server.send("/openapi.json", method="GET")[1])["paths"]
    text = f"{_CANARY} met met the minister."
    bodies: list[tuple[bytes, Mapping[str, str]]] = [
        (json.dumps({"text": text, _CANARY: _CANARY}).encode(), _JSON),
        (urlencode({"text": text, "language": _CANARY, "word": _CANARY, "apiKey": _CANARY}).encode(), _FORM),
        (f"{{{_CANARY}".encode(), {"Content-Type": "text/html", "Idempotency-Key": _CANARY, "Accept": _CANARY}),
        (f"{{{_CANARY}".encode(), {"Content-Type": f"application/{_CANARY}", "Authorization": f"Bearer {_CANARY}"}),
    ]
    seen = set()
    for path, operations in paths.items():
        address = re.sub(r"\{[^}]+\}", _CANARY, path) + f"?{_CANARY}={_CANARY}&format={_CANARY}&name={_CANARY}"
        for method in operations:
            for body, headers in bodies:
                seen.add(server.send(address, body, headers, method.upper())[0])
    assert seen >= {200, 202, 404, 415, 422}
    server.send("/livez", headers={"X-Request-ID": "the-last-2"}, method="GET")
    until(lambda: any("the-last-2" in line for line in server.log))
    assert not [line for line in server.log if _CANARY.lower() in line.lower()]
    assert _CANARY.encode() not in server.send("/metrics", method="GET")[1]


def test_twenty_kilobytes_are_checked_before_libreoffice_gives_up(server: Server) -> None:
    text = "The Foreign Minister Mr Sergei Lavrov met met his colleague in the city of Minsk , and has spoken. " * 205
    started = time.monotonic()
    status, body = server.send("/v2/check", urlencode({"text": text, "language": "en-US"}).encode(), _FORM)
    assert status == 200
    assert len(json.loads(body)["matches"]) >= 205
    assert time.monotonic() - started < 10


def engine_of(server: Server) -> int:
    """The process that repairs."""
    children = psutil.Process(server.process.pid).children()
    return next(child.pid for child in children if "spawn_main" in " ".join(child.cmdline()))


def test_a_kill_of_the_process_that_repairs_is_seen_as_errors_worth_a_second_try(server: Server) -> None:
    body = json.dumps({"text": "The the minister has spoken , he said .. " * 300}).encode()
    killed = engine_of(server)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(server.send, "/repair", body) for _ in range(40)]
        until(lambda: sum(call.done() for call in asked) >= 4)
        os.kill(killed, signal.SIGKILL)
        answers = [call.result(60) for call in asked]
    assert {status for status, _ in answers} == {200, 503}
    refused = {json.loads(body)["type"] for status, body in answers if status == 503}
    assert refused <= {"/problems/interrupted", "/problems/model-not-ready"}
    until(lambda: server.send("/repair", body)[0] == 200)
    assert engine_of(server) != killed


def test_a_kill_of_the_service_leaves_no_process_behind(server: Server) -> None:
    engine = psutil.Process(engine_of(server))
    server.process.kill()
    server.process.wait()
    psutil.wait_procs([engine], timeout=60)
    assert not engine.is_running() or engine.status() == psutil.STATUS_ZOMBIE


def test_a_hangup_signal_reads_everything_again_and_loses_no_request(server: Server) -> None:
    body = json.dumps({"text": "The the minister has spoken , he said .."}).encode()
    before = engine_of(server)
    stop = threading.Event()

    def ask() -> set[int]:
        found = set()
        while not stop.is_set():
            found.add(server.send("/repair", body)[0])
        return found

    with ThreadPoolExecutor(2) as pool:
        clients = [pool.submit(ask) for _ in range(2)]
        server.process.send_signal(signal.SIGHUP)
        try:
            until(lambda: any('"reloaded"' in line and "engines" in line for line in server.log))
            until(lambda: not psutil.pid_exists(before))
        finally:
            stop.set()
        assert [client.result(60) for client in clients] == [{200}, {200}]
    assert engine_of(server) != before
