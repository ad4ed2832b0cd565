"""A run in a process of its own, for tests: ``python -m tests.corpus.running INPUT OUTPUT [UNIT_BYTES]``."""

from __future__ import annotations

import sys
from dataclasses import replace

from app.core.types import RepairOptions
from app.corpus.manifest import Job
from app.corpus.run import Spec, describe_failure, run
from app.formats.base import Wanted
from tests.corpus.building import build

JOB = Job(Wanted(), RepairOptions(), unit_bytes=2_000)


def main() -> None:
    """Repair everything in a folder, or go on with it."""
    job = replace(JOB, unit_bytes=int(sys.argv[3])) if len(sys.argv) > 3 else JOB
    result = run(Spec((sys.argv[1],), sys.argv[2], job, build, workers=2, resume=True))
    for entry in result.quarantined:
        print(describe_failure(entry), file=sys.stderr)
    sys.exit(3 if result.quarantined or result.units_done < result.units else 0)


if __name__ == "__main__":
    main()
