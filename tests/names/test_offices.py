from __future__ import annotations

import pytest

from app.names.offices import fit_of_body, fit_of_roles, is_rank
from tests.names.comparing import MINISTER
from tests.names.linking import person


def test_a_fitting_title_says_more_than_another() -> None:
    assert fit_of_roles(["Prime Minister"], MINISTER)[0] > fit_of_roles(["General"], MINISTER)[0]


def test_a_title_without_an_office_says_nothing() -> None:
    assert fit_of_roles(["Mr."], MINISTER) == (0.0, "", "")


def test_a_body_is_no_country_and_no_rank() -> None:
    someone = person("B", "Yang Lukai", "CN", "minister of China")
    assert fit_of_body(["minister of China"], someone) == ""


def test_offices_are_known_by_their_abbreviations() -> None:
    governor = person("A", "Tauno Vaherpuu", "US", "governor of Nordholm")
    assert fit_of_roles(["Gov."], governor)[0] == 1


def test_the_leader_of_a_country_held_one_of_its_great_offices() -> None:
    premier = person("A", "Tauno Vaherpuu", "EE", "prime minister of Estonia")
    assert fit_of_roles(["Estonian leader"], premier)[0] > 0
    assert fit_of_roles(["Latvian leader"], premier)[0] == 0
    assert fit_of_roles(["band leader"], premier)[0] == 0
    assert fit_of_roles(["Estonian leader"], person("B", "Tauno Vaherpuu", "EE", "member of parliament"))[0] == 0


@pytest.mark.parametrize(
    ("title", "is_shared"),
    [
        ("General", True),
        ("Senator", True),
        ("Party leader", True),
        ("Deputy", True),
        ("Prime Minister", False),
        ("President", False),
    ],
)
def test_what_many_are_called_is_nobodys_title(title: str, is_shared: bool) -> None:
    assert is_rank(title) is is_shared
