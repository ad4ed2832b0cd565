"""What training must never see: documents held out by a hash of their names, the same on every machine.

Whole documents are held out, never single sentences, because neighbouring sentences share names and phrases. The test
sets of WMT also stand in ``moz-train``, translated by other systems, so a hold-out by id alone would leak:
``held_out_references`` gives the references to leave out of every other training file too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import PurePath

# Where the document of a segment is unknown (38,000 of the 62,000 rows of wmt-train), this many neighbouring segments
# count as one: about the length of a news document, so that few documents lie on both sides of the split.
SEGMENTS_PER_BLOCK = 20
HELD_OUT_DOCUMENTS = 20  # one document of so many
HELD_OUT_TEXTS = 50


def is_held_out(doc_id: str) -> bool:
    """Whether a document of translated text belongs to the evaluation: one of twenty.

    Args:
        doc_id: As ``document_id`` gives it.
    """
    return _bucket(doc_id, HELD_OUT_DOCUMENTS) == 0


def is_held_out_text(source_file: str, document_index: int) -> bool:
    """Whether a document of clean text belongs to the evaluation: one of fifty.

    Args:
        source_file: File name, with or without folder and endings: ``wikipedia-articles`` or ``….txt.xz``.
        document_index: Place in the file, from 0, counting what stands between blank lines.
    """
    stem = PurePath(source_file).name.split(".", 1)[0]
    return _bucket(f"{stem}/{document_index}", HELD_OUT_TEXTS) == 0


def document_id(row: Mapping[str, object]) -> str:
    """The document that a row of ``wmt-train`` belongs to, or its block of neighbouring segments where it is unknown.

    Args:
        row: With ``id`` (``set/language/segment number/system``), and ``doc``, ``set``, ``lang`` where known.

    Raises:
        ValueError: The document is unknown and the id does not have that form.
    """
    if row.get("doc"):
        return f"{row.get('set')}/{row.get('lang')}/{row['doc']}"
    parts = str(row.get("id", "")).split("/")
    if len(parts) < 3 or not parts[2].isdecimal():
        raise ValueError("a row without `doc` needs an `id` of the form set/language/segment/system")
    return f"{parts[0]}/{parts[1]}/block-{int(parts[2]) // SEGMENTS_PER_BLOCK}"


def is_held_out_row(row: Mapping[str, object]) -> bool:
    """Whether a row of ``wmt-train`` belongs to the evaluation."""
    return is_held_out(document_id(row))


def reference_key(reference: str) -> str:
    """One form for comparing references across files: letters and digits only, case folded."""
    return "".join(c for c in reference.casefold() if c.isalnum())


def held_out_references(wmt_rows: Iterable[Mapping[str, object]]) -> frozenset[str]:
    """Keys of the references of all held-out rows; training drops every row, of whatever file, whose key is among them.

    Args:
        wmt_rows: All rows of ``wmt-train``.
    """
    return frozenset(reference_key(str(row["ref"])) for row in wmt_rows if is_held_out_row(row))


def _bucket(key: str, buckets: int) -> int:
    return int(hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()[:8], 16) % buckets
