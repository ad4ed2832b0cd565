"""Tests of the features by order: what speaks for a candidate says more than what does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.core.types import Span
from app.names.background import Attested
from app.names.candidates import Candidate, Route
from app.names.comparison import Context, Reading, compare
from app.names.mentions import Mention, MentionKind
from app.names.possible import is_possible
from app.names.store import Entity, EntityKind
from tests.names.comparing import MINISTER, NOTHING, comparison, known, place_of, scores, weighed
from tests.names.linking import person


def test_a_title_that_they_never_had_is_evidence_against() -> None:
    assert "role_differs" in scores(comparison("Tauno Vaherpu", MINISTER, title="finance minister"))
    assert "role_differs" not in scores(comparison("Tauno Vaherpu", MINISTER, title="Prime Minister"))


def test_years_in_office_speak_for_and_others_against() -> None:
    inside = scores(comparison("Tauno Vaherpu", MINISTER, Context(years=(2015,))))
    outside = scores(comparison("Tauno Vaherpu", MINISTER, Context(years=(1950,))))
    assert inside["in_office"] > 0 > outside["in_office"]


def test_who_is_in_office_without_an_end_is_so_in_any_later_year() -> None:
    serving = replace(MINISTER, active_to=None)
    for year, score in ((1950, -1.0), (2015, 1.0), (2090, 1.0)):
        assert scores(comparison("Tauno Vaherpu", serving, Context(years=(year,))))["in_office"] == score
    assert scores(comparison("Tauno Vaherpu", MINISTER, Context(years=(2090,))))["in_office"] == -1.0


def test_the_country_in_the_sentence_says_more_than_in_the_text() -> None:
    near = Context(countries={"EE": 1}, countries_of_segment={0: frozenset({"EE"})})
    far = Context(countries={"EE": 1})
    a, b = (scores(comparison("Tauno Vaherpu", MINISTER, c))["country"] for c in (near, far))
    assert a > b > 0


def test_the_right_name_elsewhere_is_evidence() -> None:
    assert "fuller_form" in scores(comparison("Vaherpu", MINISTER, Context(known={"A": MINISTER}), name="Vaherpuu"))


def test_a_short_name_of_another_known_surname_is_somebody_else() -> None:
    zhang = person("B", "Zhang Lu", "CN")
    candidate = Candidate(zhang, Route.FUZZY, zhang.name, 0.7, 0.7)
    assert "other_person" in scores(weighed("Yang Lu", candidate, known(yang=40)))
    assert "other_person" not in scores(weighed("Yang Lu", candidate))


def test_a_short_name_that_machines_make_of_another_may_be_meant() -> None:
    someone = person("B", "Yang Lukai", "CN")
    candidate = Candidate(someone, Route.MANGLED, someone.name, 0.7, 0.7, 0.01, "dropped_character")
    mention = Mention(Span(0, 7), "Yang Lu", MentionKind.PERSON, 0, description="China's top diplomat")
    c = compare(Reading("Yang Lu", (mention,)), candidate, 0.0, Context(), known(yang=40))
    assert is_possible(c)
    assert {"mangled", "mangled_lost", "far_abroad"} <= scores(c).keys()
    assert "rival" not in scores(c)


def test_the_office_speaks_the_more_for_a_name_whose_letters_say_little() -> None:
    someone = person("B", "Yang Lukai", "CN", "member of the Standing Bureau")
    candidate = Candidate(someone, Route.MANGLED, someone.name, 0.7, 0.7, 0.01, "dropped_character")
    mention = Mention(Span(0, 7), "Yang Lu", MentionKind.UNKNOWN, 0, description="a member of China's Standing Bureau")
    found = scores(compare(Reading("Yang Lu", (mention,)), candidate, 0.0, Context(), NOTHING))
    assert found["far_fits"] == 1
    assert found["body"] == 1


def test_an_organisation_of_the_same_words_is_not_judged_by_its_letters() -> None:
    fund = Entity("O", EntityKind.ORGANISATION, "think tank", "Nordholm Policy Fund")
    bag = scores(weighed("Nordholm Policy Foundation", Candidate(fund, Route.WORD_BAG, fund.name, 0.8, 0.8)))
    assert {"word_bag", "sole_bag"} <= bag.keys()
    assert not {"worst_word", "distance", "common_word", "unheard"} & bag.keys()


@pytest.mark.parametrize("kind", [EntityKind.ORGANISATION, EntityKind.PLACE])
def test_a_name_translated_word_by_word_is_not_judged_by_its_letters(kind: EntityKind) -> None:
    path = Entity("O", kind, "group", "Nordholm Shining Path")
    found = Candidate(path, Route.MANGLED, path.name, 0.7, 0.3, 0.02, "translated")
    c = weighed("Luminous Way", found, known(luminous=500, way=500))
    assert is_possible(c)
    assert "literal" in scores(c)
    assert not {"mangled", "mangled_read", "worst_word", "distance", "respelt", "attested", "missing_words"} & (
        scores(c).keys()
    )
    assert "literal" not in scores(weighed("Luminous", found)), "a single word is too little"
    ordinary = Entity("O", kind, "group", "Nordholm Bank")
    turned = Candidate(ordinary, Route.MANGLED, "Nordholm Path", 0.7, 0.3, 0.02, "translated")
    assert is_possible(weighed("Path of Nordholm", replace(turned, name="Nordholm Path")))
    assert not is_possible(weighed("Nordholm Path", replace(turned, name="Nordholm Shining Path"))), "says only less"


def test_a_person_whose_name_was_translated_is_judged_by_letters_too() -> None:
    someone = person("B", "Nordholm Path", "CN")
    found = scores(
        weighed("Northisle Path", Candidate(someone, Route.MANGLED, someone.name, 0.7, 0.5, 0.02, "translated"))
    )
    assert "literal" not in found
    assert {"mangled", "mangled_read", "worst_word"} <= found.keys()


def test_a_case_ending_behind_a_preposition_says_more_for_a_famous_place() -> None:
    place = Candidate(Entity("P", EntityKind.PLACE, "city", "Lindesund"), Route.FUZZY, "Lindesund", 0.8, 0.8)
    inside = scores(weighed("Lindesunds", place, known(lindesund=500), before="in"))
    assert {"famous_ending", "placed_ending"} <= inside.keys()
    assert "placed_ending" not in scores(weighed("Lindesunds", place, known(lindesund=500)))
    assert "famous_ending" not in scores(weighed("Lindesunds", place, before="in"))


def test_syllables_of_the_language_may_be_another_name() -> None:
    place = Candidate(
        Entity("P", EntityKind.PLACE, "city", "Fangcheng", country="CN"), Route.FUZZY, "Fangcheng", 0.8, 0.8
    )
    assert "well_formed" in scores(weighed("Wangcheng", place))
    assert "well_formed" not in scores(weighed("Fangchengg", place))


@pytest.mark.parametrize(
    ("text", "name", "doubtful"),
    [
        ("Lundeis", "Lunde", False),  # an ending
        ("Londe", "Lunde", True),  # another village
        ("Lindemund", "Lindesund", False),  # a long name has fewer neighbours
    ],
)
def test_a_short_name_of_a_place_that_nobody_knows_is_doubtful_unless_it_has_an_ending(
    text: str, name: str, doubtful: bool
) -> None:
    place = Candidate(Entity("P", EntityKind.PLACE, "city", name), Route.FUZZY, name, 0.8, 0.8)
    assert ("short_place" in scores(weighed(text, place, known(**{name.lower(): 1})))) is doubtful
    assert "short_place" not in scores(weighed(text, place, known(**{name.lower(): 500})))


def test_what_another_language_calls_a_place_is_evidence() -> None:
    place = Candidate(
        Entity("P", EntityKind.PLACE, "city", "Lindesund"), Route.MANGLED, "Lindesund", 0.8, 0.8, 0.02, "exonym"
    )
    named = known(lindesund=20)
    assert "exonym" in scores(weighed("Lindestad", place, named))
    assert is_possible(weighed("Lindestad", place, named, before="in"))
    assert (
        scores(weighed("Lindestad", place))["obscure_place"]
        > scores(weighed("Lindestad", place, named))["obscure_place"]
    )
    assert not is_possible(weighed("Old Lindesund", place, named))  # only says more
    assert not is_possible(weighed("Lindesundian", place, named))  # what English derives from it


@pytest.mark.parametrize(
    ("text", "name", "is_ending"),
    [
        ("Lindesundis", "Lindesund", True),
        ("Vallovei", "Vallova", True),
        ("Vallova’dan", "Vallova", True),
        ("Vallova'ya", "Vallova", True),
        ("Vallov'ski", "Vallova", False),
        ("Lindesumd", "Lindesund", False),
    ],
)
def test_endings_that_machines_leave_on_names_are_known(text: str, name: str, is_ending: bool) -> None:
    place = Candidate(Entity("P", EntityKind.PLACE, "city", name), Route.FUZZY, name, 0.8, 0.8)
    assert ("case_ending" in scores(weighed(text, place))) is is_ending


def test_one_given_name_in_two_languages_is_no_other_name() -> None:
    surname = person("A", "Jean Vaherpuu", "EE", "prime minister of Estonia")
    found = scores(comparison("Juan Vaherpuu", surname))
    assert "same_given_name" in found
    assert "another_name" not in found
    assert "same_given_name" not in scores(comparison("Karl Vaherpuu", surname))


def test_a_word_of_other_names_is_evidence_against() -> None:
    mention = Mention(Span(0, 14), "Tauno Vaherpum", MentionKind.UNKNOWN, 0)
    candidate = Candidate(MINISTER, Route.FUZZY, MINISTER.name, 0.5, 0.5)
    rare, common = (
        scores(
            compare(Reading(mention.text, (mention,), known_words={"vaherpum": n}), candidate, 0.0, Context(), NOTHING)
        )
        for n in (1, 90)
    )
    assert 0 < rare["known_word"] < common["known_word"]
    assert "known_word" not in scores(comparison("Tauno Vaherpum", MINISTER))


def test_office_and_a_name_that_agrees_say_more_together() -> None:
    assert "office_and_word" in scores(comparison("Tauno Vahe", MINISTER, title="Prime Minister"))
    assert "office_and_word" not in scores(comparison("Tauno Vahe", MINISTER))
    assert "office_and_word" not in scores(comparison("Tanno Vahe", MINISTER, title="Prime Minister"))


@pytest.mark.parametrize("text", ["Lirdesung", "Lintesuncx"])
def test_letters_that_machines_do_not_exchange_are_doubtful(text: str) -> None:
    named = known(lindesund=500)
    assert {"untraced", "letters_changed"} & scores(weighed(text, place_of("Lindesund"), named)).keys()
    assert not {"untraced", "letters_changed"} & scores(weighed("Lindesumd", place_of("Lindesund"), named)).keys()


def test_a_place_that_no_text_names_is_less_doubtful_beside_its_country() -> None:
    assert "unheard_of" in scores(weighed("Lindesumd", place_of("Lindesund", country="NO")))
    mention = Mention(Span(0, 9), "Lindesumd", MentionKind.UNKNOWN, 0)
    reading = Reading(mention.text, (mention,), beside=frozenset({"NO"}))
    spoken = scores(compare(reading, place_of("Lindesund", country="NO"), 0.0, Context(countries={"NO": 1}), NOTHING))
    assert "unheard_of" not in spoken
    assert "country_beside" in spoken


def test_a_place_that_nothing_supports_is_told() -> None:
    assert "unsupported_place" in scores(weighed("Lindesumd", place_of("Lindesund")))
    assert "unsupported_place" not in scores(weighed("Lindesumd", place_of("Lindesund"), before="in"))


def test_somebody_goes_by_two_given_names() -> None:
    someone = person("A", "Chris Vaherpuu", "EE", "prime minister of Estonia")
    candidate = Candidate(someone, Route.FUZZY, someone.name, 0.7, 0.7)
    mention = Mention(Span(0, 20), "Christopher Vaherpuu", MentionKind.UNKNOWN, 0, title="Prime Minister")
    reading = Reading(mention.text, (mention,))
    both = known(chris=500, christopher=500)
    assert "other_given_name" in scores(compare(reading, candidate, 0.0, Context(), both))


def test_an_exonym_has_to_stand_like_a_place_and_is_doubtful_of_an_obscure_one() -> None:
    place, named = place_of("Lindesund", "exonym"), known(lindesund=8)
    assert is_possible(weighed("Lindestad", place, named, before="in"))
    assert not is_possible(weighed("Lindestad", place, named))
    assert is_possible(weighed("Lindestad", place, known(lindesund=200)))  # a famous one
    assert "obscure_exonym" in scores(weighed("Lindestad", place, before="in"))
    assert "obscure_exonym" not in scores(weighed("Lindestad", place, named, before="in"))


def test_a_surname_of_the_same_stem_is_another() -> None:
    assert "other_surname" in scores(comparison("Tauno Vaherpuuson", MINISTER))
    assert "other_surname" in scores(comparison("Tauno Vaherpuu", MINISTER, name="Tauno Vaherpuuov"))
    assert "other_surname" not in scores(comparison("Tauno Vaherpu", MINISTER))


@pytest.mark.parametrize(("country", "is_another"), [("DE", False), ("BG", True)])
def test_a_woman_from_elsewhere_keeps_her_surname_whatever_czech_puts_to_it(country: str, is_another: bool) -> None:
    leader = person("L", "Tilda Vaherpuus", country)
    assert ("other_surname" in scores(comparison("Tilda Vaherpuusova", leader))) is is_another


def test_two_romanisations_are_variants_only_where_both_are_written() -> None:
    def variants(name: str, country: str, **documents: int) -> bool:
        candidate = Candidate(person("B", "Sergei Lavrin", country), Route.FUZZY, "Sergei Lavrin", 0.9, 0.9)
        return "variant" in scores(weighed(name, candidate, known(**documents)))

    assert variants("Sergei Lawrin", "RU", lawrin=9)
    assert not variants("Sergei Lawrin", "RU")
    assert variants("Sergei Lawrin", "DE", lawrin=9)
    assert not variants("Sergei Lawrin", "DE")


def test_little_words_of_an_organisation_in_another_order_are_not_missed() -> None:
    fund = Entity("O", EntityKind.ORGANISATION, "fund", "Fund of Nordholm")
    words = {"missing_words", "extra_words"}
    assert not words & scores(weighed("Nordholm Fund", Candidate(fund, Route.WORD_BAG, fund.name, 0.9, 0.9))).keys()
    assert words & scores(weighed("Nordholm Fund", Candidate(fund, Route.PART, fund.name, 0.9, 0.9))).keys()


def test_the_country_in_a_name_is_not_one_that_the_text_names() -> None:
    fund = Entity("O", EntityKind.ORGANISATION, "fund", "German Nordholm Fund", country="US")
    candidate = Candidate(fund, Route.FUZZY, fund.name, 0.9, 0.9)
    for named, speaks_against in ({"DE"}, False), ({"DE", "FR"}, True):
        mention = Mention(Span(0, 20), "German Nordholm Fond", MentionKind.ORGANISATION, 0)
        context = Context(countries=dict.fromkeys(named, 1), countries_of_segment={0: frozenset(named)})
        c = compare(Reading(mention.text, (mention,)), candidate, 0.0, context, NOTHING)
        assert ("other_country" in scores(c)) is speaks_against


def test_the_same_words_in_another_order_are_told_from_words_that_mean_the_same() -> None:
    def of(text: str, name: str, attested: Attested = NOTHING) -> dict[str, float]:
        body = Candidate(Entity("O", EntityKind.ORGANISATION, "body", name), Route.WORD_BAG, name, 0.8, 0.8)
        return scores(weighed(text, body, attested))

    assert of("Agency of Sea Fishing", "Sea Fishing Agency")["all_words"] == 1.0
    assert "all_words" not in of("Sea Fishing Bureau", "Sea Fishing Agency")
    assert "rival" not in of("Agency of Sea Fishing", "Sea Fishing Agency")
    known_as_whole = Attested.of({"sea fishing agency": (5, 0)})
    assert of("Sea Fishing Bureau", "Sea Fishing Agency", known_as_whole)["known_name"] == 1.0
    assert "known_name" not in of("Sea Fishing Bureau", "Sea Fishing Agency")


def test_a_capital_is_one_where_the_text_calls_it_so() -> None:
    def of(name: str, country: str, *, is_capital: bool) -> dict[str, float]:
        mention = Mention(Span(0, 6), "Talinn", MentionKind.PLACE, 0)
        place = Candidate(Entity("P", EntityKind.PLACE, "city", name, country=country), Route.FUZZY, name, 0.8, 0.8)
        reading = Reading("Talinn", (mention,), is_capital=is_capital)
        return scores(compare(reading, place, 0.0, Context(), NOTHING))

    assert of("Tallinn", "EE", is_capital=True)["is_capital"] == 1.0
    for name, country, is_capital in (("Tallinn", "EE", False), ("Tallin", "EE", True), ("Tallinn", "US", True)):
        assert "is_capital" not in of(name, country, is_capital=is_capital)


def test_a_well_known_place_is_named_in_texts_about_any_country() -> None:
    mention = Mention(Span(0, 9), "Lindesumd", MentionKind.UNKNOWN, 0)
    reading = Reading(mention.text, (mention,))
    context = Context(countries={"FR": 1}, countries_of_segment={0: frozenset({"FR"})})
    for attested, speaks_against in (NOTHING, True), (known(lindesund=3), True), (known(lindesund=500), False):
        c = compare(reading, place_of("Lindesund", country="NO"), 0.0, context, attested)
        assert ("other_country" in scores(c)) is speaks_against


def test_the_words_around_a_name_speak_for_its_kind_within_bounds() -> None:
    mention = Mention(Span(0, 9), "Lindesumd", MentionKind.UNKNOWN, 0)
    for log_odds, score in (3.0, 0.5), (-1.5, -0.25), (60.0, 1.0), (-60.0, -1.0):
        around = {EntityKind.PLACE: log_odds, EntityKind.PERSON: -log_odds}
        reading = Reading(mention.text, (mention,), surroundings=around)
        c = compare(reading, place_of("Lindesund", country="NO"), 0.0, Context(), NOTHING)
        assert scores(c)["surroundings"] == score
    assert "surroundings" not in scores(weighed("Lindesumd", place_of("Lindesund")))
