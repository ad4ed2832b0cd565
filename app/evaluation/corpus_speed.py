"""Runs over a corpus, end to end, each engine in processes of its own: rows, MB and sentences a second, memory."""

from __future__ import annotations

import functools
import gzip
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson
import psutil

from app.core.errors import InputError
from app.evaluation.corpus import MANIFEST

_ROOT = Path(__file__).resolve().parent.parent.parent
_FIRST_SAMPLE_S, _SAMPLE_S = 0.2, 2.0
_CACHE = "cache.sqlite"
_RAY_SPARE_CPUS = 2  # for reading and writing, which would wait for ever otherwise


class Engine(StrEnum):
    """What carries a run out."""

    RUN = "run"  # mt-repair run
    RAY = "ray"
    DATATROVE = "datatrove"


@dataclass(frozen=True, slots=True)
class Selection:
    """The files of a corpus that are measured, and what is in them."""

    folder: Path
    files: tuple[str, ...]  # below the folder
    rows: int
    sentences: int
    content_bytes: int

    def paths(self, suffix: str) -> list[str]:
        """The files with one suffix."""
        return [str(self.folder / name) for name in self.files if name.endswith(suffix)]


@dataclass(frozen=True, slots=True)
class Figures:
    """One run, from the start of the command to its end."""

    engine: Engine
    generator: str
    workers: int
    rows: int
    content_mb: float
    sentences: int
    wall_s: float
    cpu_s: float  # of all processes that the command waited for
    repeated_rows: float | None  # share of rows whose text came before
    remembered_sentences: float | None  # share of the sentences shown to the network whose proposal was remembered
    parent_mb: int  # resident memory, at most
    worker_mb: int  # of the largest other process
    all_mb: int  # of all processes together, what they share counted once

    def to_json(self) -> dict[str, Any]:
        """Plain values, with what follows from them."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return values | {
            "rows_per_s": round(self.rows / self.wall_s, 1),
            "mb_per_s": round(self.content_mb / self.wall_s, 4),
            "sentences_per_s": round(self.sentences / self.wall_s, 1),
            "rows_per_core_hour": round(3600 * self.rows / self.wall_s / self.workers),
        }


def select(folder: Path, *, large: bool) -> Selection:
    """The files of a corpus, with or without the large one.

    Raises:
        InputError: The folder holds no corpus of ``scripts/build_corpus.py``.
    """
    try:
        made = orjson.loads((folder / MANIFEST).read_bytes())
    except (OSError, orjson.JSONDecodeError) as exc:
        raise InputError(f"no {MANIFEST} in {folder}; make the corpus with scripts/build_corpus.py {folder}") from exc
    files = [f for f in made["files"] if large or not f["name"].startswith("large")]
    counts = {key: sum(f[key] for f in files) for key in ("rows", "sentences", "content_bytes")}
    return Selection(folder, tuple(f["name"] for f in files), **counts)


def measure(selection: Selection, engine: Engine, workers: int, generator: str, scratch: Path) -> Figures:
    """Run once over the files, and watch the memory of all processes.

    Args:
        selection: What is repaired.
        engine: What carries it out.
        workers: Processes that repair.
        generator: ``ctranslate2``, or ``echo`` for none.
        scratch: Folder for the output, which is removed again.

    Raises:
        InputError: The run failed, or rows are missing in its output.
    """
    output = scratch / "out"
    shutil.rmtree(scratch, ignore_errors=True)
    output.mkdir(parents=True)
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = os.environ | {"MT_REPAIR_GENERATOR": generator, "PYTHONPATH": str(_ROOT)}
    log = scratch / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            _command(selection, engine, workers, scratch), cwd=_ROOT, env=environment, stdout=sink, stderr=sink
        )
        parent, worker, together = watch(process, _SAMPLE_S)
    wall_s, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if process.returncode:
        raise InputError(f"{engine} ended with {process.returncode}: {log.read_text(errors='replace')[-2000:]}")
    rows = _rows_of(output)
    if rows != selection.rows:
        raise InputError(f"{engine} wrote {rows} rows of {selection.rows}")
    repeated, remembered = _work_saved(engine, scratch, rows)
    shutil.rmtree(scratch)
    return Figures(
        engine, generator, workers, rows, round(selection.content_bytes / 1e6, 2), selection.sentences,
        round(wall_s, 2), round(cpu_s, 2), repeated, remembered,
        round(parent / 1e6), round(worker / 1e6), round(together / 1e6),
    )  # fmt: skip


def _command(selection: Selection, engine: Engine, workers: int, scratch: Path) -> list[str]:
    if engine is Engine.RUN:
        inputs = [str(selection.folder / name) for name in selection.files]
        command = [sys.executable, "-m", "app.cli.main", "run", *inputs, "-o", str(scratch / "out"), "--quiet"]
        return [*command, "--workers", str(workers), "--report", str(scratch / "report")]
    named = [f"--file={name}" for name in selection.files]
    script = [sys.executable, "-m", "scripts.bench_corpus", "engine", engine.value]
    return [*script, str(selection.folder), str(scratch), f"--workers={workers}", *named]


def watch(process: subprocess.Popen[bytes], most_s: float = _FIRST_SAMPLE_S) -> tuple[int, int, int]:
    """Wait for a process; the most memory of it, of its largest descendant, and of all together, in bytes.

    Adding up the pages of a process holds it up a little: the pauses grow from 0.2 s up to ``most_s``.
    """
    parent = worker = together = 0
    main = psutil.Process(process.pid)
    pause_s = _FIRST_SAMPLE_S
    while process.poll() is None:
        with suppress(psutil.Error):  # one of them has just ended
            parent = max(parent, main.memory_info().rss)
            total = 0
            for one in [main, *main.children(recursive=True)]:
                with suppress(psutil.Error):
                    total += one.memory_full_info().pss
                    worker = max(worker, one.memory_info().rss if one.pid != process.pid else 0)
            together = max(together, total)
        with suppress(subprocess.TimeoutExpired):
            process.wait(pause_s)
        pause_s = min(1.5 * pause_s, most_s)
    return parent, worker, together


def _rows_of(output: Path) -> int:
    """Rows in all files of a folder; those of a run itself, which are hidden, aside."""
    import pyarrow.parquet as pq

    rows: int = sum(pq.read_metadata(path).num_rows for path in output.rglob("[!.]*.parquet"))
    for path in output.rglob("[!.]*.jsonl.gz"):
        with gzip.open(path, "rb") as file:
            rows += sum(1 for _ in file)
    return rows


def _work_saved(engine: Engine, scratch: Path, rows: int) -> tuple[float | None, float | None]:
    """Shares of rows and of sentences that cost nothing."""
    from app.seq2seq.shared_cache import uses

    if engine is Engine.RUN:
        speed = orjson.loads((scratch / "report" / "report.json").read_bytes())["speed"]
        return round(speed["repeated_rows_share"], 4), round(speed["remembered_sentences_share"], 4)
    repeated = None
    if engine is Engine.DATATROVE:
        steps = orjson.loads((scratch / "logs" / "stats.json").read_bytes())
        stats = next(step["stats"] for step in steps if "mt-repair" in step["name"])
        found = stats["documents_repeated"]  # a plain number where every task reports the same
        repeated = round((found["total"] if isinstance(found, dict) else found) / rows, 4)
    asked, remembered = uses(scratch / _CACHE) if (scratch / _CACHE).exists() else (0, 0)
    return repeated, round(remembered / asked, 4) if asked else None


def carry_out(engine: Engine, folder: Path, files: Sequence[str], scratch: Path, workers: int) -> None:
    """Repair files with an engine other than our own, in this process and those that it starts."""
    from app.settings import Settings
    from app.wiring import build_repairer

    build = functools.partial(build_repairer, Settings(threads=1), shared_cache=scratch / _CACHE)
    jsonl = [name for name in files if name.endswith(".jsonl.gz")]
    parquet = [name for name in files if name.endswith(".parquet")]
    output = str(scratch / "out")
    if engine is Engine.RAY:
        import ray

        from app.adapters.ray import repair_dataset

        ray.init(num_cpus=workers + _RAY_SPARE_CPUS, include_dashboard=False, log_to_driver=False)
        for read, names in ((ray.data.read_json, jsonl), (ray.data.read_parquet, parquet)):
            if names:
                dataset = read([str(folder / name) for name in names])
                repair_dataset(dataset, build, actors=workers).write_parquet(output)
        return
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import JsonlReader, ParquetReader
    from datatrove.pipeline.writers.jsonl import JsonlWriter

    from app.adapters.datatrove import RepairStep

    scratch.mkdir(parents=True, exist_ok=True)
    readers = []
    for kind, names in ((JsonlReader, jsonl), (ParquetReader, parquet)):
        if names:
            listed = scratch / f"{kind.__name__}.txt"
            listed.write_text("\n".join(names))
            readers.append(kind(str(folder), paths_file=str(listed)))
    LocalPipelineExecutor(
        pipeline=[*readers, RepairStep(build), JsonlWriter(output)],
        tasks=max(len(jsonl), len(parquet)),
        workers=workers,
        logging_dir=str(scratch / "logs"),
    ).run()


def medians(rounds: Sequence[Figures]) -> list[Figures]:
    """Of each engine, generator and number of workers, the round whose time is the median (the longer of two)."""
    groups: dict[tuple[str, str, int], list[Figures]] = {}
    for one in rounds:
        groups.setdefault((one.engine, one.generator, one.workers), []).append(one)
    found = []
    for group in groups.values():
        middle = statistics.median_high([one.wall_s for one in group])
        found.append(next(one for one in group if one.wall_s == middle))
    return found


def table(figures: Sequence[Figures]) -> tuple[Sequence[str], list[list[str]]]:
    """Column names and rows of text; each number of workers beside the time of one worker."""
    alone = {(one.engine, one.generator): one.wall_s for one in figures if one.workers == 1}
    head = ("engine", "network", "processes", "s", "rows/s", "MB/s", "sentences/s", "times one process",
            "rows repeated", "sentences remembered", "MB parent", "MB worker", "MB all")  # fmt: skip
    rows = []
    for one in figures:
        values = one.to_json()
        base = alone.get((one.engine, one.generator))
        rows.append(
            [
                one.engine.value,
                "no" if one.generator == "echo" else "yes",
                str(one.workers),
                f"{one.wall_s:,.1f}",
                f"{values['rows_per_s']:,.1f}",
                f"{values['mb_per_s']:,.3f}",
                f"{values['sentences_per_s']:,.0f}",
                f"{base / one.wall_s:.2f}" if base else "",
                "" if one.repeated_rows is None else f"{one.repeated_rows:.1%}",
                "" if one.remembered_sentences is None else f"{one.remembered_sentences:.1%}",
                str(one.parent_mb),
                str(one.worker_mb),
                str(one.all_mb),
            ]
        )
    return head, rows
