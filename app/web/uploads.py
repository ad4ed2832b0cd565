"""Files that editors bring: what they are, the text in them, and the same files with that text changed."""

from __future__ import annotations

from bisect import bisect_right
from codecs import BOM_UTF8
from collections.abc import Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from app.core.diff import Change, apply_changes, whole_groups
from app.core.errors import InputError
from app.core.types import Span
from app.formats.markup import MARKED_UP
from app.formats.prose import apply_to_source

if TYPE_CHECKING:
    from app.formats.markup import Markup

FORMATS: Final = {".txt": "text", ".md": "md", ".markdown": "md", ".html": "html", ".htm": "html", ".docx": "docx"}
_MOST_NAME_CHARS: Final = 150


def read_upload(name: str, data: bytes) -> tuple[str, str, str, bytes | None]:
    """The title, the format, the text, and the file where it is more than its text.

    Raises:
        InputError: The kind of file is not read, or this one is damaged.
    """
    path = PurePath(name.replace("\\", "/"))
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise InputError("This kind of file is not read; bring .txt, .md, .html or .docx, or paste the text.")
    title = path.stem[:_MOST_NAME_CHARS] or "Untitled"
    if kind == "docx":
        from app.formats.docx import read_docx

        return title, kind, read_docx(data).text, data
    try:
        source = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InputError("The file is not in UTF-8; save it as UTF-8, or paste the text.") from exc
    if kind == "text":
        return title, kind, source, data if data.startswith(BOM_UTF8) else None
    return title, kind, marked_up(kind).prose(source).text, data


def changed_file(kind: str, source: str, original: bytes | None, changes: Sequence[Change]) -> bytes:
    """A file of text, with mark-up or without, its text changed.

    What reaches across a tag cannot be changed and stays, and with it what is changed together with it alone.

    Args:
        kind: The format, as ``read_upload`` gives it.
        source: The text, as ``read_upload`` gives it.
        original: The file, where it is more than its text.
        changes: Of the text; sorted, none in conflict.
    """
    if original is None:
        return apply_changes(source, changes).encode()
    bom = BOM_UTF8 if original.startswith(BOM_UTF8) else b""
    if kind not in MARKED_UP:
        return bom + apply_changes(source, changes).encode()
    markup, stored = marked_up(kind), original.decode("utf-8-sig")
    prose = markup.prose(stored)
    fitting = whole_groups(changes, lambda change: _is_in_one_piece(change.span, prose.seams, prose.places))
    pieces = [(c.span.start, c.span.end, c.text) for c in fitting]
    return bom + apply_to_source(stored, pieces, prose.places, markup.escape).encode()


def _is_in_one_piece(span: Span, seams: Sequence[int], places: Sequence[int]) -> bool:
    """Whether a change can be made in the source: it reaches across no tag and no boundary."""
    at = bisect_right(seams, span.start)
    if at < len(seams) and seams[at] < span.end:
        return False
    if len(span):
        return all(places[2 * i] >= 0 for i in range(span.start, span.end))
    before = bool(span.start) and places[2 * span.start - 1] >= 0
    return before or (2 * span.start < len(places) and places[2 * span.start] >= 0)


def protected_in(kind: str, original: bytes | None) -> tuple[Span, ...]:
    """What no edit may touch in the text that ``read_upload`` gives: code, and what the file says to leave alone.

    Args:
        kind: The format.
        original: The file, where it is more than its text.
    """
    if original is None or kind not in MARKED_UP:
        return ()
    return tuple(marked_up(kind).prose(original.decode("utf-8-sig")).protected)


def marked_up(kind: str) -> Markup:
    """The mark-up of a format."""
    if kind == "html":
        from app.formats.html import Html

        return Html()
    from app.formats.markdown import Markdown

    return Markdown()
