from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.formats.document import MarkedUp
from app.formats.html import Html
from tests.corpus.building import build_ruled
from tests.formats.twins import repair_file

MARKUP = Html()
FORM = MarkedUp(MARKUP)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>One</p><p>two</p>", "One\n\ntwo"),
        ("<p>a <b>bold</b> word</p>", "a bold word"),
        ("<p>broken\n   lines</p>", "broken lines"),
        ("a<br>b", "a\nb"),
        ("R&amp;D &lt;3 &eacute;", "R&D <3 é"),
        ("<script>goed</script><style>goed</style>x", "x"),
        ("<p>never closed <i>either <p>next", "never closed either \n\nnext"),
    ],
)
def test_the_running_text_is_taken_out(source: str, text: str) -> None:
    assert MARKUP.prose(source).text.strip() == text


def test_tags_and_entities_stay_while_the_text_is_repaired(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    source = (
        '<!doctype html><html><head><title>goed</title></head><body class="goed"><!-- goed -->\n'
        "<p>He goed &amp; she <em>goed</em>.<br/>They&nbsp;goed.</p><pre>goed</pre><code>goed</code>"
        '<span translate="no">goed</span><script>goed()</script></body></html>\n'
    )
    path.write_text(source)
    data, _ = repair_file(FORM, path, tmp_path)
    assert data.decode() == source.replace("He goed", "He went").replace("<em>goed", "<em>went").replace(
        "They&nbsp;goed", "They&nbsp;went"
    )


def test_an_edit_that_would_swallow_a_tag_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    path.write_text("<p>He go<b>ed</b> home. She goed.</p>")
    data, _ = repair_file(FORM, path, tmp_path)
    assert data.decode() == "<p>He go<b>ed</b> home. She went.</p>"


@pytest.mark.parametrize("mark", ["<!-- a note -->", "<?php echo 1 ?>", "<![if IE]>", "<!ELEMENT a>"])
def test_an_edit_that_would_swallow_a_comment_or_the_like_is_refused(tmp_path: Path, mark: str) -> None:
    path = tmp_path / "a.html"
    path.write_text(f"<p>He go{mark}ed home. She goed{mark} too.</p>")
    data, _ = repair_file(FORM, path, tmp_path)
    assert data.decode() == f"<p>He go{mark}ed home. She went{mark} too.</p>"


def test_a_comment_between_words_stays_when_a_rule_takes_one_out(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    source = "<p>He said the<!-- TODO --> the man left.</p><p>We met the <!-- a note --> the man.</p>"
    path.write_text(source)
    data, _ = repair_file(FORM, path, tmp_path, repairer=build_ruled())
    assert data.decode().count("<!--") == 2


def test_references_that_the_page_shows_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    source = "<p>Type &amp;nbsp; or &amp;quot; or &amp;lt;b&amp;gt; for a 10&nbsp;kg load.</p>"
    path.write_text(source)
    data, _ = repair_file(FORM, path, tmp_path, repairer=build_ruled())
    assert data.decode() == source


@settings(max_examples=200, deadline=None)
@given(source=st.text(st.sampled_from("ab <>/&;#p=\"'\n\r!-éb1"), max_size=60))
def test_any_source_can_be_read_and_every_character_found_in_it(source: str) -> None:
    prose = MARKUP.prose(source)
    assert len(prose.places) == 2 * len(prose.chars)
    spans = [(prose.places[2 * i], prose.places[2 * i + 1]) for i in range(len(prose.chars))]
    last = 0
    for (begin, end), char in zip(spans, prose.chars, strict=True):
        if begin < 0:
            continue
        assert last <= begin < end <= len(source)
        assert source[begin] in (char, "&") or char == " "
        last = end
