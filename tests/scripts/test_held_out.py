"""Held-out sentences: whole documents that training does not see, the same every time."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

import pytest

pytest.importorskip("torch")

from app.evaluation.splits import document_id, is_held_out
from scripts.held_out import BROKEN_WEIGHT, read_translations, window_pairs
from tests.seq2seq.tiny import make_tokenizer


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


def test_broken_neighbours_are_every_other_pair_and_weigh_less(tmp_path: Path) -> None:
    text = "The council of the town met again today. Nobody from the ministry had been invited there."
    (tmp_path / "text").mkdir()
    with lzma.open(tmp_path / "text" / "a.txt.xz", "wt", encoding="utf-8") as file:
        file.write("\n\n".join([text] * 400))
    pairs = window_pairs(tmp_path / "text", 6, make_tokenizer(tmp_path))
    assert len(pairs) == 6
    for i, pair in enumerate(pairs):
        assert (pair.machine != pair.post_edit) is bool(i % 2)
        assert pair.weight == (BROKEN_WEIGHT if i % 2 else 1.0)
