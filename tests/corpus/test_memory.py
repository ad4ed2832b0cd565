"""Memory: it does not grow with the input, and a limit on it is kept or named."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.evaluation.corpus_speed import watch

ROOT = Path(__file__).parents[2]


def write_rows(path: Path, size: int) -> int:
    """A file of about so many bytes; the number of its rows."""
    text = "He goed to house {}. " + "It was late, and the rain fell on the street and on the river behind it. " * 50
    rows = 0
    with path.open("w") as file:
        while file.tell() < size:
            for _ in range(100):
                file.write(json.dumps({"id": rows, "text": text.format(rows % 50)}) + "\n")
                rows += 1
    return rows


def repair(source: Path, output: Path, limit_kb: int | None = None) -> subprocess.Popen[bytes]:
    limit = f"ulimit -v {limit_kb}; " if limit_kb else ""
    command = f'{limit}exec "$0" -m tests.corpus.running "$1" "$2" 500000'
    with output.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(["bash", "-c", command, sys.executable, str(source), str(output)], cwd=ROOT, stderr=log)


@pytest.mark.slow
def test_ten_times_the_input_takes_the_same_memory(tmp_path: Path) -> None:
    peaks = []
    for megabytes in (6, 60):
        rows = write_rows(tmp_path / "rows.jsonl", megabytes * 1_000_000)
        process = repair(tmp_path / "rows.jsonl", tmp_path / f"out-{megabytes}")
        peaks.append(watch(process))
        assert process.returncode == 0
        with (tmp_path / f"out-{megabytes}" / "rows.jsonl").open("rb") as file:
            assert sum(1 for _ in file) == rows
    for small, large in zip(peaks[0], peaks[1], strict=True):
        assert large < small + 25_000_000


def test_a_run_within_a_limit_gives_the_same_bytes_and_names_what_does_not_fit(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_rows(folder / "rows.jsonl", 3_000_000)
    assert repair(folder, tmp_path / "free").wait(120) == 0
    (folder / "long.jsonl").write_text(json.dumps({"text": "x" * 200_000_000}) + "\n")
    assert repair(folder, tmp_path / "limited", 700_000).wait(120) == 3
    said = (tmp_path / "limited.log").read_text()
    assert re.search(r"long\.jsonl.*: not enough memory", said)
    assert "Traceback" not in said
    assert [path.name for path in (tmp_path / "limited").glob("*.jsonl")] == ["rows.jsonl"]
    assert (tmp_path / "limited/rows.jsonl").read_bytes() == (tmp_path / "free/rows.jsonl").read_bytes()
