"""``serve`` and what asks about it: a real process, started, used and stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app import __version__
from app.api.rules import describe_rules
from app.core.rules import Rules
from app.evaluation.speed import running_service
from tests.cli.conftest import Run

SERVE = [sys.executable, "-m", "app.cli.main", "serve", "--port", "{port}"]


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with running_service(SERVE, {"MT_REPAIR_GENERATOR": "echo"}) as (url, process, _):
        yield url, process


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_service_repairs_what_it_is_sent(service: tuple[str, subprocess.Popen[bytes]]) -> None:
    answer = httpx.post(f"{service[0]}/repair", json={"text": "The the plan is ready.", "diff": ["inline"]}).json()
    assert answer["text"] == "The plan is ready."
    assert answer["diff"]["inline"] == "The[- the-] plan is ready."


def test_a_ready_service_is_healthy(run: Run, service: tuple[str, subprocess.Popen[bytes]]) -> None:
    result = run("health", "--port", service[0].rpartition(":")[2])
    assert (result.exit_code, result.stdout) == (0, "ready\n")


def test_an_address_that_means_every_address_is_asked_on_this_machine(
    run: Run, service: tuple[str, subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MT_REPAIR_HOST", "0.0.0.0")
    monkeypatch.setenv("MT_REPAIR_PORT", service[0].rpartition(":")[2])
    assert run("health").exit_code == 0


def test_where_nothing_listens_is_not_healthy(run: Run) -> None:
    result = run("health", "--port", free_port())
    assert result.exit_code == 2
    assert "start it: mt-repair serve" in result.stderr


def test_as_many_processes_repair_as_are_asked_for() -> None:
    with running_service([*SERVE, "--workers", "2"], {"MT_REPAIR_GENERATOR": "echo"}) as (url, _, _seconds):
        assert "mt_repair_engine_processes 2.0" in httpx.get(f"{url}/metrics").text
        assert httpx.post(f"{url}/repair", json={"text": "The the plan."}).json()["text"] == "The plan."


def test_a_variable_that_is_no_setting_is_named_at_the_start() -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MT_REPAIR_")}
    environment |= {"MT_REPAIR_GENERATOR": "echo", "MT_REPAIR_MAX_ITEM": "3"}
    with subprocess.Popen(
        [sys.executable, "-m", "app.cli.main", "serve", "--port", "0"],
        env=environment, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(json.loads(line))
            if "running on" in lines[-1]["event"]:
                break
        process.send_signal(signal.SIGTERM)
    said = [line["names"] for line in lines if line["event"] == "unknown-settings"]
    assert said == [["MT_REPAIR_MAX_ITEM"]]


def test_the_service_stops_when_asked_to() -> None:
    with running_service(SERVE, {"MT_REPAIR_GENERATOR": "echo"}) as (_, process, _seconds):
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) in (0, -signal.SIGTERM)


def test_without_a_network_the_start_ends_with_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli.main", "serve", "--port", "0"],
        env={"MT_REPAIR_MODEL_DIR": str(tmp_path / "gone"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"mt-repair: no repair network in {tmp_path / 'gone'}; ")
    assert done.stderr.count("\n") == 1


def test_the_versions_are_one_line(run: Run) -> None:
    assert run("version").stdout.startswith(f"mt-repair {__version__} | model echo@1 | names ")


def test_the_program_s_own_version_is_an_option(run: Run) -> None:
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"mt-repair {__version__}\n")


def test_the_version_of_the_program_is_told_without_a_network(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MT_REPAIR_GENERATOR", "ctranslate2")
    monkeypatch.setenv("MT_REPAIR_MODEL_DIR", str(tmp_path))
    result = run("version")
    assert (result.exit_code, result.stdout) == (2, f"mt-repair {__version__}\n")


def test_every_rule_is_listed(run: Run) -> None:
    lines = run("rules").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [rule.id for rule in describe_rules(Rules())]
    assert {"MTR_MODEL_GRAMMAR", "MTR_GLOSSARY", "MTR_NAME_ENTITY"} < {line.split()[0] for line in lines}
