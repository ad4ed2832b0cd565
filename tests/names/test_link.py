"""Tests of choosing: better candidates win, and none wins unless the evidence is clear."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import ResourceError
from app.core.types import Span
from app.names.background import ATTESTED_FILE, Attested, data_file
from app.names.candidates import Candidate, Route
from app.names.comparison import Context, Evidence, Reading
from app.names.link import SHAPES, Decision, LinkModel, choose, is_printed_otherwise, is_same_place, leads, printed_form
from app.names.mentions import Mention, MentionKind
from app.names.store import Entity, EntityKind, Name
from tests.names.linking import MODEL, person

ATTESTED = Attested.read(data_file(ATTESTED_FILE))
MINISTER = person("A", "Tauno Vaherpuu", "EE", "prime minister of Estonia")
OTHER = person("B", "Tauno Vahersalu", "EE", "member of parliament")


def decide(text: str, *entities: Entity, title: str = "", context: Context | None = None) -> Decision:
    mention = Mention(Span(0, len(text)), text, MentionKind.PERSON, 0, title=title)
    candidates = [Candidate(e, Route.FUZZY, e.name, 0.8, 0.8) for e in entities]
    return choose(Reading(text, (mention,)), candidates, context or Context(), ATTESTED, MODEL)


def test_the_nearer_name_ranks_first() -> None:
    best = decide("Tauno Vaherpu", OTHER, MINISTER).best
    assert best is not None
    assert best.candidate.entity.id == "A"


def test_a_fitting_title_raises_the_probability() -> None:
    with_title, without = (
        decide("Tauno Vaherpu", MINISTER, title="Prime Minister").best,
        decide("Tauno Vaherpu", MINISTER).best,
    )
    assert with_title is not None
    assert without is not None
    assert with_title.probability > without.probability


def test_two_equally_near_names_are_ambiguous_or_unsure() -> None:
    twins = (person("A", "Tauno Vaherpuu", "EE"), person("B", "Tauno Vaherpur", "EE"))
    assert decide("Tauno Vaherpu", *twins).chosen is None


@given(st.floats(1e-5, 1 - 1e-5), st.floats(1e-5, 1 - 1e-5))
def test_of_two_candidates_at_most_one_leads(a: float, b: float) -> None:
    assert not (leads(a, b, MODEL.lead) and leads(b, a, MODEL.lead))


def test_a_lead_is_one_of_odds() -> None:
    assert leads(0.98, 0.84, MODEL.lead)  # 49 to 1 against 5.25 to 1
    assert not leads(0.82, 0.66, MODEL.lead)  # 4.6 to 1 against 1.9 to 1


def place(id_: str, name: str, country: str, *aliases: str) -> Entity:
    return Entity(id_, EntityKind.PLACE, "city", name, tuple(map(Name, aliases)), country=country, popularity=0.8)


def decide_place(text: str, *entities: Entity) -> Decision:
    mention = Mention(Span(0, len(text)), text, MentionKind.PLACE, 0)
    candidates = [Candidate(e, Route.FUZZY, e.name, 0.9, 0.9) for e in entities]
    return choose(Reading(text, (mention,), frozenset({"in"})), candidates, Context(), ATTESTED, MODEL)


def test_two_records_of_one_place_are_no_rivals() -> None:
    town, other = place("A", "Kaunasvere", "LT"), place("B", "Kaunaswere", "LT")
    district = place("B", "Kaunaswere", "LT", "Kaunasvere")
    assert is_same_place(town, district)
    assert not is_same_place(town, other)
    assert not is_same_place(town, place("B", "Kaunaswere", "LV", "Kaunasvere"))
    alone, beside, against = (
        d.best.probability
        for d in (
            decide_place("Kaunasveres", town),
            decide_place("Kaunasveres", town, district),
            decide_place("Kaunasveres", town, other),
        )
        if d.best is not None
    )
    assert alone == beside > against


@pytest.mark.parametrize(("popularity", "ranked"), [(0.8, ["A"]), (0.5, ["A"]), (1.0, ["A", "B"])])
def test_a_name_is_its_bearers_before_anybody_elses_unless_that_one_is_better_known(
    popularity: float, ranked: list[str]
) -> None:
    bearer, borrower = place("A", "Kaunasvere", "LT"), place("B", "Kovnovere", "BY", "Kaunasvere")
    candidates = [
        Candidate(bearer, Route.FUZZY, "Kaunasvere", 0.9, 0.9),
        Candidate(replace(borrower, popularity=popularity), Route.FUZZY, "Kaunasvere", 0.9, 0.9),
    ]
    mention = Mention(Span(0, 11), "Kaunasveres", MentionKind.PLACE, 0)
    reading = Reading("Kaunasveres", (mention,), frozenset({"in"}))
    decision = choose(reading, candidates, Context(), ATTESTED, MODEL)
    assert sorted(w.candidate.entity.id for w in decision.ranked) == ranked


@pytest.mark.parametrize(
    ("text", "is_otherwise"),
    [
        ("Ruan Valdemar", True),
        ("Bianca Valdemar", False),
        ("Bianca Soriana Valdemar", False),
        ("Bianca Soria Valde Mar", False),
    ],
)
def test_a_person_who_would_be_printed_without_a_word_of_the_text_is_another(text: str, is_otherwise: bool) -> None:
    entity = replace(person("C", "Bianca Soria Valdemar", "MX"), aliases=(Name("Bianca Ruana Soria Valdemar"),))
    mention = Mention(Span(0, len(text)), text, MentionKind.PERSON, 0)
    reading = Reading(text, (mention,))
    candidate = Candidate(entity, Route.PART, "Bianca Ruana Soria Valdemar", 0.8, 0.8)
    assert is_printed_otherwise(candidate, printed_form(candidate, text, ATTESTED), reading) is is_otherwise


@pytest.mark.parametrize(
    ("text", "alias", "is_otherwise"),
    [
        ("Trovdhiem", "Trovdhjem", False),  # nearer to the alias, and near to the name
        ("Nidarosk", "Nidaros", True),
    ],
)
def test_a_place_found_by_an_alias_is_printed_where_its_name_is_near_too(
    text: str, alias: str, is_otherwise: bool
) -> None:
    entity = place("P", "Trovdheim", "NO", alias)
    reading = Reading(text, (Mention(Span(0, len(text)), text, MentionKind.UNKNOWN, 0),))
    candidate = Candidate(entity, Route.FUZZY, alias, 0.8, 0.8)
    assert is_printed_otherwise(candidate, entity.name, reading) is is_otherwise


def test_a_word_with_a_figure_is_no_place() -> None:
    assert decide_place("Kaunasver2", place("A", "Kaunasvere", "LT")).reason == "no_candidate"


def test_nobody_is_chosen_without_candidates() -> None:
    assert decide("Tauno Vaherpu").reason == "no_candidate"


def test_a_far_name_is_not_chosen() -> None:
    assert decide("Taavi Vahtra", MINISTER).chosen is None


def test_a_name_that_leaves_out_a_middle_one_is_printed_without_it() -> None:
    entity = person("C", "Rafael Vicente Corredor", "EC")
    candidate = Candidate(entity, Route.PART, entity.name, 0.8, 0.8)
    assert printed_form(candidate, "Rafah Corredor", ATTESTED) == "Rafael Corredor"


def test_a_middle_name_is_left_out_before_a_surname_of_two_parts() -> None:
    entity = person("C", "Rafael Vicente al-Corredor", "EC")
    candidate = Candidate(entity, Route.PART, entity.name, 0.8, 0.8)
    assert printed_form(candidate, "Rafael al-Corredar", ATTESTED) == "Rafael al-Corredor"


@given(st.floats(-30, 30), st.floats(-30, 30))
def test_calibration_never_falls(a: float, b: float) -> None:
    low, high = sorted((a, b))
    for table in MODEL.tables.values():
        assert 0 < table.calibrated(low) <= table.calibrated(high) < 1


@pytest.mark.parametrize("shape", SHAPES)
def test_evidence_against_never_helps(shape: str) -> None:
    against = (
        "rival",
        "attested",
        "common_word",
        "role_differs",
        "extra_words",
        "missing_words",
        "variant",
        "another_name",
    )
    for feature in against:
        assert MODEL.probability(shape, [Evidence(feature, 1.0)]) <= MODEL.probability(shape, [])


def test_saved_weights_are_read_back(tmp_path: Path) -> None:
    MODEL.save(tmp_path / "linker.json")
    assert LinkModel.load(tmp_path / "linker.json").tables == MODEL.tables


def test_damaged_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "linker.json").write_text('{"format": 1}')
    with pytest.raises(ResourceError, match="linker"):
        LinkModel.load(tmp_path / "linker.json")


def test_a_hyphenated_word_stays_where_one_of_its_parts_is_meant() -> None:
    president = person("C", "Ma Ying-jeou", "TW", "president of Taiwan")
    candidate = Candidate(president, Route.FUZZY, president.name, 0.8, 0.8)
    assert printed_form(candidate, "Ma Yingjiu", ATTESTED) == "Ma Ying-jeou"
    assert printed_form(candidate, "Ma Ying", ATTESTED) == "Ma Ying-jeou"
