"""The folder of a run: what there is to do, what is done, and under which model, knowledge base and options."""

from __future__ import annotations

import base64
import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import orjson

from app.core.types import FurnitureMode, RepairOptions
from app.corpus.batch import REMEMBERED, canonical
from app.formats.base import FilePlan, Unit, Wanted, sha256_of
from app.formats.markup import MARKED_UP
from app.formats.registry import format_of
from app.formats.storage import (
    Location,
    Stamp,
    exists,
    is_local,
    join,
    list_folder,
    open_raw,
    read_bytes,
    remove,
    stamp,
    write_whole,
)

_TABLES = frozenset({"jsonl", "parquet", "csv", "csv-semicolon", "tsv"})  # formats that have columns to add to
_VERSION = 2  # of the manifest's own form; another one is planned anew


@dataclass(frozen=True, slots=True)
class Identity:
    """Who repairs: what a marker, a report and a resumed run compare."""

    product: str
    model: str  # name@version of the model, and of the knowledge base
    model_sha256: str
    kb_version: str


@dataclass(frozen=True, slots=True)
class Job:
    """What the caller wants done to every file."""

    wanted: Wanted
    options: RepairOptions
    output_format: str = "same"  # or jsonl, parquet
    unit_bytes: int = 1 << 20
    max_chars: int = 1_000_000
    low_below: float = 0.5
    most_findings: int = 0
    furniture_by_format: bool = True  # take page furniture out of extracted pages
    remembered: int = REMEMBERED
    shared_answers: Path | None = None  # a file that the workers share

    def options_for(self, plan: FilePlan) -> RepairOptions:
        """The options for one file: a model must not be shown the leftovers of an extractor."""
        if self.furniture_by_format and plan.format == "warc":
            return replace(self.options, furniture=FurnitureMode.REMOVE)
        if self.options.furniture is FurnitureMode.REMOVE and self._stays_marked_up(plan):
            return replace(self.options, furniture=FurnitureMode.FLAG)
        return self.options

    def wanted_for(self, plan: FilePlan) -> Wanted:
        """What is wanted of one file: only tables have columns to add to."""
        typed = self._is_converted(plan)
        return replace(self.wanted, typed=typed, in_place=self.wanted.in_place and (typed or plan.format in _TABLES))

    def without_effect(self, plans: Sequence[FilePlan]) -> Iterator[str]:
        """What was ordered and cannot be done to these files, and the remedy."""
        if self.options.furniture is FurnitureMode.REMOVE and any(self._stays_marked_up(plan) for plan in plans):
            yield (
                "--furniture remove takes nothing out of Markdown and HTML, where the mark-up around it would stay; "
                "their text without it comes with --to jsonl"
            )
        if self.wanted.hashes and self.wanted.in_place:
            yield "--hashes adds nothing with --in-place-field, which adds no columns; leave one of them out"
        elif self.wanted.hashes and not any(self._is_converted(plan) or plan.format in _TABLES for plan in plans):
            yield "--hashes adds nothing to what is no table; add --to jsonl or --to parquet"
        if not self.wanted.keep_originals and not any(
            plan.format == "warc" and not self._is_converted(plan) for plan in plans
        ):
            yield "--conversions-only has no effect: no web archive is written; leave it out"

    def _is_converted(self, plan: FilePlan) -> bool:
        return self.output_format not in ("same", plan.format)

    def _stays_marked_up(self, plan: FilePlan) -> bool:
        return plan.format in MARKED_UP and not self._is_converted(plan)

    def format_of_output(self, form: str) -> str:
        """The name of the format to write for a file of the format ``form``."""
        return form if self.output_format == "same" else self.output_format


def options_hash(job: Job) -> str:
    """Hash of everything the caller chose that can change a result."""
    chosen = canonical(job)
    for harmless in ("unit_bytes", "remembered", "shared_answers"):  # the units have their own hash
        del chosen[harmless]
    return hashlib.sha256(orjson.dumps(chosen, option=orjson.OPT_SORT_KEYS)).hexdigest()


def run_key(identity: Identity, job: Job) -> str:
    """What a finished unit is keyed with: another model, base or option means new work."""
    return hashlib.sha256(f"{asdict(identity)} {options_hash(job)}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Task:
    """One unit of one file."""

    plan: FilePlan  # with this unit alone
    unit: Unit
    number: int  # among all units of the run, so that shards can share them out
    id: str


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file with its units."""

    plan: FilePlan
    tasks: tuple[Task, ...]
    id: str

    def __len__(self) -> int:
        return len(self.tasks)


def plan_file(location: Location, job: Job, named_format: str) -> FilePlan:
    """Cut a file into units.

    Raises:
        InputError: It cannot be read as its format.
    """
    form = format_of(location, named_format)
    typed = job.output_format not in ("same", form.name)
    return form.plan(location, replace(job.wanted, typed=typed), job.unit_bytes)


def number_tasks(plans: Sequence[FilePlan]) -> list[PlannedFile]:
    """All units of all files, numbered through."""
    files, number = [], 0
    for plan in plans:
        tasks = []
        for unit in plan.units:
            key = f"{plan.sha256} {plan.location.name} {plan.format} {unit.start} {unit.end}"
            unit_id = hashlib.sha256(key.encode()).hexdigest()[:24]
            tasks.append(Task(replace(plan, units=(unit,)), unit, number, unit_id))
            number += 1
        file_id = hashlib.sha256(f"{plan.sha256} {plan.location.name} {plan.format} {plan.units}".encode()).hexdigest()[
            :24
        ]
        files.append(PlannedFile(plan, tuple(tasks), file_id))
    return files


class RunFolder:
    """What a run keeps beside its output so that it can be killed and go on.

    A unit is done when its part has been renamed into place *and* its marker stands beside it; a file is done when its
    parts have been joined, renamed, and its marker written. Everything is keyed by ``run_key``.

    Args:
        root: Folder of the run's own files.
    """

    def __init__(self, root: str) -> None:
        self.root = root

    def exists(self) -> bool:
        """Whether an earlier run left something here."""
        return any(name != "plan" for name in list_folder(self.root))

    def clear(self) -> None:
        """Forget every earlier run."""
        remove(self.root)

    def load_plan(self, location: Location, job: Job, named_format: str) -> FilePlan | None:
        """The plan of a file, if it was made before and the file is still the same."""
        data = read_bytes(self._plan_url(location, job, named_format))
        if data is None:
            return None
        values = orjson.loads(data)
        if values.pop("version") != _VERSION or Stamp(**values["stamp"]) != stamp(location.url):
            return None
        return FilePlan(
            location=location,
            format=values["format"],
            stamp=Stamp(**values["stamp"]),
            sha256=values["sha256"],
            units=tuple(Unit(*unit) for unit in values["units"]),
            header=base64.b64decode(values["header"]),
            schema=base64.b64decode(values["schema"]),
            bytes=values["bytes"],
        )

    def save_plan(self, plan: FilePlan, job: Job, named_format: str) -> None:
        """Keep the plan of a file, for a resumed run and for the other shards."""
        values = {
            "version": _VERSION,
            "url": plan.location.url,
            "format": plan.format,
            "stamp": asdict(plan.stamp),
            "sha256": plan.sha256,
            "units": [[getattr(unit, f.name) for f in fields(Unit)] for unit in plan.units],
            "header": base64.b64encode(plan.header).decode(),
            "schema": base64.b64encode(plan.schema).decode(),
            "bytes": plan.bytes,
        }
        with write_whole(self._plan_url(plan.location, job, named_format)) as file:
            file.write(orjson.dumps(values))

    def _plan_url(self, location: Location, job: Job, named_format: str) -> str:
        cut = f"{canonical(job.wanted)} {job.unit_bytes} {named_format} {job.output_format}"
        cut = f"{location.url} {location.name} {cut}"
        return join(self.root, "plan", hashlib.sha256(cut.encode()).hexdigest()[:24] + ".json")

    def part(self, key: str, task_id: str) -> str:
        """Where the output of a unit waits to be joined."""
        return join(self.root, key, task_id[:2], task_id + ".part")

    def marker(self, key: str, task_id: str) -> str:
        """Where it is written that a unit is done, with its counts."""
        return join(self.root, key, task_id[:2], task_id + ".json")

    def quarantine(self, key: str, task_id: str) -> str:
        """Where it is written why a unit was given up."""
        return join(self.root, key, task_id[:2], task_id + ".failed.json")

    def file_marker(self, key: str, file_id: str) -> str:
        """Where it is written that a file is done."""
        return join(self.root, key, "files", file_id + ".json")

    def done_unit(self, key: str, task_id: str, *, joined: bool) -> dict[str, Any] | None:
        """The marker of a unit that is done; ``None`` where it has to be done (again)."""
        data = read_bytes(self.marker(key, task_id))
        if data is None:
            return None
        values: dict[str, Any] = orjson.loads(data)
        if joined:
            return values
        part = self.part(key, task_id)
        return values if exists(part) and stamp(part).size == values["bytes"] else None

    def done_file(self, key: str, file_id: str, output: str) -> bool:
        """Whether a file is joined and its output still there, and not that of another run."""
        data = read_bytes(self.file_marker(key, file_id))
        if data is None or not exists(output):
            return False
        values, found = orjson.loads(data), stamp(output)
        if found.size != values["bytes"]:
            return False
        # a copy of the output is newer than the run, and as good
        return bool(found.version == values.get("version") or sha256_of(output) == values["sha256"])


@contextmanager
def local_copy(url: str) -> Iterator[str]:
    """A local path with the content of a file."""
    if is_local(url):
        yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "part")
        with open_raw(url) as source, open(path, "wb") as copy:
            shutil.copyfileobj(source, copy)
        yield path


def output_name(location: Location, its_format: str, job: Job) -> str:
    """The name of a file in the output folder: that of the input, with another suffix where the format changes."""
    name = location.name
    form = job.format_of_output(its_format)
    if form == its_format:
        return name
    stem = name[: -len(Path(name).suffix)] if location.codec else name
    return stem[: -len(Path(stem).suffix)] + f".{form}" if Path(stem).suffix else f"{stem}.{form}"
