"""Files that editors bring: what they are, and the text in them."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from app.core.errors import InputError
from app.core.types import Span

if TYPE_CHECKING:
    from app.formats.markup import Markup

FORMATS: Final = {".txt": "text", ".md": "md", ".markdown": "md", ".html": "html", ".htm": "html", ".docx": "docx"}
MARKED_UP: Final = frozenset({"md", "html"})
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
        return title, kind, source, None
    return title, kind, marked_up(kind).prose(source).text, source.encode()


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
