from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.main import create_app
from app.core.errors import ResourceError
from app.settings import Settings
from tests.api.engines import WilfulEngine


def wait_until_ready(client: TestClient) -> None:
    """Ask until the answer is yes; the test's own time limit ends a wait in vain."""
    for _ in range(10_000):
        if client.get("/readyz").status_code == 200:
            return
        threading.Event().wait(0.005)
    raise AssertionError("never ready")


def test_it_lives_but_is_not_ready_until_a_real_repair_has_passed(
    engine: WilfulEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.main.build_engine", lambda settings: engine)
    engine.gate.clear()
    with TestClient(create_app(Settings())) as client:
        assert engine.entered.wait(10)
        assert client.get("/livez").status_code == 200
        refused = client.get("/readyz")
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/model-not-ready")
        assert refused.headers["retry-after"] == "1"
        assert client.post("/repair", json={"text": "Hello."}).status_code == 503
        assert client.get("/version").json().keys() == {"name", "version"}
        engine.gate.set()
        wait_until_ready(client)
        assert client.post("/repair", json={"text": "Hello."}).status_code == 200
        assert client.get("/version").json()["model"]["version"] == "7"


def test_it_stays_not_ready_where_the_first_repair_fails(engine: WilfulEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.main.build_engine", lambda settings: engine)
    engine.error = ResourceError("the weights are of another network")
    with TestClient(create_app(Settings())) as client:
        assert engine.entered.wait(10)
        assert client.get("/readyz").status_code == 503
        assert client.get("/livez").status_code == 200


def test_a_missing_model_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(settings: Settings) -> Any:
        raise ResourceError("no model in this folder; run the set-up")

    monkeypatch.setattr("app.api.main.build_engine", build)
    with pytest.raises(ResourceError, match="run the set-up"), TestClient(create_app(Settings())):
        pass


def test_an_engine_handed_in_is_tried_before_the_start_is_over(engine: WilfulEngine) -> None:
    with TestClient(create_app(Settings(), engine)) as client:
        assert engine.entered.is_set()
        assert client.get("/readyz").json() == {"status": "ready"}


def test_the_documentation_page_loads_nothing_from_another_host(client: TestClient) -> None:
    page = client.get("/docs")
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) == 5
    assert not any("//" in address for address in addresses)
    for address in addresses:
        assert client.get(f"/{address}").status_code == 200


def test_the_documentation_page_may_run_only_scripts_of_this_server(client: TestClient) -> None:
    policy = client.get("/docs").headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "<script>" not in client.get("/docs").text


def test_the_scripts_of_the_page_carry_their_checksums(client: TestClient) -> None:
    from base64 import b64encode
    from hashlib import sha384

    tags = re.findall(r'(?:src|href)="([^"]+)" integrity="sha384-([^"]+)"', client.get("/docs").text)
    assert len(tags) == 3
    for address, checksum in tags:
        assert b64encode(sha384(client.get(f"/{address}").content).digest()).decode() == checksum


def test_every_answer_forbids_caching_and_sniffing(client: TestClient) -> None:
    for response in (client.get("/livez"), client.get("/nowhere"), client.post("/repair", json={"text": "Hi."})):
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in response.headers["content-security-policy"]
