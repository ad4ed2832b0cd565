"""Text to sentences and back, losing nothing."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.core.segment import SentenceSegmenter
from app.core.types import Segment

PIECES = st.sampled_from(
    [
        "He", "left", "Mr", "U.S", "3.5", "J", "said", "p.m", "etc", "www.x.com", "。", "你好", "-", "1.", "(a)", "•",
        "The", ".", "..", "…", "?", "!", '"', "“", "”", "'", "’", "«", ")", "(", ",", ":", " ", " ", " ", "  ", "\n",
        "\n\n", "\r\n", "\t", "\u00a0", "\u2028", "\u2029", "\x0c", "\x85", "\u3000", "e\u0301", "\U0001f600", "\u200b",
        "\ufeff",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=40).map("".join))


def segment(text: str) -> list[Segment]:
    return SentenceSegmenter().segment(text)


def cut(text: str) -> list[str]:
    return [s.text for s in segment(text)]


@given(TEXTS)
@example("“")
@example("\u2028.\u2028“\u2028.")
def test_segments_and_the_white_space_between_them_are_the_text(text: str) -> None:
    at, joined = 0, ""
    for one in segment(text):
        gap = text[at : one.span.start]
        assert gap == "" or gap.isspace()
        joined += gap + one.text
        at = one.span.end
    rest = text[at:]
    assert rest == "" or rest.isspace()
    assert joined + rest == text


@given(TEXTS)
def test_segments_stand_in_order_and_hold_no_outer_white_space(text: str) -> None:
    found = segment(text)
    assert [s.index for s in found] == list(range(len(found)))
    for one in found:
        assert one.text == one.span.of(text)
        assert one.text
        assert one.text == one.text.strip()
    for before, after in pairwise(found):
        assert before.span.end <= after.span.start
        assert after.paragraph in (before.paragraph, before.paragraph + 1)
    assert not found or found[0].paragraph == 0


@given(TEXTS, TEXTS)
@example("", "? 0")
def test_a_paragraph_is_cut_the_same_whatever_stands_around_it(one: str, other: str) -> None:
    one, other = one.strip(), other.strip()
    together = cut(f"{one}\n\n\u2029\n\n{other}")
    assert together == cut(one) + cut(other)


def test_white_space_has_no_segment() -> None:
    assert not segment(" \n\t\u3000\n\n")


@pytest.mark.parametrize(
    "sentences",
    [
        ["He left.", "She stayed."],
        ["He met Mr. Smith.", "He left."],
        ["The U.S. economy grew.", "In the U.S.", "The economy shrank."],
        ["It cost 3.5 million.", "Then J. K. Rowling came."],
        ["He was born on Jan. 5 in Washington, D.C.", "He died."],
        ["See Fig. 3 and No. 5.", "Go on."],
        ["Smith et al. 2010 found this.", "Others did not."],
        ["At 5 p.m. on Monday it rained.", "It stopped."],
        ["He has a Ph.D.", "She too."],
        ["Apple Inc. said so.", "It was wrong."],
        ["Wait... what?", "No!!", "Yes."],
        ["And so on…", "Then it ended."],
        ["Is it?", "(Yes.)", "No."],
        ["See www.example.com.", "Then go."],
        ["Use obj.Method() or Example.Com here.", "Done."],
        ["“We won.”", "The crowd cheered."],
        ["“Go.", "Now.” he said.", "“Yes.”"],
        ['He asked "Why?" and left.', '"Really?" she said.'],
        ["“Stop!” she cried.", "He did."],
        ["It was 1. April when it began.", "It snowed."],
        ["Gov. Brown and Sen. Lee met.", "They talked."],
        ["The St. Petersburg forum opened.", "It closed."],
        ["It happened in 1999.", "In 2000 it did not."],
        ["He is better than I.", "The end."],
        ["See p. 12 of vol. 3.", "It is there."],
        ["你好。", "世界！", "Yes."],
        ["यह है।", "वह था।"],
        ["¿Qué?", "¡Sí!", "Yes."],
        ["- The dash.", "— Another."],
        ["iPhone sales rose.", "iPad sales fell."],
    ],
)
def test_sentences_joined_by_a_space_are_found_again(sentences: list[str]) -> None:
    assert cut(" ".join(sentences)) == sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He left.The man came.", ["He left.", "The man came."]),
        ("It was 2010.The man came.", ["It was 2010.", "The man came."]),
        ("He did. .. She said", ["He did. ..", "She said"]),
        ("He said “ Yes . “ Then he left .", ["He said “ Yes . “", "Then he left ."]),
        ("He left.\n“", ["He left.\n“"]),
        ("“\nHello there.\n“", ["“\nHello there.\n“"]),
        ("He came. because of her.", ["He came. because of her."]),
        ("He came .“ She left.", ["He came .“", "She left."]),
        ("Title Case Heading\nThe text starts here.", ["Title Case Heading", "The text starts here."]),
        ("- item one\n- item two\n1. one\n2. two", ["- item one", "- item two", "1. one", "2. two"]),
        ("He said that it\nwas over.", ["He said that it\nwas over."]),
        ("One.\r\n\r\nTwo.", ["One.", "Two."]),
        ("A\nB\nC", ["A", "B", "C"]),
    ],
)
def test_cuts_that_machines_and_pages_make(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_hard_wrapped_lines_are_one_paragraph() -> None:
    lines = [
        "The committee met on Tuesday to hear what the ministers had to",
        "say about the budget. They said little, and what they said was",
        "not new. The Committee will meet again in a week, when it hopes",
        "to hear more.",
    ]
    found = segment("\n".join(lines))
    assert len(found) == 3
    assert {s.paragraph for s in found} == {0}


def test_a_blank_line_ends_a_paragraph_and_a_line_break_does_not_always() -> None:
    found = segment("One is here. Two is here.\n\nThree is here.")
    assert [s.paragraph for s in found] == [0, 0, 1]


@pytest.mark.parametrize(
    "piece",
    [".", ". ", '"', '. " ', "“", "Mr. ", "A. ", "1.", "\n", "a\n", "a.B", "。", " .", "...", "( ", "a@", "\u00a0."],
)
def test_a_long_run_of_anything_ends_soon(piece: str) -> None:
    started = time.process_time()
    segment(piece * (200_000 // len(piece)))
    assert time.process_time() - started < 5
