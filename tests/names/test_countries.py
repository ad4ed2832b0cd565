from __future__ import annotations

import pytest

from app.core.types import Span
from app.names.countries import capitals, countries_of, is_called_capital


def test_countries_are_told_by_noun_and_adjective() -> None:
    assert countries_of(["the", "estonian", "minister", "flew", "to", "south", "korea"]) == {"EE": 1, "KR": 1}


def test_a_country_has_its_capital() -> None:
    assert {code: capitals()[code] for code in ("EE", "KE", "CO")} == {"EE": "Tallinn", "KE": "Nairobi", "CO": "Bogota"}


@pytest.mark.parametrize(
    ("text", "is_called"),
    [
        ("They met in the capital Tallin on Monday.", True),
        ("The Estonian capital, Tallin, was quiet.", True),
        ("The capital city, Tallin, was quiet.", True),
        ("Tallin, the capital of Estonia, was quiet.", True),
        ("Tallin is the Estonian capital.", True),
        ("The provincial capital Tallin was quiet.", False),
        ("Tallin, the former capital, was quiet.", False),
        ("the capital of Tallin", False),
        ("Capital flows to Tallin.", False),
        ("capital\nTallin", False),
    ],
)
def test_what_is_called_a_capital_is_told_from_what_has_one(text: str, is_called: bool) -> None:
    start = text.index("Tallin")
    assert is_called_capital(text, Span(start, start + len("Tallin"))) is is_called
