"""Glossaries from a file: rows of terms in CSV or TSV, as spreadsheets write them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.core.errors import InputError
from app.core.types import GlossaryEntry, TermKind

_COLUMNS = ("source", "target", "kind", "case_sensitive")
_TRUE, _FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0", ""})


def read_glossary(path: Path) -> tuple[GlossaryEntry, ...]:
    """The entries of a file, with ids such as ``house/12``: the file's name and the line.

    The first line names the columns: ``source``, and of ``target``, ``kind`` (``replace``, ``keep``, ``forbid``) and
    ``case_sensitive`` (``true``, ``false``) those that there are; others are left aside. Without ``kind``, a row with
    a target replaces and one without keeps. Values are separated by tabs where the first line has one, else by commas.

    Raises:
        InputError: The file cannot be read, or a line of it cannot be used; the message names the line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as exc:
        raise InputError(f"glossary {path} cannot be read: {exc.strerror}; give a CSV or TSV file") from exc
    except UnicodeDecodeError as exc:
        raise InputError(f"glossary {path} is not UTF-8 (byte {exc.start}); save it as UTF-8") from exc
    try:
        return tuple(_entries(path, text))
    except csv.Error as exc:
        raise InputError(f"glossary {path} is no proper CSV: {exc}; save it again from a spreadsheet") from exc


def _entries(path: Path, text: str) -> Iterator[GlossaryEntry]:
    delimiter = "\t" if "\t" in text.partition("\n")[0] else ","
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    names = [name.strip().lower() for name in next(rows, [])]
    if "source" not in names:
        raise InputError(f"glossary {path} line 1: no column `source`; name the columns, such as: source,target")
    for row in rows:
        if any(value.strip() for value in row):
            where = f"glossary {path} line {rows.line_num}"
            if len(row) > len(names):
                raise InputError(f"{where}: {len(row)} values for {len(names)} columns; quote those with a separator")
            values = dict(zip(names, (value.strip() for value in row), strict=False))
            yield _entry({name: values.get(name, "") for name in _COLUMNS}, where, f"{path.stem}/{rows.line_num}")


def _entry(values: Mapping[str, str], where: str, entry_id: str) -> GlossaryEntry:
    source, target, kind, case = (values[name] for name in _COLUMNS)
    if not source:
        raise InputError(f"{where}: `source` is empty; fill it in or remove the line")
    try:
        term = TermKind(kind.lower()) if kind else TermKind.REPLACE if target else TermKind.KEEP
    except ValueError as exc:
        raise InputError(f"{where}: `kind` is none of {', '.join(TermKind)}; choose one") from exc
    if term is TermKind.REPLACE and not target:
        raise InputError(f"{where}: `target` is empty; fill it in, or choose the kind keep or forbid")
    if case.lower() not in _TRUE | _FALSE:
        raise InputError(f"{where}: `case_sensitive` is neither true nor false; write one of them")
    return GlossaryEntry(source, target, term, case.lower() in _TRUE, entry_id)
