"""Word: the text of a document's paragraphs, and the same document with every edit as a tracked change.

Each edit becomes one revision, a ``w:del`` before a ``w:ins``, so that Word's accept and reject work edit by edit.
Nothing else of the file changes: runs are split, never merged, and keep their formatting.
"""

from __future__ import annotations

import io
import re
import zipfile
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Final

from lxml import etree

from app.core.diff import Change, whole_groups
from app.core.errors import InputError
from app.core.types import Span

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_XML_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
_MAIN: Final = "word/document.xml"
_MOST_PARTS: Final = 2000
_MOST_BYTES: Final = 1 << 28  # of all parts, unpacked
_MOST_XML_BYTES: Final = 1 << 26  # of the text part, unpacked
_MOST_RATIO: Final = 200  # of a part to its packed form; text reaches about 20
_FREE_BYTES: Final = 1 << 20  # below which the ratio says nothing
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _w(name: str) -> str:
    return f"{{{_W}}}{name}"


# What stands for a character in the text; anything else inside a run stands for none and stays.
_CHARS: Final = {_w("tab"): "\t", _w("br"): "\n", _w("cr"): "\n", _w("noBreakHyphen"): "\u2011"}
# Text below these belongs to no paragraph's running text: what was deleted, fields' codes, boxes, formulas.
_APART: Final = frozenset(
    {_w("del"), _w("moveFrom"), _w("pict"), _w("drawing"), _w("object"), _w("instrText"), _w("fldSimple")}
    | {"{http://schemas.openxmlformats.org/markup-compatibility/2006}AlternateContent"}
)


@dataclass(frozen=True, slots=True)
class Revisions:
    """Who makes the tracked changes, and when."""

    author: str
    at: datetime


@dataclass(slots=True)
class _Piece:
    """A part of a run that stands for characters of the text."""

    run: etree._Element
    element: etree._Element
    span: Span


@dataclass(frozen=True, slots=True)
class Docx:
    """The running text of a document: paragraphs apart by empty lines."""

    text: str
    paragraphs: tuple[Span, ...]
    seams: tuple[int, ...]  # no edit may reach across: links, fields, formulas


def read_docx(data: bytes) -> Docx:
    """The text of a Word document.

    Raises:
        InputError: It is not one, or unpacks to more than we take.
    """
    text, spans, seams, _ = _read(_parse(_open(data)))
    return Docx(text, tuple(spans), tuple(seams))


def track_changes(data: bytes, changes: Sequence[Change], revisions: Revisions) -> bytes:
    """The document with tracked changes: accepting all gives the changed text, rejecting all the original.

    Args:
        data: The document as it came in.
        changes: Of the text that ``read_docx`` gives; sorted, none in conflict. One that reaches across paragraphs
            or seams, or puts in a line break between paragraphs, cannot be made and is left out with its group.
        revisions: Author and time.

    Raises:
        InputError: The data is not a Word document.
    """
    archive = _open(data)
    root = _parse(archive)
    _, spans, seams, pieces = _read(root)
    numbers = count(_last_id(root) + 1)
    by_paragraph: dict[int, list[Change]] = {}

    def paragraph_of(change: Change) -> int:
        return bisect_left(spans, change.span.start, key=lambda span: span.end)

    def is_possible(change: Change) -> bool:
        at = paragraph_of(change)
        return at < len(spans) and fits(change, spans[at], seams)

    for change in whole_groups(changes, is_possible):
        by_paragraph.setdefault(paragraph_of(change), []).append(change)
    for index, mine in by_paragraph.items():
        for change in reversed(mine):  # from the end, so that what stands before keeps its place
            _track(pieces[index], change, revisions, numbers)
    return _replace(archive, etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))


def fits(change: Change, paragraph: Span, seams: Sequence[int]) -> bool:
    """Whether a change can be a revision inside one paragraph."""
    return (
        paragraph.contains(change.span)
        and len(paragraph) > 0
        and not any(change.span.start < seam < change.span.end for seam in seams)
    )


def write_docx(source: str, changes: Sequence[Change], revisions: Revisions) -> bytes:
    """A new document of plain paragraphs, one a line of ``source``, with the changes tracked.

    A change that reaches over a line break becomes one revision of lines that are joined or parted by a break inside
    their paragraph.
    """
    lines = _lines(source, changes)
    body = etree.Element(_w("body"), nsmap={"w": _W})
    numbers = count(1)
    at = 0
    for span in lines:
        paragraph = etree.SubElement(body, _w("p"))
        while at < len(changes) and changes[at].span.end <= span.end:
            change = changes[at]
            _append(paragraph, source[span.start : change.span.start])
            _revise(paragraph, change.span.of(source), change.text, revisions, numbers)
            span = Span(change.span.end, span.end)
            at += 1
        _append(paragraph, source[span.start : span.end])
    root = etree.Element(_w("document"), nsmap={"w": _W})
    root.append(body)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _SKELETON.items():
            archive.writestr(_member(name), content)
        archive.writestr(_member(_MAIN), etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))
    return target.getvalue()


def resolve_revisions(data: bytes, *, accept: bool) -> list[str]:
    """The text of each paragraph with all tracked changes accepted or rejected, as Word would show it."""
    root = _parse(_open(data))
    gone, kept = ("del", "ins") if accept else ("ins", "del")
    paragraphs = []
    for paragraph in root.iter(_w("p")):
        text: list[str] = []
        for element in paragraph.iter():
            inside = {a.tag for a in element.iterancestors()}
            if _w(gone) in inside:
                continue
            if element.tag == _w("t") or (element.tag == _w("delText") and _w(kept) in inside):
                text.append(element.text or "")
            elif element.tag in _CHARS and element.getparent().tag == _w("r"):  # type: ignore[union-attr]
                text.append(_CHARS[str(element.tag)])
        paragraphs.append("".join(text))
    return paragraphs


# --- reading ---


def _open(data: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as exc:
        raise InputError("this is not a Word document (.docx); save it as one, or paste its text") from exc
    names = [part.filename for part in parts]
    if _MAIN not in names or len(set(names)) != len(names):
        raise InputError("this is not a Word document (.docx); save it as one, or paste its text")
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_BYTES:
        raise InputError("the document unpacks to more than we take; paste its text instead", code="text-too-long")
    for part in parts:
        if part.flag_bits & 1:
            raise InputError("the document is encrypted; save it without a password")
        if part.file_size > _FREE_BYTES and part.file_size > _MOST_RATIO * max(part.compress_size, 1):
            raise InputError("the document unpacks to more than we take; paste its text instead", code="text-too-long")
    return archive


def _unpack(archive: zipfile.ZipFile, name: str | zipfile.ZipInfo, most: int = -1) -> bytes:
    try:
        with archive.open(name) as part:
            return part.read(most)
    except Exception as exc:  # zipfile's, zlib's and lzma's errors have no common base
        raise InputError("the Word document is damaged; open it in Word and save it again") from exc


def _parse(archive: zipfile.ZipFile) -> etree._Element:
    xml = _unpack(archive, _MAIN, _MOST_XML_BYTES + 1)  # what a header says of the size is not believed
    if len(xml) > _MOST_XML_BYTES:
        raise InputError("the document unpacks to more than we take; paste its text instead", code="text-too-long")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as exc:
        raise InputError("the Word document is damaged; open it in Word and save it again") from exc
    info: Any = root.getroottree().docinfo
    if info.doctype:
        raise InputError("the Word document declares entities, which no Word document does; it is not opened")
    if root.tag != _w("document"):
        raise InputError("this kind of Word document is not read; save it as .docx (not strict), or paste its text")
    return root


def _read(root: etree._Element) -> tuple[str, list[Span], list[int], list[list[_Piece]]]:
    """The text, the span of each paragraph with text, seams, and the pieces of each paragraph."""
    out: list[str] = []
    spans: list[Span] = []
    seams: list[int] = []
    pieces: list[list[_Piece]] = []
    at = 0
    for paragraph in root.iter(_w("p")):
        if any(a.tag in _APART for a in paragraph.iterancestors()):
            continue
        mine: list[_Piece] = []
        start = at + (2 if out else 0)
        end = start
        text: list[str] = []
        for run, is_seam in _runs(paragraph):
            if is_seam:
                seams.append(end)
            if run is None:
                continue
            for element in run:
                value = (element.text or "") if element.tag == _w("t") else _CHARS.get(str(element.tag), "")
                if element.tag == _w("br") and element.get(_w("type"), "textWrapping") != "textWrapping":
                    value = ""  # a page break
                if value:
                    mine.append(_Piece(run, element, Span(end, end + len(value))))
                    text.append(value)
                    end += len(value)
                elif element.tag not in (_w("rPr"), _w("lastRenderedPageBreak"), _w("t")):
                    seams.append(end)  # a note, a picture, a field: it keeps its place
        if not text:
            continue
        if out:
            out.append("\n\n")
        out += text
        spans.append(Span(start, end))
        pieces.append(mine)
        at = end
    return "".join(out), spans, sorted(set(seams)), pieces


def _runs(paragraph: etree._Element) -> Iterator[tuple[etree._Element | None, bool]]:
    """The runs of a paragraph in order, and whether a seam stands before; links and the like have one on both sides."""
    parent: etree._Element = paragraph
    for run in paragraph.iter(_w("r")):
        holder = run.getparent()
        assert holder is not None
        inside = []
        for ancestor in run.iterancestors():
            if ancestor is paragraph:
                break
            inside.append(ancestor.tag)
        if any(tag in _APART or tag == _w("p") for tag in inside):
            continue
        yield run, holder is not parent
        parent = holder
    if parent is not paragraph:
        yield None, True


# --- writing ---


def _track(pieces: list[_Piece], change: Change, revisions: Revisions, numbers: Iterator[int]) -> None:
    """Make one change in a paragraph whose pieces after it may already be revisions."""
    start, end = change.span.start, change.span.end
    _split(pieces, start)
    _split(pieces, end)
    runs: list[etree._Element] = []
    for piece in pieces:
        if start <= piece.span.start and piece.span.end <= end and len(piece.span) and piece.run not in runs:
            runs.append(piece.run)
    before = [piece.run for piece in pieces if piece.span.end <= start]
    after = [piece.run for piece in pieces if piece.span.start >= end]
    model = runs[0] if runs else before[-1] if before else after[0]
    anchor = runs[-1] if runs else model
    deleted: list[etree._Element] = []
    for run in runs:
        if deleted and run.getprevious() is deleted[-1]:
            wrapper = deleted[-1]
        else:
            wrapper = _revision("del", revisions, numbers)
            run.addprevious(wrapper)
            deleted.append(wrapper)
        wrapper.append(run)
        for t in run.iter(_w("t")):
            t.tag = _w("delText")
            t.set(_XML_SPACE, "preserve")
    if not change.text:
        return
    inserted = _revision("ins", revisions, numbers)
    inserted.append(_run(change.text, model.find(_w("rPr"))))
    if deleted:
        deleted[-1].addnext(inserted)
    elif before:
        anchor.addnext(inserted)
    else:
        anchor.addprevious(inserted)


def _split(pieces: list[_Piece], at: int) -> None:
    """Part the run at a place in the text, so that it begins or ends there."""
    for index, piece in enumerate(pieces):
        if piece.span.start < at < piece.span.end:
            text = piece.element.text or ""
            cut = at - piece.span.start
            later = deepcopy(piece.element)
            piece.element.text, later.text = text[:cut], text[cut:]
            for t in (piece.element, later):
                t.set(_XML_SPACE, "preserve")
            piece.element.addnext(later)
            pieces.insert(index + 1, _Piece(piece.run, later, Span(at, piece.span.end)))
            piece.span = Span(piece.span.start, at)
            break
    for index, piece in enumerate(pieces):
        if piece.span.start != at or index == 0 or pieces[index - 1].run is not piece.run:
            continue
        run = piece.run
        tail = etree.Element(_w("r"), {str(k): str(v) for k, v in run.attrib.items()})
        properties = run.find(_w("rPr"))
        if properties is not None:
            tail.append(deepcopy(properties))
        following = list(piece.element.itersiblings())
        tail.append(piece.element)
        tail.extend(following)
        run.addnext(tail)
        for other in pieces[index:]:
            if other.run is run:
                other.run = tail
        break


def _revision(name: str, revisions: Revisions, numbers: Iterator[int]) -> etree._Element:
    element = etree.Element(_w(name))
    element.set(_w("id"), str(next(numbers)))
    element.set(_w("author"), revisions.author)
    element.set(_w("date"), revisions.at.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return element


def _run(text: str, properties: etree._Element | None = None, *, deleted: bool = False) -> etree._Element:
    run = etree.Element(_w("r"))
    if properties is not None:
        run.append(deepcopy(properties))
    for part in re.split(r"(\r\n|[\t\n\r])", text):
        if part == "\t":
            etree.SubElement(run, _w("tab"))
        elif part in ("\n", "\r", "\r\n"):
            etree.SubElement(run, _w("br"))
        elif part:
            t = etree.SubElement(run, _w("delText" if deleted else "t"))
            t.text = _NOT_XML.sub("\ufffd", part)
            t.set(_XML_SPACE, "preserve")
    return run


def _append(paragraph: etree._Element, text: str) -> None:
    if text:
        paragraph.append(_run(text))


def _revise(paragraph: etree._Element, before: str, after: str, revisions: Revisions, numbers: Iterator[int]) -> None:
    for name, text in (("del", before), ("ins", after)):
        if text:
            element = _revision(name, revisions, numbers)
            element.append(_run(text, deleted=name == "del"))
            paragraph.append(element)


def _lines(source: str, changes: Sequence[Change]) -> list[Span]:
    """Spans of the paragraphs: lines without their breaks, those joined that a change reaches over."""
    lines: list[Span] = []
    start = 0
    crossed = [c.span for c in changes if "\n" in c.span.of(source) or "\r" in c.span.of(source)]
    for found in re.finditer(r"\r\n|\n|\r|\Z", source):
        here = Span(found.start(), found.end())
        if any(span.start < here.end and here.start < span.end for span in crossed):
            continue
        lines.append(Span(start, found.start()))
        start = found.end()
        if found.start() == len(source):
            break
    return lines


def _last_id(root: etree._Element) -> int:
    return max((int(v) for v in root.xpath("//@w:id", namespaces={"w": _W}) if _NUMBER.fullmatch(str(v))), default=0)  # type: ignore[union-attr,arg-type]


def _replace(archive: zipfile.ZipFile, xml: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for part in archive.infolist():
            out.writestr(part, xml if part.filename == _MAIN else _unpack(archive, part), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _member(name: str) -> zipfile.ZipInfo:
    part = zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0))  # the same input gives the same bytes
    part.compress_type = zipfile.ZIP_DEFLATED
    return part


_NUMBER: Final = re.compile("[0-9]{1,10}")
_RELATION: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
_SKELETON: Final = {
    "[Content_Types].xml": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/{_MAIN}" ContentType="{MEDIA_TYPE}.main+xml"/></Types>',
    "_rels/.rels": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATION}" Target="{_MAIN}"/></Relationships>',
}
