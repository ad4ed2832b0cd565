from __future__ import annotations

import functools
import gzip
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, cast

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.core.errors import InputError, ResourceError
from app.core.types import FurnitureMode, RepairOptions
from app.corpus.gate import Gate
from app.corpus.manifest import Identity, Job, RunFolder
from app.corpus.outcome import ExitCode, FailOn
from app.corpus.pool import Pool
from app.corpus.run import Result, Silence, Spec, run, run_stream
from app.corpus.worker import Order, StreamOrder
from app.formats.base import FilePlan, Wanted
from app.formats.storage import Location, Stamp, open_content
from tests.corpus import building
from tests.corpus.building import build
from tests.corpus.running import JOB

ROWS = 600


def write_corpus(folder: Path, rows: int = ROWS) -> None:
    folder.mkdir(exist_ok=True)
    texts = [f"He goed to house {i}. It was late and the rain fell on street {i % 7}." for i in range(rows)]
    lines = "".join(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(texts))
    (folder / "a.jsonl").write_text(lines)
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))
    table = pa.table({"id": pa.array(range(rows), pa.int32()), "text": texts})
    pq.write_table(table, folder / "c.parquet", row_group_size=150)
    (folder / "d.txt").write_text("\n\n".join(texts))


def workers_of(pid: int) -> list[psutil.Process]:
    """Worker processes, without the one that multiprocessing itself needs."""
    found = []
    with suppress(psutil.NoSuchProcess):
        for child in psutil.Process(pid).children():
            with suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                if "spawn_main" in " ".join(child.cmdline()):
                    found.append(child)
    return found


def count_done(output: Path) -> int:
    """Units that have their marker."""
    return sum(len(p.name) == len("0" * 24 + ".json") for p in output.glob(".mt-repair/*/??/*.json"))


def outputs(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.is_file()}


def spec(inputs: Path, output: Path | None, **changes: Any) -> Spec:
    return replace(Spec((str(inputs),), str(output) if output else None, JOB, build), **changes)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus") / "in"
    write_corpus(folder)
    return folder


@pytest.fixture(scope="module")
def undisturbed(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    output = tmp_path_factory.mktemp("undisturbed") / "out"
    return output, run(spec(corpus, output))


def test_every_row_of_every_file_is_repaired_once(undisturbed: tuple[Path, Result]) -> None:
    output, result = undisturbed
    assert result.units_done == result.units > 50
    assert result.tally.rows == result.rows_planned
    assert result.exit_code(FailOn.NONE) is ExitCode.DONE
    assert result.exit_code(FailOn.CHANGE) is ExitCode.FINDINGS
    for data in ((output / "a.jsonl").read_bytes(), gzip.decompress((output / "b.jsonl.gz").read_bytes())):
        rows = [json.loads(line) for line in data.splitlines()]
        assert [row["id"] for row in rows] == list(range(ROWS))
        assert all(row["text_repaired"] == row["text"].replace("goed", "went") for row in rows)
    assert pq.read_table(output / "c.parquet").column("id").to_pylist() == list(range(ROWS))
    assert (output / "d.txt").read_text().count("went") == ROWS


def test_a_run_that_is_killed_again_and_again_ends_with_the_same_bytes(
    corpus: Path, undisturbed: tuple[Path, Result], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    chance = random.Random(11)
    deadline = time.monotonic() + 120
    goals = sorted(chance.sample(range(5, undisturbed[1].units // 2), 4))
    killed = 0
    for goal in [*goals, None]:
        begun = count_done(output)
        process = subprocess.Popen([sys.executable, "-m", "tests.corpus.running", str(corpus), str(output)])
        try:
            while process.poll() is None and time.monotonic() < deadline:
                if goal is None or count_done(output) < max(goal, begun + 3):
                    time.sleep(0.005)
                    continue
                if killed % 2:  # a worker alone, which the run must survive, and then the run itself
                    for worker in workers_of(process.pid)[:1]:
                        worker.kill()
                os.kill(process.pid, signal.SIGKILL)
                killed += 1
                break
        finally:
            if process.poll() is None and goal is not None:
                process.kill()
        assert process.wait(60) == (0 if goal is None else -signal.SIGKILL)
    assert killed == len(goals)
    assert outputs(output) == outputs(undisturbed[0])
    assert list(output.glob(".mt-repair/*/??/*.part")) == []


def test_a_worker_that_is_killed_costs_nothing(corpus: Path, undisturbed: tuple[Path, Result], tmp_path: Path) -> None:
    class Assassin(Silence):
        done = 0

        def advance(self, done: int, sentences: int) -> None:
            self.done += done
            if self.done > 300 and not hasattr(self, "victim"):
                (self.victim,) = workers_of(os.getpid())
                self.victim.kill()

    assassin = Assassin()
    result = run(spec(corpus, tmp_path / "out"), assassin)
    assert hasattr(assassin, "victim")
    assert result.units_done == result.units
    assert result.quarantined == []
    assert outputs(tmp_path / "out") == outputs(undisturbed[0])


def test_shards_do_the_work_once_between_them_and_the_last_one_joins(
    corpus: Path, undisturbed: tuple[Path, Result], tmp_path: Path
) -> None:
    parts = [run(spec(corpus, tmp_path / "out", shard=(i, 2))) for i in range(2)]
    assert parts[0].units_done < parts[0].units == parts[1].units_done
    assert outputs(tmp_path / "out") == outputs(undisturbed[0])


def test_a_file_that_another_run_joins_meanwhile_is_done(
    corpus: Path, undisturbed: tuple[Path, Result], tmp_path: Path
) -> None:
    order = spec(corpus / "a.jsonl", tmp_path / "out", resume=True, workers=1)
    run(replace(order, shard=(0, 2)))  # its parts wait to be joined

    class Other(Silence):
        def begin(self, what: str, total: int) -> None:
            if what == "repairing":
                assert run(order).quarantined == []

    result = run(order, Other())
    assert result.quarantined == []
    assert result.exit_code(FailOn.NONE) is ExitCode.DONE
    assert (tmp_path / "out/a.jsonl").read_bytes() == (undisturbed[0] / "a.jsonl").read_bytes()
    assert list((tmp_path / "out/.mt-repair").rglob("*.part")) == []


def test_a_run_that_is_done_has_nothing_left_to_do(undisturbed: tuple[Path, Result], corpus: Path) -> None:
    output, first = undisturbed
    before = {p: p.stat().st_mtime_ns for p in output.iterdir()}
    again = run(spec(corpus, output, resume=True))
    assert again.units_resumed == first.units
    assert again.tally.to_json() == first.tally.to_json()
    assert {p: p.stat().st_mtime_ns for p in output.iterdir()} == before
    with pytest.raises(InputError, match="go on with --resume or start anew with --overwrite"):
        run(spec(corpus, output))


def test_other_options_are_other_work(corpus: Path, tmp_path: Path) -> None:
    one = spec(corpus / "a.jsonl", tmp_path / "out.jsonl")
    run(one)
    before = (tmp_path / "out.jsonl").read_bytes()
    other = replace(one, resume=True, job=replace(JOB, options=RepairOptions(min_confidence=1.0)))
    result = run(other)
    assert result.units_resumed == 0
    assert (tmp_path / "out.jsonl").read_bytes() != before


def test_the_output_of_other_options_is_not_taken_for_ones_own(tmp_path: Path) -> None:
    source, output = tmp_path / "a.txt", tmp_path / "out"
    source.write_text("He goed home.\n")
    options = [RepairOptions(min_confidence=least) for least in (0.1, 0.99, 0.1)]
    found = []
    for one in options:
        run(spec(source, output, job=replace(JOB, options=one), resume=True, workers=1))
        found.append((output / "a.txt").read_text())
    assert len(found[0]) == len(found[1])  # so that the size alone does not tell them apart
    assert found[0] != found[1]
    assert found[0] == found[2]
    os.utime(output / "a.txt", (1, 1))  # as a copy of the folder may have it
    again = run(spec(source, output, job=replace(JOB, options=options[2]), resume=True, workers=1))
    assert again.outputs == [str(output / "a.txt")]
    assert again.wall_segments == 0


def test_a_plan_for_another_format_is_another_plan(tmp_path: Path) -> None:
    source, output = tmp_path / "a.data", tmp_path / "out"
    source.write_text('{"text": "He goed."}\n')
    run(spec(source, output, format="txt", workers=1))
    assert "text_repaired" not in (output / "a.data").read_text()
    run(spec(source, output, format="jsonl", resume=True, workers=1))
    assert json.loads((output / "a.data").read_text())["text_repaired"] == "He went."


def test_a_pipe_takes_the_output(tmp_path: Path) -> None:
    source, pipe = tmp_path / "a.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"text": "He goed."}\n')
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run(spec(source, pipe, workers=1)).tally.rows_changed == 1
        assert json.loads(os.read(end, 10_000))["text_repaired"] == "He went."
    finally:
        os.close(end)


def test_a_poison_unit_is_tried_again_then_put_aside_and_the_run_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    rows = [{"id": i, "text": "KILL THE WORKER" if i == 120 else f"He goed {i}."} for i in range(200)]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "b.jsonl").write_text('{"text": "He goed."}\n')
    result = run(spec(folder, tmp_path / "out", max_tries=2))
    (entry,) = result.quarantined
    assert entry["tries"] == 2
    assert "killed by signal 9" in entry["reason"]
    assert entry["first_row"] <= 121 <= entry["last_row"]
    assert result.exit_code(FailOn.NONE) is ExitCode.INCOMPLETE
    assert result.units_done == result.units - 1
    assert not (tmp_path / "out/a.jsonl").exists()
    assert (tmp_path / "out/b.jsonl").exists()
    rows[120]["text"] = "He goed."
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    mended = run(spec(folder, tmp_path / "out", resume=True))
    assert mended.exit_code(FailOn.NONE) is ExitCode.DONE
    assert [json.loads(line)["id"] for line in (tmp_path / "out/a.jsonl").read_text().splitlines()] == list(range(200))


def test_bad_files_and_rows_are_named_while_the_others_are_repaired(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_corpus(folder, 20)
    data = gzip.compress(os.urandom(50_000))
    (folder / "cut.jsonl.gz").write_bytes(data[:30_000])
    long = json.dumps({"text": "x" * 50_000_000})
    (folder / "rows.jsonl").write_bytes(b'{"text": "He goed."}\n{"id": 2}\n{"text": "\xff"}\n' + long.encode() + b"\n")
    result = run(spec(folder, tmp_path / "out"))
    assert [Path(entry["file"]).name for entry in result.quarantined] == ["cut.jsonl.gz"]
    assert re.search(r"cut off or damaged.*; \d+ rows before that can be read", result.quarantined[0]["reason"])
    assert [problem.partition("rows.jsonl, ")[2].partition(":")[0] for problem in result.tally.problems] == [
        "line 2", "line 3", "line 4",
    ]  # fmt: skip
    assert "no `text` field; there are id" in result.tally.problems[0]
    assert "not valid UTF-8 at byte 10 of the row" in result.tally.problems[1]
    assert "50,000,000 characters, the most is 1,000,000; split it or raise --max-chars" in result.tally.problems[2]
    lines = (tmp_path / "out/rows.jsonl").read_bytes().splitlines()
    assert len(lines) == 4
    assert lines[2] == b'{"text": "\xff"}'
    assert json.loads(lines[3])["text"] == "x" * 50_000_000
    assert result.exit_code(FailOn.NONE) is ExitCode.INCOMPLETE


def test_a_file_name_that_is_no_text_is_put_aside(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("He goed.\n")
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("He goed.\n")
    for output in (tmp_path / "out", None):
        result = run(spec(folder, output, workers=1))
        (entry,) = result.quarantined
        assert entry["file"] == f"{folder}/caf\\udce9.txt"
        assert "not valid UTF-8" in entry["reason"]
        assert result.tally.rows_changed == 1
    assert (tmp_path / "out/a.txt").read_text() == "He went.\n"
    with pytest.raises(InputError, match="not valid UTF-8"):
        run(spec(folder / "a.txt", tmp_path / os.fsdecode(b"\xe9"), workers=1))


def test_an_input_that_vanishes_is_put_aside(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_corpus(folder, 50)

    class Thief(Silence):
        def begin(self, what: str, total: int) -> None:
            if what == "repairing":
                (folder / "a.jsonl").unlink()

    result = run(spec(folder, tmp_path / "out"), Thief())
    assert {Path(entry["file"]).name for entry in result.quarantined} == {"a.jsonl"}
    assert "the file is gone" in result.quarantined[0]["reason"]
    assert sorted(outputs(tmp_path / "out")) == ["b.jsonl.gz", "c.parquet", "d.txt"]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_stops_the_run_and_loses_nothing(
    corpus: Path, undisturbed: tuple[Path, Result], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    output.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(output)], check=False)
    if mounted.returncode:
        pytest.skip("no permission to mount")
    try:
        with pytest.raises(InputError, match=r"No space left on device.*go on with --resume"):
            run(spec(corpus, output))
        subprocess.run(["mount", "-o", "remount,size=100m", str(output)], check=True)
        result = run(spec(corpus, output, resume=True))
        assert result.units_resumed > 0
        assert outputs(output) == outputs(undisturbed[0])
    finally:
        subprocess.run(["umount", str(output)], check=True)


def test_a_model_that_is_missing_stops_the_run_with_its_message(corpus: Path, tmp_path: Path) -> None:
    missing = functools.partial(building.build_once, str(tmp_path / "nowhere"))
    with pytest.raises(ResourceError, match="no model in"):
        run(spec(corpus, tmp_path / "out", build=missing))


def test_a_signal_ends_the_run_and_it_can_be_taken_up_again(
    corpus: Path, undisturbed: tuple[Path, Result], tmp_path: Path
) -> None:
    class Interrupter(Silence):
        done = 0

        def advance(self, done: int, sentences: int) -> None:
            self.done += done
            if 200 < self.done < 10_000:
                self.done = 10_000
                os.kill(os.getpid(), signal.SIGTERM)

    result = run(spec(corpus, tmp_path / "out"), Interrupter())
    assert result.exit_code(FailOn.NONE) is ExitCode.INTERRUPTED
    assert 0 < result.units_done < result.units
    assert result.quarantined == []
    run(spec(corpus, tmp_path / "out", resume=True))
    assert outputs(tmp_path / "out") == outputs(undisturbed[0])


def test_a_check_counts_the_same_and_writes_nothing(corpus: Path, undisturbed: tuple[Path, Result]) -> None:
    before = sorted(corpus.rglob("*"))
    result = run(spec(corpus, None))
    assert result.tally.to_json() == undisturbed[1].tally.to_json()
    assert sorted(corpus.rglob("*")) == before


def test_too_much_harm_forbids_the_run(corpus: Path, tmp_path: Path) -> None:
    control = tmp_path / "control.jsonl"
    control.write_text('{"text": "He went home."}\n' * 9 + '{"text": "He goed home."}\n')
    harmful = spec(corpus, tmp_path / "out", control=(str(control),), gate=Gate(max_harm=0.05))
    result = run(harmful)
    assert result.exit_code(FailOn.NONE) is ExitCode.GATE
    assert "10.00% of the control set" in (result.gate or "")
    assert not (tmp_path / "out/a.jsonl").exists()
    assert run(replace(harmful, gate=Gate(max_harm=0.2), resume=True)).exit_code(FailOn.NONE) is ExitCode.DONE


def test_a_run_that_changes_far_more_than_usual_is_stopped_on_the_way(corpus: Path, tmp_path: Path) -> None:
    result = run(spec(corpus, tmp_path / "out", gate=Gate(baseline_changed=0.01, max_drift=3.0)))
    assert result.exit_code(FailOn.NONE) is ExitCode.GATE
    assert "1.00% in the earlier report" in (result.gate or "")
    assert result.units_done < result.units


def test_tables_can_be_written_in_another_format(corpus: Path, tmp_path: Path) -> None:
    job = replace(JOB, output_format="parquet")
    run(spec(corpus / "b.jsonl.gz", tmp_path / "out", job=job))
    table = pq.read_table(tmp_path / "out/b.parquet")
    assert table.column("id").to_pylist() == list(range(ROWS))
    assert table.schema.field("id").type == pa.int64()
    assert table.column("repair_status").to_pylist() == ["repaired"] * ROWS


@pytest.mark.parametrize(
    ("name", "output", "form"),
    [
        ("a.jsonl", "o.jsonl.gz", "same"),
        ("b.jsonl.gz", "o.jsonl", "same"),
        ("a.jsonl", "o.jsonl.zst", "same"),
        ("b.jsonl.gz", "o.jsonl.zst", "same"),
        ("c.parquet", "o.jsonl.gz", "jsonl"),
    ],
)
def test_one_output_is_compressed_as_its_name_says(tmp_path: Path, name: str, output: str, form: str) -> None:
    write_corpus(tmp_path, rows=30)
    result = run(spec(tmp_path / name, tmp_path / output, job=replace(JOB, output_format=form), workers=1))
    assert result.units > 1
    raw = (tmp_path / output).read_bytes()
    first = {"o.jsonl": b"{", "o.jsonl.gz": b"\x1f\x8b", "o.jsonl.zst": b"\x28\xb5\x2f\xfd"}[output]
    assert raw.startswith(first)
    with open_content(Location(str(tmp_path / output), output)) as stream:
        rows = [json.loads(line) for line in stream]
    assert [row["text_repaired"].startswith("He went") for row in rows] == [True] * 30


@pytest.mark.parametrize(
    ("name", "output", "message"),
    [
        ("a.jsonl", "o.parquet", "what is written is jsonl; add --to parquet, or end the name of the output in .jsonl"),
        ("a.jsonl", "o.csv", "what is written is jsonl; end the name"),
        ("d.txt", "o.md.gz", "what is written is txt"),
        ("c.parquet", "o.parquet.gz", "another compression"),
    ],
)
def test_one_output_whose_name_promises_another_format_is_refused(
    tmp_path: Path, name: str, output: str, message: str
) -> None:
    write_corpus(tmp_path, rows=2)
    with pytest.raises(InputError, match=message):
        run(spec(tmp_path / name, tmp_path / output))
    assert not (tmp_path / ".mt-repair").exists()


def test_a_file_is_written_in_its_own_place_only_where_something_changed(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.md").write_text("# He goed\n")
    (folder / "b.md").write_text("# He went\n")
    (folder / "c.jsonl").write_text('{"text": "He went."}\n' * 500)  # several units
    before = (folder / "b.md").stat().st_mtime_ns
    run(Spec((str(folder),), None, JOB, build, write_back=True))
    assert (folder / "a.md").read_text() == "# He went\n"
    assert (folder / "b.md").stat().st_mtime_ns == before
    assert (folder / "c.jsonl").read_text() == '{"text": "He went."}\n' * 500
    assert sorted(p.name for p in folder.iterdir()) == ["a.md", "b.md", "c.jsonl"]


def test_of_a_killed_run_that_keeps_no_record_nothing_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, temporary = tmp_path / "in", tmp_path / "tmp"
    write_corpus(folder)
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)  # where it looked before
    code = f"from tests.corpus.running import *; run(Spec(({str(folder)!r},), None, JOB, build, write_back=True))"
    process = subprocess.Popen([sys.executable, "-c", code])
    while not list(temporary.glob("*/run/*/??/*.part")):
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.wait()
    assert list(temporary.iterdir()) != []
    run(spec(folder, None, write_back=True))
    assert list(temporary.iterdir()) == []
    assert sorted(p.name for p in folder.iterdir()) == ["a.jsonl", "b.jsonl.gz", "c.parquet", "d.txt"]


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_no_file_becomes_another_format_in_its_own_place(tmp_path: Path, form: str) -> None:
    write_corpus(tmp_path / "in", rows=2)
    before = outputs(tmp_path / "in")
    with pytest.raises(InputError, match="leave --to out, or give an --output instead of --write-back"):
        run(spec(tmp_path / "in", None, job=replace(JOB, output_format=form), write_back=True))
    assert outputs(tmp_path / "in") == before


@pytest.mark.parametrize("what", [{"shard": (0, 2)}, {"plan_only": True}, {"resume": True}])
def test_what_needs_a_record_of_the_run_is_refused_where_none_is_kept(tmp_path: Path, what: dict[str, Any]) -> None:
    write_corpus(tmp_path / "in", rows=20)
    before = outputs(tmp_path / "in")
    with pytest.raises(InputError, match="--write-back keeps no record of what is done, and --"):
        run(spec(tmp_path / "in", None, write_back=True, **what))
    assert outputs(tmp_path / "in") == before


@pytest.mark.parametrize(
    ("output", "write_back", "message"),
    [
        ("out", False, "go on with --resume"),
        (None, True, "the files that are written are whole; run it again for the others"),
        (None, False, "run it again"),
    ],
)
def test_how_an_interrupted_run_goes_on(output: str | None, write_back: bool, message: str) -> None:
    assert Result(Spec(("in",), output, JOB, build, write_back=write_back)).way_on == message


class Noting(Silence):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def note(self, line: str) -> None:
        self.lines.append(line)


REMOVE = RepairOptions(furniture=FurnitureMode.REMOVE)
PAGE = "<p>He goed.</p>\n<p>Share on Facebook</p>\n"


def test_page_furniture_stays_in_mark_up_and_the_run_says_so(tmp_path: Path) -> None:
    folder, noting, job = tmp_path / "in", Noting(), replace(JOB, options=REMOVE)
    folder.mkdir()
    (folder / "a.html").write_text(PAGE)
    (folder / "b.txt").write_text("He goed.\n\nShare on Facebook\n")
    result = run(spec(folder, tmp_path / "out", job=job, workers=1), noting)
    assert (tmp_path / "out/a.html").read_text() == PAGE.replace("goed", "went")
    assert (tmp_path / "out/b.txt").read_text() == "He went.\n\n"
    assert result.tally.refused["markup"] == 0
    assert noting.lines == [
        "--furniture remove takes nothing out of Markdown and HTML, where the mark-up around it would stay; "
        "their text without it comes with --to jsonl"
    ]
    run(spec(folder / "a.html", tmp_path / "a.jsonl", job=replace(job, output_format="jsonl"), workers=1), noting)
    assert json.loads((tmp_path / "a.jsonl").read_text())["text_repaired"].rstrip() == "He went."
    assert len(noting.lines) == 1


@pytest.mark.parametrize(
    ("form", "changes", "expected"),
    [
        ("txt", {"hashes": True}, "--hashes adds nothing to what is no table"),
        ("jsonl", {"hashes": True, "in_place": True}, "--hashes adds nothing with --in-place-field"),
        ("jsonl", {"keep_originals": False}, "--conversions-only has no effect"),
        ("jsonl", {"hashes": True}, None),
        ("warc", {"keep_originals": False}, None),
    ],
)
def test_an_option_without_effect_is_named(form: str, changes: dict[str, Any], expected: str | None) -> None:
    plan = FilePlan(Location("a", "a"), form, Stamp(0, ""), "", ())
    said = list(Job(Wanted(**changes), RepairOptions()).without_effect([plan]))
    assert len(said) == (expected is not None)
    assert said == [] or said[0].startswith(str(expected))


def test_a_pipe_gives_the_same_rows_in_the_same_order(corpus: Path, undisturbed: tuple[Path, Result]) -> None:
    sink = io.BytesIO()
    with (corpus / "a.jsonl").open("rb") as source:
        result = run_stream(Spec(("-",), "-", JOB, build, format="jsonl"), source, sink)
    assert sink.getvalue() == (undisturbed[0] / "a.jsonl").read_bytes()
    assert result.tally.rows == ROWS


class Signalling:
    """A stream that sends two signals to this process some time after it is first read."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._was_read = stream, False

    def readline(self, most: int = -1) -> bytes:
        if not self._was_read:
            self._was_read = True
            for wait_s in (2.0, 3.0):
                threading.Timer(wait_s, os.kill, (os.getpid(), signal.SIGINT)).start()
        return self._stream.readline(most)


@contextmanager
def ignored_signals() -> Iterator[None]:
    """Signals that come when the run is over do no harm."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
        time.sleep(1.5)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("grace_s", [0.0, 60.0])
@pytest.mark.parametrize("lines", [1, 40_000])  # fewer and more than there may be under way
def test_a_pipe_ends_after_its_grace_or_a_second_signal(grace_s: float, lines: int) -> None:
    order = Spec(("-",), "-", JOB, building.build_sleeping, format="jsonl", grace_s=grace_s)
    source = io.BytesIO(b'{"text": "He goed to a house that is far away."}\n' * lines)
    with ignored_signals():
        result = run_stream(order, cast(IO[bytes], Signalling(source)), io.BytesIO())
    assert result.interrupted
    assert result.wall_s < 20


def test_a_pipe_that_brings_nothing_can_be_left() -> None:
    reading, writing = os.pipe()
    give_up = threading.Timer(20.0, os.close, (writing,))
    give_up.start()
    with os.fdopen(reading, "rb") as source:
        order = Spec(("-",), "-", JOB, build, format="jsonl")
        with ignored_signals():
            result = run_stream(order, cast(IO[bytes], Signalling(source)), io.BytesIO())
    assert give_up.is_alive()
    give_up.cancel()
    os.close(writing)
    assert result.exit_code(FailOn.NONE) is ExitCode.INTERRUPTED


class Nobody:
    """Wants to know nothing of a pool."""

    def on_ready(self, identity: Identity) -> None:
        """Nothing."""

    def on_progress(self, rows: int, chars: int) -> None:
        """Nothing."""

    def on_done(self, order: Order, result: dict[str, Any]) -> None:
        """Nothing."""

    def on_failed(self, order: Order, reason: str, tries: int) -> None:
        """Nothing."""


def test_what_waits_is_forgotten_by_the_next_step_and_not_by_the_signal() -> None:
    pool = Pool(0, build, JOB, Nobody())
    pool.submit(StreamOrder(FilePlan(Location("-", "-"), "jsonl", Stamp(0, ""), "", ()), (), 1, 1))
    pool.stop(60.0)
    found = [(pool.is_busy, pool.is_over)]
    pool.step(0.0)
    found.append((pool.is_busy, pool.is_over))
    pool.stop(60.0)
    assert [*found, (pool.is_busy, pool.is_over)] == [(True, False), (False, False), (False, True)]


def test_work_that_comes_again_is_done_once_with_the_same_result(
    corpus: Path, undisturbed: tuple[Path, Result], tmp_path: Path
) -> None:
    bold = replace(JOB.options, min_confidence=0.0)  # where the caller says how bold to be, nothing is read again
    result = run(spec(corpus, tmp_path / "out", job=replace(JOB, options=bold), build=building.build_remembering))
    assert outputs(tmp_path / "out") == outputs(undisturbed[0])
    # the second sentence has seven forms, and three of the four files hold what the first one holds
    assert result.cache_remembered / result.cache_asked > 0.4
    assert result.tally.rows_repeated > ROWS
    forgetful = run(spec(corpus, None, job=replace(JOB, remembered=0)))
    assert forgetful.tally.rows_repeated == 0
    assert forgetful.tally.edits == result.tally.edits


def test_what_one_worker_has_worked_out_the_other_does_not_do_again(
    corpus: Path, undisturbed: tuple[Path, Result], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    sharing = functools.partial(building.build_sharing, str(log), str(tmp_path / "cache"))
    result = run(spec(corpus, tmp_path / "out", build=sharing, workers=2))
    assert outputs(tmp_path / "out") == outputs(undisturbed[0])
    shown = log.read_text().splitlines()
    assert len(set(shown)) >= ROWS + 7
    # both may meet a sentence at the same moment; without sharing, each would be shown nearly all of them
    assert len(shown) < 1.5 * len(set(shown))
    assert result.cache_asked - result.cache_remembered == len(shown)
    # three files hold the same texts; without sharing, a worker would have repaired only every other one before
    assert result.tally.rows_repeated > 1.7 * ROWS


@pytest.mark.parametrize(
    ("inputs", "output"),
    [
        ("{in}", "{in}"),
        ("in/a.jsonl", "./in"),
        ("in", "in"),
        ("{in}/a.jsonl", "in/a.jsonl"),
        ("in/../in", "in"),
        ("in", "link"),
        ("in/a.jsonl", "link/a.jsonl"),
        ("link.jsonl", "in/a.jsonl"),
    ],
)
def test_no_output_goes_over_its_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inputs: str, output: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_corpus(tmp_path / "in", rows=2)
    Path("link").symlink_to("in")
    Path("link.jsonl").symlink_to("in/a.jsonl")
    before, place = outputs(tmp_path / "in"), str(tmp_path / "in")
    with pytest.raises(InputError, match="written over itself"):
        run(Spec((inputs.replace("{in}", place),), output.replace("{in}", place), JOB, build))
    assert outputs(tmp_path / "in") == before
    assert not (tmp_path / "in/.mt-repair").exists()


def test_no_output_goes_over_another_input(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\nHe goed.\n")
    (tmp_path / "a.jsonl").write_text('{"text": "He goed."}\n')
    inputs = (str(tmp_path / "a.csv"), str(tmp_path / "a.jsonl"))
    with pytest.raises(InputError, match=r"a\.csv would be written over .*a\.jsonl"):
        run(Spec(inputs, str(tmp_path), replace(JOB, output_format="jsonl"), build))


def test_the_plan_of_a_file_is_made_once(corpus: Path, tmp_path: Path) -> None:
    planned = run(spec(corpus, tmp_path / "out", plan_only=True))
    assert planned.units > 50
    folder = RunFolder(str(tmp_path / "out/.mt-repair"))
    assert not folder.exists()
    stamps = Counter(p.stat().st_mtime_ns for p in (tmp_path / "out/.mt-repair/plan").iterdir())
    run(spec(corpus, tmp_path / "out", plan_only=True))
    assert Counter(p.stat().st_mtime_ns for p in (tmp_path / "out/.mt-repair/plan").iterdir()) == stamps


def test_a_job_is_hashed_by_what_changes_results() -> None:
    from app.corpus.manifest import options_hash

    job = Job(Wanted(), RepairOptions())
    assert options_hash(job) == options_hash(replace(job, unit_bytes=5, remembered=0, shared_answers=Path("x")))
    assert options_hash(job) != options_hash(replace(job, options=RepairOptions(min_confidence=0.5)))
    assert options_hash(job) != options_hash(replace(job, wanted=Wanted(field="body")))
