"""Each check refuses what it is there for, and nothing for a reason that is not true."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.protect import PatternProtector, Protection
from app.core.types import EditKind, Origin, ProtectOptions, Span
from app.core.verify import Verifier
from tests.core.fakes import make_edit


def check(
    text: str,
    old: str,
    new: str,
    *,
    origin: Origin = Origin.MODEL,
    kind: EditKind = EditKind.GRAMMAR,
    protect: bool = True,
) -> str | None:
    at = text.index(old)
    protected = PatternProtector().protect(text, ProtectOptions()) if protect else ()
    edit = make_edit(at, at + len(old), new, origin=origin, kind=kind)
    return Verifier().check(edit, text, Span(0, len(text)), Protection(text, protected))


@pytest.mark.parametrize(
    ("text", "old", "new", "reason"),
    [
        ("It cost 500 then.", "500", "600", "protected:number"),
        ("It had many men.", "many", "7", "number_changed"),
        ("He does not go.", "not ", "", "negation_changed"),
        ("He goes home.", "goes", "never goes", "negation_changed"),
        ("He can't go.", "can't", "can", "negation_changed"),
        ("He has no men.", "no", "many", "negation_changed"),
        ("He is happy now.", "happy", "unhappy", "negation_changed"),
        ("It is impossible now.", "impossible", "possible", "negation_changed"),
        ("It is useful now.", "useful", "useless", "negation_changed"),
        ("Then Merkel came.", "Merkel", "Mercer", "name_changed"),
        ("Then Merkel came.", "Merkel", "she", "name_changed"),
        ("Then she came.", "she", "Merkel", "name_changed"),
        ("Then Ms Merkel came.", "Merkel ", "", "name_changed"),
        ('He said "yes" then.', 'yes"', "yes", "quotes_unbalanced"),
        ("He said yes then.", "yes", "“yes", "quotes_unbalanced"),
        ("He (she) came.", "she)", "she", "brackets_unbalanced"),
        ("He saw the house.", "saw", "saw the", "repetition_introduced"),
        ("He went there.", "went there", "went went there", "repetition_introduced"),
        ("He saw\nthe house.", "\n", " ", "line_break_changed"),
        ("He came.", "came", "came home with all of the people that were there", "length_changed"),
        (
            "Old men with hats walked slowly home today.",
            "men with hats walked slowly home",
            "people wearing caps strolled leisurely away",
            "rewrites_too_much",
        ),
    ],
)
def test_the_model_may_not(text: str, old: str, new: str, reason: str) -> None:
    assert check(text, old, new) == reason


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("He go home.", "go", "goes"),
        ("It had three man.", "man", "men"),
        ("No one came.", "No one", "Nobody"),
        ("One of the man came.", "One of the man", "A man"),
        ("He waited a second then.", "a second", "a moment"),
        ("He do not go.", "do not", "does not"),
        ("He do not go.", "do not", "doesn't"),
        ("The income rose.", "income", "come"),
        ("He found it increases now.", "increases", "creases"),
        ("Then merkel came.", "merkel", "Merkel"),
        ("The Ukraine army came.", "Ukraine", "Ukrainian"),
        ("In Kosova's capital.", "Kosova's", "Kosova"),
        ("Visit Málaga now.", "Málaga", "Malaga"),
        ("Government has said.", "Government", "The government"),
        ("Yesterday came Merkel.", "Yesterday came Merkel", "Merkel came yesterday"),
        ('He said "yes then.', "yes", 'yes"'),
        ('He said "yes" then.', '"yes"', "“yes”"),
        ("He said yes) then.", "yes)", "yes"),
        ("The the house.", "The the", "The"),
        ("He came.", "came", "came back"),
        ("the 3. battalion", "battalion", "Battalion"),
    ],
)
def test_the_model_may(text: str, old: str, new: str) -> None:
    assert check(text, old, new) is None


@pytest.mark.parametrize(
    ("text", "old", "new", "reason"),
    [
        ("It had three men.", "three", "four", "number_changed"),
        ("It had three men.", "three", "some", "number_changed"),
        ("It had two million men.", "million", "billion", "number_changed"),
        ("On the third day.", "third", "second", "number_changed"),
        ("It had three men.", "three men", "men, three of them", None),
        ("It had twenty-five men.", "twenty-five", "twenty five", None),
        ("It had twenty-five men.", "twenty-five", "25", None),
        ("It had two hundred and five men.", "two hundred and five", "205", None),
        ("It had 1,000 men.", "1,000", "a thousand", None),
        ("On the 3rd day.", "3rd", "third", None),
    ],
)
def test_where_numbers_are_not_protected_their_value_counts(text: str, old: str, new: str, reason: str | None) -> None:
    assert check(text, old, new, protect=False) == reason


def test_quotation_marks_are_balanced_over_the_line_not_the_sentence() -> None:
    text = "He said: “We go. We stay.” Then he left."
    at = text.index("”")
    edit = make_edit(at, at + 1, "")
    sentence = Span(text.index("We stay"), at + 1)
    assert Verifier().check(edit, text, sentence, Protection(text, ())) == "quotes_unbalanced"


@pytest.mark.parametrize(
    ("text", "old", "new", "origin", "reason"),
    [
        ("Then Merkel came.", "Merkel", "Mercer", Origin.NAMES, None),
        ("Then Merkel came.", "Merkel", "Mercer", Origin.GLOSSARY, None),
        ("Then Angela Merkel came.", "Angela", "Angela Merkel", Origin.NAMES, "repetition_introduced"),
        ("He said yes ” then.", " ”", "", Origin.RULE, None),
        ("He said yes yes then.", "yes yes", "yes 5", Origin.RULE, "number_changed"),
        ("He does not go.", "not ", "", Origin.GLOSSARY, None),
        ("It cost 500 then.", "500", "600", Origin.GLOSSARY, "protected:number"),
    ],
)
def test_others_have_looser_checks(text: str, old: str, new: str, origin: Origin, reason: str | None) -> None:
    assert check(text, old, new, origin=origin) == reason


def test_letters_that_come_back_may_bring_a_negation() -> None:
    assert check("He wonâ€™t go.", "wonâ€™t", "won’t", origin=Origin.RULE, kind=EditKind.ENCODING) is None


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("dont", "don't", None),
        ("dont", "doesn’t", None),
        ("dont", "does not", None),
        ("dont", "done", "negation_changed"),
        ("dont", "does", "negation_changed"),
        ("do", "dont", "negation_changed"),
    ],
)
def test_a_negation_that_lost_its_apostrophe_is_one(old: str, new: str, reason: str | None) -> None:
    assert check(f"He {old} know it.", old, new) == reason


@pytest.mark.parametrize("piece", ["““ ", "a ,", "aaaa ,"])
def test_the_time_of_many_edits_of_one_sentence_is_about_linear(piece: str) -> None:
    text = piece * 10_000
    edits = [make_edit(at + len(piece) - 1, at + len(piece), origin=Origin.RULE) for at in range(0, 30_000, len(piece))]
    verifier, protection = Verifier(), Protection(text, ())
    began = time.process_time()
    for edit in edits:
        verifier.check(edit, text, Span(0, len(text)), protection)
    assert time.process_time() - began < 5  # quadratic would be minutes


WORD = st.text(alphabet="abcdefghij", min_size=4, max_size=8)


@given(st.lists(WORD, min_size=3, max_size=9, unique=True), st.data())
def test_an_edit_that_changes_nothing_is_never_refused(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    edit = make_edit(start, end, text[start:end])
    assert Verifier().check(edit, text, Span(0, len(text)), Protection(text, ())) is None


@given(st.text(max_size=20), st.text(max_size=8), st.data())
def test_any_edit_gets_an_answer(text: str, new: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    protected = Protection(text, PatternProtector().protect(text, ProtectOptions()))
    for origin in Origin:
        reason = Verifier().check(make_edit(start, end, new, origin=origin), text, Span(0, len(text)), protected)
        assert reason is None or reason == reason.lower().strip() != ""
