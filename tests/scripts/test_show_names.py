"""Edits of names, shown with their evidence."""

from __future__ import annotations

from pathlib import Path

from scripts.show_names import show
from tests.names.linking import linker


def test_every_edit_is_shown_with_place_reason_and_evidence(tmp_path: Path) -> None:
    text = "News.\n\nPrime Minister Tauno Vaherpu of Estonia met reporters in 2015."
    lines = show(text, linker(tmp_path))
    assert lines[0].startswith("1 edits, 0 titles to look at")
    assert lines[1].startswith("line 3: “Tauno Vaherpu” → “Tauno Vaherpuu”")
    assert lines[1].endswith(" T1")
    assert "prime minister of Estonia" in lines[2]
    assert "role_fits 1" in lines[3]


def test_titles_to_look_at_are_marked(tmp_path: Path) -> None:
    lines = show("Lars Egeskov spoke in Denmark. Later Prime Minister Pia Egeskov left.", linker(tmp_path))
    assert "(shown only)" in lines[1]
