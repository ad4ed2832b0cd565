"""Keep the service busy for a long time with mixed traffic, and see that it neither fails nor grows.

Run ``python scripts/soak.py --help``. Exit code 1 where an answer was neither right nor a refusal, or memory grew.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from app.core.segment import SentenceSegmenter
from app.evaluation import load
from app.evaluation.provenance import provenance
from app.evaluation.report import write_whole

_ROOT = Path(__file__).resolve().parent.parent


def main(
    texts: Annotated[Path, typer.Option(help="Text whose sentences are sent.")] = _ROOT
    / "examples/garbled-article.txt",
    minutes: Annotated[float, typer.Option(min=0.05, max=600, help="Length of the run.")] = 30.0,
    clients: Annotated[int, typer.Option(min=1, max=128, help="Clients at once.")] = 8,
    warm_up: Annotated[float, typer.Option(min=0, max=0.9, help="Share of the run that warms up.")] = 0.2,
    most_growth: Annotated[float, typer.Option(help="Growth of resident memory that is still fine.")] = 0.05,
    seed: Annotated[int, typer.Option(help="Of the traffic.")] = 1,
    out: Annotated[Path, typer.Option(help="Where the figures go.")] = _ROOT / "build" / "soak.json",
) -> None:
    """Run mixed traffic: right, broken and dropped."""
    sentences = [s.text for s in SentenceSegmenter().segment(texts.read_text(encoding="utf-8"))]
    seconds = 60 * minutes
    with load.running_service({}) as service:
        found = asyncio.run(load.soak(service, sentences, seconds=seconds, clients=clients, seed=seed))
    growth = found.growth(warm_up * seconds)
    report = {
        **provenance(),
        "arguments": {"minutes": minutes, "clients": clients, "warm_up": warm_up, "seed": seed},
        "answers": dict(sorted(found.answers.items())),
        "wrong": dict(found.wrong),
        "memory_growth": round(growth, 4),
        "memory_mib": [[round(at, 1), round(size / 2**20, 1)] for at, size in found.memory],
    }
    write_whole(out, orjson.dumps(report, option=orjson.OPT_INDENT_2))
    for kind, count in sorted(found.answers.items()):
        typer.echo(f"{kind:24} {count}")
    typer.echo(f"wrong {dict(found.wrong)}; memory grew by {growth:+.1%} after the warm-up")
    if found.wrong or growth > most_growth:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
