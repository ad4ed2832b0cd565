"""The guide for users of the API says what is so: its examples give the answers it shows, its tables the limits."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.main import create_app
from app.api.schemas import EditBody, OptionsBody, RepairResponse
from app.seq2seq.echo import EchoGenerator
from app.settings import Settings
from tests.api.engines import pipeline

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
_VOLATILE = {"id", "request_id", "instance", "timing_ms", "model", "kb"}


@pytest.fixture(scope="module")
def silent() -> Iterator[TestClient]:
    """The service that the guide's answers come from: no network."""
    with TestClient(create_app(Settings(), pipeline(EchoGenerator()))) as running:
        yield running


def examples() -> list[tuple[str, str]]:
    """Each command that is one curl, with what the guide shows below it."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", GUIDE, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            if command.startswith("curl"):
                found.append((command, shown))
    return found


def call(client: TestClient, command: str) -> Any:
    words = shlex.split(command.partition(" | ")[0])
    address = next(word for word in words if word.startswith("localhost:8080"))
    headers = dict(words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "-H")
    bodies = [words[i + 1] for i, word in enumerate(words) if word == "-d"]
    path = address.removeprefix("localhost:8080")
    return client.post(path, content=bodies[0], headers=headers) if bodies else client.get(path, headers=headers)


def steady(value: Any) -> Any:
    """Without what differs from one answer to the next."""
    if isinstance(value, list):
        return [steady(item) for item in value]
    if isinstance(value, dict):
        return {
            k: steady(v) for k, v in value.items() if k not in _VOLATILE or (k == "id" and re.match(r"e\d", str(v)))
        }
    return value


@pytest.mark.parametrize(("command", "shown"), examples())
def test_an_example_gives_the_answer_that_the_guide_shows(silent: TestClient, command: str, shown: str) -> None:
    response = call(silent, command)
    if "| jq" in command:
        assert response.status_code == 200
    else:
        assert steady(response.json()) == steady(json.loads(shown))


def test_the_guide_has_examples_of_every_way_in() -> None:
    commands = " ".join(command for command, _ in examples())
    for path in ("/repair", "/v1/repair:batch", "/diff", "/livez", "/readyz"):
        assert f"localhost:8080{path} " in commands + " "


def test_the_table_of_limits_is_that_of_the_settings() -> None:
    listed = {m[1].lower(): m[2] for m in re.finditer(r"^\| `MT_REPAIR_(\w+)` \| (\S+) \|", GUIDE, re.MULTILINE)}
    api = Path(__file__).resolve().parents[2] / "app" / "api"
    doors = "".join((api / name).read_text(encoding="utf-8") for name in ("schemas.py", "routes.py", "limits.py"))
    used = set(re.findall(r"settings\.(max_\w+)", doors))
    assert "max_text_chars" in used
    assert used <= listed.keys()
    assert all(str(Settings.model_fields[name].default) == value for name, value in listed.items())


@pytest.mark.parametrize("name", [*OptionsBody.model_fields, *RepairResponse.model_fields, *EditBody.model_fields])
def test_every_field_is_explained(name: str) -> None:
    tables = " ".join(line.split("|")[1] for line in GUIDE.splitlines() if line.startswith("|"))
    assert re.search(rf"`{name}[`.]", tables)
