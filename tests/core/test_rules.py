"""What each rule repairs, and what it leaves alone."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.diff import apply_edits, resolve
from app.core.protect import PatternProtector, Protection
from app.core.rules import ALL_RULES, Rules, rule_ids
from app.core.segment import SentenceSegmenter
from app.core.types import Edit, Origin, ProtectOptions, Segment, Span
from app.core.verify import Verifier


def find(text: str, *, disabled: frozenset[str] = frozenset()) -> list[Edit]:
    return Rules().find(text, SentenceSegmenter().segment(text), disabled)


def repair(text: str) -> str:
    kept, _ = resolve(find(text))
    return apply_edits(text, kept)


REPAIRED = [
    ("MTR_MOJIBAKE", "He wonâ€™t go to the cafÃ©.", "He won’t go to the café."),
    ("MTR_HTML_ENTITY", "He said &quot;yes&quot; &amp; left.", 'He said "yes" & left.'),
    ("MTR_HTML_ENTITY", "He didn& # 39; t know &amp;quot;it.", "He didn' t know \"it."),
    ("MTR_HTML_ENTITY", "Today&#39;s &quot;news&quot;; he left.", 'Today\'s "news"; he left.'),
    ("MTR_SPACE_BEFORE_PUNCTUATION", "He came , saw and left .", "He came, saw and left."),
    ("MTR_SPACE_BEFORE_PUNCTUATION", "“We will win .” He left.", "“We will win.” He left."),
    ("MTR_SPACE_AFTER_PUNCTUATION", "He came home,then he left.", "He came home, then he left."),
    ("MTR_SPACE_AFTER_PUNCTUATION", "He came home.Then he left.", "He came home. Then he left."),
    ("MTR_DOUBLED_PUNCTUATION", "He came,, then he left.", "He came, then he left."),
    ("MTR_DOUBLED_PUNCTUATION", "He came at ten a.m..", "He came at ten a.m."),
    ("MTR_DOUBLED_PUNCTUATION", "He came,.", "He came."),
    ("MTR_DOUBLED_STOP", "He left the town. . Then he came back..", "He left the town. Then he came back."),
    ("MTR_DOUBLED_STOP", "He left the town. .", "He left the town."),
    ("MTR_DOUBLED_STOP", "“He left the town..”", "“He left the town.”"),
    ("MTR_DOUBLED_QUOTE", 'He said ""yes"", then ""no"".', 'He said "yes", then "no".'),
    ("MTR_TORN_NUMBER", "He came at 21: 30 and left before 23: 00.", "He came at 21:30 and left before 23:00."),
    ("MTR_TORN_NUMBER", "Live in Vienna today, 8: 00 p.m.", "Live in Vienna today, 8:00 p.m."),
    ("MTR_TORN_NUMBER", "They won 2: 1 on the field, having lost 0: 3.", "They won 2:1 on the field, having lost 0:3."),
    ("MTR_TORN_NUMBER", "It cost 10, 000 euros.", "It cost 10,000 euros."),
    ("MTR_FOREIGN_DATE", "He came on the 15. July and left in May.", "He came on the 15 July and left in May."),
    ("MTR_FOREIGN_DATE", "It was signed on 3. May 2019.", "It was signed on 3 May 2019."),
    (
        "MTR_QUOTE_SPACING",
        'The town is safe, " the mayor said. "It is, " said Tom.',
        'The town is safe, " the mayor said. "It is," said Tom.',
    ),
    ("MTR_TORN_ELLIPSIS", "So he did. .. Then he left.", "So he did... Then he left."),
    ("MTR_REPEATED_SPACE", "He came  home.", "He came home."),
    ("MTR_QUOTE_DIRECTION", "He said “yes“ and left.", "He said “yes” and left."),
    ("MTR_QUOTE_DIRECTION", "He said „yes“ and left.", "He said “yes” and left."),
    ("MTR_QUOTE_SPACING", 'The word " peace " is old.', 'The word "peace" is old.'),
    ("MTR_BRACKET_SPACING", "He came ( by train ) and left.", "He came (by train) and left."),
    ("MTR_BRACKET_SPACING", "He came ( by train), then left.", "He came (by train), then left."),
    ("MTR_TORN_APOSTROPHE", "The People ' s Bank and Iowa 's economy.", "The People's Bank and Iowa's economy."),
    ("MTR_TORN_APOSTROPHE", "He didn’ t go, and they ’ ll stay.", "He didn’t go, and they’ll stay."),
    ("MTR_STRAY_QUOTE", "We agreed.“.“ Then he left.", "We agreed. Then he left."),
    ("MTR_STRAY_QUOTE", "We agreed. “ Then he left.", "We agreed. Then he left."),
    ("MTR_FOREIGN_ERA", "In 66 î.Hr. the army came to Rome.", "In 66 BC the army came to Rome."),
    ("MTR_FOREIGN_ERA", "The army left in 66 î.Hr. The city fell.", "The army left in 66 BC. The city fell."),
    ("MTR_FOREIGN_ERA", "The army left in 66 î.Hr.", "The army left in 66 BC."),
    (
        "MTR_FOREIGN_ERA",
        "“It fell in 66 î.Hr.” The army left (in 66 î.Hr.).",
        "“It fell in 66 BC.” The army left (in 66 BC).",
    ),
    ("MTR_FOREIGN_ERA", "The army left in 66 î.Hr..", "The army left in 66 BC."),
    ("MTR_FOREIGN_ERA", "It fell around 1400 eKr, and rose in 90 pKr.", "It fell around 1400 BC, and rose in 90 AD."),
    ("MTR_FOREIGN_ERA", "In the second millennium, eKr, it rose.", "In the second millennium BC, it rose."),
    ("MTR_FOREIGN_ERA", "From 44 v. Chr. to 14 n. Chr., and 718 e.n.", "From 44 BC to 14 AD, and 718 AD."),
    (
        "MTR_LOWER_CASE",
        "On monday i'm told that i can meet two americans.",
        "On Monday I'm told that I can meet two Americans.",
    ),
    ("MTR_LOWER_CASE", "So i agree, and i also bought one.", "So I agree, and I also bought one."),
    ("MTR_REPEATED_PHRASE", "A large town town fell.", "A large town fell."),
    ("MTR_REPEATED_PHRASE", "By the choice of the choice of a school.", "By the choice of a school."),
    ("MTR_REPEATED_WORD", "He saw the the house.", "He saw the house."),
    ("MTR_REPEATED_WORD", "The the house fell.", "The house fell."),
    ("MTR_REPEATED_WORD", "“It is so,” I I think. The the end.", "“It is so,” I think. The end."),
    ("MTR_LOOP", "The end of the teaching of the teaching of the teaching came.", "The end of the teaching came."),
]


@pytest.mark.parametrize(("rule", "text", "wanted"), REPAIRED)
def test_a_rule_repairs_what_it_is_there_for(rule: str, text: str, wanted: str) -> None:
    assert repair(text) == wanted
    assert rule in {edit.rule for edit in find(text)}
    assert rule not in {edit.rule for edit in find(text, disabled=frozenset({rule}))}


@pytest.mark.parametrize("text", [text for _, text, _ in REPAIRED])
def test_no_check_refuses_what_a_rule_is_there_for(text: str) -> None:
    protection = Protection(text, PatternProtector().protect(text, ProtectOptions()))
    segments = SentenceSegmenter().segment(text)
    for edit in find(text):
        sentence = next(s.span for s in reversed(segments) if s.span.start <= edit.span.start)
        assert Verifier().check(edit, text, sentence, protection) is None


def test_the_mark_of_an_entity_is_not_doubled() -> None:
    assert find("He said &quot;yes&quot;.", disabled=frozenset({"MTR_HTML_ENTITY"})) == []


def test_every_rule_is_shown_at_work() -> None:
    assert {rule for rule, _, _ in REPAIRED} == rule_ids()


@pytest.mark.parametrize(
    "text",
    [
        "He had had enough, and he knew that that was it.",
        "It was very very long, and they went on on Monday.",
        "He asked for for the first time, looked at at length, and came from from time to time.",
        "A plan A a day, vitamin A a day, an OR or an AND, and World War I I know.",
        "The The announce a tour. Will will come in May may it be warm.",
        "Chapter 2: 30 ways, John 3: 16, (10 May 2016, 15: 06), 20: 46 - a memory, won 5: 3 points each.",
        "They came in 2015. July was warm. He is 15. May he live long. 1. July 2. August",
        "It can save $i i billion.. Or more, he said",
        'He said: "I saw "Jaws"".',
        'An empty title "" and 1, 000, 2 or 10, 0005 things... And so on.. he said',
        "It cost 1,000,000 at 10:30 on 3.4.2020, see a.example/x,y.",
        "The U.S. and J.R.R. Tolkien, e.g. at 5 p.m., etc.",
        "Wait . . . he said. Then: ... and so on...",
        "Is it so?! Yes!! No...",
        "He used .NET and std::vector, and foo(a,b).",
        'A 5" pipe and a 6\' 2" man.',
        "“He said ‘yes’,” she wrote. “Good.”",
        'He said "yes" and "no", then "perhaps".',
        "«Oui», dit-il.",
        "He went. “So he did.”",
        "Vote, vote, vote! Ha ha ha. Blah blah blah. No, no, no.",
        "New York, New York is in New York.",
        "Duran Duran and Sirhan Sirhan came.",
        "name   age   city   state",
        "Sentence one.  Sentence two.",
        "It is a smile :) and a wink ;)",
        "AT&T and R&D; they said &c.",
        "It opens :( and closes ) and f( x ) and ( ) too.",
        "The ' s ' and the 't' of Van 't Wout, in 't Veld; the '90s.",
        "In 1990 e.g. the U.S. left, i.e. at 5 a.m., and in 66 BC.",
        "It weighs 5 e. Kr. and lies 3.5 n. Chr.",
        "They may march in august company, like a polish on roman numerals.",
        "See a.example/russian-army, #russian, @english and lang=english; the i reports, number i of 1973.",
        "What will be will be, and more and more and still more, from time to time to time.",
        "The Gorilla gorilla and G. gorilla gorilla; a good good friend, well well.",
        "Humbert Humbert met Sirhan Sirhan in Walla Walla.",
        "A row: white, green, green, green, green.",
        "The café in São Paulo — naïve, “Ærø”, 100 €.",
    ],
)
def test_sound_text_is_left_alone(text: str) -> None:
    assert find(text) == []


def test_a_text_that_only_repeats_itself_is_left_alone() -> None:
    assert find("Lovely town, lovely town, lovely town, lovely town.") == []


def test_both_sides_of_a_bracket_belong_together() -> None:
    edits = find("He came ( by train ) and ( by bus).")
    assert [edit.group for edit in edits] == [edits[0].group, edits[0].group, None]
    assert edits[0].group is not None


ERAS = [
    "î.Hr.",
    "d.Hr.",
    "î.e.n.",
    "eKr",
    "pKr",
    "m.a.j.",
    "v. Chr.",
    "n.Chr.",
    "av. J.-C.",
    "a.C.",
    "p.n.e.",
    "до н. э.",
]


@given(st.integers(1, 1999), st.sampled_from(ERAS), st.sampled_from([", and", " and", ")", "", " The"]))
def test_a_year_keeps_its_figures_and_a_sentence_its_end(year: int, era: str, behind: str) -> None:
    repaired = repair(f"It was about {year} {era}{behind}")
    is_end = era.endswith(".") and behind in ("", " The")
    wanted = [f"It was about {year} {name}{'.' if is_end else ''}{behind}" for name in ("BC", "AD")]
    assert repaired in wanted
    assert repair(repaired) == repaired


WORDS = ["the", "town", "fell", "choice", "of", "and", "from", "to", "more", "a", "good", "Paris"]


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_of_what_is_said_twice_one_is_left(words: list[str]) -> None:
    before, after = words, repair(" ".join(words)).split()
    assert set(after) == set(before)
    assert len(after) <= len(before)


def test_a_quotation_over_two_sentences_is_left_alone() -> None:
    assert find("He said: “We go. We stay.” Then he left.") == []


def test_quotation_marks_of_one_paragraph_say_nothing_of_another() -> None:
    assert find("He said: “We go.\n\nWe stay.” Then he left.") == []


def test_both_marks_of_a_pair_belong_together() -> None:
    edits = find("He said „yes“ and „no“ then.")
    assert [edit.group for edit in edits] == [edits[0].group] * 2 + [edits[2].group] * 2
    assert edits[0].group != edits[2].group


def test_every_rule_is_described_and_has_its_own_id() -> None:
    assert len(rule_ids()) == len(ALL_RULES)
    for rule in ALL_RULES:
        assert re.fullmatch(r"MTR_[A-Z_]+", rule.id)
        assert rule.description.endswith(".")
        assert rule.reason.endswith(".")
        assert 0.8 <= rule.confidence < 1.0


@pytest.mark.parametrize(
    "piece",
    [
        *('"', "“ ", ", ", "& ", ". .", "ab, ", " ", "abc ", "a", "'", "“.“ ", "( a ", "a ' s ", "66 î.", "abcd abce "),
        *("The the ", "I I ", "The The the ", "a. “ X ", "lovely lovely lovely, "),
    ],
)
def test_the_time_of_every_rule_is_about_linear(piece: str) -> None:
    text = "x" + piece * 20_000 + "."
    segment = Segment(0, Span(0, len(text)), text, 0)
    began = time.process_time()
    Rules().find(text, [segment])
    assert time.process_time() - began < 3  # quadratic would be minutes


PIECES = [
    "the",
    "The",
    "home",
    "5",
    ",",
    ".",
    "..",
    " ",
    "  ",
    "“",
    "”",
    '"',
    "„",
    "&quot;",
    "â€™",
    "a.m.",
    "( ",
    " )",
    " ' s ",
    "66 î.Hr.",
    "monday",
    "\n",
    "\n\n",
    "!",
    "é",
]
TEXT = st.one_of(st.lists(st.sampled_from(PIECES), max_size=20).map("".join), st.text(max_size=30))


@given(TEXT)
def test_findings_lie_in_the_text_change_it_and_can_be_resolved(text: str) -> None:
    edits = find(text)
    for edit in edits:
        assert edit.span.end <= len(text)
        assert edit.span.of(text) != edit.text
        assert edit.origin is Origin.RULE
    kept, _ = resolve(edits)
    apply_edits(text, kept)


@given(st.lists(st.sampled_from([text for _, text, _ in REPAIRED]), min_size=1, max_size=4))
def test_a_paragraph_is_read_alone(paragraphs: list[str]) -> None:
    text = "\n\n".join(paragraphs)
    assert repair(text) == "\n\n".join(repair(p) for p in paragraphs)
