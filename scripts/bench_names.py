"""Measure the knowledge base: size, start, memory of one and two processes, lookups, candidates and their recall.

    python -m scripts.bench_names [models/names-en] [--entities 2000] [--seed 7]

Recall asks of entities drawn at random, each by its name spoilt in one way, whether it is among the candidates. Figures
go to standard output as JSON.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import string
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import orjson

from app.names.candidates import CandidateFinder
from app.names.store import Entity, EntityKind, EntityStore

_MEMORY = ("Rss", "Pss", "Private_Dirty", "Shared_Clean")


def memory_mb() -> dict[str, float]:
    """Resident, proportional, own and shared memory of this process, in MB."""
    facts = {}
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]:
        name, _, rest = line.partition(":")
        if name in _MEMORY:
            facts[name.lower()] = round(int(rest.split()[0]) / 1024, 1)
    return facts


def per_second(call: Callable[[str], object], arguments: Sequence[str]) -> dict[str, float]:
    """Calls per second of one core, and processor time of the median and the 99th percentile call in microseconds."""
    times = []
    for argument in arguments:
        started = time.thread_time()
        call(argument)
        times.append(time.thread_time() - started)
    times.sort()
    return {
        "per_second": round(len(times) / sum(times)),
        "median_us": round(1e6 * times[len(times) // 2], 1),
        "p99_us": round(1e6 * times[int(len(times) * 0.99)], 1),
    }


def spoil(name: str, how: str, draw: random.Random) -> str:
    """The name damaged in one way that needs no knowledge of languages."""
    words = name.split()
    at = draw.choice([i for i, c in enumerate(name) if c.isalpha()] or [0])
    match how:
        case "letter_changed":
            return name[:at] + draw.choice(string.ascii_lowercase) + name[at + 1 :]
        case "letter_dropped":
            return name[:at] + name[at + 1 :]
        case "letters_swapped":
            at = min(at, len(name) - 2)
            return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
        case "words_swapped":
            return " ".join((*words[1:], words[0]))
        case _:
            return name


def recall(finder: CandidateFinder, sample: Sequence[Entity], seed: int) -> dict[str, dict[str, float]]:
    """Of the entities, the share found among the first 16 and as the first, by kind of damage."""
    table = {}
    for how in ("none", "letter_changed", "letter_dropped", "letters_swapped", "words_swapped"):
        draw = random.Random(seed)
        found = first = 0
        for entity in sample:
            ids = [c.entity.id for c in finder.find(spoil(entity.name, how, draw))]
            found += entity.id in ids
            first += ids[:1] == [entity.id]
        table[how] = {"found": round(found / len(sample), 4), "first": round(first / len(sample), 4)}
    return table


def worker(folder: Path, barrier: Barrier, answers: Any) -> None:
    """Open the base, read in it, and say what memory that takes while the other does the same."""
    before = memory_mb()
    started = time.perf_counter()
    store = EntityStore.open(folder)
    opened = time.perf_counter() - started
    after_open = memory_mb()
    finder = CandidateFinder(store)
    ids = random.Random(1).sample(sorted(store.layers[0].ids()), min(3000, len(store)))
    for entity_id in ids:
        entity = store.get(entity_id)
        if entity is not None:
            finder.find(entity.name)
    barrier.wait()
    answers.put({"open_s": round(opened, 3), "before": before, "opened": after_open, "used": memory_mb()})
    barrier.wait()


def in_processes(folder: Path, count: int) -> list[dict[str, Any]]:
    """What ``worker`` says in so many processes at a time."""
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(count), context.Queue()
    processes = [context.Process(target=worker, args=(folder, barrier, answers)) for _ in range(count)]
    for process in processes:
        process.start()
    said = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    return said


def main() -> int:
    """Measure, print and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("models/names-en"))
    parser.add_argument("--entities", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    store = EntityStore.open(args.folder)
    finder = CandidateFinder(store)
    draw = random.Random(args.seed)
    ids = draw.sample(sorted(store.layers[0].ids()), min(args.entities, len(store)))
    sample = [entity for i in ids if (entity := store.get(i)) is not None]
    names = [e.name for e in sample]
    spoilt = [spoil(n, "letter_changed", draw) for n in names]
    fresh = EntityStore.open(args.folder)
    fresh_finder = CandidateFinder(fresh)
    report: dict[str, Any] = {
        "version": store.version,
        "counts": store.layers[0].manifest["counts"],
        "size_mb": round(sum(f["bytes"] for f in store.layers[0].manifest["files"].values()) / 1e6, 2),
        "one_process": in_processes(args.folder, 1),
        "two_processes": in_processes(args.folder, 2),
        "get_first_time": per_second(fresh.get, ids),
        "get_again": per_second(fresh.get, ids),
        "by_name": per_second(fresh.by_name, names),
        "search": per_second(fresh.search, [n[:6] for n in names[:300]]),
        "find_right_names": per_second(fresh_finder.find, names),
        "find_misspelt_names_first_time": per_second(fresh_finder.find, spoilt),
        "find_misspelt_names_again": per_second(fresh_finder.find, spoilt),
        "recall": {
            kind.value: recall(finder, [e for e in sample if e.kind is kind][: args.entities // 4], args.seed)
            for kind in EntityKind
        },
    }
    sys.stdout.buffer.write(orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
