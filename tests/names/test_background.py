"""What English knows of words and names beside the base: the files, and what they keep the linker from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.core.errors import ResourceError
from app.names.background import ATTESTED_FILE, TOWNS_FILE, USAGE_FILE, Attested, Background, Towns, Usage
from app.names.linker import NameLinker
from app.names.surroundings import SURROUNDINGS_FILE
from scripts.names_benchmark import one_segment
from tests.names.linking import MODEL, repaired, store

TEXT = "They moved to Valkeapuri in Finland in 2015."


def test_a_file_of_attested_names_has_what_was_put_in(tmp_path: Path) -> None:
    Attested.of({"valkeapori": (1200, 0), "valkeapori bay": (1, 0), "bay": (3, 40)}).save(tmp_path / "attested")
    attested = Attested.read(tmp_path / "attested")
    assert attested.as_name("valkeapori") == 1.0
    assert 0.0 < attested.as_name("bay") < attested.as_word("bay") < 1.0
    assert attested.is_name("Valkeapori Bay")
    assert not attested.is_name("Valkeapori")  # a single word is no name of several


def test_a_file_of_towns_has_what_was_put_in(tmp_path: Path) -> None:
    Towns.of(["Põltsamaa", "Sankt Veit", ""]).save(tmp_path / "towns")
    towns = Towns.read(tmp_path / "towns")
    assert len(towns) == 2
    assert "poltsamaa" in towns
    assert "sankt veit" in towns
    assert "veit" not in towns


def test_a_file_of_words_has_what_was_put_in(tmp_path: Path) -> None:
    Usage.of({"Bragança": 2.34, "braganca": 1.2, "the": 9.0, "two words": 3.0, "": 1.0}).save(tmp_path / "usage")
    usage = Usage.read(tmp_path / "usage")
    assert len(usage) == 2
    assert usage.zipf("braganca") == pytest.approx(2.3)
    assert usage.zipf("the") == pytest.approx(8.0)
    assert usage.zipf("two words") == usage.zipf("bragança") == 0.0


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        (ATTESTED_FILE, "fit_linker"),
        (TOWNS_FILE, "build_towns"),
        (USAGE_FILE, "build_usage"),
        (SURROUNDINGS_FILE, "build_surroundings"),
    ],
)
def test_a_file_that_is_damaged_is_refused(tmp_path: Path, name: str, remedy: str) -> None:
    (tmp_path / name).write_bytes(b"no trie")
    with pytest.raises(ResourceError, match=remedy):
        Background.read(tmp_path)


def test_a_file_of_a_folder_takes_the_place_of_the_shipped_one(tmp_path: Path) -> None:
    Towns.of(["Valkeapuri"]).save(tmp_path / TOWNS_FILE)
    own, shipped = Background.read(tmp_path), Background.read()
    assert len(own.towns) == 1
    assert len(own.usage) == len(shipped.usage) > 10_000


def test_what_some_town_is_called_is_no_damaged_name(tmp_path: Path) -> None:
    background = Background.read()

    def with_towns(folder: str, names: list[str]) -> NameLinker:
        return NameLinker(store(tmp_path / folder), MODEL, replace(background, towns=Towns.of(names)))

    assert repaired(with_towns("a", []), TEXT) == TEXT.replace("puri", "pori")
    assert repaired(with_towns("b", ["Valkeapuri"]), TEXT) == TEXT


def test_a_word_that_people_use_is_less_likely_a_damaged_name(tmp_path: Path) -> None:
    background = replace(Background.read(), towns=Towns.of(()))

    def probability(folder: str, words: dict[str, float]) -> float:
        names = NameLinker(store(tmp_path / folder), MODEL, replace(background, usage=Usage.of(words)))
        (decision,) = (
            d for d in names.decide(TEXT, one_segment(TEXT), names.store)[1] if d.reading.text == "Valkeapuri"
        )
        assert decision.best is not None
        return decision.best.probability

    found = [probability(str(i), words) for i, words in enumerate(({}, {"valkeapuri": 1.0}, {"valkeapuri": 4.0}))]
    assert found[0] > found[1] > found[2]
