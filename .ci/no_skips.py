"""Fails if a test was skipped that this machine is there to run: those that need PostgreSQL or Chromium."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

_NEEDED = re.compile(r"postgres|psql|chrom|browser|playwright", re.IGNORECASE)


def unwanted_skips(report: Path) -> Iterator[str]:
    """One line for each skipped test whose name, file or reason speaks of a program that CI installs."""
    for case in ElementTree.parse(report).iter("testcase"):
        for skip in case.findall("skipped"):
            line = f"{case.get('classname', '')}::{case.get('name', '')}: {skip.get('message', '')} {skip.text or ''}"
            if skip.get("type") != "pytest.xfail" and _NEEDED.search(line):
                yield line.strip()


def main() -> None:
    """Print the unwanted skips and fail if there is one."""
    found = list(unwanted_skips(Path(sys.argv[1])))
    for line in found:
        print(f"skipped, though it must run here: {line}", file=sys.stderr)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
