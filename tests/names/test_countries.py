from __future__ import annotations

from app.names.countries import countries_of


def test_countries_are_told_by_noun_and_adjective() -> None:
    assert countries_of(["the", "estonian", "minister", "flew", "to", "south", "korea"]) == {"EE": 1, "KR": 1}
