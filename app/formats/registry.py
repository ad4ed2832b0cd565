"""Which format a file has."""

from __future__ import annotations

from app.core.errors import InputError
from app.formats.base import Format
from app.formats.delimited import Delimited
from app.formats.document import MarkedUp
from app.formats.html import Html
from app.formats.jsonl import JsonLines
from app.formats.markdown import Markdown
from app.formats.parquet import Parquet
from app.formats.storage import Location
from app.formats.text import PlainText
from app.formats.warc import Warc

FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        JsonLines(),
        Parquet(),
        Delimited("csv", frozenset({".csv"}), ",", quoted=True),
        Delimited("csv-semicolon", frozenset(), ";", quoted=True),  # by name alone: its files end in .csv
        Delimited("tsv", frozenset({".tsv"}), "\t", quoted=False),
        PlainText(),
        MarkedUp(Markdown()),
        MarkedUp(Html()),
        Warc(),
    )
}
SUFFIXES: frozenset[str] = frozenset(suffix for one in FORMATS.values() for suffix in one.suffixes)
_BY_SUFFIX = {suffix: one for one in FORMATS.values() for suffix in one.suffixes}


def format_of(location: Location, named: str = "auto") -> Format:
    """The format of a file by its suffix, or the one that is named.

    Raises:
        InputError: Neither is known.
    """
    if named != "auto":
        if named not in FORMATS:
            raise InputError(f"format {named} is not known; there are {', '.join(FORMATS)}")
        return FORMATS[named]
    if location.suffix not in _BY_SUFFIX:
        raise InputError(f"{location.url}: cannot tell its format by its name; say it with --format")
    return _BY_SUFFIX[location.suffix]
