from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.api.auth import hash_key
from app.api.main import create_app
from app.core.rules import Rules
from app.serving.processes import EngineProcesses
from app.settings import Settings
from tests.api.engines import WilfulEngine
from tests.serving.engines import build


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.01)


def asking(client: TestClient, key: str, stop: threading.Event) -> Counter[int]:
    found: Counter[int] = Counter()
    while not stop.is_set():
        headers = {"Authorization": f"Bearer {key}"}
        found[client.post("/repair", json={"text": "The the end."}, headers=headers).status_code] += 1
    return found


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys.txt"
    path.write_text(f"a {hash_key('mtr_a')}\nb {hash_key('mtr_b')}\n")
    return path


def status(client: TestClient, key: str) -> int:
    return client.post("/repair", json={"text": "Fine."}, headers={"Authorization": f"Bearer {key}"}).status_code


def test_keys_change_under_traffic_and_no_request_of_those_that_stay_is_lost(keys: Path) -> None:
    settings = Settings(api_keys=keys, reload_s=0.05, requests_per_minute=0)
    stop = threading.Event()
    with TestClient(create_app(settings, WilfulEngine())) as client, ThreadPoolExecutor(2) as pool:
        try:
            clients = [pool.submit(asking, client, "mtr_a", stop) for _ in range(2)]
            assert (status(client, "mtr_b"), status(client, "mtr_c")) == (200, 401)
            keys.write_text(f"a {hash_key('mtr_a')}\nc {hash_key('mtr_c')}\n")
            until(lambda: status(client, "mtr_c") == 200)
            assert status(client, "mtr_b") == 401
        finally:
            stop.set()
        assert all(set(asked.result()) == {200} for asked in clients)


def logged(capsys: pytest.CaptureFixture[str]) -> str:
    """What was logged since: on standard error once the log is set up, on standard output before."""
    said = capsys.readouterr()
    return said.out + said.err


@pytest.mark.parametrize("left", ["", "# nobody\n", "nonsense\n", "\xff", None])
def test_the_last_key_is_taken_back_like_any_other(
    keys: Path, capsys: pytest.CaptureFixture[str], left: str | None
) -> None:
    settings = Settings(api_keys=keys, reload_s=0.05, requests_per_minute=0)
    with TestClient(create_app(settings, WilfulEngine())) as client:
        assert status(client, "mtr_a") == 200
        keys.unlink() if left is None else keys.write_text(left, encoding="latin-1")
        until(lambda: "nobody is let in until it is mended" in logged(capsys))
        assert status(client, "mtr_a") == 401
        assert client.post("/repair", json={"text": "Fine."}).status_code == 401
        keys.write_text(f"c {hash_key('mtr_c')}\n")
        until(lambda: status(client, "mtr_c") == 200)


def test_a_line_that_is_no_key_is_nobody_elses_trouble(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = Settings(api_keys=keys, reload_s=0.05, requests_per_minute=0)
    with TestClient(create_app(settings, WilfulEngine())) as client:
        keys.write_text(f"nonsense\na {hash_key('mtr_a')}\nc {hash_key('mtr_c')}\nc {hash_key('mtr_d')}\n")
        until(lambda: "the keys of its other lines hold" in logged(capsys))
        assert [status(client, f"mtr_{key}") for key in "abcd"] == [200, 401, 401, 401]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "version").write_text("one")
    (tmp_path / "kb.json").write_text("{}")
    return tmp_path


@pytest.fixture
def engines(folder: Path) -> Iterator[EngineProcesses]:
    running = EngineProcesses(partial(build, folder), Rules(), count=1, threads=4)
    running.start()
    yield running
    running.close()


def test_a_new_knowledge_base_comes_into_use_under_traffic_and_no_request_is_lost(
    engines: EngineProcesses, folder: Path
) -> None:
    settings = Settings(names_dir=folder, reload_s=0.05)
    stop = threading.Event()
    with TestClient(create_app(settings, engines)) as client, ThreadPoolExecutor(2) as pool:
        try:
            clients = [pool.submit(asking, client, "", stop) for _ in range(2)]
            assert client.get("/version").json()["kb"] == {"version": "one"}
            (folder / "version").write_text("two")
            until(lambda: client.get("/version").json()["kb"] == {"version": "two"})
        finally:
            stop.set()
        assert all(set(asked.result()) == {200} for asked in clients)
        shown = client.get("/metrics").text
        until(lambda: 'kb="two"' in client.get("/metrics").text)
        assert "mt_repair_engine_processes 1.0" in shown
        age = next(line for line in shown.splitlines() if line.startswith("mt_repair_kb_age_seconds "))
        assert 0 <= float(age.split()[1]) < 3600


def test_a_process_that_is_lost_is_answered_as_worth_a_second_try(engines: EngineProcesses, folder: Path) -> None:
    with TestClient(create_app(Settings(names_dir=folder), engines)) as client:
        lost = client.post("/repair", json={"text": "DIE"})
        assert (lost.status_code, lost.json()["type"]) == (503, "/problems/interrupted")
        assert lost.headers["retry-after"] == "1"
        until(lambda: client.get("/readyz").status_code == 200)
        assert client.post("/repair", json={"text": "The the end."}).json()["text"] == "The end."
        items = client.post("/v1/repair:batch", json={"items": [{"text": "DIE"}]}).json()["items"]
        assert [item["status"] for item in items] == [503]
        check = client.post("/v2/check", data={"text": "Fine.", "language": "en"})
        assert check.status_code in (200, 503)
        until(lambda: client.get("/readyz").status_code == 200)
        assert "mt_repair_engine_restarts_total 2.0" in client.get("/metrics").text


def test_a_job_whose_text_ends_every_process_fails_and_the_next_is_done(
    engines: EngineProcesses, folder: Path, tmp_path: Path
) -> None:
    settings = Settings(names_dir=folder, database_url=f"sqlite:///{tmp_path / 'jobs.sqlite3'}")
    with TestClient(create_app(settings, engines)) as client:
        places = [client.post("/v1/jobs", json={"text": text}).headers["location"] for text in ("DIE", "The the end.")]
        until(lambda: all(client.get(place).json()["state"] in ("done", "failed") for place in places))
        found = [client.get(place).json() for place in places]
    assert [job["state"] for job in found] == ["failed", "done"]
    assert found[0]["reason"] == "interrupted"
