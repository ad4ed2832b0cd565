"""The image's steps, as far as they go without a container engine: install into a clean prefix, serve from it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.evaluation.speed import running_service

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
IMAGE_PREFIX = "/opt/mt-repair"


def image_environment(prefix: Path) -> dict[str, str]:
    """What ``ENV`` sets in the image, for a prefix elsewhere."""
    (line,) = re.findall(r"^ENV (.*)$", DOCKERFILE, re.MULTILINE)
    pairs = (item.partition("=") for item in shlex.split(line))
    return {name: value.replace(IMAGE_PREFIX, str(prefix)) for name, _, value in pairs}


def image_command(instruction: str) -> list[str]:
    """The words of an instruction in its JSON form."""
    (words,) = re.findall(rf"^{instruction} \[(.*)\]$", DOCKERFILE, re.MULTILINE)
    return re.findall(r'"([^"]*)"', words)


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program as the first stage of the image installs it."""
    folder = tmp_path_factory.mktemp("image") / "mt-repair"
    (step,) = re.findall(r"^RUN (.*)$", DOCKERFILE, re.MULTILINE)
    command = [word.replace("/source", str(ROOT)).replace(IMAGE_PREFIX, str(folder)) for word in shlex.split(step)]
    subprocess.run(command, env={**os.environ, "PYTHON": sys.executable}, check=True)
    return folder


@pytest.fixture(scope="module")
def environment(prefix: Path) -> dict[str, str]:
    return {**image_environment(prefix), "MT_REPAIR_HOST": "127.0.0.1", "HOME": "/nonexistent"}


@pytest.fixture(scope="module")
def service(prefix: Path, environment: dict[str, str]) -> Iterator[str]:
    """Address of the service as the image starts it, on a free port."""
    program, *arguments = image_command("ENTRYPOINT") + image_command("CMD")
    command = ["env", "-i", *(f"{k}={v}" for k, v in environment.items()), program, *arguments, "--port", "{port}"]
    with running_service(command) as (url, _, _):
        yield url


def files(folder: Path) -> set[tuple[str, int]]:
    return {(str(p), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}


@pytest.mark.slow
def test_the_installed_service_repairs_and_writes_nothing(prefix: Path, service: str) -> None:
    before = files(prefix)
    answer = httpx.post(f"{service}/repair", json={"text": "The the minister has spoken."}).raise_for_status().json()
    assert answer["text"] == "The minister has spoken."
    assert httpx.get(f"{service}/version").is_success
    assert httpx.get(f"{service}/metrics").is_success
    assert files(prefix) == before, "a read-only root would have stopped it"


@pytest.mark.slow
def test_the_health_check_tells_a_ready_service(prefix: Path, service: str, environment: dict[str, str]) -> None:
    program, *arguments = image_command("HEALTHCHECK .* CMD")
    check = [str(prefix / "bin" / program), *arguments]
    port = service.rpartition(":")[2]
    found = [
        subprocess.run(check, env={**environment, "MT_REPAIR_PORT": p}, capture_output=True, check=False).returncode
        for p in (port, "1")
    ]
    assert found == [0, 2]


@pytest.mark.slow
def test_nothing_of_torch_nor_of_the_tests_is_installed(prefix: Path) -> None:
    (packages,) = prefix.glob("lib/python3*/site-packages")
    names = {p.name.lower() for p in packages.iterdir()}
    assert not names & {"torch", "transformers", "pytest", "mypy", "pip", "setuptools"}
    assert {"app", "ctranslate2"} <= names


def test_the_image_serves_as_another_user_than_root() -> None:
    (user,) = re.findall(r"^USER (\d+):\d+$", DOCKERFILE, re.MULTILINE)
    assert int(user) > 0
    assert image_command("ENTRYPOINT") == ["mt-repair"]


def test_what_the_script_copies_is_let_through_to_the_build() -> None:
    let_through = (ROOT / ".dockerignore").read_text()
    (copied,) = re.findall(r"^for item in (.*); do$", (ROOT / "scripts" / "install").read_text(), re.MULTILINE)
    for item in [*copied.split(), "models", "requirements.txt", "scripts/install"]:
        assert f"!{item}\n" in let_through
