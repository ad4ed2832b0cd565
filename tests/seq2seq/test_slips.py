"""Grammatical slips: real words, real text around them, and labels that give the sentence back."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from rapidfuzz.distance import Levenshtein

from app.seq2seq.codec import word_edits
from app.seq2seq.constructions import derived_words
from app.seq2seq.slips import Slipper, false_boundary, look_alikes, misspell, word_families
from app.seq2seq.tokenizer import Tokenizer
from tests.seq2seq.tiny import make_tokenizer

LEXICON = ("walk", "walks", "walked", "walking", "make", "makes", "made", "making", "country", "countries", "sea")
TEXT = "The country made it clear that they were walking to the sea with him, and he has a plan."


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    folder: Path = tmp_path_factory.mktemp("tokenizer")
    return make_tokenizer(folder)


def slipped(tokenizer: Tokenizer, count: int, seeds: range) -> list[str]:
    slipper, words = Slipper.of(LEXICON, TEXT.lower().split()), tokenizer.words(TEXT)
    return [slipper.slip(words, count, random.Random(seed)) for seed in seeds]


@pytest.mark.parametrize(
    ("word", "forms"),
    [
        ("walk", {"walks", "walked", "walking"}),
        ("made", {"make", "makes"}),
        ("country", {"countries"}),
    ],
)
def test_a_family_holds_the_forms_that_the_text_shows(word: str, forms: set[str]) -> None:
    assert set(word_families(LEXICON)[word]) == forms


def test_a_word_without_other_forms_has_no_family() -> None:
    assert "sea" not in word_families(LEXICON)


def test_no_slip_leaves_the_text_as_it_is(tokenizer: Tokenizer) -> None:
    assert set(slipped(tokenizer, 0, range(5))) == {TEXT}


def test_slips_of_every_kind_are_drawn(tokenizer: Tokenizer) -> None:
    seen = slipped(tokenizer, 1, range(4000))
    for sign in ("country make", "Country made", "walks to", "they was", "with he,", "walking the sea", "it it"):
        assert any(sign in text for text in seen), sign


def test_another_article_is_one_that_the_next_word_asks_for(tokenizer: Tokenizer) -> None:
    words = tokenizer.words("The sea took an hour of the islands and a plan of old trees with it.")
    slipper = Slipper.of(LEXICON, ())
    seen = {slipper.slip(words, 1, random.Random(seed), only="article") for seed in range(400)}
    for sign in ("A sea", "took the hour", "of an islands", "the plan", "of an old", "took hour"):
        assert any(sign in text for text in seen), sign
    assert not any(sign in text for text in seen for sign in ("An sea", "a hour", "a islands", "an plan", "a old"))


def test_a_slip_is_never_another_tense_alone(tokenizer: Tokenizer) -> None:
    text = "They walked to the country and he walks, for she had what they were."
    slipper = Slipper.of(LEXICON, ())
    seen = [slipper.slip(tokenizer.words(text), 1, random.Random(seed)) for seed in range(1500)]
    for right in ("They walk to", "They walks", "and he walked", "she has", "they are"):
        assert not any(right in text for text in seen), right
    for wrong in ("he walk,", "They walking", "she having", "they was"):
        assert any(wrong in text for text in seen), wrong


@pytest.mark.parametrize(
    ("text", "wrong", "never"),
    [
        ("We have seen the report shows it.", ("We has seen", "report show it"), ("the report is",)),
        ("They will not change what was sent.", ("not changes", "not changed", "not changing"), ("was sendes",)),
        (
            "After eleven months the 3 children went home.",
            ("eleven month the", "childs", "goed home"),
            ("month the 3 childs",),
        ),
        ("A man saw an owl.", ("An man", "a owl", "seed an owl"), ("A men",)),
    ],
)
def test_grammar_slips_where_the_sentence_shows_it(
    tokenizer: Tokenizer, text: str, wrong: tuple[str, ...], never: tuple[str, ...]
) -> None:
    forms = ("show", "shows", "showing", "change", "changes", "changed", "changing", "month", "months", "report", "see")
    slipper = Slipper.of(forms, text.lower().split())
    seen = [slipper.slip(tokenizer.words(text), 1, random.Random(seed)) for seed in range(3000)]
    for sign in wrong:
        assert any(sign in slip for slip in seen), sign
    for sign in never:
        assert not any(sign in slip for slip in seen), sign


@pytest.mark.parametrize(
    ("kind", "text", "wrong"),
    [
        ("before a verb", "She is able to make a plan.", {"She is able make a plan.", "She is able to making a plan."}),
        ("before a verb", "She can make a plan.", {"She can to make a plan."}),
        ("after a preposition", "He left without making a plan.", {"He left without make a plan."}),
        ("number of a noun", "He saw every country.", {"He saw every countries."}),
        ("number of a noun", "He saw a number of countries.", {"He saw a number of country."}),
        ("number of a noun", "He saw this country.", {"He saw this countries.", "He saw these country."}),
        ("word class", "It is an important matter.", {"It is an importance matter."}),
        ("mass noun", "He gave much advice.", {"He gave many advice.", "He gave much advices."}),
        ("mass noun", "He buys machinery.", {"He buys machineries."}),
        (
            "comparison",
            "It is larger than this.",
            {f"It is {new} this." for new in ("large than", "more large than", "more larger than", "larger then",
                                              "larger as", "larger that")},
        ),
        ("comparison", "It is the biggest.", {"It is the big.", "It is the most big.", "It is the most biggest."}),
        ("second conjunction", "Though it rained there, we went out.", {"Though it rained there, but we went out."}),
        ("opening comma", "However, he went.", {"However he went."}),
        ("opening comma", "As a result, he went.", {"As a result he went."}),
        ("opening comma", "If he comes, we will go.", {"If he comes we will go."}),
        ("pronoun case", "A gift for him came.", {"A gift for he came."}),
        ("pronoun case", "Today they will go.", {"Today them will go."}),
        ("pronoun case", "They saw themselves.",
         {f"They saw {r}." for r in ("himself", "herself", "itself", "ourselves", "myself")}),
    ],
)  # fmt: skip
def test_constructions_slip_in_these_ways_and_in_no_other(
    tokenizer: Tokenizer, kind: str, text: str, wrong: set[str]
) -> None:
    slipper = Slipper.of((*LEXICON, "important", "importance"), ())
    assert {slipper.slip(tokenizer.words(text), 1, random.Random(seed), only=kind) for seed in range(300)} == wrong


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("before a verb", "She went to the sea."),
        ("after a preposition", "The walking man came."),
        ("number of a noun", "A country house is a time-table of countries."),
        ("word class", "An important-looking man."),
        ("comparison", "The poor man came."),
        ("second conjunction", "If it rains there, we will not go."),
        ("opening comma", "The plan, however, failed."),
        ("pronoun case", "It was for her that he came."),
    ],
)
def test_what_is_no_such_construction_stays(tokenizer: Tokenizer, kind: str, text: str) -> None:
    slipper = Slipper.of((*LEXICON, "important", "importance", "time", "times", "house", "houses"), ())
    assert {slipper.slip(tokenizer.words(text), 1, random.Random(seed), only=kind) for seed in range(100)} == {text}


def test_words_of_another_class_share_the_stem_and_an_ending() -> None:
    words = ("different", "difference", "economy", "economic", "happy", "happiness", "true", "truth", "part", "party")
    derived = derived_words(words)
    assert derived["different"] == ("difference",)
    assert derived["economic"] == ("economy",)
    assert derived["happiness"] == ("happy",)
    assert derived["truth"] == ("true",)
    assert "differ" not in derived


def test_letters_commas_spaces_and_order_slip_too(tokenizer: Tokenizer) -> None:
    seen = slipped(tokenizer, 1, range(2000))
    words = set(TEXT.replace(",", "").replace(".", "").lower().split())
    assert any("him and" in text for text in seen)  # a lost comma
    assert any(", " in text.replace("him, and", "") for text in seen)  # one too many
    joined = {text for text in seen if text.replace(" ", "") == TEXT.replace(" ", "")} - {TEXT}
    assert {len(text.split()) - len(TEXT.split()) for text in joined} == {-1, 1}  # run together, or cut in two
    assert any(sorted(text.split()) == sorted(TEXT.split()) and text != TEXT for text in seen)  # two words changed over
    assert any(len(set(text.replace(",", "").replace(".", "").lower().split()) - words) == 1 for text in seen)


def test_capitals_and_apostrophes_slip_too(tokenizer: Tokenizer) -> None:
    slipper, words = Slipper.of((), ()), tokenizer.words("He said that Peter’s plans weren't made in English.")
    seen = " ".join(slipper.slip(words, 1, random.Random(seed)) for seed in range(4000))
    for sign in ("he said", "english", "Peters plans", "werent", "plan's", "That"):
        assert sign in seen, sign


@pytest.mark.parametrize("word", ["their", "committee", "country", "rhythm", "queue"])
def test_a_misspelling_stays_near_the_word_and_keeps_its_first_letter(word: str) -> None:
    seen = {misspell(word, random.Random(seed)) for seed in range(300)}
    assert len(seen) > 10
    # Two strokes at most, or one exchanged group of letters ("tion" for "sion" among them).
    assert all(Levenshtein.distance(word, wrong) <= 3 for wrong in seen)
    assert sum(Levenshtein.distance(word, wrong) <= 1 for wrong in seen) > len(seen) / 2


def test_a_misspelling_is_no_word(tokenizer: Tokenizer) -> None:
    known = frozenset({"tan", "thin", "them", "then", "the", "ten"})
    slipper = Slipper.of((), known)
    for seed in range(300):
        text = slipper.slip(tokenizer.words("Tthen"), 1, random.Random(seed))
        assert text.lower() not in known


def test_every_other_misspelling_of_a_word_that_people_misspell_is_one_of_theirs(tokenizer: Tokenizer) -> None:
    slipper = Slipper.of((), (), {"government": ("goverment", "guvernment")})
    words = tokenizer.words("The government")
    seen = [slipper.slip(words, 1, random.Random(seed), only="misspelling") for seed in range(200)]
    listed = [text for text in seen if text in ("The goverment", "The guvernment")]
    assert 60 < len(listed) < 140
    assert len(set(seen)) > 10


def test_look_alikes_are_one_stroke_away_and_no_form_of_the_word() -> None:
    alike = look_alikes(("form", "from", "farm", "forms", "though", "trough", "sea", "tea"), {"form": ("forms",)})
    assert alike["form"] == ("farm", "from")
    assert alike["though"] == ("trough",)
    assert "sea" not in alike  # too short to be taken for another


def test_a_word_may_be_taken_for_one_that_looks_like_it(tokenizer: Tokenizer) -> None:
    slipper = Slipper.of(("form", "from"), ())
    assert slipper.slip(tokenizer.words("It came from there."), 1, random.Random(1), only="another word") == (
        "It came form there."
    )


def test_a_false_boundary_cuts_a_sentence_and_its_edit_joins_it_again(tokenizer: Tokenizer) -> None:
    words = tokenizer.words(TEXT)
    for seed in range(50):
        text = false_boundary(words, random.Random(seed))
        assert text.count(".") == 2
        (edit,) = word_edits(tokenizer.words(text), words)
        assert edit.mark.last - edit.mark.first in (1, 2)
    assert false_boundary(tokenizer.words("He went."), random.Random(1)) == "He went."


def test_one_slip_is_one_edit(tokenizer: Tokenizer) -> None:
    for text in slipped(tokenizer, 1, range(200)):
        assert len(word_edits(tokenizer.words(text), tokenizer.words(TEXT))) <= 2  # a moved word is two


def test_a_slip_keeps_the_capital_of_the_sentence(tokenizer: Tokenizer) -> None:
    lost = [text for text in slipped(tokenizer, 1, range(400)) if text[0].islower()]
    assert len(lost) < 20
    assert all(text[1:] == TEXT[1:] for text in lost)  # the slip itself


def test_the_same_seed_gives_the_same_slips(tokenizer: Tokenizer) -> None:
    assert slipped(tokenizer, 3, range(20)) == slipped(tokenizer, 3, range(20))
