"""Held-out sentences: whole documents that training does not see, the same every time."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

pytest.importorskip("torch")

from app.evaluation.splits import document_id, is_held_out
from scripts.held_out import read_translations


def test_translations_are_those_of_held_out_documents(tmp_path: Path) -> None:
    rows = [
        {"id": f"wmt22/de/{i}/x", "mt": f"It {i}.", "ref": f"That {i}.", "lang": "de", "set": "wmt22", "doc": f"d{i}"}
        for i in range(100)
    ]
    path = tmp_path / "wmt-train.jsonl.xz"
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    found = read_translations(path)
    wanted = {row["mt"]: row["ref"] for row in rows if is_held_out(document_id(row))}
    assert 0 < len(found) < 20
    assert {pair.machine: pair.post_edit for pair in found} == wanted
    assert all(pair.is_real for pair in found)


def test_without_such_a_file_there_are_none(tmp_path: Path) -> None:
    assert read_translations(tmp_path / "wmt-train.jsonl.xz") == []
