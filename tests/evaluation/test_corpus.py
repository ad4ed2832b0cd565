from __future__ import annotations

import gzip
import json
import lzma
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from app.core.errors import InputError
from app.evaluation.corpus import Made, Recipe, read_pools, write_corpus

SMALL = Recipe(large_mb=0.2, file_mb=0.05, jsonl_files=2, parquet_files=2, unique=0.1, sites=5, lines=4)


def sentences(kind: str, count: int) -> list[str]:
    return [f"The {kind} number {i} was seen by a man from street {i * 7919 % 1000}." for i in range(count)]


def make_pools(count: int = 4000) -> tuple[list[str], list[str]]:
    clean, garbled = sentences("house", count), sentences("garden", count)
    return ["\n".join(clean[i : i + 4]) for i in range(0, count, 4)], [
        "\n".join(garbled[i : i + 4]) for i in range(0, count, 4)
    ]


def texts_of(folder: Path) -> list[str]:
    found: list[str] = []
    for path in sorted(folder.rglob("*.jsonl.gz")):
        found += [json.loads(line)["text"] for line in gzip.decompress(path.read_bytes()).splitlines()]
    for path in sorted(folder.rglob("*.parquet")):
        found += pq.read_table(path).column("text").to_pylist()
    return found


def test_the_files_hold_what_was_asked_for_and_the_counts_are_true(tmp_path: Path) -> None:
    made = write_corpus(tmp_path, *make_pools(), SMALL)
    assert [f["name"] for f in made.files] == [
        "large.jsonl.gz", "pages-000.jsonl.gz", "pages-001.jsonl.gz", "tables/pages-000.parquet",
        "tables/pages-001.parquet",
    ]  # fmt: skip
    texts = texts_of(tmp_path)
    assert len(texts) == made.rows == sum(f["rows"] for f in made.files)
    lines = [line for text in texts for line in text.split("\n")]
    assert (len(lines), len(set(lines))) == (made.sentences, made.unique_sentences)
    assert made.to_json()["unique_share"] == pytest.approx(SMALL.unique, abs=0.02)
    assert 0.1 < made.to_json()["garbled_share"] < 0.5
    large = gzip.decompress((tmp_path / "large.jsonl.gz").read_bytes())
    assert 200_000 <= len(large) == made.files[0]["content_bytes"] < 202_000


def test_pages_of_a_site_end_with_its_lines_and_nothing_comes_twice_without_them(tmp_path: Path) -> None:
    write_corpus(tmp_path / "web", *make_pools(), SMALL)
    assert len({text.split("\n", 4)[4] for text in texts_of(tmp_path / "web")}) == SMALL.sites
    diverse = write_corpus(tmp_path / "diverse", *make_pools(), replace(SMALL, large_mb=0, unique=1, site_lines=0))
    assert diverse.unique_sentences == diverse.sentences > 0
    assert diverse.copied_rows == 0


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    def build(name: str, recipe: Recipe) -> tuple[Made, dict[str, bytes]]:
        made = write_corpus(tmp_path / name, *make_pools(), recipe)
        return made, {f["name"]: (tmp_path / name / f["name"]).read_bytes() for f in made.files}

    assert build("a", SMALL) == build("b", SMALL)
    assert build("c", replace(SMALL, seed=2))[1] != build("a", SMALL)[1]


def test_too_little_text_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not so much text"):
        write_corpus(tmp_path, *make_pools(100), replace(SMALL, unique=1, site_lines=0))


def test_translations_of_one_sentence_do_not_meet_in_one_document(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "mt").mkdir()
    (tmp_path / "text/a.txt.xz").write_bytes(lzma.compress("\n\n".join(sentences("house", 10)).encode()))
    rows = [json.dumps({"mt": f"{text} {system}"}) for text in sentences("garden", 12) for system in "abc"]
    (tmp_path / "mt/b-train.jsonl.xz").write_bytes(lzma.compress("\n".join(rows).encode()))
    clean, garbled = read_pools(tmp_path, 4)
    assert [len(text.split("\n")) for text in clean] == [4, 4, 2]
    assert all(len({line[:-2] for line in text.split("\n")}) == 4 for text in garbled)
    assert sum(len(text.split("\n")) for text in garbled) == 36
    with pytest.raises(InputError, match="--data"):
        read_pools(tmp_path / "text", 4)
