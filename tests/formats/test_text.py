from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.formats.base import Wanted
from app.formats.storage import Opener
from app.formats.text import PlainText
from tests.formats.twins import locate, repair_file

FORM = PlainText()


def test_only_the_mistake_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfHe goed.\r\n\r\n  The end. \n")
    data, _ = repair_file(FORM, path, tmp_path)
    assert data == b"\xef\xbb\xbfHe went.\r\n\r\n  The end. \n"


def test_a_long_file_is_cut_at_blank_lines_and_counts_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    paragraph = "He goed home and it was late.\n" * 50 + "\n"
    path.write_text(paragraph * 100)
    data, plan = repair_file(FORM, path, tmp_path, unit_bytes=50_000)
    assert data.decode() == path.read_text().replace("goed", "went")
    assert len(plan.units) > 2
    with Opener() as opener:
        batches = [b for unit in plan.units for b in FORM.read(plan, unit, Wanted(), opener)]
    starts = [line for batch in batches for line in batch.column("mt_repair_line").to_pylist()]
    lines = path.read_text().split("\n")
    assert all(lines[start - 1].startswith("He goed") and (start == 1 or not lines[start - 2]) for start in starts)


def test_text_in_another_encoding_is_kept_and_named(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("He goed to the café.\n".encode("latin-1"))
    data, plan = repair_file(FORM, path, tmp_path)
    assert data == path.read_bytes()
    with Opener() as opener:
        batch = next(FORM.read(plan, plan.units[0], Wanted(), opener))
    assert batch.column("mt_repair_problem").to_pylist() == ["not valid UTF-8 at line 1 of the piece, byte 18"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"])).filter(lambda t: "goed" not in t))
def test_text_without_a_mistake_comes_back_as_it_was(tmp_path: Path, text: str) -> None:
    path = tmp_path / "law.txt"
    path.write_bytes(text.encode())
    data, _ = repair_file(FORM, path, tmp_path, unit_bytes=10)
    assert data == text.encode()
    assert locate(path).suffix == ".txt"
