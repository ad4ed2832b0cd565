"""Measure ``mt-repair run`` on a corpus of real text: rows, MB/s, sentences/s and memory, by number of workers.

``python scripts/bench_corpus.py --mb 10 --workers 1 --workers 2``; docs/scale.md holds the figures.
"""

from __future__ import annotations

import gzip
import itertools
import lzma
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import typer

_ROOT = Path(__file__).resolve().parent.parent
_LINES = 8  # of a text, in one document
_MIXED = 4  # of so many documents one is machine translation
_SAMPLE_S = 0.2


def main(
    data: Annotated[Path, typer.Option(help="Folder with text/*.txt.xz and mt/*.jsonl.xz.")] = _ROOT.parent
    / "shared"
    / "data",
    mb: Annotated[float, typer.Option(help="Size of the corpus, in MB of JSON Lines.")] = 10.0,
    workers: Annotated[list[int] | None, typer.Option(help="Numbers of workers to try.")] = None,
    form: Annotated[str, typer.Option(help="jsonl, jsonl.gz or parquet.")] = "jsonl",
    option: Annotated[list[str] | None, typer.Option(help="Further option of run.")] = None,
    out: Annotated[Path, typer.Option(help="JSON with the figures.")] = _ROOT / "build" / "bench_corpus.json",
) -> None:
    """Build the corpus, run over it with each number of workers, and write the figures."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / f"corpus.{form}"
        rows = write_corpus(corpus, documents(data), int(mb * 1_000_000))
        for count in workers or [1]:
            figures.append({"form": form, "rows": rows, **measure(corpus, count, option or [])})
            print(orjson.dumps(figures[-1]).decode())
    out.parent.mkdir(parents=True, exist_ok=True)
    machine = {
        "cpu": platform.processor() or platform.machine(),
        "cores": psutil.cpu_count(),
        "load": psutil.getloadavg(),
    }
    out.write_bytes(orjson.dumps({"machine": machine, "runs": figures}, option=orjson.OPT_INDENT_2))


def documents(data: Path) -> Iterator[str]:
    """Clean text and machine translation in turns, again from the beginning when they run out."""
    texts = sorted((data / "text").glob("*.txt.xz"))
    translations = sorted((data / "mt").glob("*-train.jsonl.xz"))
    while True:
        clean = itertools.chain.from_iterable(map(_text_documents, texts))
        garbled = itertools.chain.from_iterable(map(_translated_documents, translations))
        for i in itertools.count():
            found = next(garbled if i % _MIXED == 0 else clean, None)
            if found is None:
                break
            yield found


def _text_documents(path: Path) -> Iterator[str]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        lines = (line.strip() for line in file if line.strip())
        while taken := list(itertools.islice(lines, _LINES)):
            yield "\n".join(taken)


def _translated_documents(path: Path) -> Iterator[str]:
    with lzma.open(path, "rb") as file:
        while taken := list(itertools.islice(file, _LINES)):
            yield "\n".join(orjson.loads(line)["mt"] for line in taken)


def write_corpus(path: Path, texts: Iterator[str], size: int) -> int:
    """Write documents up to a size; how many."""
    table: list[dict[str, Any]] = []
    written = rows = 0
    with gzip.open(path, "wb", compresslevel=3) if path.suffix == ".gz" else path.open("wb") as file:
        for text in texts:
            row = {"id": rows, "text": text, "lang": "en"}
            line = orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
            if path.suffix == ".parquet":
                table.append(row)
            else:
                file.write(line)
            written += len(line)
            rows += 1
            if written >= size:
                break
    if table:
        pq.write_table(pa.Table.from_pylist(table), path, row_group_size=10_000)
    return rows


def measure(corpus: Path, workers: int, options: list[str]) -> dict[str, Any]:
    """Run over the corpus once, and watch the memory of its processes."""
    output, report = corpus.parent / "out", corpus.parent / "report"
    shutil.rmtree(output, ignore_errors=True)
    command = [sys.executable, "-m", "app.cli.main", "run", str(corpus), "-o", str(output), "--report", str(report)]
    command += ["--workers", str(workers), "--quiet", *options]
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=_ROOT)
    parent = worker = 0
    while process.poll() is None:
        main_process = psutil.Process(process.pid)
        try:
            parent = max(parent, main_process.memory_info().rss)
            worker = max([worker, *(child.memory_info().rss for child in main_process.children(recursive=True))])
        except psutil.Error:
            pass  # it has just ended
        time.sleep(_SAMPLE_S)
    wall_s = time.monotonic() - started
    found = orjson.loads((report / "report.json").read_bytes())
    content = found["input"]["bytes"]
    return {
        "workers": workers,
        "exit_code": process.returncode,
        "content_mb": round(content / 1e6, 2),
        "wall_s": round(wall_s, 2),
        "mb_per_s": round(content / 1e6 / wall_s, 4),
        "sentences": found["sentences"]["total"],
        "sentences_per_s": round(found["sentences"]["total"] / wall_s, 1),
        "sentences_per_core_s": found["speed"]["sentences_per_core_s"],
        "rows_per_core_hour": round(3600 * found["rows"]["done"] / found["speed"]["worker_s"]),
        "repeated_rows_share": round(found["speed"]["repeated_rows_share"], 4),
        "remembered_sentences_share": round(found["speed"]["remembered_sentences_share"], 4),
        "peak_rss_mb_parent": round(parent / 1e6),
        "peak_rss_mb_worker": round(worker / 1e6),
        "model": found["versions"]["model"],
    }


if __name__ == "__main__":
    typer.run(main)
