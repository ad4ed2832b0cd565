"""Measure the editors' page with a long document, in Chromium on this machine.

Run ``python scripts/measure_editors.py --help``. Starts a service of its own with the settings of the environment and
a database of its own; writes JSON and prints a table.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Annotated

import orjson
import typer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.evaluation.browser import long_text, measure_page, running_browser
from app.evaluation.data import load_file
from app.evaluation.load import running_service
from app.evaluation.provenance import provenance
from app.evaluation.report import write_whole

_ROOT = Path(__file__).resolve().parent.parent


def main(
    rows: Annotated[Path, typer.Option(help="Machine translations: JSON lines with `mt`.")] = _ROOT
    / "../shared/data/mt/pe-train.jsonl.xz",
    words: Annotated[int, typer.Option(min=1, help="Length of the document.")] = 100_000,
    frames: Annotated[int, typer.Option(min=1, help="Frames drawn while scrolling.")] = 300,
    out: Annotated[Path, typer.Option(help="Where the figures go.")] = _ROOT / "build" / "editors.json",
) -> None:
    """Time to the first and last sentence, memory of the tab, frames while scrolling, keys."""
    text = long_text([example.text for example in load_file(rows).examples], words)
    with tempfile.TemporaryDirectory() as folder:
        database = {"MT_REPAIR_DATABASE_URL": f"sqlite:///{folder}/documents.sqlite3"}
        with running_service(database) as service, running_browser() as browser:
            page = browser.new_page(base_url=service.url, viewport={"width": 1280, "height": 800})
            figures = measure_page(page, text, frames=frames)
            chromium = browser.version
    report = {**provenance(), "chromium": chromium, "rows": rows.name, "figures": figures}
    write_whole(out, orjson.dumps(report, option=orjson.OPT_INDENT_2))
    typer.echo(
        "| measure | value |\n|---|---|\n" + "".join(f"| {name} | {value:,} |\n" for name, value in figures.items())
    )


if __name__ == "__main__":
    typer.run(main)
