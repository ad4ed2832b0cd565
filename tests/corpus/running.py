"""A run in a process of its own, which a test can kill: ``python -m tests.corpus.running INPUT OUTPUT``."""

from __future__ import annotations

import sys

from app.core.types import RepairOptions
from app.corpus.manifest import Job
from app.corpus.run import Spec, run
from app.formats.base import Wanted
from tests.corpus.building import build

JOB = Job(Wanted(), RepairOptions(), unit_bytes=2_000)


def main() -> None:
    """Repair everything in a folder, or go on with it."""
    result = run(Spec((sys.argv[1],), sys.argv[2], JOB, build, workers=2, resume=True))
    sys.exit(0 if result.units_done == result.units else 3)


if __name__ == "__main__":
    main()
