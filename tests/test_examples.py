"""Commands that people copy from the documents and the example jobs are ones that the program takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from app.cli.main import build_cli

ROOT = Path(__file__).resolve().parent.parent
JOBS = sorted((ROOT / "examples" / "ci").glob("*.yml"))
PAGES = [ROOT / "docs" / "batch.md", ROOT / "docs" / "scale.md"]
COMMAND = re.compile(r"mt-repair (?:run|check) [^\n|`#]*")


def steps_of(job: Path) -> Iterator[str]:
    """Every script of a workflow."""
    content: dict[str, Any] = yaml.safe_load(job.read_text())
    for one in content.get("jobs", content).values():
        yield from one.get("script", [])
        yield from (step["run"] for step in one.get("steps", []) if "run" in step)


def commands_in(text: str) -> list[str]:
    whole = text.replace("\\\n", " ")
    return [command.partition(" ::: ")[0].strip() for command in COMMAND.findall(whole)]


def job_commands() -> list[tuple[str, str]]:
    return [(job.name, command) for job in JOBS for step in steps_of(job) for command in commands_in(step)]


def page_commands() -> list[tuple[str, str]]:
    blocks = [(page.name, block) for page in PAGES for block in re.findall(r"(?m)^(?:    .*\n)+", page.read_text())]
    return [(name, command) for name, block in blocks for command in commands_in(block) if "…" not in command]


def fill_in(argument: str) -> str:
    """A value in place of what a shell or a scheduler would put there."""
    if "SHARD" in argument.upper() or "INDEX" in argument or "ARRAY" in argument or "{}" in argument:
        return re.sub(r"\$\{\{.*?\}\}|\$\(.*?\)|\$\w+|\{\}", "1", argument)
    return re.sub(r"\$\{\{.*?\}\}|\$\(.*?\)|\$\w+", "4", argument)


@pytest.mark.parametrize(("where", "command"), job_commands() + page_commands())
def test_the_program_takes_the_command(where: str, command: str) -> None:
    words = [fill_in(word) for word in shlex.split(command) if "[@]" not in word]
    group: Any = typer.main.get_command(build_cli())
    name, *arguments = words[1:]
    # parses and checks every option, and runs nothing; xargs puts files behind a command, so one more never hurts
    context = group.commands[name].make_context(name, [*arguments, "file.md"])
    assert context.params["inputs"][-1] == "file.md"


def test_commands_are_found_on_every_page_and_in_every_job() -> None:
    assert {where for where, _ in job_commands()} == {job.name for job in JOBS}
    assert {where for where, _ in page_commands()} == {page.name for page in PAGES}


def test_jobs_ask_for_no_more_than_they_need() -> None:
    for job in JOBS:
        content = yaml.safe_load(job.read_text())
        if "permissions" in content:
            assert set(content["permissions"].values()) <= {"read", "write"}
        for one in content.get("jobs", {}).values():
            assert one["runs-on"]
            assert all(("uses" in step) != ("run" in step) for step in one["steps"])
