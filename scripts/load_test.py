"""Put the service under load on this machine: closed loops of clients, then arrivals at shares of its capacity.

Run ``python scripts/load_test.py --help``. Starts a service of its own with the settings of the environment and
without the cache of sentences, which would only time itself; writes JSON and prints a table.
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
    clients: Annotated[str, typer.Option(help="Clients of the closed loops.")] = "1,8,32,128",
    shares: Annotated[str, typer.Option(help="Shares of capacity of the open loops.")] = "0.5,0.9,1.5",
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="Length of one round.")] = 20.0,
    latency_ms: Annotated[int, typer.Option(min=1, help="How long a caller waits: max_latency_ms.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of the traffic.")] = 1,
    out: Annotated[Path, typer.Option(help="Where the figures go.")] = _ROOT / "build" / "load.json",
) -> None:
    """Measure throughput, latency and refusals under load."""
    sentences = [s.text for s in SentenceSegmenter().segment(texts.read_text(encoding="utf-8"))]
    with load.running_service({"MT_REPAIR_CACHE_SENTENCES": "0"}) as service:
        rounds = asyncio.run(
            load.load_test(
                service, sentences, clients=[int(n) for n in clients.split(",") if n],
                shares=[float(n) for n in shares.split(",") if n], seconds=seconds, latency_ms=latency_ms, seed=seed,
            )
        )  # fmt: skip
    ratio = load.batched_over_single(rounds)
    figures = [found.figures() for found in rounds]
    arguments = {"clients": clients, "shares": shares, "seconds": seconds, "latency_ms": latency_ms, "seed": seed}
    report = {**provenance(), "arguments": arguments, "rounds": figures, "batched_over_single": ratio}
    write_whole(out, orjson.dumps(report, option=orjson.OPT_INDENT_2))
    columns = list(figures[0])
    typer.echo("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    for row in figures:
        typer.echo("| " + " | ".join(str(row[name]) for name in columns) + " |")
    if ratio is not None:
        typer.echo(f"\nThroughput at its best is {ratio} times that of one request at a time.")


if __name__ == "__main__":
    typer.run(main)
