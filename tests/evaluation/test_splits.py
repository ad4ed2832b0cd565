"""The hold-out: fixed for ever, by document."""

import pytest

from app.evaluation.splits import (
    document_id,
    held_out_references,
    is_held_out,
    is_held_out_row,
    is_held_out_text,
    reference_key,
)


def test_about_one_document_in_twenty_is_held_out_and_one_text_in_fifty() -> None:
    assert 0.045 < sum(is_held_out(f"set/xx/{i}") for i in range(20_000)) / 20_000 < 0.055
    assert 0.015 < sum(is_held_out_text("wikipedia", i) for i in range(20_000)) / 20_000 < 0.025


@pytest.mark.parametrize(
    ("document", "expected"), [("s/de/11", True), ("s/de/16", True), ("s/de/0", False), ("s/de/1", False)]
)
def test_the_choice_never_changes(document: str, expected: bool) -> None:
    """A network trained yesterday must not have seen what is measured tomorrow."""
    assert is_held_out(document) is expected


def test_all_systems_of_a_segment_and_neighbours_of_a_block_share_a_document() -> None:
    rows = [{"id": f"wmt21/cs/{n:05}/{system}", "doc": None} for n in (40, 41, 59) for system in ("A", "B")]
    assert {document_id(r) for r in rows} == {"wmt21/cs/block-2"}
    assert document_id({"id": "wmt21/cs/00060/A"}) != document_id(rows[0])


def test_a_known_document_is_told_apart_by_set_and_language() -> None:
    row = {"id": "wmt22/ru/01381/Online-W", "doc": "social_146", "set": "wmt22", "lang": "ru"}
    assert document_id(row) == "wmt22/ru/social_146"
    assert document_id({**row, "lang": "ja"}) != document_id(row)


@pytest.mark.parametrize("row", [{}, {"id": "x"}, {"id": "a/b/c/d"}])
def test_a_row_without_document_or_segment_is_refused(row: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="needs an `id`"):
        document_id(row)


@pytest.mark.parametrize("name", ["notes", "notes.txt", "notes.txt.xz", "a/b/notes.txt.xz"])
def test_a_text_is_the_same_by_whatever_path(name: str) -> None:
    assert [is_held_out_text(name, i) for i in range(500)] == [is_held_out_text("notes", i) for i in range(500)]


def test_references_of_held_out_rows_are_known_whatever_their_punctuation() -> None:
    rows = [{"id": f"w/de/{20 * i:05}/A", "doc": None, "ref": f"Sentence number {i}, he said."} for i in range(200)]
    keys = held_out_references(rows)
    held = [r for r in rows if is_held_out_row(r)]
    assert 0 < len(keys) == len(held) < len(rows)
    assert reference_key(str(held[0]["ref"]).upper().replace(",", " —")) in keys
