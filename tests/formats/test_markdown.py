from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.formats.document import MarkedUp
from app.formats.markdown import Markdown
from tests.corpus.building import build_ruled
from tests.formats.twins import repair_file

MARKUP = Markdown()
FORM = MarkedUp(MARKUP)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("# A title\n\nSome *fine* text.\n", "A title\n\nSome fine text.\n\n"),
        ("> quoted\n> lines\n", "quoted lines\n\n"),
        ("1. one\n2. two\n", "one\n\ntwo\n\n"),
        ("A [link](http://x.y/a_(b)) and ![image](i.png).\n", "A link and .\n\n"),
        ("| a | b |\n|---|---|\n| c | d |\n", "a\nb\n\nc\nd\n\n"),
        ("---\ntitle: goed\n---\ntext\n", "text\n\n"),
        ("```\ncode\n```\n\ntext\n", "text\n\n"),
        ("<div>\nhtml\n</div>\n\ntext\n", "text\n\n"),
        ("R&amp;D costs 5&nbsp;&euro;.\n", "R&D costs 5\u00a0€.\n\n"),
        ("---\r\ntitle: goed\r\n---\r\ntext\r\n", "text\n\n"),
        ("5 \\* 3 and snake_case stay.\n", "5 * 3 and snake_case stay.\n\n"),
    ],
)
def test_the_running_text_is_taken_out(source: str, text: str) -> None:
    found = MARKUP.prose(source).text
    assert _lines(found) == _lines(text)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_code_links_and_front_matter_stay_while_the_text_is_repaired(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    source = (
        "---\ntitle: goed\n---\n# He goed\n\nShe **goed** to [goed](http://goed.org/goed) with `goed`.\n\n"
        "    goed\n\n- they goed\n\n> we goed\n"
    )
    path.write_text(source)
    data, _ = repair_file(FORM, path, tmp_path)
    assert data.decode() == (
        "---\ntitle: goed\n---\n# He went\n\nShe **went** to [went](http://goed.org/goed) with `goed`.\n\n"
        "    goed\n\n- they went\n\n> we went\n"
    )


def test_line_ends_of_another_system_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(b"# He goed\r\n\r\nShe goed\r\nhome.\r\n")
    data, _ = repair_file(FORM, path, tmp_path)
    assert data == b"# He went\r\n\r\nShe went\r\nhome.\r\n"


def test_references_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    source = (
        "Type &amp;nbsp; or &amp;quot; in HTML, or &amp;lt;b&amp;gt;: a 10&nbsp;kg load, `&amp;`, &nope; &eacute;.\n"
    )
    path.write_text(source)
    data, _ = repair_file(FORM, path, tmp_path, repairer=build_ruled())
    assert data.decode() == source


@pytest.mark.parametrize(
    "math",
    [
        "$goed$",
        "$x_{goed} < y_{goed}$",
        "$|goed|$",
        "$$goed$$",
        "$\\text{goed \\$ goed}$",
        "$goed\n, goed$",
        "\n$$\ngoed\n- goed , goed\n# goed\n\\begin{a}\n goed\n$$\n",
        "\n\n$$\n= goed , \n- goed\n$$\n\n",
    ],
)
def test_formulas_are_left_alone(tmp_path: Path, math: str) -> None:
    path = tmp_path / "a.md"
    source = f"She goed home, where {math} is it. He goed too.\n"
    path.write_text(source)
    data, _ = repair_file(FORM, path, tmp_path)
    assert data.decode() == f"She went home, where {math} is it. He went too.\n"
    prose = MARKUP.prose(source)
    begin, end = prose.text.index("$"), prose.text.rindex("$") + 1
    assert any(span.start <= begin and end <= span.end for span in prose.protected)


def test_prices_are_no_formulas(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("For $5 he goed, for $6 she goed. `$` he goed `$`, \\$he goed$ and US$ goed.\n")
    data, _ = repair_file(FORM, path, tmp_path)
    assert data.decode().count("went") == 5


def test_what_is_put_in_does_not_become_a_reference() -> None:
    assert MARKUP.escape("&lt; and R&D") == r"\&lt; and R&D"


@settings(max_examples=200, deadline=None)
@given(source=st.text(st.sampled_from("ab *_`[]()#>-|$\n\r\\~!<1.&\u00a0é"), max_size=60))
def test_every_character_of_the_text_stands_in_the_source(source: str) -> None:
    prose = MARKUP.prose(source)
    assert len(prose.places) == 2 * len(prose.chars)
    last = 0
    for i, char in enumerate(prose.chars):
        begin, end = prose.places[2 * i], prose.places[2 * i + 1]
        if begin < 0:
            assert char == "\n"
            continue
        assert last <= begin < end <= len(source)
        assert char in source[begin:end] or (char == " " and source[begin:end].isspace())
        last = end
