"""What a worker process does: load the Repairer once, then repair unit after unit."""

from __future__ import annotations

import errno
import io
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import IO, Any

import orjson
import pyarrow as pa

import app
from app.core.errors import InputError, ResourceError
from app.core.repairer import Repairer
from app.corpus.batch import BatchRepairer, RowOutcome, added_columns, model_name
from app.corpus.manifest import Identity, Job, Task, local_copy
from app.corpus.tally import Place, Tally
from app.formats.base import LINE, MAP, PROTECT, RAW, FilePlan, sha256_of
from app.formats.registry import FORMATS
from app.formats.storage import Opener, is_special, remove, remove_stale, stamp, write_whole
from app.formats.text import decode_text
from app.seq2seq.cache import CachingGenerator
from app.seq2seq.shared_cache import SharedCachingGenerator

Progress = Callable[[int, int], None]  # rows and characters done since the last call
_FATAL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})  # no unit can be written any more


@dataclass(frozen=True, slots=True)
class UnitOrder:
    """Repair a unit; write its part and its marker, or only count."""

    task: Task
    part: str | None = None
    marker: str = ""
    output: str = ""  # what the part becomes a piece of; its name tells the compression


@dataclass(frozen=True, slots=True)
class JoinOrder:
    """Put the parts of a file together."""

    plan: FilePlan
    parts: tuple[str, ...]
    markers: tuple[str, ...]
    output: str
    marker: str


@dataclass(frozen=True, slots=True)
class StreamOrder:
    """Repair rows that come with the order, for a pipe that cannot be read twice."""

    plan: FilePlan
    rows: tuple[bytes, ...]
    first_row: int
    first_line: int


Order = UnitOrder | JoinOrder | StreamOrder


class DiskFullError(Exception):
    """Nothing more can be written."""


class Handler:
    """Carries out orders, with one Repairer for all of them.

    Args:
        repairer: Who repairs.
        job: What is wanted.
    """

    def __init__(self, repairer: Repairer, job: Job) -> None:
        card = repairer.card
        self.identity = Identity(app.__version__, model_name(repairer), card.sha256, repairer.kb_version)
        self._repairer, self._job = repairer, job
        self._opener = Opener()
        self._cache = (0, 0)
        self._batch: tuple[object, BatchRepairer] | None = None

    def handle(self, order: Order, progress: Progress) -> dict[str, Any]:
        """Carry out one order; what it came to, in plain values.

        Raises:
            InputError: The input is at fault, and will be the next time too.
            DiskFullError: The output cannot be written.
        """
        started = time.monotonic()
        try:
            if isinstance(order, UnitOrder):
                result = self._unit(order, progress)
            elif isinstance(order, JoinOrder):
                result = self._join(order)
            else:
                result = self._stream(order, progress)
            result["seconds"] = time.monotonic() - started
            result["cache"] = self._cache_use()
            result["peak_rss_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            if isinstance(order, UnitOrder) and order.part is not None:
                with write_whole(order.marker) as file:
                    file.write(orjson.dumps(result))
        except OSError as exc:
            if exc.errno in _FATAL:
                raise DiskFullError(f"{os.strerror(exc.errno)} ({exc.filename or 'output'})") from exc
            raise
        return result

    def _cache_use(self) -> list[int]:
        """Sentences shown to the generator since the last order, and those whose proposal was remembered."""
        generator = self._repairer.generator
        if not isinstance(generator, CachingGenerator | SharedCachingGenerator):
            return [0, 0]
        now = (generator.asked, generator.remembered)
        before, self._cache = self._cache, now
        return [now[0] - before[0], now[1] - before[1]]

    def _repairer_for(self, plan: FilePlan) -> BatchRepairer:
        options, wanted = self._job.options_for(plan), self._job.wanted_for(plan)
        key = (options, wanted)
        if self._batch is None or self._batch[0] != key:
            self._batch = (
                key,
                BatchRepairer(
                    self._repairer,
                    field=wanted.field,
                    options=options,
                    in_place=wanted.in_place,
                    max_chars=self._job.max_chars,
                    remembered=self._job.remembered,
                    hashes=wanted.hashes,
                    shared_answers=self._job.shared_answers,
                ),
            )
        return self._batch[1]

    def _unit(self, order: UnitOrder, progress: Progress) -> dict[str, Any]:
        plan, unit = order.task.plan, order.task.unit
        wanted = self._job.wanted_for(plan)
        repair, tally, rows = self._repairer_for(plan), Tally(), 0
        with ExitStack() as stack:
            writer = None
            if order.part is not None:
                remove_stale(order.part)
                sink = stack.enter_context(write_whole(order.part))
                out = FORMATS[self._job.format_of_output(plan.format)]
                added = added_columns(wanted.field, hashes=wanted.hashes)
                writer = out.writer(sink, _named(plan, order.output), wanted, added)
            for batch in FORMATS[plan.format].read(plan, unit, wanted, self._opener):
                repaired, outcomes = repair(batch)
                if writer is not None:
                    writer.write(repaired)
                self._count(tally, batch, outcomes, plan, unit.first_row + rows)
                rows += batch.num_rows
                progress(batch.num_rows, sum(len(o.repair.source) for o in outcomes if o.repair is not None))
            if writer is not None:
                writer.close()
        tally.keep_worst(self._job.most_findings)
        result: dict[str, Any] = {"id": order.task.id, "rows": rows, "tally": tally.to_json()}
        if order.part is not None:
            result["bytes"] = stamp(order.part).size
            result["sha256"] = sha256_of(order.part)
        return result

    def _count(
        self, tally: Tally, batch: pa.RecordBatch, outcomes: list[RowOutcome], plan: FilePlan, first_row: int
    ) -> None:
        names = batch.schema.names
        lines = batch.column(LINE).to_pylist() if LINE in names else [0] * len(outcomes)
        in_file = plan.format == "txt" or PROTECT in names  # the text stands in the file as it is
        raws: list[bytes | None] = batch.column(RAW).to_pylist() if in_file and RAW in names else [None] * len(outcomes)
        maps: list[list[int] | None] = batch.column(MAP).to_pylist() if MAP in names else [None] * len(outcomes)
        for i, outcome in enumerate(outcomes):
            raw, places = raws[i], maps[i]
            source = decode_text(raw)[0] if raw is not None else None
            place = Place(plan.location.url, first_row + i, lines[i], source, None if places is None else tuple(places))
            tally.add(outcome, place, low_below=self._job.low_below, most_findings=self._job.most_findings)

    def _join(self, order: JoinOrder) -> dict[str, Any]:
        plan, wanted = order.plan, self._job.wanted_for(order.plan)
        out = FORMATS[self._job.format_of_output(plan.format)]
        with ExitStack() as stack:
            paths = [stack.enter_context(local_copy(part)) for part in order.parts]
            for path, marker in zip(paths, order.markers, strict=True):
                with open(marker, "rb") if os.path.exists(marker) else _remote(marker) as file:
                    if sha256_of(path) != orjson.loads(file.read())["sha256"]:
                        remove(marker)
                        raise InputError(f"{path}: damaged since it was written; go on with --resume")
            remove_stale(order.output)
            sink = stack.enter_context(write_whole(order.output))
            added = added_columns(wanted.field, hashes=wanted.hashes)
            out.join(iter(paths), sink, _named(plan, order.output), wanted, added)
        done = stamp(order.output)
        digest = "" if is_special(order.output) else sha256_of(order.output)
        result = {"output": order.output, "bytes": done.size, "version": done.version, "sha256": digest}
        with write_whole(order.marker) as file:
            file.write(orjson.dumps(result))
        for part in order.parts:
            remove(part)
        return result

    def _stream(self, order: StreamOrder, progress: Progress) -> dict[str, Any]:
        plan, sink, tally = order.plan, io.BytesIO(), Tally()
        wanted = self._job.wanted_for(plan)
        form = FORMATS[plan.format]
        batch = form.decode(order.rows, plan, wanted, order.first_line)  # type: ignore[attr-defined]
        repaired, outcomes = self._repairer_for(plan)(batch)
        writer = FORMATS[self._job.format_of_output(plan.format)].writer(
            sink, plan, wanted, added_columns(wanted.field, hashes=wanted.hashes)
        )
        writer.write(repaired)
        writer.close()
        self._count(tally, batch, outcomes, plan, order.first_row)
        progress(batch.num_rows, sum(len(o.repair.source) for o in outcomes if o.repair is not None))
        tally.keep_worst(self._job.most_findings)
        return {"rows": batch.num_rows, "tally": tally.to_json(), "data": sink.getvalue()}


def _named(plan: FilePlan, output: str) -> FilePlan:
    """The plan as a writer sees it: compressed as the name of the output says."""
    return replace(plan, location=replace(plan.location, name=output))


def _remote(url: str) -> IO[bytes]:
    from app.formats.storage import read_bytes

    return io.BytesIO(read_bytes(url) or b"{}")


def serve(connection: Connection, lifeline: Connection, build: Callable[[], Repairer], job: Job) -> None:
    """Main function of a worker process: orders come in, results go out, until there are no more.

    Args:
        connection: Carries orders and results.
        lifeline: Ends when the parent is gone; the worker ends with it, in the middle of whatever it does.
        build: Makes the Repairer.
        job: What is wanted.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # the parent decides when to stop
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, args=(lifeline,), daemon=True).start()
    pa.set_cpu_count(1)  # there are as many workers as cores
    try:
        handler = Handler(build(), job)
    except (ResourceError, InputError) as exc:
        connection.send(("broken", str(exc)))
        return
    connection.send(("ready", handler.identity))

    def progress(rows: int, chars: int) -> None:
        connection.send(("progress", rows, chars))

    while True:
        try:
            order = connection.recv()
        except EOFError:
            return
        if order is None:
            return
        try:
            answer: tuple[Any, ...] = ("done", handler.handle(order, progress))
        except InputError as exc:
            answer = ("failed", str(exc), False)
        except ResourceError as exc:
            answer = ("broken", str(exc))
        except DiskFullError as exc:
            answer = ("full", str(exc))
        except MemoryError:
            answer = ("failed", "not enough memory", True)
        except Exception as exc:  # whatever it is, the other units go on
            answer = ("failed", f"{type(exc).__name__}: {exc}", True)
        try:
            connection.send(answer)
        except BrokenPipeError:  # the parent is gone, and nobody waits for the answer
            return


def _die_with_parent(lifeline: Connection) -> None:
    with suppress(EOFError, OSError):
        lifeline.recv()
    sys.stderr.flush()
    os._exit(1)
