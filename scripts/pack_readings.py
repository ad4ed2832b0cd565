"""Pack the readings of Han characters that the mangler needs (from Unihan, see ``app/names/mangle/data/README.md``).

python -m scripts.pack_readings ../shared/data/entities/unihan_readings.tsv.xz app/names/mangle/data/han.tsv.xz
"""

from __future__ import annotations

import csv
import lzma
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

_MOST_READINGS = 3
_USES = (1, 10, 50, 300, 1000)  # from so many uses in the modern corpus on a character is one step commoner


def pack(row: dict[str, str], rows: Mapping[str, dict[str, str]]) -> str | None:
    """One line ``char pinyin on kun hangul commonness``; ``None`` for a character that no name is read with.

    A simplified character has the Japanese and Korean readings of its traditional form. ``commonness`` is 0 (rare: in
    no frequency class, unused in a modern corpus) to 5 (most frequent).
    """
    pinyin = row["pinyin"].split(",")[:_MOST_READINGS]
    traditional = rows.get(row["traditional"][:1], row)
    others = [",".join((row[k] or traditional[k]).split(",")[:_MOST_READINGS]) for k in ("on", "kun", "hangul")]
    frequency = int(row["frequency_class"] or 0)
    uses = int(row["pinlu_count"] or 0)
    by_uses = bisect_right(_USES, uses)
    common = max(6 - frequency if frequency else 0, by_uses)
    if not pinyin[0] and not any(others):
        return None
    return "\t".join([row["char"], ",".join(pinyin), *others, str(common)])


def main(source: Annotated[Path, typer.Argument()], out: Annotated[Path, typer.Argument()]) -> None:
    """Read the table, keep what is needed, write it packed."""
    with lzma.open(source, "rt", encoding="utf-8", newline="") as lines:
        rows = {row["char"]: row for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)}
    packed = [line for row in rows.values() if (line := pack(row, rows))]
    partial = out.with_name(out.name + ".partial")
    partial.write_bytes(lzma.compress("\n".join(packed).encode(), preset=9 | lzma.PRESET_EXTREME))
    partial.replace(out)
    typer.echo(f"{len(packed)} characters, {out.stat().st_size} bytes")


if __name__ == "__main__":
    typer.run(main)
