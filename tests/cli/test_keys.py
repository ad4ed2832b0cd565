from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from app.api.auth import Gate, read_keys
from app.cli.main import build_cli


def test_a_key_that_is_made_opens_the_gate(tmp_path: Path) -> None:
    made = CliRunner().invoke(build_cli(), ["key", "newsroom-1", "--per-minute", "7"])
    assert made.exit_code == 0
    assert made.stderr.strip() not in made.stdout
    path = tmp_path / "keys.txt"
    path.write_text(made.stdout)
    (kept,) = read_keys(path)
    assert (kept.id, kept.per_minute) == ("newsroom-1", 7)
    assert Gate([kept]).admit(made.stderr.strip()).key_id == "newsroom-1"


def test_an_id_that_a_file_could_not_hold_is_refused() -> None:
    assert CliRunner().invoke(build_cli(), ["key", "a b"]).exit_code == 2
