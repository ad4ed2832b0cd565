from __future__ import annotations

from app.names.comparison import years_of


def test_years_are_whole_numbers_only() -> None:
    assert years_of("In 2014 some 120145 people and in 1989") == (2014, 1989)
