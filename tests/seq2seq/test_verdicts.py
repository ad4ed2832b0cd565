"""What readers said of edits, from a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import InputError, ResourceError
from app.seq2seq.verdicts import COLUMNS, Verdicts, sentence_key
from scripts.calibrate import VERDICTS

HEAD = "\t".join(COLUMNS) + "\n"


def test_a_verdict_is_found_by_sentence_place_and_edit(tmp_path: Path) -> None:
    text = 'He said "go" to me.'
    path = tmp_path / "verdicts.tsv"
    path.write_text(f'{HEAD}{sentence_key(text)}\t8\t12\t"go"\t\tright\n{sentence_key(text)}\t0\t2\tHe\tShe\twrong\n')
    verdicts = Verdicts.read(path)
    assert verdicts.of(text, 8, 12, "") is True
    assert verdicts.of(text, 0, 2, "She") is False
    assert verdicts.of(text, 0, 2, "It") is None
    assert verdicts.of(text + " ", 8, 12, "") is None


@pytest.mark.parametrize("line", ["a\t1\t2\tx\ty", "a\t1\t2\tx\ty\tperhaps", "a\tone\t2\tx\ty\tright"])
def test_a_line_that_is_none_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "verdicts.tsv"
    path.write_text(HEAD + line + "\n")
    with pytest.raises(InputError, match="line 2"):
        Verdicts.read(path)


def test_a_file_that_is_not_there_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="--verdicts"):
        Verdicts.read(tmp_path / "nowhere.tsv")


def test_the_shipped_file_has_both_verdicts() -> None:
    known = Verdicts.read(VERDICTS).known
    assert len(known) >= 250
    assert 50 < sum(known.values()) < len(known) - 50
