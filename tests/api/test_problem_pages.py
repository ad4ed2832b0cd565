"""The `type` of every error leads to a page of the service that explains it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin

import pytest
from starlette.testclient import TestClient

from app.api.auth import hash_key
from app.api.errors import PROBLEM_TYPES
from app.api.main import create_app
from app.settings import Settings
from tests.api.engines import pipeline


@pytest.mark.parametrize("slug", PROBLEM_TYPES)
def test_every_type_resolves_and_says_what_it_means_and_what_to_do(client: TestClient, slug: str) -> None:
    kind = PROBLEM_TYPES[slug]
    answer = client.get(kind.uri)
    assert answer.status_code == 200
    assert answer.json() == {
        "type": kind.uri, "title": kind.title, "status": kind.status, "meaning": kind.meaning, "remedy": kind.remedy,
    }  # fmt: skip
    page = client.get(kind.uri, headers={"accept": "text/html,application/xhtml+xml"})
    assert page.headers["content-type"].startswith("text/html")
    assert f"<h1>{kind.title.replace(chr(39), '&#x27;')}</h1>" in page.text
    assert str(kind.status) in page.text


def test_the_type_of_an_error_resolves_against_the_address_that_was_asked(client: TestClient) -> None:
    refused = client.post("/v1/repair:batch", json={"items": []})
    assert refused.status_code == 422
    meant = client.get(urljoin(str(refused.url), refused.json()["type"]))
    assert meant.status_code == 200
    assert meant.json()["title"] == refused.json()["title"]


def test_the_list_has_every_kind(client: TestClient) -> None:
    listed = client.get("/problems").json()["problems"]
    assert [one["type"] for one in listed] == [kind.uri for kind in PROBLEM_TYPES.values()]
    page = client.get("/problems", headers={"accept": "text/html"}).text
    assert all(f'href="{kind.uri}"' in page for kind in PROBLEM_TYPES.values())


def test_what_is_no_kind_of_error_is_not_there(client: TestClient) -> None:
    missing = client.get("/problems/warp-core-breach")
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/not-found")
    assert "warp" not in missing.text


def test_no_key_is_needed_to_learn_that_one_is_needed(tmp_path: Path) -> None:
    keys = tmp_path / "keys.txt"
    keys.write_text(f"desk {hash_key('mtr_key')}\n")
    with TestClient(create_app(Settings(api_keys=keys), pipeline())) as keyed:
        refused = keyed.post("/repair", json={"text": "Hello."})
        assert refused.status_code == 401
        assert keyed.get(refused.json()["type"]).json()["remedy"] == "Send `Authorization: Bearer KEY`."
        assert keyed.get("/problems").status_code == 200
        assert keyed.get("/problems/none").status_code == 401
