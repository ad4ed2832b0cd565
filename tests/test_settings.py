from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import GeneratorKind, Settings


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"MT_REPAIR_{name.upper()}", raising=False)


def test_the_environment_sets_a_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MT_REPAIR_MAX_ITEMS", "16")
    monkeypatch.setenv("MT_REPAIR_GENERATOR", "echo")
    assert (Settings().max_items, Settings().generator) == (16, GeneratorKind.ECHO)


def test_what_is_given_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MT_REPAIR_PORT", "1")
    assert Settings(port=2).port == 2


@pytest.mark.parametrize(("name", "value"), [
    ("PORT", "65536"),
    ("MAX_ITEMS", "0"),
    ("REQUEST_TIMEOUT_S", "0"),
    ("GENERATOR", "gpt"),
    ("LOG_LEVEL", "loud"),
    ("DATABASE_URL", "mysql://x"),
    ("DATABASE_URL", "documents.sqlite3"),
    ("OTLP_ENDPOINT", "foo"),
    ("OTLP_ENDPOINT", "localhost:4318"),
    ("MAX_TEXT_CHARS", "many"),
])  # fmt: skip
def test_a_value_out_of_its_range_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"MT_REPAIR_{name}", value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert caught.value.errors()[0]["loc"] == (name.lower(),)


@pytest.mark.parametrize(("name", "value"), [
    ("DATABASE_URL", "sqlite:///here.sqlite3"),
    ("DATABASE_URL", "postgresql+psycopg://a:b@c/d"),
    ("DATABASE_URL", "postgres://c/d"),
    ("DATABASE_URL", ""),
    ("OTLP_ENDPOINT", "https://collector/v1/traces"),
])  # fmt: skip
def test_an_address_of_a_known_kind_is_taken(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"MT_REPAIR_{name}", value)
    assert getattr(Settings(), name.lower()) == value


def test_variables_that_look_like_settings_and_are_none_are_found() -> None:
    environment = ["MT_REPAIR_MAX_ITEM", "mt_repair_port", "MT_REPAIR_PORT", "PATH", "MT_REPAIRS"]
    assert Settings.unknown_variables(environment) == ["MT_REPAIR_MAX_ITEM"]


def test_settings_do_not_change_once_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_every_setting_is_described_and_has_a_default(name: str) -> None:
    field = Settings.model_fields[name]
    assert field.description
    assert field.description.endswith(".")
    assert not field.is_required()


def test_the_shipped_model_is_looked_for_beside_the_package() -> None:
    root = Path(__file__).resolve().parent.parent
    assert Settings().model_dir == root / "models" / "repair-en"
    assert Settings().names_dir == root / "models" / "names-en"
