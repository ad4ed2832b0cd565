"""What editors decided, on the command line: ``stats`` counts it, ``refit`` makes thresholds of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from app.cli.documents import write_stdout
from app.core.errors import InputError

if TYPE_CHECKING:
    from app.store.store import Store


def stats(
    json: Annotated[bool, typer.Option("--json", help="As JSON, for programs.")] = False,
) -> None:
    """Count what editors accepted and rejected, by kind, origin and confidence."""
    from app.settings import Settings
    from app.store.statistics import Rate, count

    store = _open(Settings().database_url)
    statistics = count(store.judged())
    store.close()
    if json:
        write_stdout(orjson.dumps(asdict(statistics), option=orjson.OPT_INDENT_2).decode() + "\n")
        return

    def line(rate: Rate) -> str:
        bar = "#" * round(20 * rate.share)
        return (
            f"  {rate.name:<12} {rate.decided:>6} {rate.accepted:>6} {rate.replaced:>6} {rate.rejected:>6} "
            f"{rate.confidence:>6.2f} {rate.share:>6.2f}  {rate.low:.2f}-{rate.high:.2f}  {bar}\n"
        )

    write_stdout(f"{'':14} {'all':>6} {'taken':>6} {'other':>6} {'no':>6} {'conf':>6} {'share':>6}  95 %\n")
    write_stdout(line(statistics.total))
    for title, rates in (
        ("confidence", statistics.bands), ("kind", statistics.kinds), ("origin", statistics.origins),
    ):  # fmt: skip
        write_stdout(f"{title}\n" + "".join(map(line, rates)))
    if statistics.whys:
        write_stdout("rejected because\n" + "".join(f"  {why:<16} {number:>6}\n" for why, number in statistics.whys))
    write_stdout(f"calibration error {statistics.calibration_error:.3f}\n")


def refit(
    precision: Annotated[
        float, typer.Option(min=0.5, max=1.0, help="Share of proposed edits that editors are to accept.")
    ] = 0.8,
    least_decisions: Annotated[
        int, typer.Option(min=1, help="Decisions of a kind below which nothing is fitted.")
    ] = 30,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the thresholds and leave the old ones in force.")
    ] = False,
) -> None:
    """Fit the least confidence of each kind of edit to decisions; the editors' page holds back what is below."""
    from app.settings import Settings
    from app.store.statistics import fit_thresholds

    store = _open(Settings().database_url)
    fitted = fit_thresholds(store.judged(), precision=precision, least_decisions=least_decisions)
    if not dry_run:
        store.set_thresholds(fitted)
    store.close()
    if not fitted:
        write_stdout(f"no kind of edit has {least_decisions} decisions yet; nothing is held back\n")
    for one in fitted:
        least = "never proposed" if one.least > 1 else f"from {one.least:.2f}"
        write_stdout(
            f"{one.origin.value:<9} {one.kind.value:<12} {least:<15} {one.precision:.2f} accepted of {one.decisions}\n"
        )


def _open(url: str) -> Store:
    from app.store.database import exists
    from app.store.store import Store

    if not exists(url):
        raise InputError("no document was ever saved here; save one on the page, or set MT_REPAIR_DATABASE_URL")
    return Store.open(url)


def register(cli: typer.Typer) -> None:
    """Add the sub-commands."""
    for command in (stats, refit):
        cli.command()(command)
