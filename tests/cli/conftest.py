"""A command run as a user runs it, with a product that needs no weights."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from app.cli.main import build_cli

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command in this process: rules, glossary and no network."""
    monkeypatch.setenv("MT_REPAIR_GENERATOR", "echo")

    def invoke(*arguments: object, text: str | bytes | None = None) -> Result:
        result = CliRunner().invoke(build_cli(), [str(a) for a in arguments], input=text, prog_name="mt-repair")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke
