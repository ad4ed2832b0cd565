"""XLIFF 2.0: each sentence a segment with the machine's text as source and the corrected one as target."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from lxml import etree

from app.core.errors import InputError

MEDIA_TYPE: Final = "application/xliff+xml"
SOURCE_LANGUAGE: Final = "en-x-mt"  # English that a machine made
TARGET_LANGUAGE: Final = "en"
_NS: Final = "urn:oasis:names:tc:xliff:document:2.0"
_DEFAULT: Final[Any] = {None: _NS}
_SPACE: Final = "{http://www.w3.org/XML/1998/namespace}space"
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class State(StrEnum):
    """How far a sentence has come, in the format's words."""

    INITIAL = "initial"  # nothing proposed
    TRANSLATED = "translated"  # proposed, not decided on
    REVIEWED = "reviewed"  # every edit decided on
    FINAL = "final"  # confirmed


@dataclass(frozen=True, slots=True)
class Unit:
    """One sentence, or the white space between two (``state`` is ``None``)."""

    source: str
    target: str
    state: State | None = None
    notes: tuple[str, ...] = ()


def write_xliff(units: Iterable[Unit], name: str) -> bytes:
    """One file of one unit a sentence. The sources joined are the document, the targets joined the corrected one."""
    root = etree.Element(
        f"{{{_NS}}}xliff", {"version": "2.0", "srcLang": SOURCE_LANGUAGE, "trgLang": TARGET_LANGUAGE}, nsmap=_DEFAULT
    )
    root.set(_SPACE, "preserve")
    file = _add(root, "file", id="f1", original=_NOT_XML.sub("\ufffd", name))
    unit: etree._Element | None = None
    for number, one in enumerate(units, 1):
        if one.state is None and unit is not None:  # behind the sentence that it follows
            part = _add(unit, "ignorable")
        else:
            unit = _add(file, "unit", id=f"u{number}")
            if one.notes:
                notes = _add(unit, "notes")
                for note in one.notes:
                    _fill(_add(notes, "note", category="reason"), note)
            part = _add(unit, "segment", id="s1") if one.state is not None else _add(unit, "ignorable")
            if one.state is not None:
                part.set("state", one.state.value)
        _fill(_add(part, "source"), one.source)
        _fill(_add(part, "target"), one.target)
        if one.state is None and unit[0] is part:  # a unit needs a segment: an empty one where white space begins
            empty = _add(unit, "segment", id="s1")
            _add(empty, "source")
            _add(empty, "target")
    if not len(file):
        empty = _add(_add(file, "unit", id="u1"), "segment", id="s1")
        _add(empty, "source")
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return data


def read_xliff(data: bytes) -> list[Unit]:
    """The units of a file that we wrote; those that are there for the format's sake alone are left out.

    Raises:
        InputError: It is not XLIFF 2.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as exc:
        raise InputError("this is not XML; give a file in XLIFF 2") from exc
    if root.tag != f"{{{_NS}}}xliff" or _declares(root):
        raise InputError("this is not XLIFF 2; other versions are not read")
    units = []
    for unit in root.iter(f"{{{_NS}}}unit"):
        notes = tuple(_text(note) for note in unit.iter(f"{{{_NS}}}note"))
        for part in unit:
            if etree.QName(part).localname not in ("segment", "ignorable"):
                continue
            source, target = (_text(part.find(f"{{{_NS}}}{name}")) for name in ("source", "target"))
            state = part.get("state")
            is_segment = etree.QName(part).localname == "segment" and state is not None
            if source or target:
                units.append(
                    Unit(source, target, State(str(state)) if is_segment else None, notes if is_segment else ())
                )
    return units


def _declares(root: etree._Element) -> bool:
    info: Any = root.getroottree().docinfo
    return bool(info.doctype)


def _add(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_NS}}}{name}", attributes)


def _fill(element: etree._Element, text: str) -> None:
    """Set the text; a character that XML does not allow becomes ``<cp hex="..."/>``."""
    at = 0
    last: etree._Element | None = None

    def put(part: str) -> None:
        if last is None:
            element.text = part
        else:
            last.tail = part

    for found in _NOT_XML.finditer(text):
        put(text[at : found.start()])
        is_note = etree.QName(element).localname == "note"  # notes are plain text
        if is_note:
            continue
        last = _add(element, "cp", hex=f"{ord(found[0]):04X}")
        at = found.end()
    put(text[at:] if etree.QName(element).localname != "note" else _NOT_XML.sub("\ufffd", text))


def _text(element: etree._Element | None) -> str:
    if element is None:
        return ""
    parts: list[str] = [element.text or ""]
    for child in element:
        parts.append(chr(int(str(child.get("hex")), 16)) if etree.QName(child).localname == "cp" else "")
        parts.append(child.tail or "")
    return "".join(parts)


def join(units: Sequence[Unit]) -> tuple[str, str]:
    """The document before and after."""
    return "".join(unit.source for unit in units), "".join(unit.target for unit in units)
