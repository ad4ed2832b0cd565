"""The names of a text and the knowledge base, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.main import create_app
from app.core.segment import SentenceSegmenter
from app.names.build import BuildOptions, write_base
from app.settings import Settings
from app.wiring import build_linker
from tests.api.engines import pipeline
from tests.names.linking import person, store

DAMAGED = "Prime Minister Tauno Vaherpu of Estonia met reporters in 2015."


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("kb")
    store(folder)
    with TestClient(create_app(Settings(names_dir=folder), pipeline())) as running:
        yield running


def names(client: TestClient, text: str, **more: Any) -> Any:
    response = client.post("/v1/names", json={"text": text, **more})
    assert response.status_code == 200, response.text
    return response.json()


def test_entities_are_found_by_name_and_kind(client: TestClient) -> None:
    found = client.get("/v1/entities", params={"q": "maria san"}).json()
    assert found["kb"].startswith("test@")
    assert {e["id"] for e in found["entities"]} == {"T4", "T5"}
    assert client.get("/v1/entities", params={"q": "maria san", "kind": "place"}).json()["entities"] == []
    assert len(client.get("/v1/entities", params={"q": "maria san", "limit": 1}).json()["entities"]) == 1


def test_an_entity_is_looked_up_by_id(client: TestClient) -> None:
    known = client.get("/v1/entities/T1").json()
    assert (known["name"], known["country"]) == ("Tauno Vaherpuu", "EE")
    assert known["roles"] == [{"title": "prime minister of Estonia", "from": 2010, "to": 2020}]
    assert "born" not in known
    missing = client.get("/v1/entities/Q0")
    assert (missing.status_code, missing.json()["type"].rsplit("/", 1)[-1]) == (404, "not-found")


@pytest.mark.parametrize("query", [{}, {"q": ""}, {"q": "a", "limit": 0}, {"q": "a", "kind": "river"}])
def test_a_search_that_says_nothing_is_refused(client: TestClient, query: dict[str, Any]) -> None:
    assert client.get("/v1/entities", params=query).status_code == 422


def test_names_that_take_longer_than_a_request_may_are_not_waited_for(tmp_path: Path) -> None:
    store(tmp_path)
    letters = "bdfgklmnprst"
    unknown = (f"{a.upper()}a{b}o{c}i{d}" for a in letters for b in letters for c in letters for d in letters)
    text = "".join(f"They met {name} there.\n" for name in islice(unknown, 4000))
    with TestClient(create_app(Settings(names_dir=tmp_path, request_timeout_s=0.5), pipeline())) as running:
        response = running.post("/v1/names", json={"text": text})
        assert (response.status_code, response.json()["type"]) == (504, "/problems/deadline")
        assert names(running, DAMAGED)["names"]


def test_a_damaged_name_comes_with_its_repair_and_evidence(client: TestClient) -> None:
    body = names(client, DAMAGED)
    wrong = next(n for n in body["names"] if n["text"] == "Tauno Vaherpu")
    assert (wrong["status"], wrong["replacement"], wrong["entity_id"]) == ("wrong", "Tauno Vaherpuu", "T1")
    assert wrong["title"] == "Prime Minister"
    assert "prime minister of Estonia" in wrong["reason"]
    best = wrong["candidates"][0]
    assert (best["id"], best["text"]) == ("T1", "Tauno Vaherpuu")
    assert "role_fits" in {e["feature"] for e in best["evidence"]}


def test_right_and_unknown_names_are_told_apart(client: TestClient) -> None:
    status = {n["text"]: n["status"] for n in names(client, "Svenja Holmqvist met Zzyzx Qwertuiop.")["names"]}
    assert status == {"Svenja Holmqvist": "right", "Zzyzx Qwertuiop": "unknown"}


def test_the_forms_of_an_entity_are_reported_together(client: TestClient) -> None:
    text = f"{DAMAGED} Later Tauno Vaherpuu left. Tauno Vaherpuu smiled."
    variants = names(client, text)["variants"]
    assert [(v["id"], [(f["text"], f["count"], f["is_right"]) for f in v["forms"]]) for v in variants] == [
        ("T1", [("Tauno Vaherpu", 1, False), ("Tauno Vaherpuu", 2, True)])
    ]
    assert names(client, "Tauno Vaherpuu left. Tauno Vaherpuu smiled.")["variants"] == []


def statuses(client: TestClient, text: str) -> list[tuple[str, str, str | None]]:
    return [(n["text"], n["status"], n.get("entity_id")) for n in names(client, text)["names"]]


def test_a_short_form_that_follows_a_damaged_name_is_wrong_with_it(client: TestClient) -> None:
    text = f"{DAMAGED} On Sunday Vaherpu flew home. Mr. Vaherpuu smiled."
    body = names(client, text)
    found = [(n["text"], n["status"], n.get("replacement"), n.get("entity_id")) for n in body["names"]]
    assert [f for f in found if "Vaher" in f[0]] == [
        ("Tauno Vaherpu", "wrong", "Tauno Vaherpuu", "T1"),
        ("Vaherpu", "wrong", "Vaherpuu", "T1"),
        ("Vaherpuu", "right", None, "T1"),
    ]
    assert [(f["text"], f["is_right"]) for v in body["variants"] for f in v["forms"]] == [
        ("Tauno Vaherpu", False), ("Vaherpu", False), ("Vaherpuu", True),
    ]  # fmt: skip


def test_every_place_that_a_repair_changes_is_wrong_and_no_other(client: TestClient, tmp_path: Path) -> None:
    text = f"{DAMAGED} On Sunday Vaherpu flew home. Svenja Holmqvist met Vaherpu in Valkeapori'dan. VAHERPU SPOKE."
    store(tmp_path)
    linker, _ = build_linker(Settings(names_dir=tmp_path))
    edits = linker.link(text, SentenceSegmenter().segment(text), ()).edits
    wrong = [(n["start"], n["replacement"]) for n in names(client, text)["names"] if n["status"] == "wrong"]
    assert wrong == [(e.span.start, e.text) for e in edits]
    assert len(wrong) > 3


def test_a_known_name_at_the_beginning_of_a_sentence_is_right(client: TestClient) -> None:
    text = "Estonia's minister spoke. Estonia is big. The minister of Estonia left."
    assert statuses(client, text) == [("Estonia", "right", "L2")] * 3


def test_a_part_of_a_full_name_of_the_text_is_right(client: TestClient) -> None:
    text = "Svenja Holmqvist met Angela Merkel. Holmqvist said that Merkel had agreed, and Policy Brandvold left."
    assert statuses(client, text)[:4] == [
        ("Svenja Holmqvist", "right", "T6"), ("Angela Merkel", "right", None),
        ("Holmqvist", "right", "T6"), ("Merkel", "right", None),
    ]  # fmt: skip
    alone = statuses(client, "Nordholm Policy Fund paid. On Sunday Nordholm spoke.")
    assert alone[0] == ("Nordholm Policy Fund", "right", "O1")
    assert alone[1][1] != "right"  # an organisation is not called by one of its words


def test_a_new_version_of_the_base_answers_whole(tmp_path: Path) -> None:
    store(tmp_path)
    with TestClient(create_app(Settings(names_dir=tmp_path), pipeline())) as running:
        before = names(running, text := "Tiiu Rannamaa spoke.")
        store(tmp_path, person("G", "Tiiu Rannamaa", "EE", "president of Estonia"))
        after = names(running, text)
    assert before["names"][0]["status"] == "unknown"
    assert (after["names"][0]["status"], after["names"][0]["entity_id"]) == ("right", "G")
    assert after["kb"] != before["kb"]


def test_places_count_in_the_unit_that_is_asked_for(client: TestClient) -> None:
    text = "🌊 Svenja Holmqvist spoke."
    assert [names(client, text, offset_unit=unit)["names"][0]["start"] for unit in ("codepoint", "utf16", "utf8")] == [
        2, 3, 5,
    ]  # fmt: skip


def test_overlays_lie_over_the_base(tmp_path: Path) -> None:
    store(tmp_path / "base")
    write_base(
        [person("T1", "Tauno Vaherpuu Jr", "EE", "mayor of Tartu")], tmp_path / "ours", BuildOptions(name="ours")
    )
    settings = Settings(names_dir=tmp_path / "base", names_overlays=str(tmp_path / "ours"))
    with TestClient(create_app(settings, pipeline())) as running:
        assert running.get("/v1/entities/T1").json()["name"] == "Tauno Vaherpuu Jr"
        assert running.get("/v1/entities/T2").json()["name"] == "Kersti Lindmägi"
    linker, version = build_linker(settings)
    assert "+ours@" in version
    edits = linker.link(text := "Mayor Tauno Vaherpuu Jr spoke.", SentenceSegmenter().segment(text), ()).edits
    assert edits == ()


def test_a_service_without_a_base_says_so(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(names_dir=tmp_path), pipeline())) as bare:
        answer = bare.get("/v1/entities", params={"q": "x"})
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[-1]) == (503, "model-not-ready")
