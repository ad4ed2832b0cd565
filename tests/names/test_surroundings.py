"""The words around a name: which are signs, what weights they have, and what the linker makes of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.types import Span
from app.names.background import Background
from app.names.linker import NameLinker
from app.names.store import EntityKind
from app.names.surroundings import KINDS, STEP, Surroundings, signs
from scripts.names_benchmark import one_segment
from tests.names.linking import MODEL, store

PERSON, ORGANISATION, PLACE = KINDS
TEXT = "They moved to Valkeapuri in Finland in 2015."


def around(text: str, name: str, sentence: Span | None = None) -> set[str]:
    start = text.index(name)
    return set(signs(text, Span(start, start + len(name)), sentence or Span(0, len(text))))


def test_the_words_next_to_a_name_count_in_their_places() -> None:
    found = around("On Monday the mayor of Ottela said nothing.", "Ottela")
    assert {"l1:of", "l2:mayor", "l3:the", "r1:said", "r2:nothing", "r3:."} <= found
    assert {"ll:mayor of", "rr:said nothing"} <= found
    assert {"n:mayor", "n:said", "n:nothing", "c:monday"} <= found
    assert "n:monday" not in found  # a name, whatever it is, stands as such in its place
    assert not any("ottela" in sign.lower() for sign in found)


def test_words_farther_off_are_told_from_those_near_it() -> None:
    text = "The river that the miller's daughter crossed on her way home from the market runs past Ottela."
    found = around(text, "Ottela")
    assert {"f:river", "n:market"} <= found
    assert not {"n:river", "f:market"} & found


def test_figures_and_names_stand_for_all_of_their_kind() -> None:
    assert {"l1:9", "r1:C"} <= around("In 1997 Ottela Bridgewater fell.", "Ottela")


def test_nothing_counts_beyond_the_sentence_or_the_line() -> None:
    alone = around("Ottela fell.", "Ottela")
    assert {"l1:<s>", "l3:<s>", "r2:.", "r3:</s>"} <= alone
    text = "It rained.\nOttela fell.\nThen it snowed."
    assert around(text, "Ottela") == alone
    one_line = text.replace("\n", " ")
    assert around(one_line, "Ottela", Span(11, 23)) == alone
    assert around(one_line, "Ottela") != alone


def test_curly_and_straight_apostrophes_are_one() -> None:
    assert around("The town’s mayor met Ottela.", "Ottela") == around("The town's mayor met Ottela.", "Ottela")


@given(st.text(max_size=60), st.text(min_size=1, max_size=8), st.text(max_size=60))
def test_any_text_has_signs(before: str, name: str, behind: str) -> None:
    text = before + name + behind
    found = signs(text, Span(len(before), len(before) + len(name)), Span(0, len(text)))
    assert len(found) == len(set(found)) >= 8


def test_weights_are_those_that_were_put_in(tmp_path: Path) -> None:
    Surroundings.of({"l1:of": (1.0, 0.0, -0.5), "r1:fell": (0.0, STEP / 3, 0.0), "n:was": (9.0, 0, 0)}).save(
        tmp_path / "weights"
    )
    read = Surroundings.read(tmp_path / "weights")
    assert len(read) == 2  # what rounds to nothing is left out
    text = "The mayor of Ottela fell."
    place = (Span(13, 19), Span(0, len(text)))
    assert read.speak_for(text, [place]) == pytest.approx({PERSON: 1.0, ORGANISATION: 0.0, PLACE: -0.5})
    both = "The mayor of Ottela fell. Ottela was old."
    places = [(Span(13, 19), Span(0, 25)), (Span(26, 32), Span(26, len(both)))]
    mean = read.speak_for(both, places)
    assert mean[PLACE] == pytest.approx(-0.25)
    assert mean[PERSON] == pytest.approx((1.0 + 127 * STEP) / 2)
    assert read.speak_for(text, []) == {PERSON: 0, ORGANISATION: 0, PLACE: 0}


def test_what_is_shipped_knows_offices_matches_and_distances() -> None:
    shipped = Background.read().surroundings

    def speak(text: str) -> dict[EntityKind, float]:
        start = text.index("Ottela")
        return shipped.speak_for(text, [(Span(start, start + 6), Span(0, len(text)))])

    minister = speak("The country's president met the foreign minister of Ottela on a visit.")
    striker = speak("The striker Ottela scored twice in the second half of the match.")
    river = speak("They drove ten kilometres from Ottela to the river.")
    assert all(minister[kind] > striker[kind] for kind in KINDS)
    assert river[PLACE] > max(river[PERSON], river[ORGANISATION])


def test_words_that_speak_against_a_name_of_the_base_lower_what_the_linker_thinks_of_it(tmp_path: Path) -> None:
    background = Background.read()

    def probability(folder: str, weight: float) -> float:
        learned = Surroundings.of({"l1:to": (0.0, 0.0, weight)})
        names = NameLinker(store(tmp_path / folder), MODEL, replace(background, surroundings=learned))
        (decision,) = (
            d for d in names.decide(TEXT, one_segment(TEXT), names.store)[1] if d.reading.text == "Valkeapuri"
        )
        assert decision.best is not None
        return decision.best.probability

    found = [probability(str(i), weight) for i, weight in enumerate((-3.0, 0.0, 3.0))]
    assert found[0] < found[1] < found[2]
