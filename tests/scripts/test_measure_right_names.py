"""How documents of right English are drawn, and what counts as a change in them."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest

from app.core.types import Edit, EditKind, Origin, Span
from app.evaluation.splits import is_held_out_text
from scripts.fit_linker import Tally, count_attested, tally
from scripts.measure_right_names import Changes
from scripts.mine_names import CONTROL_TEXTS
from scripts.names_benchmark import MEASURED, RIGHT_PARTS, Case, read_changes, right_english, right_parts, said_of


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Every clean text with a few short documents, each with a word of its own."""
    (tmp_path / "text").mkdir()
    for at, stem in enumerate(CONTROL_TEXTS):
        letters = [f"{chr(97 + at)}{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(60)]
        text = "\n\n".join(f"They met Vaher{x} here.\nThen Vaher{x} left." for x in letters)
        (tmp_path / "text" / f"{stem}.txt.xz").write_bytes(lzma.compress(text.encode()))
    return tmp_path


def test_every_document_that_is_not_held_out_is_in_one_part(data: Path) -> None:
    parts = right_parts(data)
    drawn = [case.id for part in parts for case in part]
    assert len(parts) == RIGHT_PARTS
    assert len(drawn) == len(set(drawn))
    every = {f"{stem}/{index}" for stem in CONTROL_TEXTS for index in range(60)}
    assert set(drawn) == {x for x in every if not is_held_out_text(x.split("/")[0], int(x.split("/")[1]))}
    assert right_english(1, data) != right_english(2, data)


def test_what_is_read_does_not_count_as_attested(data: Path) -> None:
    part = right_parts(data)[MEASURED]
    read = [case.id for case in part]
    own = {word.rstrip(".").lower() for case in part for word in case.text.split() if word.startswith("Vaher")}
    assert own
    assert own <= count_attested(data).keys()
    assert not own & count_attested(data, read).keys()


def test_what_is_left_of_a_tally_is_a_count_of_the_rest(data: Path) -> None:
    parts = right_parts(data)
    read = [case.id for case in parts[MEASURED]]
    whole, (its_words,) = tally(data, [read])
    rest = Tally()
    for case in (case for part in parts for case in part if case.id not in read):
        rest.add(case.text.split("\n"))
    assert whole.without(its_words).attested() == rest.attested()
    assert whole.attested() != rest.attested()


def test_changes_are_counted_and_told_apart() -> None:
    case = Case("a/1", "a/1", "en", "Vaherpu met Vaherpu.\nThen Vaherpo left.")
    changes = Changes()
    places = (Span(0, 7), Span(12, 19), Span(26, 33))
    changes.add(case, [Edit(at, "Vaherpuu", EditKind.NAME, Origin.NAMES, 0.9, "RULE", "why") for at in places])
    assert (changes.total, changes.sentences, changes.documents) == (3, 2, 1)
    assert [(row["old"], row["count"]) for row in changes.rows()] == [("Vaherpu", 2), ("Vaherpo", 1)]


def test_every_verdict_that_is_kept_is_one_of_four() -> None:
    assert set(read_changes().values()) == {"needed", "variant", "harm", "open"}
    (document, old, new), said = next(row for row in read_changes().items() if row[1] == "needed")
    case = Case("x", document, "en", f"They met {old}.")
    assert said_of(case, old.title(), new) == said
    assert said_of(Case("x", "elsewhere", "en", case.text), old, new) == ""
