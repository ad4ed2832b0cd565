"""A format read and written, unit by unit, as a run does it, with a Repairer that knows one mistake."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from app.core.repairer import Repairer
from app.corpus.batch import BatchRepairer, added_columns
from app.formats.base import FilePlan, Format, Wanted
from app.formats.storage import Location, Opener
from tests.corpus.building import build


def locate(path: Path) -> Location:
    """The location of a local file."""
    return Location(str(path), path.name)


def repair_file(
    form: Format,
    path: Path,
    tmp_path: Path,
    wanted: Wanted | None = None,
    unit_bytes: int = 1 << 20,
    repairer: Repairer | None = None,
) -> tuple[bytes, FilePlan]:
    """The bytes of the repaired file, put together from its units, and the plan."""
    wanted = wanted or Wanted()
    plan = form.plan(locate(path), wanted, unit_bytes)
    repair = BatchRepairer(repairer or build(), field=wanted.field, in_place=wanted.in_place)
    added, parts = added_columns(wanted.field), []
    for i, unit in enumerate(plan.units):
        part = tmp_path / f"part-{i}"
        with part.open("wb") as sink, Opener() as opener:
            writer = form.writer(sink, replace(plan, units=(unit,)), wanted, added)
            for batch in form.read(plan, unit, wanted, opener):
                writer.write(repair(batch)[0])
            writer.close()
        parts.append(str(part))
    joined = io.BytesIO()
    form.join(iter(parts), joined, plan, wanted, added)
    return joined.getvalue(), plan
