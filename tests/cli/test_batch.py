from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

import app.cli.batch as commands
from app.cli.main import build_cli
from tests.corpus.building import build

RUN = CliRunner()


@pytest.fixture(scope="module")
def cli() -> typer.Typer:
    return build_cli()


@pytest.fixture(autouse=True)
def _fake_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(commands, "_builder", lambda cache: build)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.chdir(tmp_path)


def write(path: Path, *texts: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return path


def test_a_folder_becomes_clean_parquet_with_reports_for_everyone(
    cli: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    write(tmp_path / "in/a.jsonl", "He goed home.", "Fine.")
    args = ["run", "in", "-o", "out", "--to", "parquet", "--report", "report", "--sarif", "s.sarif", "--github"]
    done = RUN.invoke(cli, [*args, "--gitlab", "g.json", "--junit", "j.xml", "--workers", "1"])
    assert done.exit_code == 0, done.output
    assert pq.read_table(tmp_path / "out/a.parquet").column("text_repaired").to_pylist() == ["He went home.", "Fine."]
    assert sorted(p.name for p in (tmp_path / "report").iterdir()) == ["report.html", "report.json", "report.md"]
    assert json.loads((tmp_path / "s.sarif").read_text())["runs"][0]["results"][0]["ruleId"] == "MTR_MODEL_GRAMMAR"
    assert "::notice file=in/a.jsonl,line=1,title=MTR_MODEL_GRAMMAR::" in done.stdout
    assert "1 of 2 rows changed" in done.stderr
    assert "written: out" in done.stderr
    assert "report: report/report.html" in done.stderr
    assert "1 of 2 rows changed" in (tmp_path / "summary.md").read_text()
    assert (tmp_path / "g.json").exists()
    assert (tmp_path / "j.xml").exists()


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet"])
def test_hashes_are_added_on_request(cli: typer.Typer, tmp_path: Path, name: str) -> None:
    write(tmp_path / "a.jsonl", "He goed home.", "HE WENT HOME")
    (tmp_path / "a.csv").write_text("text\nHe goed home.\nHE WENT HOME\n")
    pq.write_table(pa.table({"text": ["He goed home.", "HE WENT HOME"]}), tmp_path / "a.parquet")
    done = RUN.invoke(cli, ["run", name, "-o", "out", "--to", "jsonl", "--hashes", "--workers", "1", "--quiet"])
    assert done.exit_code == 0, done.output
    rows = [json.loads(line) for line in (tmp_path / "out/a.jsonl").read_text().splitlines()]
    assert rows[0]["repair_hash"] != rows[1]["repair_hash"]
    assert rows[0]["repair_near_hash"] == rows[1]["repair_near_hash"]


def test_a_table_with_semicolons_is_read_by_the_name_of_its_format(cli: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("n;text\n1;He goed.\n")
    args = ["run", "a.csv", "-o", "b.csv", "--in-place-field", "--workers", "1", "--quiet"]
    done = RUN.invoke(cli, args)
    assert (done.exit_code, done.stderr.count("say so with --format csv-semicolon")) == (2, 1)
    assert RUN.invoke(cli, [*args, "--overwrite", "--format", "csv-semicolon"]).exit_code == 0
    assert (tmp_path / "b.csv").read_text() == "n;text\n1;He went.\n"


def test_a_check_prints_each_edit_and_ends_with_one(cli: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Fine\n\nHe goed home.\n")
    done = RUN.invoke(cli, ["check", "a.md", "--workers", "1", "--quiet"])
    assert done.exit_code == 1
    assert done.stdout.startswith("a.md:3:4: MTR_MODEL_GRAMMAR “goed” → “went”")
    assert (tmp_path / "a.md").read_text() == "# Fine\n\nHe goed home.\n"
    assert RUN.invoke(cli, ["check", "a.md", "--workers", "1", "--no-exit"]).exit_code == 0
    assert RUN.invoke(cli, ["check", "a.md", "--workers", "1", "--fail-on", "error"]).exit_code == 0


def test_a_row_that_cannot_be_repaired_ends_with_three_and_its_line(cli: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "Fine."}\n{"body": 1}\n')
    done = RUN.invoke(cli, ["run", "a.jsonl", "-o", "b.jsonl", "--workers", "1"])
    assert done.exit_code == 3
    assert "a.jsonl, line 2: no `text` field" in done.stderr
    assert len((tmp_path / "b.jsonl").read_text().splitlines()) == 2


def test_a_quiet_run_says_what_it_gave_up_and_nothing_else(cli: typer.Typer, tmp_path: Path) -> None:
    write(tmp_path / "in/a.jsonl", "Fine.")
    (tmp_path / "in/b.jsonl").write_text('{"text": "Fine.", "text_repaired": ""}\n')
    (tmp_path / "in/c.parquet").write_text("none")
    args = ["run", "in", "-o", "out", "--workers", "1", "--quiet"]
    for more in ([], ["--resume"]):
        done = RUN.invoke(cli, [*args, *more])
        assert done.exit_code == 3
        first, second = done.stderr.splitlines()
        assert "in/c.parquet: not a Parquet file" in first
        assert "in/b.jsonl, rows 1-1: given up: has already the column text_repaired" in second


def test_a_gate_ends_with_four(cli: typer.Typer, tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", "Fine.")
    write(tmp_path / "control.jsonl", "He goed home.")
    args = ["run", "a.jsonl", "-o", "out", "--control", "control.jsonl", "--max-harm", "0.01", "--workers", "1"]
    done = RUN.invoke(cli, args)
    assert done.exit_code == 4
    assert "100.00% of the control set" in done.stderr


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["run", "a.jsonl"], "either --output or --write-back"),
        (["run", "nowhere.jsonl", "-o", "out"], "no such file or folder"),
        (["run", "a.jsonl", "-o", "out", "--field", "body"], "there are text; name the right one with --field"),
        (["run", "a.jsonl", "-o", "out", "--shard", "2/2"], "from 0 to N-1"),
        (["run", "a.jsonl", "-o", "out", "--max-harm", "0.1"], "go together"),
        (["check", "a.jsonl", "--max-drift", "2"], "needs a --baseline"),
        (["check", "a.jsonl", "--baseline", "nowhere.json"], "leave --baseline out in the first run"),
        (["run", "-", "-o", "-"], "standard input needs --format"),
        (["run", "-", "--write-back", "--format", "txt"], "standard input goes to standard output alone"),
        (["run", "-", "-o", "-", "--format", "txt", "--shard", "0/2"], "standard input is read once"),
        (["run", "a.jsonl", "--write-back", "--resume"], "leave --resume out"),
        (["run", "a.jsonl", "-o", "a.jsonl/out"], "a.jsonl/out/.mt-repair: Not a directory"),
        (["check", "a.jsonl", "--report", "a.jsonl", "--fail-on", "none"], "a.jsonl: File exists"),
    ],
)
def test_wrong_usage_ends_with_two_and_a_remedy(
    cli: typer.Typer, tmp_path: Path, args: list[str], message: str
) -> None:
    write(tmp_path / "a.jsonl", "Fine.")
    done = RUN.invoke(cli, [*args, "--workers", "1"], env={"COLUMNS": "400"})
    assert done.exit_code == 2
    assert message in done.stderr


def test_rows_go_through_a_pipe(cli: typer.Typer, tmp_path: Path) -> None:
    args = ["run", "-", "-o", "-", "--format", "txt", "--workers", "1", "--quiet"]
    done = RUN.invoke(cli, args, input="He goed home.\n")
    assert done.exit_code == 0, done.stderr
    assert done.stdout == "He went home.\n"


def test_a_hook_mends_files_in_their_place(cli: typer.Typer, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("He goed home.\n")
    args = ["run", "--write-back", "--fail-on", "change", "--workers", "1", "--quiet", "a.md"]
    assert RUN.invoke(cli, args).exit_code == 1
    assert (tmp_path / "a.md").read_text() == "He went home.\n"
    assert RUN.invoke(cli, args).exit_code == 0


def test_help_is_shown_without_loading_a_table_library() -> None:
    code = "import sys; from app.cli.main import build_cli; build_cli(); sys.exit('pyarrow' in sys.modules)"
    import sys

    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
