"""What is counted as right English: clean text and references, nothing that is held out."""

from __future__ import annotations

import json
import lzma
from pathlib import Path

from app.evaluation.splits import is_held_out_text
from app.seq2seq.ngrams import NGrams
from scripts.build_ngrams import main


def test_what_is_held_out_is_not_counted(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "mt").mkdir()
    documents = [
        "The minister says secret things." if is_held_out_text("notes", i) else "The minister says public things."
        for i in range(200)
    ]
    assert sum("secret" in document for document in documents) >= 3  # often enough to be kept
    with lzma.open(tmp_path / "text" / "notes.txt.xz", "wt") as out:
        out.write("\n\n".join(documents))
    rows = [
        {"mt": "", "ref": f"She says good things of {name}.", "kind": "ref", "lang": "et", "id": f"a/et/{i}/x"}
        for i, name in enumerate(("Anna", "Berta", "Clara", "Dora"))
    ]
    with lzma.open(tmp_path / "mt" / "moz-train.jsonl.xz", "wt") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    main(tmp_path / "ngrams.marisa", tmp_path)
    ngrams = NGrams(tmp_path / "ngrams.marisa")
    text = "The minister says public things."
    assert ngrams.log_ratio(text, 18, 24, "secret") < ngrams.log_ratio(text, 18, 24, "says") < 0
    assert ngrams.log_ratio(text, 18, 24, "good") > ngrams.log_ratio(text, 18, 24, "secret")
