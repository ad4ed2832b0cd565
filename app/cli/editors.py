"""What editors decided: ``stats`` counts it, ``refit`` fits thresholds to it, ``import-decisions`` brings it back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
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


def import_decisions(
    file: Annotated[Path, typer.Argument(help="Decisions as the page exports them (JSON).")],
    document: Annotated[
        str, typer.Option(help="Id of the saved document (the end of its address); needed where several have the text.")
    ] = "",
    who: Annotated[str, typer.Option(help="Name under which the decisions are kept.")] = "Import",
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Let them win over decisions that stand there; those stay in the history."),
    ] = False,
) -> None:
    """Bring exported decisions back into a saved document of the very same text.

    Decisions that meet another one are listed and do not hold, unless --overwrite is given; those for which the
    document proposes nothing are listed, too. Exit code 1 where there are any.
    """
    from app.settings import Settings
    from app.store.exchange import import_decisions as bring
    from app.store.exchange import read_decisions

    try:
        decisions = read_decisions(file.read_bytes())
    except OSError as exc:
        raise InputError(f"{file}: cannot be read ({exc.strerror}); name a file that can") from exc
    store = _open(Settings().database_url)
    try:
        target = document or _document_of(store, decisions.document.sha256)
        imported = bring(store, target, decisions, who=who, overwrite=overwrite)
        edits = {edit.target: edit for edit in store.edits(target)}
    finally:
        store.close()
    for conflict in imported.outcome.conflicts:
        edit = edits.get(conflict.wish.target)
        what = (
            f"{edit.original!r} -> {edit.replacement!r}" if edit is not None else f"sentence {conflict.wish.target[1:]}"
        )
        there = f"{conflict.standing.verdict.value} by {conflict.standing.who}"
        write_stdout(f"conflict: {what}: {there} stays, the file has {conflict.wish.verdict.value}\n")
    for one in imported.unmatched:
        write_stdout(f"no place: {one.original!r} -> {one.replacement!r}: {one.verdict.value} by {one.who}\n")
    write_stdout(
        f"{len(imported.outcome.standings)} decisions made, {len(imported.outcome.conflicts)} conflicts, "
        f"{len(imported.unmatched)} without a place"
        + (f", {imported.already} that stand already\n" if imported.already else "\n")
    )
    if imported.outcome.conflicts or imported.unmatched:
        raise typer.Exit(1)


def _document_of(store: Store, sha256: str) -> str:
    found = store.documents_of(sha256)
    if len(found) != 1:
        names = ", ".join(found)
        raise InputError(
            f"several saved documents have this text; name one with --document: {names}" if found
            else "no saved document has the text that these decisions were made on; bring and save it first"
        )  # fmt: skip
    return found[0]


def _open(url: str) -> Store:
    from app.store.database import exists
    from app.store.store import Store

    if not exists(url):
        raise InputError("no document was ever saved here; save one on the page, or set MT_REPAIR_DATABASE_URL")
    return Store.open(url)


def register(cli: typer.Typer) -> None:
    """Add the sub-commands."""
    for command in (stats, refit, import_decisions):
        cli.command()(command)
