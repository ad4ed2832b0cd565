from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from app.core.errors import InputError
from app.evaluation import corpus_speed
from app.evaluation.corpus import MANIFEST, Recipe, write_corpus
from app.evaluation.corpus_speed import Engine, Figures, measure, medians, select, table, watch
from tests.evaluation.test_corpus import make_pools

ONE = Figures(Engine.RUN, "echo", 1, 3600, 36.0, 72_000, 360.0, 360.0, 0.5, None, 100, 300, 390)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    recipe = Recipe(large_mb=0.03, file_mb=0.01, jsonl_files=1, parquet_files=1, unique=0.3, sites=5, lines=4)
    (folder / MANIFEST).write_bytes(orjson.dumps(write_corpus(folder, *make_pools(), recipe).to_json()))
    return folder


def test_the_large_file_can_be_left_out(corpus: Path) -> None:
    both, small = select(corpus, large=True), select(corpus, large=False)
    assert both.files == ("large.jsonl.gz", *small.files)
    assert both.rows > small.rows > 0
    assert both.content_bytes - small.content_bytes >= 30_000
    with pytest.raises(InputError, match=r"scripts/build_corpus\.py"):
        select(corpus / "tables", large=True)


def test_a_run_is_measured_from_beginning_to_end(corpus: Path, tmp_path: Path) -> None:
    selection = select(corpus, large=True)
    figures = measure(selection, Engine.RUN, 1, "echo", tmp_path / "run")
    assert (figures.rows, figures.sentences) == (selection.rows, selection.sentences)
    assert figures.repeated_rows is not None
    assert figures.repeated_rows > 0.2
    assert figures.cpu_s > 0
    assert 20 < figures.parent_mb < figures.all_mb
    assert figures.worker_mb > 50
    assert not (tmp_path / "run").exists()


def test_a_run_that_fails_or_loses_rows_is_no_figure(corpus: Path, tmp_path: Path) -> None:
    selection = select(corpus, large=True)
    with pytest.raises(InputError, match=r"run ended with 2: .*no such file"):
        measure(replace(selection, files=("nowhere.jsonl.gz",)), Engine.RUN, 1, "echo", tmp_path / "run")
    with pytest.raises(InputError, match=f"wrote {selection.rows} rows of {selection.rows + 1}"):
        measure(replace(selection, rows=selection.rows + 1), Engine.RUN, 1, "echo", tmp_path / "run")


def test_memory_is_that_of_all_processes() -> None:
    child = "import time; held = bytearray(80_000_000); time.sleep(1.2)"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    parent, worker, together = watch(subprocess.Popen([sys.executable, "-c", code]))
    assert 0 < parent < 60_000_000
    assert 80_000_000 < worker < together + 30_000_000


def test_a_table_sets_each_run_beside_that_of_one_process() -> None:
    head, rows = table([ONE, replace(ONE, workers=2, wall_s=180.0), replace(ONE, generator="ctranslate2", workers=2)])
    speedup = head.index("times one process")
    assert [row[speedup] for row in rows] == ["1.00", "2.00", ""]
    assert [row[head.index("network")] for row in rows] == ["no", "no", "yes"]
    assert rows[0][head.index("MB/s")] == "0.100"
    assert rows[0][head.index("rows repeated")] == "50.0%"
    values = ONE.to_json()
    assert (values["sentences_per_s"], values["rows_per_core_hour"]) == (200.0, 36_000)


def test_of_several_rounds_the_median_counts() -> None:
    rounds = [replace(ONE, wall_s=s) for s in (3.0, 1.0, 2.0)] + [replace(ONE, workers=2, wall_s=9.0)]
    assert [one.wall_s for one in medians(rounds)] == [2.0, 9.0]


def test_the_command_of_another_engine_names_what_to_do(tmp_path: Path) -> None:
    selection = corpus_speed.Selection(tmp_path, ("a.jsonl.gz",), 1, 1, 1)
    command = corpus_speed._command(selection, Engine.RAY, 2, tmp_path / "x")
    assert command[-5:] == ["ray", str(tmp_path), str(tmp_path / "x"), "--workers=2", "--file=a.jsonl.gz"]
