from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.types import Span, Status
from app.store.models import Stage
from app.store.records import Document, Project, Sentence, Standing, Verdict
from app.store.settled import lay_out
from app.web.view import band, explain, need, page_of, rows
from tests.store.building import EDITS, SOURCE, edit


def document() -> Document:
    from datetime import UTC, datetime

    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Document(
        "d", Project("p", "default"), "T", "text", SOURCE, None, "", "minimal", Stage.DONE, len(SOURCE), 3, "", "", "",
        at, at, None,
    )  # fmt: skip


SENTENCES = [
    Sentence(0, Span(0, 28), 0, Status.REPAIRED, 0.8),
    Sentence(1, Span(29, 44), 0, Status.REPAIRED, 0.6),
    Sentence(2, Span(46, 58), 1, Status.UNCHANGED, 0.99),
]


def sentence(status: Status, confidence: float = 0.9, furniture: str = "") -> Sentence:
    return Sentence(0, Span(0, 28), 0, status, confidence, furniture=furniture)


def test_the_less_sure_a_repair_is_the_more_it_needs_an_editor() -> None:
    sure, doubtful = edit(0, 0, 8, "The ", confidence=0.99), edit(0, 0, 8, "The ", confidence=0.55)
    assert need(sentence(Status.REPAIRED), [sure]) < need(sentence(Status.REPAIRED), [doubtful])


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (sentence(Status.UNCHANGED), 0.0),
        (sentence(Status.ABSTAINED, furniture="byline"), 0.0),
        (sentence(Status.ERROR), 1.0),
    ],
)
def test_what_is_folded_and_what_comes_first(one: Sentence, wanted: float) -> None:
    assert need(one, []) == wanted


def test_a_refused_edit_asks_for_nobody() -> None:
    assert need(sentence(Status.UNCHANGED), [edit(0, 0, 8, "The ", refusal="dismissed")]) == 0.0


def test_places_of_edits_count_from_their_sentence() -> None:
    second = rows(document(), lay_out(SOURCE, SENTENCES, EDITS), [])["sentences"][1]
    [place] = [(e["start"], e["end"]) for e in second["edits"] if e["id"] == "e3"]
    assert second["text"][place[0] : place[1]] == "teh"


def test_the_rows_joined_are_the_document() -> None:
    found = rows(document(), lay_out(SOURCE, SENTENCES, EDITS), [])["sentences"]
    assert "".join(s["before"] + s["text"] for s in found) == SOURCE


GLUED = edit(5, 26, 31, ", h")  # of the first sentence, reaching into the second


def test_a_sentence_that_is_joined_to_the_next_takes_its_words_out_of_it() -> None:
    refused = edit(6, 29, 31, "It", refusal="overlaps_better_edit")  # begins where the first row goes on
    first, second, _ = rows(document(), lay_out(SOURCE, SENTENCES, [*EDITS, GLUED, refused]), [])["sentences"]
    assert (first["text"], second["before"], second["text"]) == (SOURCE[:31], " ", "is teh king.")
    assert {e["id"] for e in first["edits"]} >= {"e5", "e6"}
    [place] = [(e["start"], e["end"]) for e in second["edits"] if e["id"] == "e3"]
    assert second["text"][place[0] : place[1]] == "teh"


def test_a_space_behind_a_sentence_that_an_edit_changes_is_shown_once() -> None:
    first, second, _ = rows(document(), lay_out(SOURCE, SENTENCES, [edit(5, 28, 29, "\n")]), [])["sentences"]
    assert (first["text"], second["before"]) == (SOURCE[:29], "")


def test_a_space_before_the_first_sentence_that_an_edit_takes_away_is_shown() -> None:
    spaced = replace(edit(0, 0, 0, ""), span=Span(0, 2), original="  ")
    [row] = lay_out("  All is well.", [Sentence(0, Span(2, 14), 0, Status.REPAIRED, 0.9)], [spaced])
    assert (row.before, row.span, row.is_joined) == ("", Span(0, 14), False)


def test_a_sentence_that_was_joined_whole_needs_nobody() -> None:
    whole = edit(5, 26, 44, ", he is the king.")
    second = rows(document(), lay_out(SOURCE, SENTENCES, [whole]), [])["sentences"][1]
    assert (second["text"], second["edits"], second["need"]) == ("", [], 0.0)


@pytest.mark.parametrize(("first", "most", "wanted"), [(0, 2, [0]), (1, 2, [1, 2]), (0, 9, [0, 1, 2])])
def test_a_page_does_not_cut_joined_sentences_apart(first: int, most: int, wanted: list[int]) -> None:
    layout = lay_out(SOURCE, SENTENCES, [edit(5, 43, 47, ", a")])  # the second to the third
    assert [row.sentence.index for row in page_of(layout, first, most)] == wanted


def test_decisions_go_along() -> None:
    page = rows(
        document(), lay_out(SOURCE, SENTENCES, EDITS), [Standing("e1", Verdict.ACCEPTED, who="Anna", version=3)]
    )
    assert (page["version"], page["standings"][0]["who"]) == (3, "Anna")


@pytest.mark.parametrize(("confidence", "word"), [(0.9, "high"), (0.89, "medium"), (0.7, "medium"), (0.69, "low")])
def test_a_confidence_has_a_word(confidence: float, word: str) -> None:
    assert band(confidence) == word


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("protected:number", "It would touch a protected number"),
        ("protected:span", "The file says to leave this as it is"),
        ("group:dismissed", "An edit that belongs to it was refused: dismissed before"),
        ("some_new_check", "Some new check"),
    ],
)
def test_reasons_are_said_in_an_editors_words(reason: str, words: str) -> None:
    assert explain(reason) == words
