"""Results as tables for a terminal and as Markdown, and as files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.table import Table

from app.evaluation.judge import Tally
from app.evaluation.run import Result
from app.evaluation.translation import Difference

Rows = Sequence[Sequence[str]]


def tables(result: Result) -> list[tuple[str, Sequence[str], Rows]]:
    """What to show of one set: title, column names, rows of text."""
    title = f"{result.set}: {result.texts} texts, {result.sentences} sentences"
    head: tuple[str, ...]
    shown: list[tuple[str, Sequence[str], Rows]] = [(f"{title}: summary", ("measure", "value"), list(_summary(result)))]
    if result.groups:
        head = ("group", "system", "TER", "ΔTER [95 %]", "p", "TER cased", "chrF", "BLEU", "changed", "precision")
        shown.append((f"{title}: before and after", head, list(_translation_rows(result))))
    if result.edits and result.edits.total:
        head = ("edits by", "", "edits", "right", "neutral", "wrong", "precision", "confidence")
        shown.append((f"{title}: edits", head, list(_edit_rows(result))))
    return shown


def rich_table(title: str, head: Sequence[str], rows: Rows) -> Table:
    """A table for the terminal; figures to the right."""
    table = Table(title=title, title_justify="left")
    for i, name in enumerate(head):
        table.add_column(name, justify="left" if i < 2 else "right")
    for row in rows:
        table.add_row(*row)
    return table


def markdown_table(title: str, head: Sequence[str], rows: Rows) -> str:
    """The same for a document."""
    lines = [f"**{title}**", "", f"| {' | '.join(head)} |", "|" + "|".join("---" for _ in head) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, and its folder, so that a reader sees the old file or all of the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)


def _summary(result: Result) -> Iterable[tuple[str, str]]:
    yield "sentences changed", f"{result.changed_sentences} ({_percent(result.harm)})"
    yield "tokens changed", f"{result.changed_tokens} ({_percent(result.changed_tokens / max(1, result.tokens))})"
    yield "edits", f"{result.edit_count} {_counts(result.edit_kinds)}"
    yield "violations (must be 0)", f"{sum(result.violations.values())} {_counts(result.violations)}"
    yield "seconds", f"{result.seconds:.1f} ({result.sentences_per_s:.1f} sentences/s)"
    if result.gleu:
        before, after = result.gleu
        yield "GLEU", f"do nothing {before:.2f}, mt-repair {after:.2f} ({after - before:+.2f})"
    for name, score in zip(("do nothing", "mt-repair"), result.correction or (), strict=False):
        yield f"P / R / F0.5, {name}", f"{score.precision:.3f} / {score.recall:.3f} / {score.f_half:.3f}"
    if result.edits:
        yield "edit precision", _precision(result.edits)
        ece = result.calibration_error
        yield "calibration error (ECE)", "-" if ece is None else f"{ece:.3f}"
    yield "statuses", _counts(result.statuses) or "-"
    yield "abstained or partial because", _counts(result.reasons) or "-"
    yield "edits refused because", _counts(result.rejected) or "-"


def _translation_rows(result: Result) -> Iterable[tuple[str, ...]]:
    by_group = result.edits_by.get("group", {})
    for g in result.groups:
        ter, cased, chrf, bleu = (g.scores[m] for m in ("ter", "ter_cased", "chrf", "bleu"))
        before = [f"{d.before:.2f}" for d in (cased, chrf, bleu)]
        yield g.group, "do nothing", f"{ter.before:.2f}", "", "", *before, "0", "-"
        after = [f"{d.after:.2f}" for d in (cased, chrf, bleu)]
        precision = _precision(by_group.get(g.group, Tally()))
        yield "", "mt-repair", f"{ter.after:.2f}", _delta(ter), f"{ter.p_value:.3f}", *after, str(g.changed), precision
        for label, part in (("names only", g.names_only["ter"]), ("without names", g.without_names["ter"])):
            yield "", label, f"{part.after:.2f}", _delta(part), f"{part.p_value:.3f}", "", "", "", "", ""


def _edit_rows(result: Result) -> Iterable[tuple[str, ...]]:
    for by, tallies in result.edits_by.items():
        for i, (name, t) in enumerate(tallies.items()):
            counts = (str(t.total), str(t.right), str(t.neutral), str(t.wrong))
            yield by if i == 0 else "", name, *counts, _precision(t), f"{t.confidence:.3f}"


def _delta(d: Difference) -> str:
    return f"{d.delta:+.2f} [{d.interval[0]:+.2f}, {d.interval[1]:+.2f}]"


def _precision(tally: Tally) -> str:
    return "-" if tally.precision is None else _percent(tally.precision)


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])))
