from __future__ import annotations

import pytest
from hypothesis import strategies as st

from app.core.errors import InputError
from app.settings import Settings
from scripts import fuzz
from scripts.fuzz import Target, targets

TARGETS = targets(Settings().model_dir)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "_EXAMPLES", 15)


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_nothing_crashes(target: Target) -> None:
    found = fuzz.fuzz(target, 0.01, first_seed=3)
    assert not found.crash, found.crash
    assert found.tried >= 15


def test_a_crash_is_found_and_made_small() -> None:
    def check(text: str) -> None:
        if "q" in text:
            raise ZeroDivisionError

    found = fuzz.fuzz(Target("planted", st.text(alphabet="opq", max_size=30), check), 30, first_seed=1)
    assert "ZeroDivisionError" in found.crash
    assert found.broken_by == "'q'"


def test_a_documented_error_is_a_refusal_and_no_crash() -> None:
    def check(_: str) -> None:
        raise InputError("No.")

    found = fuzz.fuzz(Target("planted", st.text(), check), 0.01, first_seed=1)
    assert (found.crash, found.refused) == ("", found.tried)
