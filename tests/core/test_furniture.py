"""Lines of the page are told from lines of the text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.furniture import LineFurnitureFinder
from app.core.segment import SentenceSegmenter

LINES = {
    "byline": [
        "By Maria Lindqvist",
        "By Tomas Okafor and Lena Brandt",
        "Written by Jean de la Tour",
        "By Ann Lee, Political Correspondent",
        "Photo: Pedro Alvarez",
        "Author: Ivan Petrov",
        "Image credit: Ruth Adler",
        "Reporting by Ann Lee in London; editing by Tom Ford",
        "Published: 12 March 2021",
        "Last updated on March 3, 2020 at 10:15",
        "Posted 3 hours ago",
        "5 min read",
    ],
    "contact": [
        "Write to Maria Lindqvist (",
        "Write to Maria Lindqvist at m.lindqvist@example.com",
        "Email: desk@example.org",
        "Contact the author: a.b@example.com",
        "Contact us",
        "newsroom@example.com",
    ],
    "copyright": [
        "© 2021 Example Media Ltd.",
        "Copyright © 2019 The Daily Example. All rights reserved.",
        "Copyright 2020 Example Group 9f86d081884c7d659a2feaa0c55ad015",
        "All rights reserved",
        "This material may not be published, broadcast, rewritten or redistributed.",
        "Reproduction without written permission is strictly prohibited.",
    ],
    "share": [
        "Share",
        "Share on Facebook",
        "Share this article on Twitter",
        "Tweet",
        "Follow us on Instagram",
        "Facebook Twitter WhatsApp LinkedIn",
        "Share: Facebook Twitter",
        "23 shares",
        "Print",
    ],
    "cookie": [
        "This website uses cookies to improve your experience.",
        "We use cookies and similar technologies.",
        "Accept all cookies",
        "Cookie settings",
        "By continuing to use this site you agree to our use of cookies.",
    ],
    "comments": [
        "Leave a Comment",
        "Leave a reply",
        "Post a comment",
        "12 Comments",
        "No comments yet",
        "Comments are closed.",
        "Your email address will not be published.",
        "You must be logged in to post a comment.",
        "Join the conversation",
        "Be the first to comment",
    ],
    "navigation": [
        "Read more",
        "Read more: Parliament votes on the budget",
        "Related articles",
        "You may also like",
        "Most read",
        "Back to top",
        "Home > World > Europe",
        "Tags: budget, parliament",
        "Previous article",
        "Page 2 of 5",
        "Skip to content",
        "Table of contents",
    ],
    "about_author": ["About the Author", "About the authors", "More from this author", "View all posts by Ann Lee"],
    "advertisement": ["Advertisement", "Sponsored content", "Story continues below advertisement"],
    "newsletter": ["Subscribe to our newsletter", "Sign up for our daily newsletter", "Subscribe now"],
}
PROSE = [
    "By Friday the ministers had agreed.",
    "By winning the vote, Anna Lee became mayor.",
    "He was helped by Maria Lindqvist.",
    "Write to the council and complain.",
    "They wrote to Maria Lindqvist, who answered at once.",
    "The copyright of the book belongs to her heirs.",
    "All the rights that women have were reserved for men.",
    "Share prices fell on Monday.",
    "They share a house on the coast.",
    "Facebook and Twitter said that they would comply.",
    "Twitter fell 5 percent.",
    "Children like cookies and milk.",
    "She baked cookies for the sale.",
    "He left a comment on the page.",
    "Comments by the minister caused an uproar.",
    "The government had no comment.",
    "No comments were made by either side.",
    "They read more than they write.",
    "Read more carefully, the report says the opposite.",
    "Home prices rose in March.",
    "The most read book of the year was hers.",
    "Related articles of the law were repealed.",
    "The book is about the author and his village.",
    "Little is known about the author.",
    "The advertisement was withdrawn.",
    "They subscribe to the theory that markets are wise.",
    "Previous governments did nothing.",
    "Search teams found him on Tuesday.",
    "Print runs have halved since 2010.",
    "Follow the money, they say.",
    "Published in 1851, the novel failed.",
    "Updated rules come into force in May.",
    "Photographs by Ansel Adams hang in the hall.",
    "The source of the river was found by Speke.",
    "Contact with the ship was lost at noon.",
    "Sign up for the army, they were told, and see the world.",
    "He will print the paper himself.",
    "The page was torn.",
    "Email has replaced the letter.",
    "Save the whales was the slogan of the day.",
    "Next week the court will rule.",
    "More news came from the front that night.",
    "The story continues to trouble historians.",
    "Five minutes ago nobody knew him.",
    "Home is where the heart is.",
    "Register your car before June.",
    "Help came too late.",
    "Close friends deny it.",
    "Privacy is a right.",
    "About the author of the plot nothing is known.",
    "This website was built in a week.",
]


def kinds(text: str) -> list[str]:
    return [f.kind for f in LineFurnitureFinder().find(text, SentenceSegmenter().segment(text))]


@pytest.mark.parametrize(("kind", "line"), [(kind, line) for kind, lines in LINES.items() for line in lines])
def test_a_line_of_furniture_is_told_and_named(kind: str, line: str) -> None:
    text = f"The minister spoke on Monday.\n\n{line}\n\nShe will speak again."
    found = kinds(text)
    assert found
    assert set(found) == {kind}


@pytest.mark.parametrize("sentence", PROSE)
def test_a_sentence_is_no_furniture_even_on_a_line_of_its_own(sentence: str) -> None:
    assert not kinds(f"The minister spoke on Monday.\n\n{sentence}\n\nShe will speak again.")
    assert not kinds(f"The minister spoke on Monday. {sentence} She will speak again.")


@pytest.mark.parametrize("line", ["Share", "Home", "Contact us", "About the Author", "Advertisement", "Print"])
def test_what_could_be_prose_counts_only_alone_on_its_line(line: str) -> None:
    assert kinds(f"He spoke.\n{line}\nShe spoke.")
    assert not kinds(f"He spoke. {line}. She spoke.")


def test_what_cannot_be_prose_counts_at_the_end_of_a_paragraph() -> None:
    assert kinds("He spoke of peace. Leave a comment") == ["comments"]


def test_each_sentence_of_a_furniture_line_is_reported() -> None:
    assert kinds("Your email address will not be published. Required fields are marked *") == ["comments"] * 2


def test_what_is_reported_names_its_segment_and_says_why() -> None:
    text = "He spoke.\n\nLeave a comment\n\nShe spoke."
    (found,) = LineFurnitureFinder().find(text, SentenceSegmenter().segment(text))
    assert found.segment == 1
    assert found.reason


WORDS = st.sampled_from(
    ["Share", "By", "Ann", "Lee", "©", "2020", "on", "Facebook", "comment", "|", ">", "\n", ".", "é"]
)


@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=30).map(" ".join)))
def test_furniture_is_reported_in_order_once_a_segment(text: str) -> None:
    segments = SentenceSegmenter().segment(text)
    found = [f.segment for f in LineFurnitureFinder().find(text, segments)]
    assert found == sorted(set(found))
    assert all(0 <= index < len(segments) for index in found)


@pytest.mark.parametrize(
    "piece", ["By ", "by Ann ", "Share ", "| ", "a > ", "facebook, ", "© ", "f" * 9, "A. ", "\n", "comments "]
)
def test_a_long_run_of_anything_ends_soon(piece: str) -> None:
    for size in (290, 60_000):
        text = (piece * (size // len(piece)) + "\n") * max(1, 60_000 // size)
        segments = SentenceSegmenter().segment(text)
        started = time.process_time()
        LineFurnitureFinder().find(text, segments)
        assert time.process_time() - started < 5
