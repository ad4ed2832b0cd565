from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.core.types import EditKind
from app.store.records import Verdict, Wish
from app.store.store import Store
from app.web.exports import Work, export
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


def test_decisions_come_back_from_a_file_and_conflicts_are_listed(run: Run, url: str, tmp_path: Path) -> None:
    store = Store.open(url)
    first, second = add(store), add(store)
    store.decide(first.id, [Wish("e3", Verdict.ACCEPTED), Wish("e0", Verdict.REJECTED)], who="Anna", seen=0,
                 client_id=fresh())  # fmt: skip
    standings = {s.target: s for s in store.standings(first.id)}
    work = Work(store.document(first.id), store.sentences(first.id), store.edits(first.id), standings)
    file = tmp_path / "decisions.json"
    file.write_bytes(export("json", work).content)

    ambiguous = run("import-decisions", file)
    assert ambiguous.exit_code == 2
    assert first.id in ambiguous.stderr
    assert second.id in ambiguous.stderr
    done = run("import-decisions", file, "--document", second.id, "--who", "Bo")
    assert (done.exit_code, done.stdout) == (0, "2 decisions made, 0 conflicts, 0 without a place\n")
    assert {s.target: s.verdict for s in store.standings(second.id)} == {"e3": "accepted", "e0": "rejected"}
    again = run("import-decisions", file, "--document", second.id, "--who", "Bo")
    said = "0 decisions made, 0 conflicts, 0 without a place, 2 that stand already\n"
    assert (again.exit_code, again.stdout) == (0, said)

    store.decide(second.id, [Wish("e3", Verdict.REPLACED, "tea")], who="Cleo", seen=99, client_id=fresh())
    met = run("import-decisions", file, "--document", second.id)
    assert met.exit_code == 1
    assert "conflict: 'teh' -> 'the': replaced by Cleo stays, the file has accepted" in met.stdout
    assert run("import-decisions", file, "--document", second.id, "--overwrite").exit_code == 0
    assert {s.target: s.verdict for s in store.standings(second.id)}["e3"] == "accepted"
    store.delete_document(first.id)
    assert run("import-decisions", file).exit_code == 0  # now it is clear which document is meant
    store.close()


def test_decisions_on_no_saved_text_are_refused(run: Run, decided: str, tmp_path: Path) -> None:
    file = tmp_path / "decisions.json"
    file.write_text(json.dumps({"document": {"sha256": "0" * 64}, "edits": [], "sentences": [], "decisions": []}))
    result = run("import-decisions", file)
    assert result.exit_code == 2
    assert "no saved document has the text" in result.stderr
    assert run("import-decisions", tmp_path / "none.json").exit_code == 2
