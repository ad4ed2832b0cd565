from __future__ import annotations

import json
from typing import Any

import pytest

from app.core.errors import InputError
from app.store.exchange import Unmatched, import_decisions, read_decisions
from app.store.records import Standing, Verdict, Why, Wish
from app.store.store import Store
from app.web.exports import Work, export
from tests.store.building import add, fresh

DECIDED = [
    Wish("e0", Verdict.REJECTED, why=Why.TASTE), Wish("e1", Verdict.ACCEPTED), Wish("e3", Verdict.REPLACED, "a"),
    Wish("s2", Verdict.REWRITTEN, "All is fine."), Wish("s0", Verdict.CONFIRMED),
]  # fmt: skip


def exported(store: Store, document_id: str) -> bytes:
    """The file that the page gives out."""
    standings = {s.target: s for s in store.standings(document_id)}
    work = Work(store.document(document_id), store.sentences(document_id), store.edits(document_id), standings)
    return export("json", work).content


@pytest.fixture
def file(store: Store) -> bytes:
    document = add(store)
    store.decide(document.id, DECIDED, who="Ann", seen=0, client_id=fresh())
    return exported(store, document.id)


def changed(file: bytes, **changes: Any) -> bytes:
    return json.dumps({**json.loads(file), **changes}).encode()


def standing(store: Store, document_id: str) -> dict[str, Standing]:
    return {s.target: s for s in store.standings(document_id)}


def test_what_was_exported_comes_back_whole(store: Store, file: bytes) -> None:
    document = add(store)
    imported = import_decisions(store, document.id, read_decisions(file), who="Bo")
    assert not imported.outcome.conflicts
    assert not imported.unmatched
    found = standing(store, document.id)
    assert {w.target for w in DECIDED} | {"e2"} == found.keys()  # e2 goes with e1: one group
    assert all((found[w.target].verdict, found[w.target].text) == (w.verdict, w.text) for w in DECIDED)
    assert found["e0"].why is Why.TASTE
    assert {s.who for s in found.values()} == {"Bo"}
    assert store.history(document.id)[0].label == "Imported from Ann"


def test_what_stands_already_is_not_decided_again(store: Store, file: bytes) -> None:
    document = add(store)
    first = import_decisions(store, document.id, read_decisions(file), who="Bo")
    again = import_decisions(store, document.id, read_decisions(file), who="Bo")
    assert (len(again.outcome.standings), again.already) == (0, len(first.outcome.standings))
    assert first.already == 0
    assert len(store.history(document.id)) == 1


def test_an_import_is_one_change_that_its_importer_can_undo(store: Store, file: bytes) -> None:
    document = add(store)
    import_decisions(store, document.id, read_decisions(file), who="Bo", client_id="the-import")
    import_decisions(store, document.id, read_decisions(file), who="Bo", client_id="the-import")
    assert len(store.history(document.id)) == 1
    store.undo(document.id, who="Bo", client_id=fresh())
    assert {s.verdict for s in standing(store, document.id).values()} == {Verdict.OPEN}
    import_decisions(store, document.id, read_decisions(file), who="Bo")  # what is open again is no conflict
    assert standing(store, document.id)["e0"].verdict is Verdict.REJECTED


@pytest.mark.parametrize("who", ["Bo", "Cleo"])
def test_a_decision_that_stands_there_stays_and_the_other_is_a_conflict(store: Store, file: bytes, who: str) -> None:
    document = add(store)
    store.decide(document.id, [Wish("e0", Verdict.ACCEPTED), Wish("e3", Verdict.REPLACED, "a")], who="Bo", seen=0,
                 client_id=fresh())  # fmt: skip
    imported = import_decisions(store, document.id, read_decisions(file), who=who)
    [conflict] = imported.outcome.conflicts  # the same decision is none
    assert (conflict.wish.target, conflict.wish.verdict) == ("e0", Verdict.REJECTED)
    assert (conflict.standing.verdict, conflict.standing.who) == (Verdict.ACCEPTED, "Bo")
    assert standing(store, document.id)["e0"].verdict is Verdict.ACCEPTED
    assert standing(store, document.id)["s2"].verdict is Verdict.REWRITTEN
    assert store.history(document.id)[0].conflicts == 1  # it is not lost


def test_they_win_where_that_is_asked_for(store: Store, file: bytes) -> None:
    document = add(store)
    store.decide(document.id, [Wish("e0", Verdict.ACCEPTED)], who="Bo", seen=0, client_id=fresh())
    imported = import_decisions(store, document.id, read_decisions(file), who="Bo", overwrite=True)
    assert not imported.outcome.conflicts
    assert standing(store, document.id)["e0"].verdict is Verdict.REJECTED


def test_edits_are_found_by_place_and_proposal_and_what_is_not_proposed_is_given_back(
    store: Store, file: bytes
) -> None:
    value = json.loads(file)
    for edit in value["edits"]:
        edit["id"] = {"e0": "e3", "e3": "e0"}.get(edit["id"], edit["id"])
        if edit["id"] == "e1":
            edit["replacement"] = "Parisse"
        if edit["id"] == "e0":  # another proposal there; the editor's own words hold all the same
            edit["replacement"] = "tea"
    for decision in value["decisions"]:
        decision["target"] = {"e0": "e3", "e3": "e0"}.get(decision["target"], decision["target"])
    value["decisions"] = [d for d in value["decisions"] if d["target"] != "e2"]
    document = add(store)
    imported = import_decisions(store, document.id, read_decisions(json.dumps(value).encode()), who="Bo")
    assert imported.unmatched == (Unmatched(Verdict.ACCEPTED, "Pariss", "Parisse", None, "Ann"),)
    found = standing(store, document.id)
    assert (found["e0"].verdict, found["e3"].verdict, found["e3"].text) == (Verdict.REJECTED, Verdict.REPLACED, "a")
    assert "e1" not in found


def test_decisions_on_another_text_are_refused(store: Store, file: bytes) -> None:
    document = add(store)
    other = changed(file, document={"sha256": "0" * 64})
    with pytest.raises(InputError, match="another text") as caught:
        import_decisions(store, document.id, read_decisions(other), who="Bo")
    assert caught.value.code == "other-text"
    assert not store.history(document.id)


@pytest.mark.parametrize("change", [
    {"decisions": [{"target": "e77", "verdict": "accepted"}]},
    {"decisions": [{"target": "s77", "verdict": "confirmed"}]},
    {"decisions": [{"target": "s0", "verdict": "accepted"}]},
    {"decisions": [{"target": "e3", "verdict": "replaced"}]},
    {"decisions": [{"target": "e3", "verdict": "accepted", "text": "x"}]},
])  # fmt: skip
def test_a_file_that_does_not_fit_itself_is_refused_and_changes_nothing(
    store: Store, file: bytes, change: dict[str, Any]
) -> None:
    document = add(store)
    with pytest.raises(InputError) as caught:
        import_decisions(store, document.id, read_decisions(changed(file, **change)), who="Bo")
    assert caught.value.code == "invalid-decisions"
    assert not store.history(document.id)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"document": {"sha256": "Zw4nary"}}', b"[" * 100_000])
def test_what_is_no_file_of_decisions_is_refused_without_a_word_of_it(data: bytes) -> None:
    with pytest.raises(InputError, match="not the JSON of decisions") as caught:
        read_decisions(data)
    assert "Zw4nary" not in str(caught.value)
