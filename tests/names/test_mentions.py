from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.segment import SentenceSegmenter
from app.names import mentions
from app.names.mentions import Mention, MentionKind, find_mentions, lower_case_share

_segmenter = SentenceSegmenter()


def find(text: str) -> list[Mention]:
    return find_mentions(text, _segmenter.segment(text))


def names(text: str) -> list[str]:
    return [mention.text for mention in find(text)]


def only(text: str) -> Mention:
    (mention,) = find(text)
    return mention


_pieces = st.sampled_from(
    [
        "The",
        "Mr.",
        "Dr",
        "of",
        "and",
        "for",
        "Minister",
        "President",
        "Ministry",
        "University",
        "Olga",
        "Scholz's",
        "Li",
        "van",
        "al-Assad",
        "U.S.",
        "NATO",
        "I",
        "Monday",
        "may",
        "May",
        "“",
        "”",
        "'",
        ",",
        ".",
        "(",
        ")",
        ":",
        "—",
        "People’s",
        "Day's",
        "Ärzte",
        "1998",
        "17th",
        "co",
        "Bank",
        "&",
        "Jr.",
        "é",
        "😀",
        "\n\n",
        "said",
        "who",
        "foreign",
        "Sen",
    ]
)


@given(st.lists(_pieces, max_size=40).map(" ".join) | st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_spans_are_slices_of_the_text_in_order_and_apart(text: str) -> None:
    found = find(text)
    for mention in found:
        assert mention.span.of(text) == mention.text
        assert mention.text.strip() == mention.text != ""
        for words, span in ((mention.title, mention.title_span), (mention.description, mention.description_span)):
            assert (span is None) == (words == "")
            assert span is None or span.of(text) == words
        assert mention.title_span is None or mention.title_span.end <= mention.span.start
        assert mention.description_span is None or mention.description_span.start >= mention.span.end
    assert all(one.span.end <= other.span.start for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We met Olaf Scholz and Emmanuel Macron in Lübeck.", ["Olaf Scholz", "Emmanuel Macron", "Lübeck"]),
        ("It was led by Guido van Rossum and Khalid bin Sultan.", ["Guido van Rossum", "Khalid bin Sultan"]),
        ("He read J. K. Rowling and W. E. B. Du Bois.", ["J. K. Rowling", "W. E. B. Du Bois"]),
        ("She works for the Bank of Canada.", ["Bank of Canada"]),
        ("She left the Ministry of Labour and Social Affairs.", ["Ministry of Labour and Social Affairs"]),
        (
            "The Centre for European Reform and the Ford Foundation agree.",
            ["Centre for European Reform", "Ford Foundation"],
        ),
        ("The Securities and Exchange Commission agreed.", ["Securities and Exchange Commission"]),
        ("The bill was bought by Ernst & Young.", ["Ernst & Young"]),
        ("We saw Martin Luther King Jr. there.", ["Martin Luther King Jr."]),
        ("We saw Stephen King there.", ["Stephen King"]),
        ("It was signed by Hun Sen and Sun Yang on Monday.", ["Hun Sen", "Sun Yang"]),
        ("It opened on Sun 3 May 2020.", []),
        ("Yesterday Scholz spoke.", ["Scholz"]),
        ("Although prices rose, people stayed.", []),
        ("Russian troops and French voters stayed at home.", []),
        ("She wrote in the Irish Times.", ["Irish Times"]),
        ("The army of Bashar al-Assad left.", ["Bashar al-Assad"]),
        ("I think I'm OK on TV, and so is NATO.", ["NATO"]),
        ("Lagarde's Eurogroup met.", ["Lagarde", "Eurogroup"]),
        ("He fights for the People's Liberation Army.", ["People's Liberation Army"]),
        ("The visit to Landsberg am Lech lasted.", ["Landsberg am Lech"]),
        ("PUTIN MEETS MODI IN VLADIVOSTOK", ["PUTIN", "MODI", "VLADIVOSTOK"]),
        ("Deputy Minister of Culture and Sport Anna Panova spoke.", ["Anna Panova"]),
        ("They called Chancellor Olaf Scholz Foreign Minister Annalena Baerbock", ["Olaf Scholz", "Annalena Baerbock"]),
    ],
)
def test_names_are_found_whole_and_nothing_else_is(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@pytest.mark.parametrize(
    ("text", "name", "title"),
    [
        ("Then finance minister Christian Lindner spoke.", "Christian Lindner", "finance minister"),
        ("We asked Foreign Minister Penny Wong.", "Penny Wong", "Foreign Minister"),
        ("We asked Dr. Fauci.", "Fauci", "Dr."),
        ("We asked the German chancellor Willy Brandt.", "Willy Brandt", "German chancellor"),
        ("We asked its governor, Haruhiko Kuroda.", "Haruhiko Kuroda", "governor"),
        ("We asked the minister of health Jens Spahn.", "Jens Spahn", "minister of health"),
        ("We asked Minister of Health Jens Spahn.", "Jens Spahn", "Minister of Health"),
        ("We asked deputy prime minister Nick Clegg.", "Nick Clegg", "deputy prime minister"),
        ("It began under President Willy Brandt.", "Willy Brandt", "President"),
        ("We asked the under secretary Nick Clegg.", "Nick Clegg", "under secretary"),
        ("We asked Under Secretary Nick Clegg.", "Nick Clegg", "Under Secretary"),
        ("It began under Secretary of State Nick Clegg.", "Nick Clegg", "Secretary of State"),
        ("We asked Under Secretary-General Nick Clegg.", "Nick Clegg", "Under Secretary-General"),
    ],
)
def test_the_title_before_a_name_stands_apart(text: str, name: str, title: str) -> None:
    mention = only(text)
    assert (mention.text, mention.kind) == (name, MentionKind.PERSON)
    assert mention.title == title


@pytest.mark.parametrize(
    ("text", "description"),
    [
        ("He appointed Ranil Wickremesinghe as the new Prime Minister.", "the new Prime Minister"),
        ("Petr Nečas was prime minister until 2013.", "prime minister until 2013"),
        ("Petr Nečas was in the building with the prime minister.", ""),
        ("Then Elena Marin, director of the school, spoke.", "director of the school"),
        ("Then Elena Marin, a senior fellow at Chatham House, spoke.", "a senior fellow at Chatham House"),
        ("Then Elena Marin (head of the bank) spoke.", "head of the bank"),
        ("Then Elena Marin, on the other hand, spoke.", ""),
        ("Then Elena Marin, who is a director, spoke.", ""),
    ],
)
def test_a_description_after_a_name_is_taken_up_to_its_end(text: str, description: str) -> None:
    assert find(text)[0].description == description


@pytest.mark.parametrize(
    ("text", "name", "office"),
    [
        ("The President of Bangladesh, Iajuddin Ahmed, spoke.", "Iajuddin Ahmed", "President of Bangladesh"),
        ("So said the Serbian minister for refugees, Aleksandar Vulin.", "Aleksandar Vulin", "minister for refugees"),
        ("The chairwoman of the Committee on Security, Irina Yarovaya, left.", "Irina Yarovaya",
         "chairwoman of the Committee on Security"),
        ("She met the president of France, Angela Merkel and others.", "Angela Merkel", ""),  # a list
        ("The minister who spoke in Paris, Angela Merkel, left.", "Angela Merkel", ""),
    ],
)  # fmt: skip
def test_an_office_before_a_name_between_commas_belongs_to_it(text: str, name: str, office: str) -> None:
    found = {m.text: m.office for m in find(text)}
    assert found[name] == office


def test_flags_say_how_the_name_stands() -> None:
    first, acronym = find("Lagarde's aides met the OECD.")
    assert (first.is_initial, first.is_possessive, first.is_acronym, first.has_article) == (True, True, False, False)
    assert (acronym.is_initial, acronym.is_possessive, acronym.is_acronym, acronym.has_article) == (
        False,
        False,
        True,
        True,
    )
    assert all(mention.is_all_caps for mention in find("PUTIN MEETS MODI IN VLADIVOSTOK"))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("We met Mrs. Merkel.", MentionKind.PERSON),
        ("We met Peter Altmaier.", MentionKind.PERSON),
        ("We trust the University of Oslo.", MentionKind.ORGANISATION),
        ("We swam in Lake Constance.", MentionKind.PLACE),
        ("We lived in Trieste.", MentionKind.PLACE),
        ("We bought Trieste.", MentionKind.UNKNOWN),
    ],
)
def test_the_kind_is_said_where_a_word_shows_it(text: str, kind: MentionKind) -> None:
    assert only(text).kind is kind


def test_offsets_count_in_the_document_and_segments_are_named() -> None:
    text = "Nothing here.\n\nLater Lagarde spoke. Then Draghi spoke."
    found = find(text)
    assert [(m.text, m.span.of(text), m.segment) for m in found] == [("Lagarde", "Lagarde", 1), ("Draghi", "Draghi", 2)]


@pytest.mark.parametrize(
    ("word", "is_ordinary"), [("table", True), ("although", True), ("Lagarde", False), ("Berlin", False)]
)
def test_the_lexicon_knows_words_and_no_names(word: str, is_ordinary: bool) -> None:
    assert (lower_case_share(word) is not None) == is_ordinary


def test_the_labels_behind_the_published_figures_are_whole() -> None:
    lines = (Path(__file__).parents[1] / "data" / "mention_labels.jsonl").read_bytes().splitlines()
    rows = [orjson.loads(line) for line in lines]
    counts = {part: sum(len(r["names"]) for r in rows if r["part"] == part) for part in ("dev", "test")}
    assert counts == {"dev": 195, "test": 194}


@pytest.mark.parametrize(
    ("text", "name", "title"),
    [
        ("Yesterday Secretary of State Antonia Blenke spoke.", "Antonia Blenke", "Secretary of State"),
        ("The Secretary of the Treasury Janka Yelm spoke.", "Janka Yelm", "Secretary of the Treasury"),
        ("The Director of the Bank of England resigned.", "Bank of England", ""),
    ],
)
def test_the_field_of_an_office_is_no_part_of_the_name_behind_it(text: str, name: str, title: str) -> None:
    mention = next(m for m in find(text) if m.text == name)
    assert mention.title == title


BODIES = frozenset({"Uzbekistan", "San Antonio", "Mexico"})


@pytest.mark.parametrize(
    ("text", "name", "title"),
    [
        ("We met the ambassador to Uzbekistan Kris Allan today.", "Kris Allan", "ambassador to Uzbekistan"),
        ("Then the Mayor of San Antonio Ron Nirbeng spoke.", "Ron Nirbeng", "Mayor of San Antonio"),
        (
            "Then the member of the Senate of Mexico Marto Betrez spoke.",
            "Marto Betrez",
            "member of the Senate of Mexico",
        ),
        ("The deputy of the Riigikogu Igor Krovtsen left.", "Igor Krovtsen", "deputy of the Riigikogu"),
        ("We saw Member Ennete Elliz there.", "Ennete Elliz", "Member"),
    ],
)
def test_a_name_behind_what_its_office_is_of_is_a_name_of_its_own(text: str, name: str, title: str) -> None:
    segments = SentenceSegmenter().segment(text)
    mention = next(m for m in find_mentions(text, segments, BODIES.__contains__) if m.text == name)
    assert (mention.title, mention.kind) == (title, MentionKind.PERSON)


def test_in_a_long_run_of_capitals_persons_are_looked_for_in_few_words(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[int] = []
    is_person = mentions._is_person

    def counted(words: Sequence[mentions._Token]) -> bool:
        looked_at.append(len(words))
        return is_person(words)

    monkeypatch.setattr(mentions, "_is_person", counted)
    find("X " * 500)
    assert looked_at
    assert sum(looked_at) < 500 * 10


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("They like the University of Notre Dame Law School.", "University of Notre Dame Law School"),
        ("All Member States of the European Union agreed.", "Member States of the European Union"),
    ],
)
def test_the_name_of_a_body_is_not_cut(text: str, name: str) -> None:
    assert only(text).text == name
