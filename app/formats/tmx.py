"""TMX 1.4: pairs of a machine's sentence and the corrected one, for translation memories."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from app import __version__
from app.core.errors import InputError
from app.formats.xliff import SOURCE_LANGUAGE, TARGET_LANGUAGE

MEDIA_TYPE: Final = "application/x-tmx+xml"
_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Pair:
    """One sentence before and after, with why it was changed."""

    source: str
    target: str
    notes: tuple[str, ...] = ()
    who: str = ""


def write_tmx(pairs: Iterable[Pair], at: datetime) -> bytes:
    """A memory of the pairs. A character that XML does not allow becomes U+FFFD: the format has no way to write it."""
    root = etree.Element("tmx", version="1.4")
    header = {
        "creationtool": "mt-repair",
        "creationtoolversion": __version__,
        "segtype": "sentence",
        "o-tmf": "mt-repair",
        "adminlang": "en",
        "srclang": SOURCE_LANGUAGE,
        "datatype": "plaintext",
        "creationdate": at.strftime("%Y%m%dT%H%M%SZ"),
    }
    etree.SubElement(root, "header", header)
    body = etree.SubElement(root, "body")
    for pair in pairs:
        unit = etree.SubElement(body, "tu")
        if pair.who:
            unit.set("creationid", _clean(pair.who))
        for note in pair.notes:
            etree.SubElement(unit, "note").text = _clean(note)
        for language, text in ((SOURCE_LANGUAGE, pair.source), (TARGET_LANGUAGE, pair.target)):
            variant = etree.SubElement(unit, "tuv")
            variant.set(_LANG, language)
            etree.SubElement(variant, "seg").text = _clean(text)
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return data


def read_tmx(data: bytes) -> list[Pair]:
    """The pairs of a memory that has our two languages.

    Raises:
        InputError: It is not TMX.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as exc:
        raise InputError("this is not XML; give a file in TMX") from exc
    if root.tag != "tmx":
        raise InputError("this is not TMX")
    pairs = []
    for unit in root.iter("tu"):
        texts = {variant.get(_LANG): variant.findtext("seg") or "" for variant in unit.iter("tuv")}
        if SOURCE_LANGUAGE in texts and TARGET_LANGUAGE in texts:
            notes = tuple(note.text or "" for note in unit.findall("note"))
            who = str(unit.get("creationid", ""))
            pairs.append(Pair(texts[SOURCE_LANGUAGE], texts[TARGET_LANGUAGE], notes, who))
    return pairs


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
