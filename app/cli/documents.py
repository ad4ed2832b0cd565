"""Sub-commands on one document: ``repair`` and ``diff``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.cli.terminal import print_pieces, say
from app.core import diff_forms
from app.core.diff import Change, diff
from app.core.errors import InputError
from app.core.files import write_whole
from app.core.rule_ids import ids_to_disable
from app.core.types import (
    DocumentRepair,
    Edit,
    FurnitureMode,
    GlossaryEntry,
    Mode,
    ProtectOptions,
    RepairOptions,
    Scope,
    Status,
)

_STANDARD_STREAM = "-"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>mt-repair: {title}</title><style>
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 2rem; color-scheme: light dark }}
table {{ border-collapse: collapse; width: 100%; table-layout: fixed }}
th, td {{ text-align: left; vertical-align: top; padding: .2rem .6rem; white-space: pre-wrap; overflow-wrap: anywhere }}
del {{ background: #d3303038; text-decoration: line-through }}
ins {{ background: #2ea04338; text-decoration: underline }}
</style></head><body>{table}</body></html>
"""


class DiffForm(StrEnum):
    """How to show what was changed."""

    INLINE = "inline"
    UNIFIED = "unified"
    HTML = "html"
    EDITS = "edits"
    NONE = "none"


def repair(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="Text in UTF-8; - reads standard input.")],
    mode: Annotated[Mode, typer.Option(help="How far a repair may go.")] = Mode.MINIMAL,
    min_confidence: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Least confidence of an edit; the mode's own by default.")
    ] = None,
    scope: Annotated[list[Scope] | None, typer.Option(help="Repair only these; may be repeated.")] = None,
    protect_quotes: Annotated[bool, typer.Option("--protect-quotes", help="Leave direct quotations alone.")] = False,
    pattern: Annotated[
        list[str] | None, typer.Option(help="Leave what matches alone (RE2 syntax); may be repeated.")
    ] = None,
    glossary: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Terms to apply; docs/operations.md has the forms.")
    ] = None,
    furniture: Annotated[
        FurnitureMode, typer.Option(help="Bylines, share lines and the like: keep, report or remove them.")
    ] = FurnitureMode.FLAG,
    disable: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="Rule to switch off; may be repeated.")
    ] = None,
    show: Annotated[DiffForm, typer.Option("--diff", help="How to show what was changed.")] = DiffForm.NONE,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as POST /repair gives it.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the corrected text here.")] = None,
    in_place: Annotated[bool, typer.Option("--in-place", "-i", help="Write the corrected text into FILE.")] = False,
) -> None:
    """Repair one document and print the corrected text.

    With --diff, the changes follow: on standard output where the text goes to a file, else on standard error.
    """
    if in_place and (output is not None or file == _STANDARD_STREAM):
        raise typer.BadParameter("--in-place needs a FILE and goes with no --output")
    if as_json and show is not DiffForm.NONE:
        raise typer.BadParameter("--json holds the edits; it goes with no --diff")
    text = read_text(file)
    options = RepairOptions(
        mode=mode,
        min_confidence=min_confidence,
        scope=frozenset(scope) if scope else frozenset(Scope),
        protect=ProtectOptions(quotes=protect_quotes, patterns=tuple(pattern or ())),
        glossary=_read_glossary(glossary) if glossary else (),
        furniture=furniture,
        disabled_rules=ids_to_disable(disable or ()),
    )
    from app.settings import Settings
    from app.wiring import build_repairer

    repairer = build_repairer(Settings())
    answer = repairer.repair(text, options)
    target = Path(file) if in_place else output
    if target is not None:
        write_atomically(target, answer.text)
    if as_json:
        from app.cli.answer import to_json

        write_stdout(to_json(answer, options, repairer.card, repairer.kb_version) + "\n")
        return
    if target is None:
        write_stdout(answer.text)
    if show is not DiffForm.NONE:
        if target is None:
            sys.stdout.flush()
            say("" if answer.text.endswith("\n") or not answer.text else "\n")
        _show(show, answer.source, answer.edits, file, target is not None)
        say(summary(answer))


def diff_files(
    before: Annotated[str, typer.Argument(metavar="BEFORE|-", help="Text in UTF-8; - reads standard input.")],
    after: Annotated[str, typer.Argument(metavar="AFTER|-", help="The text to compare with.")],
    show: Annotated[DiffForm, typer.Option("--diff", help="How to show the changes.")] = DiffForm.INLINE,
) -> None:
    """Show how two texts differ, word by word, as a repair would show it."""
    if before == after == _STANDARD_STREAM:
        raise typer.BadParameter("only one text can come from standard input")
    source = read_text(before)
    _show(show, source, diff(source, read_text(after)), before, True, after)


def register(cli: typer.Typer) -> None:
    """Add the sub-commands."""
    cli.command("repair")(repair)
    cli.command("diff")(diff_files)


def read_text(name: str) -> str:
    """The text of a file, or of standard input for ``-``, with its line ends as they are.

    Raises:
        InputError: There is no such file, or it is not UTF-8.
    """
    where = "standard input" if name == _STANDARD_STREAM else name
    try:
        data = sys.stdin.buffer.read() if name == _STANDARD_STREAM else Path(name).read_bytes()
    except OSError as exc:
        raise InputError(f"{where} cannot be read: {exc.strerror}; give a text file, or - for standard input") from exc
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise InputError(f"{where} is {_what_else(data, exc, '' if name == _STANDARD_STREAM else name)}") from exc


def _what_else(data: bytes, error: UnicodeDecodeError, name: str) -> str:
    """What bytes are that are not UTF-8, and what to do about it."""
    if data.startswith(b"PK\x03\x04"):
        return (
            "no text but a ZIP archive, such as a Word document; save it as plain text, or bring a .docx to the page "
            "of mt-repair serve"
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return f"not UTF-8 but UTF-16; convert it first, such as: iconv -f UTF-16 -t UTF-8 {name}".rstrip()
    if b"\0" in data:
        return "no text: there are NUL bytes in it; save it as plain text in UTF-8"
    line = data.count(b"\n", 0, error.start) + 1
    where = f"(line {line}, byte {error.start})"
    return f"not UTF-8 {where}; convert it first, such as: iconv -f WINDOWS-1252 -t UTF-8 {name}".rstrip()


def write_stdout(text: str) -> None:
    """Print the text as UTF-8, whatever the locale, its line ends as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.buffer.flush()


def write_atomically(path: Path, text: str) -> None:
    """Replace a file at once or not at all; a pipe or a device is written into.

    Raises:
        InputError: The folder cannot be written to.
    """
    try:
        with write_whole(path) as file:
            file.write(text.encode("utf-8"))
    except OSError as exc:
        raise InputError(f"{path} cannot be written: {exc.strerror}; choose another --output") from exc


def _read_glossary(path: Path) -> tuple[GlossaryEntry, ...]:
    from app.names.glossary import read_glossary

    return tuple(read_glossary(path))


def _show(
    form: DiffForm,
    source: str,
    edits: Sequence[Edit | Change],
    name: str,
    on_stdout: bool,
    after: str | None = None,
) -> None:
    stream = sys.stdout if on_stdout else sys.stderr
    match form:
        case DiffForm.INLINE:
            print_pieces(diff_forms.pieces(source, edits), stream)
            stream.write("" if source.endswith("\n") else "\n")
        case DiffForm.UNIFIED:
            stream.write(diff_forms.unified(source, edits, name, after or name))
        case DiffForm.HTML:
            stream.write(_PAGE.format(title="before and after", table=diff_forms.side_by_side(source, edits)))
        case DiffForm.EDITS:
            for edit in edits:
                stream.write(describe(edit, source) + "\n")
        case DiffForm.NONE:
            return
    stream.flush()


def describe(edit: Edit | Change, source: str) -> str:
    """An edit in one line: where, what, and of a repair also how sure and why."""
    line = source.count("\n", 0, edit.span.start) + 1
    column = edit.span.start - (source.rfind("\n", 0, edit.span.start) + 1) + 1
    what = f"{line}:{column}: {edit.span.of(source)!r} -> {edit.text!r}"
    if isinstance(edit, Change):
        return what
    return f"{what} {edit.rule} {edit.confidence:.2f} {edit.reason}".rstrip()


def summary(answer: DocumentRepair) -> str:
    """What became of the document, in one line."""
    counts = {status: sum(s.status is status for s in answer.segments) for status in Status}
    changed = counts[Status.REPAIRED] + counts[Status.PARTIAL]
    furniture = f", {len(answer.furniture)} of page furniture" if answer.furniture else ""
    return (
        f"{_count(len(answer.edits), 'edit')} in {changed} of {_count(len(answer.segments), 'sentence')}"
        f" ({counts[Status.UNCHANGED]} sound, {counts[Status.ABSTAINED]} left alone{furniture});"
        f" {_count(len(answer.rejected), 'edit')} refused by the checks"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
