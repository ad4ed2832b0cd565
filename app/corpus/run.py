"""A run over a corpus from beginning to end: plan, repair on all cores, join, count; and again where it broke off."""

from __future__ import annotations

import itertools
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from types import FrameType
from typing import IO, Any, Protocol

import orjson

from app.core.errors import InputError
from app.core.repairer import Repairer
from app.corpus.gate import Gate, has_findings
from app.corpus.manifest import (
    Identity,
    Job,
    PlannedFile,
    RunFolder,
    Task,
    number_tasks,
    options_hash,
    output_name,
    plan_file,
    run_key,
)
from app.corpus.outcome import ExitCode, FailOn
from app.corpus.pool import OutOfSpaceError, Pool
from app.corpus.scratch import scratch_folder
from app.corpus.tally import Tally
from app.corpus.worker import JoinOrder, Order, StreamOrder, UnitOrder
from app.formats.base import FilePlan, RowFormat
from app.formats.registry import SUFFIXES, format_of
from app.formats.storage import STREAM, Location, Stamp, canonical_url, expand, join, remove, write_whole

_ROOT = ".mt-repair"  # hidden, so that readers of a folder of Parquet files pass it by
_STREAM_BYTES = 1 << 18
_RUN_AGAIN = "the files that are written are whole; run it again for the others"  # where there is nothing to resume
_WINDOW = 4  # orders of a stream under way, per worker


class Watcher(Protocol):
    """Shows how far a run is; a warning is of what was given up, and never left out."""

    def begin(self, what: str, total: int) -> None: ...

    def advance(self, done: int, sentences: int) -> None: ...

    def note(self, line: str) -> None: ...

    def warn(self, line: str) -> None: ...


class Silence:
    """Shows nothing."""

    def begin(self, what: str, total: int) -> None:
        """Nothing."""

    def advance(self, done: int, sentences: int) -> None:
        """Nothing."""

    def note(self, line: str) -> None:
        """Nothing."""

    def warn(self, line: str) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One run as the caller ordered it.

    Args:
        inputs: Files, folders, patterns.
        output: File or folder; ``None`` only counts.
        job: What is done to every file.
        build: Makes the Repairer in each process.
        format: Name of the input format, or ``auto``.
        workers: Processes.
        shard: Which part of the work is ours: index and number of parts.
        resume: Go on where an earlier run broke off.
        overwrite: Forget an earlier run.
        write_back: Write each file in its own place.
        max_tries: How often a unit is tried.
        stall_s: A worker without a sign of life for so long is killed.
        grace_s: How long units may go on after the run was asked to stop.
        gate: What stops the run.
        control: Files that need no repair, to measure harm on.
        plan_only: Write the manifest and stop.
    """

    inputs: tuple[str, ...]
    output: str | None
    job: Job
    build: Callable[[], Repairer]
    format: str = "auto"
    workers: int = 1
    shard: tuple[int, int] = (0, 1)
    resume: bool = False
    overwrite: bool = False
    write_back: bool = False
    max_tries: int = 3
    stall_s: float = 600.0
    grace_s: float = 30.0
    gate: Gate = field(default_factory=Gate)
    control: tuple[str, ...] = ()
    plan_only: bool = False


@dataclass(slots=True)
class Result:
    """What a run came to."""

    spec: Spec
    tally: Tally = field(default_factory=Tally)
    control: Tally | None = None
    identity: Identity | None = None
    files: int = 0
    names: list[str] = field(default_factory=list)  # of the input files
    units: int = 0
    units_done: int = 0
    units_resumed: int = 0
    rows_planned: int = 0
    bytes_in: int = 0
    outputs: list[str] = field(default_factory=list)
    quarantined: list[dict[str, Any]] = field(default_factory=list)
    gate: str | None = None
    interrupted: bool = False
    wall_s: float = 0.0
    worker_s: float = 0.0  # summed over all units, those of earlier runs included
    wall_segments: int = 0  # sentences of this run alone
    wall_bytes: int = 0
    cache_asked: int = 0  # sentences shown to the generator, and those it remembered
    cache_remembered: int = 0
    peak_rss_bytes: int = 0

    @property
    def options_sha256(self) -> str:
        """Hash of what the caller chose."""
        return options_hash(self.spec.job)

    @property
    def way_on(self) -> str:
        """What to do after it was interrupted."""
        if self.spec.write_back:
            return _RUN_AGAIN
        return "go on with --resume" if self.spec.output not in (None, STREAM) else "run it again"

    def exit_code(self, fail_on: FailOn) -> ExitCode:
        """What the process ends with."""
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if self.gate is not None:
            return ExitCode.GATE
        if self.quarantined or self.tally.rows_failed:
            return ExitCode.INCOMPLETE
        return ExitCode.FINDINGS if has_findings(self.tally, 0, fail_on) else ExitCode.DONE


def run(spec: Spec, watcher: Watcher | None = None) -> Result:
    """Carry out a run.

    Raises:
        InputError: The inputs or the output cannot be used as they are.
        ResourceError: The model or the base cannot be loaded.
    """
    started = time.monotonic()
    if spec.write_back:
        _check_write_back(spec)
    with scratch_folder() as scratch:
        job = replace(spec.job, shared_answers=scratch / "answers.sqlite")
        result = _Runner(replace(spec, job=job), watcher or Silence()).run(scratch)
    result.wall_s = time.monotonic() - started
    return result


class _Runner:
    """One run; also what its pool tells."""

    def __init__(self, spec: Spec, watcher: Watcher) -> None:
        self._spec, self._watcher = spec, watcher
        self._result = Result(spec)
        self._pool = Pool(spec.workers, spec.build, spec.job, self, max_tries=spec.max_tries, stall_s=spec.stall_s)
        self._files: list[PlannedFile] = []
        self._left: dict[str, set[str]] = {}  # of each file, the units that are not done
        self._edits: Counter[str] = Counter()  # of each file, in this run
        self._file_of: dict[str, PlannedFile] = {}  # by id of a unit
        self._key = ""
        self._folder: RunFolder | None = None
        self._single: str | None = None
        self._counting_control = False

    def run(self, scratch: Path) -> Result:
        spec, result = self._spec, self._result
        locations = expand(list(spec.inputs), SUFFIXES if spec.format == "auto" else SUFFIXES | {""})
        self._folder = self._open_folder(locations, scratch)
        try:
            if not spec.plan_only:
                self._pool.begin()  # the workers load while the files are planned
            self._files = number_tasks(self._plan(locations))
            result.files, result.units = len(self._files), sum(len(f.tasks) for f in self._files)
            result.names = [f.plan.location.url for f in self._files]
            result.bytes_in = sum(f.plan.bytes for f in self._files)
            result.rows_planned = sum(u.rows for f in self._files for u in f.plan.units)
            if not spec.plan_only:
                with _stop_on_signals(self._interrupt):
                    self._work()
        finally:
            self._pool.close()
        if self._key:
            self._count_all()
        return result

    def _work(self) -> None:
        """Repair what is left to do, and join."""
        spec, result = self._spec, self._result
        try:
            self._pool.start()
            if result.interrupted:
                return
            assert result.identity is not None
            if spec.control and not self._control():
                return
            self._key = run_key(result.identity, spec.job)
            self._submit()
            self._pool.run()
            if not result.interrupted and result.gate is None:
                self._join_rest()
                self._pool.run()
        except OutOfSpaceError as exc:
            if spec.write_back:
                raise OutOfSpaceError(f"{exc}: {_RUN_AGAIN}; make room first") from exc
            self._watcher.note(f"{result.units_done} of {result.units} units are done and kept")
            raise OutOfSpaceError(f"{exc}: what is done is kept; make room and go on with --resume") from exc

    def _open_folder(self, locations: Sequence[Location], scratch: Path) -> RunFolder | None:
        spec = self._spec
        if spec.write_back:
            return RunFolder(str(scratch / "run"))
        if spec.output is None:
            return None
        suffix = Location(spec.output, PurePosixPath(spec.output).name).suffix
        if len(locations) == 1 and suffix in SUFFIXES and not spec.output.endswith("/"):
            parent, _, name = spec.output.rpartition("/")
            self._single = spec.output
            self._check_name(locations[0])
            folder = RunFolder(join(parent or ("." if not spec.output.startswith("/") else ""), _ROOT, name))
        else:
            folder = RunFolder(join(spec.output, _ROOT))
        self._check_inputs_stay(locations)
        _check_text(spec.output)
        if spec.overwrite:
            folder.clear()
        elif not spec.resume and spec.shard == (0, 1) and folder.exists():
            raise InputError(f"{folder.root} holds an earlier run; go on with --resume or start anew with --overwrite")
        return folder

    def _check_inputs_stay(self, locations: Sequence[Location]) -> None:
        """Raise ``InputError`` where an output would be written over an input."""
        inputs = {canonical_url(location.url): location.url for location in locations}
        for location in locations:
            over = inputs.get(canonical_url(self._output_url(self._output_name(location))))
            if over is not None:
                itself = "itself" if over == location.url else over
                raise InputError(f"{location.url} would be written over {itself}; choose another --output")

    def _check_name(self, location: Location) -> None:
        """Raise ``InputError`` where the name of the one output promises what will not be in it."""
        name, job = str(self._single), self._spec.job
        wanted = job.format_of_output(format_of(location, self._spec.format).name)
        target = Location(name, PurePosixPath(name).name)
        promised = format_of(target).name
        is_alike = target.suffix == location.suffix and job.output_format == "same"  # what --format says of the input
        if promised != wanted and not is_alike:
            remedy = f"add --to {promised}, or " if promised in ("jsonl", "parquet") else ""
            suffix = wanted.partition("-")[0]
            raise InputError(f"{name}: what is written is {wanted}; {remedy}end the name of the output in .{suffix}")
        its_own = {"warc": location.codec, "parquet": None}  # the others are compressed as the name says
        if target.codec != its_own.get(wanted, target.codec):
            raise InputError(f"{name}: {wanted} cannot be written with another compression; name it as the input")

    def _output_name(self, location: Location) -> str:
        """The name of a file in the output folder, before the file is planned."""
        try:
            form = format_of(location, self._spec.format).name
        except InputError:  # it is put aside when it is planned
            return location.name
        return output_name(location, form, self._spec.job)

    def _output_url(self, name: str) -> str:
        if self._single is not None:
            return self._single
        assert self._spec.output is not None
        return join(self._spec.output, name)

    def _plan(self, locations: Sequence[Location]) -> list[FilePlan]:
        """Plans of all files that can be read; the others are put on the list of failures."""
        spec, plans, errors = self._spec, {}, []
        self._watcher.begin("planning", len(locations))
        index, shards = spec.shard
        first = [i for i in range(len(locations)) if i % shards == index]
        rest = [i for i in range(len(locations)) if i % shards != index]
        for i in (*first, *rest):  # each shard begins with other files, and then finds most plans made
            location = locations[i]
            try:
                _check_text(location.url)
                plan = self._folder.load_plan(location, spec.job, spec.format) if self._folder is not None else None
                if plan is None:
                    plan = plan_file(location, spec.job, spec.format)
                    if self._folder is not None:
                        self._folder.save_plan(plan, spec.job, spec.format)
                plans[i] = plan
            except (InputError, MemoryError) as exc:
                error = (
                    exc if isinstance(exc, InputError) else InputError(f"{location.url}: not enough memory to read it")
                )
                errors.append(error)
                url = _printable(location.url)
                self._result.quarantined.append({"file": url, "unit": None, "reason": str(error), "tries": 1})
            self._watcher.advance(1, 0)
        for error in errors if plans else errors[1:]:
            self._watcher.warn(str(error))
        if errors and not plans:
            raise errors[0]
        self._check_outputs(plans)
        for line in spec.job.without_effect(list(plans.values())):
            self._watcher.note(line)
        return [plans[i] for i in sorted(plans)]

    def _check_outputs(self, plans: dict[int, FilePlan]) -> None:
        seen: dict[str, str] = {}
        for plan in plans.values():
            name = output_name(plan.location, plan.format, self._spec.job)
            if seen.setdefault(name, plan.location.url) != plan.location.url:
                raise InputError(f"{seen[name]} and {plan.location.url} would both be written as {name}")

    def _control(self) -> bool:
        """Measure harm; whether the run may begin."""
        self._counting_control = True
        self._result.control = Tally()
        locations = expand(list(self._spec.control), SUFFIXES)
        for file in number_tasks([plan_file(one, self._spec.job, "auto") for one in locations]):
            for task in file.tasks:
                self._pool.submit(UnitOrder(task))
        self._pool.run()
        self._counting_control = False
        self._result.gate = self._result.gate or self._spec.gate.harm(self._result.control)
        return self._result.gate is None and not self._result.interrupted

    def _submit(self) -> None:
        index, shards = self._spec.shard
        ours = total = 0
        for file in sorted(self._files, key=lambda f: f.plan.bytes, reverse=True):  # the longest work first
            joined = self._is_joined(file)
            self._left[file.id] = set()
            for task in file.tasks:
                marker = None
                if self._folder is not None and not self._spec.write_back:
                    marker = self._folder.done_unit(self._key, task.id, joined=joined)
                if marker is not None:
                    self._result.units_resumed += 1
                    continue
                self._left[file.id].add(task.id)
                self._file_of[task.id] = file
                if task.number % shards == index:
                    self._pool.submit(self._unit_order(task))
                    ours += 1
                    total += task.unit.rows
        if self._result.units_resumed:
            self._watcher.note(f"{self._result.units_resumed} of {self._result.units} units are done already")
        self._watcher.begin("repairing", total)

    def _unit_order(self, task: Task) -> UnitOrder:
        if self._folder is None:
            return UnitOrder(task)
        output = self._output_of(self._file_of[task.id])
        return UnitOrder(task, self._folder.part(self._key, task.id), self._folder.marker(self._key, task.id), output)

    def _is_joined(self, file: PlannedFile) -> bool:
        if self._folder is None or self._spec.write_back:
            return False
        return self._folder.done_file(self._key, file.id, self._output_of(file))

    def _output_of(self, file: PlannedFile) -> str:
        if self._spec.write_back:
            return file.plan.location.url
        return self._output_url(output_name(file.plan.location, file.plan.format, self._spec.job))

    def _join_rest(self) -> None:
        """Join files whose units are all done, by us or by other shards, and that nobody has joined yet."""
        if self._folder is None:
            return
        for file in self._files:
            if self._spec.write_back or self._is_joined(file):
                continue
            if all(self._folder.done_unit(self._key, t.id, joined=False) is not None for t in file.tasks):
                self._pool.submit(self._join_order(file))

    def _join_order(self, file: PlannedFile) -> JoinOrder:
        assert self._folder is not None
        return JoinOrder(
            replace(file.plan, units=()),
            tuple(self._folder.part(self._key, t.id) for t in file.tasks),
            tuple(self._folder.marker(self._key, t.id) for t in file.tasks),
            self._output_of(file),
            self._folder.file_marker(self._key, file.id),
        )

    def _count_all(self) -> None:
        """Add up the markers of every unit that is done, whoever did it."""
        result, most = self._result, self._spec.job.most_findings
        if self._folder is None or self._spec.write_back:
            return
        result.tally, result.worker_s, result.units_done = Tally(), 0.0, 0
        result.cache_asked = result.cache_remembered = 0
        for file in self._files:
            joined = self._is_joined(file)
            for task in file.tasks:
                marker = self._folder.done_unit(self._key, task.id, joined=joined)
                if marker is not None:
                    result.units_done += 1
                    result.worker_s += marker["seconds"]
                    result.cache_asked += marker["cache"][0]
                    result.cache_remembered += marker["cache"][1]
                    result.peak_rss_bytes = max(result.peak_rss_bytes, marker["peak_rss_bytes"])
                    result.tally.merge(Tally.from_json(marker["tally"]), most_findings=most)
            if joined:
                result.outputs.append(self._output_of(file))

    def _interrupt(self) -> None:
        if not self._result.interrupted:
            self._watcher.note(f"stopping: units under way have {self._spec.grace_s:.0f} s to end; once more: at once")
        self._result.interrupted = True
        self._pool.stop(self._spec.grace_s)

    def on_ready(self, identity: Identity) -> None:
        """A worker has loaded its Repairer."""
        if self._result.identity not in (None, identity):
            raise InputError("the model was exchanged during the run; start again with --resume")
        self._result.identity = identity

    def on_progress(self, rows: int, chars: int) -> None:
        """A worker has done some rows."""
        if not self._counting_control:
            self._watcher.advance(rows, 0)

    def on_done(self, order: Order, result: dict[str, Any]) -> None:
        """A worker has carried out an order."""
        mine = self._result
        mine.peak_rss_bytes = max(mine.peak_rss_bytes, result["peak_rss_bytes"])
        if not isinstance(order, UnitOrder):
            return
        tally = Tally.from_json(result["tally"])
        mine.cache_asked += result["cache"][0]
        mine.cache_remembered += result["cache"][1]
        if self._counting_control:
            assert mine.control is not None
            mine.control.merge(tally)
            return
        mine.tally.merge(tally, most_findings=self._spec.job.most_findings)
        mine.units_done += 1
        mine.worker_s += result["seconds"]
        mine.wall_segments += tally.segments
        mine.wall_bytes += tally.chars
        self._watcher.advance(0, tally.segments)
        self._finish_unit(order, tally)
        if mine.gate is None:
            mine.gate = self._spec.gate.stop(mine.tally)
            if mine.gate is not None:
                self._pool.stop(0.0)

    def _finish_unit(self, order: UnitOrder, tally: Tally) -> None:
        if self._folder is None:
            return
        file = self._file_of[order.task.id]
        left = self._left[file.id]
        left.discard(order.task.id)
        self._edits[file.id] += tally.edits
        if not left and (self._edits[file.id] or not self._spec.write_back):
            self._pool.submit(self._join_order(file))

    def on_failed(self, order: Order, reason: str, tries: int) -> None:
        """An order was given up."""
        if self._result.interrupted or self._result.gate is not None:
            return
        if self._counting_control:
            raise InputError(f"the control set cannot be read: {reason}")
        if isinstance(order, JoinOrder) and self._is_joined_elsewhere(order):
            return
        plan = order.plan if not isinstance(order, UnitOrder) else order.task.plan
        entry: dict[str, Any] = {"file": plan.location.url, "unit": None, "reason": reason, "tries": tries}
        if isinstance(order, UnitOrder):
            unit = order.task.unit
            entry |= {"unit": order.task.id, "first_row": unit.first_row, "last_row": unit.first_row + unit.rows - 1}
            if self._folder is not None:
                with write_whole(self._folder.quarantine(self._key, order.task.id)) as file:
                    file.write(orjson.dumps(entry))
        self._result.quarantined.append(entry)
        self._watcher.warn(describe_failure(entry))

    def _is_joined_elsewhere(self, order: JoinOrder) -> bool:
        """Whether another run has joined a file meanwhile; it took its parts away, and ours are left over."""
        file = next(file for file in self._files if file.plan.location == order.plan.location)
        if not self._is_joined(file):
            return False
        for part in order.parts:
            remove(part)
        return True


def _check_write_back(spec: Spec) -> None:
    """Raise ``InputError`` for what a run that keeps nothing beside its output cannot do.

    Refused before anything is touched: a file of which each shard had repaired its part would be written by none, and a
    resumed run would meet files that are repaired already.
    """
    for option, is_wanted in (
        ("--shard", spec.shard != (0, 1)),
        ("--plan-only", spec.plan_only),
        ("--resume", spec.resume),
    ):
        if is_wanted:
            raise InputError(
                f"--write-back keeps no record of what is done, and {option} needs one: leave {option} out (files that "
                "were written are whole), or give an --output instead of --write-back"
            )
    if spec.job.output_format != "same":
        raise InputError(
            f"--write-back keeps each file's format, and --to {spec.job.output_format} changes it: "
            "leave --to out, or give an --output instead of --write-back"
        )


def _check_text(name: str) -> None:
    """Raise ``InputError`` where a file name is no text, so that no list and no report can hold it."""
    if name != (printable := _printable(name)):
        raise InputError(f"{printable}: the name is not valid UTF-8; give it another one")


def _printable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def describe_failure(entry: dict[str, Any]) -> str:
    """One line for a unit that was given up."""
    rows = f", rows {entry['first_row']}-{entry['last_row']}" if entry.get("first_row") else ""
    tries = f" ({entry['tries']} tries)" if entry["tries"] > 1 else ""
    reason = str(entry["reason"]).removeprefix(f"{entry['file']}: ")
    return f"{entry['file']}{rows}: given up{tries}: {reason}"


@contextmanager
def _stop_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` for SIGINT and SIGTERM while the block runs."""

    def handle(number: int, frame: FrameType | None) -> None:
        stop()

    try:
        before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread, which then has its own way to stop
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_stream(spec: Spec, source: IO[bytes], sink: IO[bytes], watcher: Watcher | None = None) -> Result:
    """Repair what comes through a pipe: rows in, rows out, in order, with flat memory; it cannot be resumed.

    Raises:
        InputError: The format is none of rows, or the input is damaged.
    """
    if spec.format in ("auto", "parquet", "warc", "md", "html"):
        raise InputError("standard input needs --format jsonl, csv, tsv or txt")
    form = format_of(Location(STREAM, STREAM), spec.format)
    assert isinstance(form, RowFormat)
    if spec.job.output_format not in ("same", "jsonl", form.name):
        raise InputError("standard output takes the same format or jsonl; give --output a file for Parquet")
    return _Stream(spec, form, source, sink, watcher or Silence()).run()


class _BrokenOffError(Exception):
    """A signal came while a pipe was read."""


class _Source:
    """A pipe; a signal does not have to wait until the next line comes."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream, self._is_reading = stream, False

    def readline(self, most: int = -1) -> bytes:
        """The next line, or ``most`` bytes of it."""
        self._is_reading = True
        try:
            return self._stream.readline(most)
        finally:
            self._is_reading = False

    def break_off(self) -> None:
        """End a reading that is under way."""
        if self._is_reading:
            raise _BrokenOffError


class _Stream:
    """A run over a pipe; also what its pool tells."""

    def __init__(self, spec: Spec, form: RowFormat, source: IO[bytes], sink: IO[bytes], watcher: Watcher) -> None:
        self._spec, self._form, self._sink, self._watcher = spec, form, sink, watcher
        self._source = _Source(source)
        self._result = Result(spec, files=1, names=["standard input"])
        self._pool = Pool(spec.workers, spec.build, spec.job, self, max_tries=spec.max_tries, stall_s=spec.stall_s)
        self._waiting: dict[int, bytes] = {}  # answers that came before their turn, by first row
        self._order: list[tuple[int, StreamOrder]] = []
        self._failed: str | None = None

    def run(self) -> Result:
        started, result = time.monotonic(), self._result
        with _stop_on_signals(self._interrupt):
            try:
                self._pool.start()
                with suppress(_BrokenOffError):
                    self._feed()
                while self._pool.is_busy and not self._failed and not self._pool.is_over:
                    self._pool.step()
                    self._flush()
            finally:
                self._pool.close()
        if self._failed:
            raise InputError(f"{self._failed}; what came before it is written")
        result.wall_s = time.monotonic() - started
        return result

    def _feed(self) -> None:
        """Order the repair of all rows; no more than a window of them is under way at a time."""
        result = self._result
        for order in _orders(*self._begin()):
            if result.interrupted or self._failed or result.gate:
                return
            self._pool.submit(order)
            self._order.append((order.first_row, order))
            result.rows_planned += len(order.rows)
            while len(self._order) >= _WINDOW * self._spec.workers and not (self._failed or result.interrupted):
                self._pool.step()
                self._flush()

    def _begin(self) -> tuple[FilePlan, Iterator[bytes]]:
        """Read and write what stands before the rows; the plan, and the rows."""
        job = self._spec.job
        typed = job.output_format not in ("same", self._form.name)
        wanted = replace(job.wanted, typed=typed)
        header = self._form.header(self._source, STREAM, wanted)
        plan = FilePlan(Location(STREAM, STREAM), self._form.name, Stamp(0, ""), "", (), header)
        rows = self._form.split(self._source, STREAM)
        for line in job.without_effect([plan]):
            self._watcher.note(line)
        if typed:
            rows, sample = itertools.tee(rows)
            sampled = itertools.islice(sample, 1000)
            plan = replace(plan, schema=self._form.schema(sampled, header, wanted, STREAM))
        elif self._spec.output is not None:
            from app.corpus.batch import added_columns

            added = added_columns(wanted.field, hashes=wanted.hashes)
            self._sink.write(self._form.head(plan, job.wanted_for(plan), added))
        return plan, rows

    def _flush(self) -> None:
        while self._order and self._order[0][0] in self._waiting:
            first_row, _ = self._order.pop(0)
            data = self._waiting.pop(first_row)
            if self._spec.output is not None:
                self._sink.write(data)
        self._sink.flush()

    def _interrupt(self) -> None:
        self._result.interrupted = True
        self._pool.stop(self._spec.grace_s)
        self._source.break_off()

    def on_ready(self, identity: Identity) -> None:
        """A worker has loaded its Repairer."""
        self._result.identity = identity

    def on_progress(self, rows: int, chars: int) -> None:
        """A worker has done some rows."""
        self._watcher.advance(rows, 0)

    def on_done(self, order: Order, result: dict[str, Any]) -> None:
        """A worker has repaired some rows."""
        assert isinstance(order, StreamOrder)
        mine, tally = self._result, Tally.from_json(result["tally"])
        mine.tally.merge(tally, most_findings=self._spec.job.most_findings)
        mine.peak_rss_bytes = max(mine.peak_rss_bytes, result["peak_rss_bytes"])
        mine.worker_s += result["seconds"]
        mine.wall_segments += tally.segments
        mine.wall_bytes += tally.chars
        mine.cache_asked += result["cache"][0]
        mine.cache_remembered += result["cache"][1]
        mine.gate = mine.gate or self._spec.gate.stop(mine.tally)
        self._waiting[order.first_row] = result["data"]
        self._watcher.advance(0, tally.segments)

    def on_failed(self, order: Order, reason: str, tries: int) -> None:
        """Rows could not be repaired; a pipe cannot go on behind a hole."""
        assert isinstance(order, StreamOrder)
        if not self._result.interrupted:
            self._failed = f"standard input, rows from {order.first_row}: {reason}"


def _orders(plan: FilePlan, rows: Iterator[bytes]) -> Iterator[StreamOrder]:
    """Rows in handfuls."""
    taken: list[bytes] = []
    size, first_row, line = 0, 1, 1 + plan.header.count(b"\n")
    for row in rows:
        taken.append(row)
        size += len(row)
        if size >= _STREAM_BYTES:
            yield StreamOrder(plan, tuple(taken), first_row, line)
            first_row += len(taken)
            line += sum(one.count(b"\n") for one in taken)
            taken, size = [], 0
    if taken:
        yield StreamOrder(plan, tuple(taken), first_row, line)
