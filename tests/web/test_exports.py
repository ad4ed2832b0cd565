from __future__ import annotations

import html.parser
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.types import Span, Status
from app.formats.docx import Revisions, read_docx, resolve_revisions, write_docx
from app.formats.m2 import read_m2, tokenise
from app.formats.tmx import read_tmx
from app.formats.xliff import State, join, read_xliff
from app.store.records import Sentence, Standing, StoredEdit, Verdict
from app.store.settled import settle, text_of
from app.web.exports import FORMS, Work, export
from tests.store.building import EDITS, SOURCE
from tests.web.test_view import SENTENCES, document

CORRECTED = "The man went to Paris. He is the king.\n\nAll is well."


def work(**more: Any) -> Work:
    return replace(Work(document(), SENTENCES, EDITS, {}), **more)


def standing(target: str, verdict: Verdict, text: str | None = None) -> dict[str, Standing]:
    return {target: Standing(target, verdict, text, who="Anna")}


def test_open_edits_go_out_as_made() -> None:
    assert export("text", work()).content.decode() == CORRECTED


def test_or_are_left_out_where_only_decisions_count() -> None:
    decided = work(standings=standing("e3", Verdict.ACCEPTED), open_counts=False)
    assert export("text", decided).content.decode() == SOURCE.replace("teh", "the")


@pytest.mark.parametrize(
    ("standings", "wanted"),
    [
        (standing("e0", Verdict.REJECTED), CORRECTED.replace("The man", "The the man")),
        (standing("e3", Verdict.REPLACED, "a"), CORRECTED.replace("the king", "a king")),
        (standing("e4", Verdict.ACCEPTED), CORRECTED.replace("king", "queen")),
        (standing("s1", Verdict.REWRITTEN, "She reigns."), CORRECTED.replace("He is the king.", "She reigns.")),
        (standing("s2", Verdict.REWRITTEN, "So be it."), CORRECTED.replace("All is well.", "So be it.")),
    ],
)
def test_the_text_is_what_the_editor_decided(standings: dict[str, Standing], wanted: str) -> None:
    assert export("text", work(standings=standings)).content.decode() == wanted


def test_word_accepts_and_rejects_to_both_texts() -> None:
    data = export("docx", work()).content
    assert "\n".join(resolve_revisions(data, accept=True)) == CORRECTED
    assert "\n".join(resolve_revisions(data, accept=False)) == SOURCE


def test_an_uploaded_word_file_comes_back_with_its_changes_tracked() -> None:
    original = write_docx(SOURCE, (), Revisions("someone", datetime(2026, 1, 1, tzinfo=UTC)))
    assert read_docx(original).text == SOURCE
    data = export("docx", work(document=replace(document(), format="docx", original=original))).content
    assert "\n".join(resolve_revisions(data, accept=True)) == CORRECTED
    assert "\n".join(resolve_revisions(data, accept=False)) == SOURCE


_NAME_TWICE = "Mr Pariss Hilto spoke. Then Pariss Hilto left. It rain."


@pytest.mark.parametrize("form", ["html", "md"])
@pytest.mark.parametrize(
    ("marked", "is_whole"),
    [
        ("Mr Pariss Hilto", True),
        ("Mr *Pariss Hilto*", True),
        ("Mr *Pariss* Hilto", False),
        ("*Mr Pariss* Hilto", False),
    ],
)
def test_a_group_of_which_one_change_reaches_across_a_tag_is_left_out_of_the_file(
    form: str, marked: str, is_whole: bool
) -> None:
    original = _NAME_TWICE.replace("Mr Pariss Hilto", marked)
    if form == "html":
        original = re.sub(r"\*(.*?)\*", r"<i>\1</i>", original)
    name = {"sentence": 0, "original": "Pariss Hilto", "replacement": "Paris Hilton", "group": "hilton"}
    edits = [
        replace(EDITS[1], index=n, span=Span(at, at + 12), **name)  # type: ignore[arg-type]
        for n, at in enumerate([3, 28])
    ] + [replace(EDITS[3], index=2, sentence=0, span=Span(50, 54), original="rain", replacement="rained")]
    one = replace(document(), format=form, source=_NAME_TWICE, original=original.encode())
    sentences = [Sentence(0, Span(0, len(_NAME_TWICE)), 0, Status.REPAIRED, 0.9)]
    standings = {f"e{n}": Standing(f"e{n}", Verdict.ACCEPTED) for n in range(3)}
    exported = work(document=one, sentences=sentences, edits=edits, standings=standings)
    wanted = original.replace("It rain.", "It rained.")
    wanted = wanted.replace("Pariss Hilto", "Paris Hilton") if is_whole else wanted
    assert export("text", exported).content.decode() == wanted
    everywhere = _NAME_TWICE.replace("Pariss Hilto", "Paris Hilton").replace("It rain.", "It rained.")
    assert join(read_xliff(export("xliff", exported).content)) == (_NAME_TWICE, everywhere)


class _Reader(html.parser.HTMLParser):
    """Reads the two texts back out of the marked page."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.texts = {"del": "", "ins": ""}

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.stack.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "main" in self.stack:
            for shown, hidden in (("del", "ins"), ("ins", "del")):
                if hidden not in self.stack:
                    self.texts[shown] += data


def test_marked_html_holds_both_texts() -> None:
    reader = _Reader()
    reader.feed(export("html", work()).content.decode())
    assert (reader.texts["del"], reader.texts["ins"]) == (SOURCE, CORRECTED)


def test_xliff_holds_both_texts_and_how_far_each_sentence_came() -> None:
    standings = {**standing("e3", Verdict.ACCEPTED), **standing("s2", Verdict.CONFIRMED)}
    units = read_xliff(export("xliff", work(standings=standings)).content)
    assert join(units) == (SOURCE, CORRECTED)
    assert [unit.state for unit in units if unit.state] == [State.TRANSLATED, State.REVIEWED, State.FINAL]
    assert units[0].notes == ("Because.",)


def test_all_edits_are_looked_through_once_however_many_sentences_there_are() -> None:
    class Counted(list[StoredEdit]):
        times = 0

        def __iter__(self) -> Iterator[StoredEdit]:
            self.times += 1
            return super().__iter__()

    few, many = Counted(EDITS), Counted(EDITS)
    export("xliff", work(edits=few, sentences=SENTENCES[:1]))
    export("xliff", work(edits=many))
    assert many.times == few.times


def test_a_change_between_two_sentences_is_in_the_unit_of_both() -> None:
    from tests.store.building import edit

    glued = edit(0, 26, 31, ", h")
    units = read_xliff(export("xliff", work(edits=[glued])).content)
    assert join(units) == (SOURCE, SOURCE[:26] + ", h" + SOURCE[31:])


@pytest.mark.parametrize(
    ("target", "text", "wanted"),
    [
        ("s0", "The man went to Paris, he", "The man went to Paris, he is the king.\n\nAll is well."),
        ("s1", "rules.", "The man went to Pariss, h rules.\n\nAll is well."),
    ],
)
def test_a_rewritten_sentence_stands_for_the_text_that_was_shown(target: str, text: str, wanted: str) -> None:
    from tests.store.building import edit

    edits = [EDITS[0], edit(1, 26, 31, ", h"), EDITS[3]]  # shown: "The the man went to Pariss . He", "is teh king."
    standings = standing(target, Verdict.REWRITTEN, text)
    assert export("text", work(edits=edits, standings=standings)).content.decode() == wanted


def test_a_joined_sentence_is_no_training_pair_by_itself() -> None:
    from tests.store.building import edit

    glued = edit(0, 26, 31, ", h")
    standings = {
        **standing("e0", Verdict.ACCEPTED),
        **standing("s1", Verdict.CONFIRMED),
        **standing("s2", Verdict.CONFIRMED),
    }
    pairs = [
        json.loads(line) for line in export("pairs", work(edits=[glued], standings=standings)).content.splitlines()
    ]
    assert [p["mt"] for p in pairs] == ["All is well."]


def test_tmx_has_a_pair_for_each_sentence() -> None:
    pairs = read_tmx(export("tmx", work()).content)
    assert [pair.target for pair in pairs] == ["The man went to Paris.", "He is the king.", "All is well."]


def test_m2_has_the_corrected_tokens_and_a_noop() -> None:
    content = export("m2", work()).content.decode()
    assert [s.corrected() for s in read_m2(content)] == [
        tokenise(t) for t in ("The man went to Paris.", "He is the king.", "All is well.")
    ]
    assert "A -1 -1|||noop|||" in content


def test_a_unified_diff_names_both_sides() -> None:
    assert export("diff", work()).content.decode().startswith("--- original\n+++ corrected\n@@")


def test_decisions_are_bound_to_their_text() -> None:
    found = json.loads(export("json", work(standings=standing("e0", Verdict.REJECTED))).content)
    assert set(found["document"]) >= {"sha256", "model", "kb"}
    assert found["decisions"][0]["verdict"] == "rejected"


def test_pairs_are_those_sentences_that_were_settled() -> None:
    standings = {
        **standing("e3", Verdict.ACCEPTED), **standing("s2", Verdict.CONFIRMED), **standing("e0", Verdict.ACCEPTED),
    }  # fmt: skip
    pairs = [json.loads(line) for line in export("pairs", work(standings=standings)).content.splitlines()]
    assert [(p["mt"], p["ref"]) for p in pairs] == [
        ("He is teh king.", "He is the king."), ("All is well.", "All is well."),
    ]  # fmt: skip
    assert {p["kind"] for p in pairs} == {"pe"}


@pytest.mark.parametrize("title", ['../../etc/"x"\r\n', "<b>", "", "  "])
def test_no_title_makes_a_dangerous_file_name(title: str) -> None:
    for form in FORMS:
        name = export(form, work(document=replace(document(), title=title))).name
        assert not set(name) & set('/\\"<>\r\n')


_VERDICTS = st.fixed_dictionaries(
    {},
    optional={
        **{f"e{n}": st.sampled_from([Verdict.ACCEPTED, Verdict.REJECTED, Verdict.REPLACED]) for n in range(5)},
        **{f"s{n}": st.just(Verdict.REWRITTEN) for n in range(3)},
    },
)


@given(_VERDICTS, st.text("ab .\n", max_size=8), st.booleans())
def test_every_form_tells_the_same_story_whatever_was_decided(
    verdicts: dict[str, Verdict], text: str, open_counts: bool
) -> None:
    with_text = (Verdict.REPLACED, Verdict.REWRITTEN)
    standings = {t: Standing(t, v, text if v in with_text else None) for t, v in verdicts.items()}
    one = work(standings=standings, open_counts=open_counts)
    wanted = text_of(SOURCE, settle(SOURCE, SENTENCES, EDITS, standings, open_counts=open_counts))
    assert export("text", one).content.decode() == wanted
    assert join(read_xliff(export("xliff", one).content)) == (SOURCE, wanted)
    reader = _Reader()
    reader.feed(export("html", one).content.decode())
    assert (reader.texts["del"], reader.texts["ins"]) == (SOURCE, wanted)
    data = export("docx", one).content
    assert "\n".join(resolve_revisions(data, accept=True)) == wanted
    assert "\n".join(resolve_revisions(data, accept=False)) == SOURCE


def test_a_sentence_that_was_left_alone_is_initial() -> None:
    alone = [Sentence(0, Span(0, len(SOURCE)), 0, Status.UNCHANGED, 1.0)]
    [unit] = read_xliff(export("xliff", work(sentences=alone, edits=[])).content)
    assert unit.state is State.INITIAL
