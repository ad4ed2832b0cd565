"""Training data: every kind of example from a folder of pairs and clean text, the same bytes for one seed."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from app.evaluation.splits import is_held_out_text
from app.seq2seq.examples import KINDS, Example, ExampleSet
from app.seq2seq.tokenizer import Tokenizer
from scripts.prepare_data import main
from tests.seq2seq.tiny import SENTENCES, make_network, make_tokenizer

COUNTS = {"synthetic": 5, "clean": 4, "slips": 6, "windows": 3}
FEW: dict[str, Any] = {"copies": 1, "reference_weight": 0.5, "references": 0, **COUNTS}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two post-edits, one of them held out, a reference, and documents of clean text."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "mt").mkdir()
    (folder / "text").mkdir()
    wrong, right, held_out = SENTENCES[0], SENTENCES[1], SENTENCES[2]
    pairs = [
        {"id": "1", "mt": wrong, "ref": right, "kind": "pe", "lang": "ro", "hter": 0.1, "doc": "a"},
        {"id": "2", "mt": held_out, "ref": SENTENCES[3], "kind": "pe", "lang": "ro", "hter": 0.1, "doc": "b"},
        {"id": "3", "mt": SENTENCES[4], "ref": SENTENCES[5], "kind": "ref", "lang": "de", "doc": "c"},
        {"id": "4", "mt": wrong, "ref": "She was born far away from all of that.", "kind": "ref", "lang": "de"},
    ]
    write(folder / "mt" / "x-train.jsonl.xz", [json.dumps(pair) for pair in pairs])
    write(folder / "mt" / "pe-dev.jsonl.xz", [json.dumps({"mt": held_out, "ref": SENTENCES[3], "lang": "ro"})])
    documents = [
        f"Nobody goes there. {SENTENCES[1]} The {word} is old, and grey today."
        for word in ("bridge", "mill", "tower", "school")
    ]
    write(folder / "text" / "news.txt.xz", "\n\n".join(documents * 12).split("\n"))
    return folder


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    make_tokenizer(folder)
    return folder / "tokenizer.model"


def write(path: Path, lines: list[str]) -> None:
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def texts(example: Example, pieces: Tokenizer) -> tuple[str, list[str]]:
    answers = [pieces.decode(edit.pieces).strip() for edit in example.edits if edit.pieces is not None]
    return pieces.decode([p for word in example.pieces for p in word]).strip(), answers


def of_kind(folder: Path, kind: str) -> list[Example]:
    return [e for e in ExampleSet(folder / "train.npz") if KINDS[e.kind] == kind]


def test_every_kind_is_made_as_often_as_wanted(data: Path, tokenizer: Path, tmp_path: Path) -> None:
    main(tmp_path, tokenizer, data, **FEW)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["by_kind"] == {"post-edit": 1, "reference": 1, **COUNTS}
    assert manifest["sha256"].keys() == {
        "train.npz", "mt/x-train.jsonl.xz", "mt/pe-dev.jsonl.xz", "text/news.txt.xz"
    }  # fmt: skip
    (post_edit,) = of_kind(tmp_path, "post-edit")
    pieces = Tokenizer(tokenizer)
    assert texts(post_edit, pieces) == (SENTENCES[0], ["goes"])
    assert all(not e.edits for e in of_kind(tmp_path, "clean"))
    assert any(e.edits for e in of_kind(tmp_path, "slips"))


def test_one_seed_gives_the_same_bytes(data: Path, tokenizer: Path, tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        main(tmp_path / name, tokenizer, data, **FEW, seed=seed)
    one, again, other = ((tmp_path / name / "train.npz").read_bytes() for name in ("one", "again", "other"))
    assert one == again
    assert one != other


def test_held_out_documents_are_in_nothing(data: Path, tokenizer: Path, tmp_path: Path) -> None:
    held_out = [i for i in range(48) if is_held_out_text("news.txt.xz", i)]
    assert held_out
    main(tmp_path, tokenizer, data, copies=1, synthetic=0, slips=0, windows=0, clean=10_000, references=0)
    assert len(of_kind(tmp_path, "clean")) == 2 * (48 - len(held_out))  # "Nobody goes there." is too short


def test_references_are_right_text_too(data: Path, tokenizer: Path, tmp_path: Path) -> None:
    wanted = FEW | {"references": 100, "reference_weight": 0.0, "synthetic": 0, "clean": 0, "windows": 0, "slips": 0}
    folder = tmp_path / "data"
    (folder / "text").mkdir(parents=True)
    (folder / "mt").mkdir()
    (folder / "text" / "news.txt.xz").write_bytes((data / "text" / "news.txt.xz").read_bytes())
    rights = [f"The {word} is far away from here." for word in ("bridge", "mill", "tower", "school", "bridge")]
    rows = [{"id": str(i), "mt": "It.", "ref": right, "kind": "ref", "lang": "de"} for i, right in enumerate(rights)]
    write(folder / "mt" / "x-train.jsonl.xz", [json.dumps(row) for row in rows])
    main(tmp_path / "out", tokenizer, folder, **wanted)
    pieces = Tokenizer(tokenizer)
    clean = of_kind(tmp_path / "out", "clean")
    assert len(clean) == 1  # two in five of four, each once
    assert texts(clean[0], pieces)[0] in rights
    assert len(of_kind(tmp_path / "out", "slips")) == 3


def test_the_other_way_round_a_correction_becomes_a_translation(data: Path, tokenizer: Path, tmp_path: Path) -> None:
    main(tmp_path, tokenizer, data, **FEW, reverse=True)
    pieces = Tokenizer(tokenizer)
    assert json.loads((tmp_path / "manifest.json").read_text())["by_kind"] == {"post-edit": 1, "reference": 1}
    assert [texts(e, pieces) for e in of_kind(tmp_path, "post-edit")] == [(SENTENCES[1], ["go"])]


def test_a_network_damages_sentences_that_stand_in_no_other_kind(data: Path, tokenizer: Path, tmp_path: Path) -> None:
    pieces = Tokenizer(tokenizer)
    network = make_network(pieces)
    network.save(tmp_path / "reverse")
    main(tmp_path / "out", tokenizer, data, **FEW, corrupter=tmp_path / "reverse", damaged=40)
    found = of_kind(tmp_path / "out", "reverse")
    assert len(found) == 40
    assert any(e.edits for e in found)
