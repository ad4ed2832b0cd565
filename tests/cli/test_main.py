"""The command as a whole: what it says, and how it ends."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from app.cli import main as command
from app.core.errors import GenerationError, ResourceError
from tests.cli.conftest import Run


def test_every_sub_command_is_there_with_help(run: Run) -> None:
    shown = run("--help").stdout
    for name in ("repair", "diff", "serve", "health", "version", "rules"):
        assert name in shown
        assert run(name, "--help").exit_code == 0


def test_a_module_adds_its_sub_commands_by_registering(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def count() -> None:
        """Count."""
        raise typer.Exit(1)

    def register(cli: typer.Typer) -> None:
        cli.command("count")(count)
        cli.command("other")(count)

    monkeypatch.setattr(command, "_COMMANDS", (register,))
    assert run("count").exit_code == 1


@pytest.mark.parametrize("error", [ResourceError("no model;\nget one"), GenerationError("no model; get one")])
def test_errors_raised_on_purpose_are_one_line_and_exit_code_2(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(settings: object) -> None:
        raise error

    monkeypatch.setattr("app.wiring.build_repairer", fail)
    result = run("repair", "-", text="Fine.\n")
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", "mt-repair: no model; get one\n")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (PermissionError(errno.EACCES, "Permission denied", "out/x"), "out/x: Permission denied"),
        (IsADirectoryError(errno.EISDIR, "Is a directory", "out/x.tmp", None, "out/x"), "out/x: Is a directory"),
        (OSError("Not a gzipped file"), "input or output: Not a gzipped file"),
    ],
)
def test_what_the_system_refuses_is_one_line_and_exit_code_2(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: OSError, message: str
) -> None:
    def fail(settings: object) -> None:
        raise error

    monkeypatch.setattr("app.wiring.build_repairer", fail)
    result = run("repair", "-", text="Fine.\n")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"mt-repair: {message}; see that")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["rules"], ["--version"], ["--help"], ["repair", "--help"], []])
def test_an_output_without_room_is_one_line_and_exit_code_2(arguments: list[str]) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "app.cli.main", *arguments]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("mt-repair: input or output: No space left on device; ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", ["--version", "--help", "rules", "repair -"])
def test_a_closed_output_is_one_line_and_exit_code_2(arguments: str) -> None:
    command = f'echo Fine. | "{sys.executable}" -m app.cli.main {arguments} >&-'
    environment = os.environ | {"MT_REPAIR_GENERATOR": "echo"}
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True, env=environment, check=False)
    assert done.returncode == 2
    assert done.stderr == "mt-repair: standard output is closed; open it, or name a file to write to\n"


def test_a_closed_output_is_not_in_the_way_of_a_file(tmp_path: Path) -> None:
    command = f'echo Fine. | "{sys.executable}" -m app.cli.main repair - -o "{tmp_path}/a.txt" >&- 2>&-'
    environment = os.environ | {"MT_REPAIR_GENERATOR": "echo"}
    assert subprocess.run(["sh", "-c", command], env=environment, check=False).returncode == 0
    assert (tmp_path / "a.txt").read_text() == "Fine.\n"


def test_an_unexpected_error_is_not_dressed_up(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(settings: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("app.wiring.build_repairer", fail)
    with pytest.raises(ZeroDivisionError):
        run("repair", "-", text="Fine.\n")


def test_a_wrong_setting_names_its_variable(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MT_REPAIR_THREADS", "many")
    result = run("repair", "-", text="Fine.\n")
    assert result.exit_code == 2
    assert result.stderr.startswith("mt-repair: MT_REPAIR_THREADS: ")
    assert result.stderr.count("\n") == 1


def test_an_interruption_is_exit_code_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(settings: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.wiring.build_repairer", interrupt)
    assert run("repair", "-", text="Fine.\n").exit_code == 130


def test_the_command_starts_without_loading_networks_or_the_service() -> None:
    program = (
        "import sys, app.cli.main; app.cli.main.build_cli();"
        "print([m for m in ('torch', 'fastapi', 'ctranslate2', 'numpy', 'pydantic_settings') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
