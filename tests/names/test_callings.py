"""Tests of what a text says that somebody is, and of how many in the base are called so."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import ResourceError
from app.core.types import Span
from app.names.callings import ALL, Callings, called, of_one_trade, save_callings

COUNTS = {
    ALL: (100, 1000),
    "leader": (40, 100),
    "actor": (0, 80),
    "writer": (2, 100),
    "lawyer": (8, 90),
    "opened": (0, 9),
}


def calling(text: str) -> list[tuple[str, bool]]:
    start = text.index("Ott Tamm")
    return list(called(text, Span(start, start + len("Ott Tamm"))))


@pytest.mark.parametrize(
    ("text", "nouns"),
    [
        ("Then the gardener Ott Tamm came.", [("gardener", True)]),
        ("Then their neighbour Ott Tamm came.", [("neighbour", True)]),
        ("The Estonian nurse Ott Tamm came.", [("nurse", True)]),
        ("The taxi driver Ott Tamm came.", [("driver", True)]),
        ("Tartu's baker Ott Tamm came.", [("baker", True)]),
        ("The winner was Ott Tamm.", [("winner", True)]),
        ("Ott Tamm, a retired teacher from Tartu, came.", [("teacher", True)]),
        ("Ott Tamm, 62, the oldest miner of all, came.", [("miner", True)]),
        ("Ott Tamm is a painter.", [("painter", True)]),
        ("Ott Tamm, a shepherd in Võru, came.", [("shepherd", True)]),
        ("He opened Ott Tamm a door.", []),
        ("The victorious Ott Tamm came.", [("victorious", False)]),
        ("The president met Ott Tamm.", []),  # a verb
        ("Her husband Ott Tamm came.", []),  # whose, not what
        ("The late Ott Tamm came.", []),
        ("With Ott Tamm, the government has decided.", []),
        ("Ott Tamm, the use of coal being what it is, came.", [("use", False)]),
    ],
)
def test_nouns_beside_a_name_say_what_somebody_is(text: str, nouns: list[tuple[str, bool]]) -> None:
    assert calling(text) == nouns


@pytest.mark.parametrize(
    ("nouns", "unlikely"),
    [
        ([("leader", True)], ""),
        ([("lawyer", True)], ""),
        ([("actor", True)], "actor"),
        ([("writer", True)], "writer"),  # two of a hundred, where ten of a hundred are the rule
        ([("gardener", True)], "gardener"),
        ([("handed", False)], ""),
        ([("opened", False)], "opened"),
        ([("leader", True), ("actor", True)], "actor"),
        ([], ""),
    ],
)
def test_what_hardly_anybody_of_the_base_is_called_is_unlikely(nouns: list[tuple[str, bool]], unlikely: str) -> None:
    assert Callings(COUNTS).unlikely(nouns) == unlikely


def test_callings_are_read_as_they_were_written(tmp_path: Path) -> None:
    save_callings(tmp_path / "callings.tsv", COUNTS)
    read = Callings.read(tmp_path / "callings.tsv")
    assert len(read) == len(COUNTS) - 1
    assert read.unlikely([("actor", True)]) == "actor"


@pytest.mark.parametrize("content", ["", "actor\t0\n", "actor\tzero\t1\n", "*\t0\t0\n"])
def test_damaged_callings_name_the_remedy(tmp_path: Path, content: str) -> None:
    (tmp_path / "callings.tsv").write_text(content, "utf-8")
    with pytest.raises(ResourceError, match=r"callings\.tsv.*build_callings"):
        Callings.read(tmp_path / "callings.tsv")


def test_nouns_of_one_trade_are_told() -> None:
    assert {"novelist", "writer"} <= of_one_trade("novelist")
    assert "goalkeeper" not in of_one_trade("novelist")
    assert of_one_trade("gardener") == {"gardener"}
    assert "director" not in of_one_trade("filmmaker")  # of a bureau
