from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.core.types import EditKind
from app.store.records import Verdict, Wish
from app.store.store import Store
from tests.cli.conftest import Run
from tests.store.building import add, fresh


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path / 'documents.sqlite3'}"
    monkeypatch.setenv("MT_REPAIR_DATABASE_URL", url)
    return url


@pytest.fixture
def decided(url: str) -> str:
    """A database in which editors took every spelling and refused every repetition."""
    store = Store.open(url)
    for _ in range(5):
        document = add(store)
        wishes = [Wish("e3", Verdict.ACCEPTED), Wish("e0", Verdict.REJECTED)]
        store.decide(document.id, wishes, who="Anna", seen=0, client_id=fresh())
    store.close()
    return url


def test_statistics_are_counted(run: Run, decided: str) -> None:
    found = json.loads(run("stats", "--json").stdout)
    assert (found["total"]["decided"], found["total"]["accepted"]) == (10, 5)
    text = run("stats").stdout
    assert "spelling" in text
    assert "calibration error" in text


def test_thresholds_are_fitted_and_in_force(run: Run, decided: str) -> None:
    result = run("refit", "--least-decisions", 5)
    assert "never proposed" in result.stdout
    store = Store.open(decided)
    found = {t.kind: t.least for t in store.thresholds()}
    store.close()
    assert found == {EditKind.SPELLING: 0.6, EditKind.REPETITION: 1.01}


def test_a_dry_run_changes_nothing(run: Run, decided: str) -> None:
    run("refit", "--least-decisions", 5, "--dry-run")
    store = Store.open(decided)
    assert store.thresholds() == []
    store.close()


@pytest.mark.parametrize("command", ["stats", "refit"])
def test_without_a_saved_document_the_remedy_is_named(run: Run, url: str, command: str) -> None:
    result = run(command)
    assert result.exit_code == 2
    assert "MT_REPAIR_DATABASE_URL" in result.stderr
