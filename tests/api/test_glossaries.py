"""Glossaries that are kept: brought and taken out in every form, used by their id, and never in another's way."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.main import create_app
from app.names.glossary import read_glossary
from app.settings import Settings
from app.store.store import Store
from tests.api.engines import pipeline

TEXT = "She studies counterfeit consciousness in Kyiv. The Apple is red."
HOUSE = {"entries": [
    {"source": "counterfeit consciousness", "target": "artificial intelligence"},
    {"source": "Kyiv", "kind": "keep"},
    {"source": "zebra", "target": "horse"},
]}  # fmt: skip


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'documents.sqlite3'}"


@pytest.fixture
def kept(url: str) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(database_url=url), pipeline())) as running:
        yield running


def repair(client: TestClient, text: str = TEXT, **glossary: Any) -> Any:
    return client.post("/repair", json={"text": text, "glossary": glossary})


def test_a_kept_glossary_is_applied_and_reported_as_terms_of_the_request_are(kept: TestClient) -> None:
    assert kept.put("/v1/glossaries/house", json=HOUSE).json() == {"id": "house", "terms": 3, "dropped": 0}
    answer = repair(kept, ids=["house"]).json()
    assert "artificial intelligence in Kyiv" in answer["text"]
    named = [term["id"] for term in kept.get("/v1/glossaries/house").json()["entries"]]
    assert all(name.startswith("house/") for name in named)
    inline = repair(kept, entries=HOUSE["entries"]).json()["glossary_report"]
    assert answer["glossary_report"] == [{**use, "entry": name} for use, name in zip(inline, named, strict=True)]


def test_several_are_applied_and_the_first_named_wins(kept: TestClient) -> None:
    kept.put("/v1/glossaries/one", json={"entries": [{"source": "apple", "target": "pear"}]})
    kept.put("/v1/glossaries/two", json={"entries": [
        {"source": "apple", "target": "plum"}, {"source": "red", "target": "green"},
    ]})  # fmt: skip
    assert repair(kept, ids=["one", "two"]).json()["text"].endswith("The Pear is green.")
    assert repair(kept, ids=["two", "one", "two"]).json()["text"].endswith("The Plum is green.")


def test_a_term_of_the_request_wins_even_over_one_that_is_exact_about_its_case(kept: TestClient) -> None:
    kept.put("/v1/glossaries/house", json={"entries": [{"source": "Apple", "target": "Pear", "case": "sensitive"}]})
    answer = repair(kept, ids=["house"], entries=[{"source": "apple", "target": "plum"}]).json()
    assert answer["text"].endswith("The Plum is red.")
    report = {use["entry"]: use for use in answer["glossary_report"]}
    assert report.pop("inline/0")["applied"] == 1
    [shadowed] = report.values()
    assert (shadowed["applied"], shadowed["not_applied"], shadowed["reasons"]) == (0, 1, ["overlaps:inline/0"])


def test_a_glossary_that_is_not_kept_is_named_in_the_error(kept: TestClient) -> None:
    kept.put("/v1/glossaries/house", json=HOUSE)
    refused = repair(kept, ids=["house", "home"])
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/invalid-glossary")
    [error] = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/glossary/ids/1", "unknown-glossary")
    assert "`home`" in error["detail"]
    secret = repair(kept, ids=["Zw4nary Qu1xote 77"])  # nothing that may be somebody's text is said back
    assert secret.status_code == 422
    assert "Zw4nary" not in secret.text
    assert "of number 1" in secret.json()["detail"]


def test_each_item_of_a_batch_has_its_own_glossaries(kept: TestClient) -> None:
    kept.put("/v1/glossaries/house", json=HOUSE)
    items = [{"text": TEXT, "glossary": {"ids": ["house"]}}, {"text": TEXT, "glossary": {"ids": ["none"]}}]
    first, second = kept.post("/v1/repair:batch", json={"items": items}).json()["items"]
    assert "artificial intelligence" in first["result"]["text"]
    assert (second["status"], second["problem"]["errors"][0]["pointer"]) == (422, "/items/1/glossary/ids/0")


def test_a_change_counts_from_the_next_request_on(kept: TestClient) -> None:
    kept.put("/v1/glossaries/house", json=HOUSE)
    assert "artificial" in repair(kept, ids=["house"]).json()["text"]
    kept.put("/v1/glossaries/house", json={"entries": []})
    assert "artificial" not in repair(kept, ids=["house"]).json()["text"]
    assert kept.delete("/v1/glossaries/house").json() == {"id": "house", "terms": 0, "dropped": 0}
    assert repair(kept, ids=["house"]).status_code == 422


def test_a_term_that_an_editor_takes_out_is_gone_for_requests_too(kept: TestClient, url: str) -> None:
    kept.put("/v1/glossaries/house", json=HOUSE)
    assert "artificial" in repair(kept, ids=["house"]).json()["text"]
    store = Store.open(url)
    store.delete_term(store.glossary("house")[0].id)
    store.put_term(store.project("house"), "red", "blue", kind="replace", case_sensitive=True, who="Ann")
    store.close()
    assert repair(kept, ids=["house"]).json()["text"] == TEXT.replace("red", "blue")


def test_what_editors_keep_for_a_project_is_the_glossary_of_its_name(kept: TestClient, url: str) -> None:
    store = Store.open(url)
    store.put_term(store.project("my desk/2"), "red", "blue", kind="replace", case_sensitive=True, who="Ann")
    store.close()
    assert [one["id"] for one in kept.get("/v1/glossaries").json()["glossaries"]] == ["my desk/2"]
    assert kept.get("/v1/glossaries/my desk%2F2").json()["entries"][0]["source"] == "red"
    assert repair(kept, ids=["my desk/2"]).json()["text"].endswith("is blue.")


@pytest.mark.parametrize(("form", "media_type"), [
    ("csv", "text/csv"), ("tsv", "text/tab-separated-values"), ("tbx", "application/x-tbx+xml"),
])  # fmt: skip
def test_a_glossary_comes_back_from_each_form_as_it_went_out(kept: TestClient, form: str, media_type: str) -> None:
    entries = [
        *HOUSE["entries"], {"source": "Apple, Inc.", "target": "Apple", "case": "sensitive"},
        {"source": "whilst", "kind": "forbid"},
    ]  # fmt: skip
    kept.put("/v1/glossaries/house", json={"entries": entries})
    file = kept.get("/v1/glossaries/house", params={"format": form})
    assert file.headers["content-type"].startswith(media_type)
    assert "attachment" in file.headers["content-disposition"]
    assert len(read_glossary(io.BytesIO(file.content), form)) == 5
    assert ("house/" in file.text) is (form != "tbx")  # what a report calls a term is no id in XML
    made = kept.put("/v1/glossaries/copy", content=file.content, headers={"content-type": media_type})
    assert made.json() == {"id": "copy", "terms": 5, "dropped": 0}

    def terms(name: str) -> list[dict[str, str]]:
        return [{k: v for k, v in e.items() if k != "id"} for e in kept.get(f"/v1/glossaries/{name}").json()["entries"]]

    assert terms("copy") == terms("house")


def test_of_two_terms_for_the_same_words_the_first_is_kept(kept: TestClient) -> None:
    put = kept.put("/v1/glossaries/house", content="red,blue\nred,green\n", headers={"content-type": "text/csv"})
    assert put.json() == {"id": "house", "terms": 1, "dropped": 1}
    assert repair(kept, ids=["house"]).json()["text"].endswith("blue.")


@pytest.mark.parametrize(("content", "media_type", "status", "slug"), [
    (b"{", "application/json", 400, "malformed-json"),
    (b'{"entries": [{"source": ""}]}', "application/json", 422, "invalid-request"),
    (b'{"entries": [{"source": "a"}]}', "application/json", 422, "invalid-glossary"),
    (b'{"entries": [{"source": "a", "target": "x\\ty"}]}', "application/json", 422, "invalid-glossary"),
    (b'a,"x\ty"', "text/csv", 422, "invalid-glossary"),
    (b'{"entries": [], "colour": 1}', "application/json", 422, "invalid-request"),
    (b"source,target,kind\na,b,gently\n", "text/csv", 422, "invalid-glossary"),
    (b"\xff\xfe\xff", "text/csv", 422, "invalid-glossary"),
    (b"", "text/csv", 422, "invalid-glossary"),
    (b" \n", "text/csv", 422, "invalid-glossary"),
    (b"<html/>", "application/x-tbx+xml", 422, "invalid-glossary"),
    (b"a,b\n" * 300_000, "text/csv", 413, "body-too-large"),
    (b"".join(b"a%d,b\n" % i for i in range(10_001)), "text/csv", 422, "invalid-request"),
    (b"a,b", "text/plain", 415, "unsupported-media-type"),
])  # fmt: skip
def test_what_is_no_glossary_is_refused_and_changes_nothing(
    kept: TestClient, content: bytes, media_type: str, status: int, slug: str
) -> None:
    kept.put("/v1/glossaries/house", json=HOUSE)
    refused = kept.put("/v1/glossaries/house", content=content, headers={"content-type": media_type})
    assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{slug}")
    assert len(kept.get("/v1/glossaries/house").json()["entries"]) == 3


def test_nothing_is_made_on_the_disk_before_something_is_kept(kept: TestClient, tmp_path: Path) -> None:
    assert kept.get("/v1/glossaries").json() == {"glossaries": []}
    assert kept.get("/v1/glossaries/house").status_code == 404
    assert kept.delete("/v1/glossaries/house").status_code == 404
    assert repair(kept, ids=["house"]).status_code == 422
    assert not list(tmp_path.iterdir())


def test_words_that_a_key_keeps_are_no_glossary(kept: TestClient) -> None:
    assert kept.post("/v2/words/add", data={"word": "Krag"}).json() == {"added": True}
    assert kept.get("/v1/glossaries").json() == {"glossaries": []}
    for call in (kept.get, kept.delete):
        assert call("/v1/glossaries/Words to leave alone").status_code == 404
    assert repair(kept, ids=["Words to leave alone"]).status_code == 422


def test_without_the_database_only_requests_that_name_a_glossary_fail(tmp_path: Path) -> None:
    broken = tmp_path / "documents.sqlite3"
    broken.write_bytes(b"this is no database" * 100)
    settings = Settings(database_url=f"sqlite:///{broken}")
    with TestClient(create_app(settings, pipeline())) as client:
        refused = repair(client, ids=["house"])
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/store-unavailable")
        assert refused.headers["retry-after"] == "5"
        assert client.get("/v1/glossaries").status_code == 503
        assert repair(client, entries=HOUSE["entries"]).status_code == 200
        items = [{"text": "a b.", "glossary": {"ids": ["house"]}}, {"text": "The the end."}]
        first, second = client.post("/v1/repair:batch", json={"items": items}).json()["items"]
        assert (first["status"], second["status"]) == (503, 200)


def test_a_job_uses_the_glossaries_that_it_names(kept: TestClient) -> None:
    kept.put("/v1/glossaries/house", json=HOUSE)
    assert kept.post("/v1/jobs", json={"text": TEXT, "glossary": {"ids": ["none"]}}).status_code == 422
    job = kept.post("/v1/jobs", json={"text": TEXT, "glossary": {"ids": ["house"]}}).json()
    for _ in range(10_000):
        if kept.get(f"/v1/jobs/{job['id']}").json()["state"] not in ("waiting", "running"):
            break
    kept.delete("/v1/glossaries/house")
    result = kept.get(f"/v1/jobs/{job['id']}/result").json()
    assert "artificial intelligence" in result["text"]
    assert result["glossary_report"][0]["entry"].startswith("house/")
