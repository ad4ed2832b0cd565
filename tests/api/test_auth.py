from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.api.auth import ApiKey, Gate, hash_key, is_loopback, new_key, presented_key, read_keys
from app.api.errors import ProblemError
from app.api.main import create_app
from app.core.errors import ResourceError
from app.settings import Settings
from app.telemetry import configure_logging
from tests.api.engines import pipeline

KEY, OTHER = "mtr_first-key-of-the-tests", "mtr_second-key-of-the-tests"
CHECK = {"text": "The the minister has went home.", "language": "en-US"}


def keys_file(folder: Path, *lines: str) -> Path:
    path = folder / "keys.txt"
    path.write_text("\n".join(("# who may ask", "", *lines)) + "\n")
    return path


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[TestClient]:
    path = keys_file(tmp_path, f"desk {hash_key(KEY)}", f"ci {hash_key(OTHER)} 3  # a slow one")
    settings = Settings(api_keys=path, database_url=f"sqlite:///{tmp_path / 'words.sqlite3'}")
    with TestClient(create_app(settings, pipeline())) as client:
        yield client
        client.app.state.words.close()  # type: ignore[attr-defined]


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


# --- who may ask ---


@pytest.mark.parametrize("headers", [
    {}, bearer(""), bearer("mtr_wrong"), bearer(KEY[:-1]), bearer(KEY + "x"), bearer(KEY.upper()),
    {"Authorization": KEY}, {"Authorization": f"Digest {KEY}"}, {"Authorization": "Basic !"}, bearer(hash_key(KEY)),
])  # fmt: skip
def test_without_a_key_that_is_known_nothing_is_repaired(keyed: TestClient, headers: dict[str, str]) -> None:
    response = keyed.post("/repair", json={"text": "Hello."}, headers=headers)
    assert response.status_code == 401
    assert response.json()["type"] == "/problems/unauthenticated"
    assert response.headers["www-authenticate"].startswith("Bearer")
    assert "mtr_" not in response.text


def test_with_a_key_it_is(keyed: TestClient) -> None:
    assert keyed.post("/repair", json={"text": "Hello."}, headers=bearer(KEY)).status_code == 200
    assert keyed.get("/v1/rules", headers={"Authorization": f"bearer  {KEY}"}).status_code == 200


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/v2/healthcheck"])
def test_probes_need_no_key(keyed: TestClient, path: str) -> None:
    assert keyed.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/version", "/openapi.json", "/nowhere", "/v1/rules", "/documents", "/livez/"])
def test_everything_else_does(keyed: TestClient, path: str) -> None:
    assert keyed.get(path).status_code == 401


def test_a_person_is_asked_by_the_browser(keyed: TestClient) -> None:
    refused = keyed.get("/", headers={"Accept": "text/html"})
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic")
    basic = {"Authorization": "Basic " + base64.b64encode(f"me:{KEY}".encode()).decode()}
    assert keyed.get("/version", headers=basic).status_code == 200
    foreign = {**basic, "Origin": "https://elsewhere.example"}
    assert keyed.post("/repair", json={"text": "Hello."}, headers=foreign).status_code == 403


def test_without_keys_everybody_may_ask(client: TestClient) -> None:
    response = client.post("/repair", json={"text": "Hello."})
    assert response.status_code == 200
    assert "ratelimit" not in response.headers


# --- LanguageTool's clients send the key in the form ---


def test_a_key_in_the_form_is_taken_under_v2_alone(keyed: TestClient) -> None:
    assert keyed.post("/v2/check", data={**CHECK, "username": "me", "apiKey": KEY}).status_code == 200
    assert keyed.post("/v2/check", data=CHECK, headers=bearer(KEY)).status_code == 200
    for fields in (CHECK, {**CHECK, "apiKey": "mtr_wrong"}):
        refused = keyed.post("/v2/check", data=fields)
        assert (refused.status_code, refused.text[:7]) == (403, "Error: ")
    refused = keyed.post("/v2/check", data={**CHECK, "apiKey": KEY}, headers=bearer("mtr_wrong"))
    assert (refused.status_code, refused.text[:7]) == (403, "Error: ")


@pytest.mark.parametrize(("method", "path"), [
    ("GET", "/v2/words"), ("POST", "/v2/words/add"), ("POST", "/v2/words/delete"), ("GET", "/v2/check"),
])  # fmt: skip
def test_no_other_door_under_v2_stands_open(keyed: TestClient, method: str, path: str) -> None:
    assert keyed.request(method, path, params={"word": "a", **CHECK}).status_code == 403


def test_each_key_has_its_own_words(keyed: TestClient) -> None:
    assert keyed.post("/v2/words/add", data={"word": "Zaphod", "apiKey": KEY}).json() == {"added": True}
    assert keyed.get("/v2/words", headers=bearer(KEY)).json() == {"words": ["Zaphod"]}
    assert keyed.get("/v2/words", headers=bearer(OTHER)).json() == {"words": []}


# --- how often ---


def test_a_budget_is_told_and_kept(keyed: TestClient) -> None:
    for left in (2, 1, 0):
        response = keyed.get("/version", headers=bearer(OTHER))
        assert response.status_code == 200
        assert response.headers["ratelimit-policy"] == '"default";q=3;w=60'
        assert response.headers["ratelimit"].startswith(f'"default";r={left};t=')
    refused = keyed.get("/version", headers=bearer(OTHER))
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/rate-limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit"].startswith('"default";r=0;t=')
    plain = keyed.post("/v2/check", data={**CHECK, "apiKey": OTHER})
    assert (plain.status_code, plain.text[:7]) == (429, "Error: ")
    assert keyed.get("/version", headers=bearer(KEY)).status_code == 200  # another key's budget is its own


@pytest.mark.parametrize("path", ["/static/page.css", "/docs/start.js"])
def test_a_file_of_a_page_needs_a_key_and_uses_nothing_of_its_budget(keyed: TestClient, path: str) -> None:
    assert keyed.get(path).status_code == 401
    for _ in range(4):
        response = keyed.get(path, headers=bearer(OTHER))
        assert response.status_code == 200
        assert "ratelimit" not in response.headers
    assert [keyed.get("/version", headers=bearer(OTHER)).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert keyed.get(path, headers=bearer(OTHER)).status_code == 200


def test_a_budget_is_new_after_its_minute() -> None:
    now = [100.0]
    gate = Gate([ApiKey("a", hash_key(KEY))], per_minute=1, clock=lambda: now[0])
    assert gate.admit(KEY).budget is not None
    now[0] = 159.0
    with pytest.raises(ProblemError) as caught:
        gate.admit(KEY)
    assert (caught.value.headers or {})["Retry-After"] == "1"
    now[0] = 160.0
    gate.admit(KEY)


def test_a_limit_of_nought_is_none() -> None:
    gate = Gate([ApiKey("a", hash_key(KEY), per_minute=0), ApiKey("b", hash_key(OTHER))], per_minute=1)
    for _ in range(5):
        assert gate.admit(KEY).budget is None
    gate.admit(OTHER)
    with pytest.raises(ProblemError):
        gate.admit(OTHER)


# --- the file ---


def test_new_keys_are_long_and_differ() -> None:
    made = {new_key() for _ in range(50)}
    assert len(made) == 50
    assert all(len(key) >= 40 for key in made)


@pytest.mark.parametrize("lines", [
    [], ["desk"], ["desk plain-text-key"], [f"desk {hash_key(KEY)} many"], [f"a b {hash_key(KEY)}"],
    [f"desk {hash_key(KEY)}", f"desk {hash_key(OTHER)}"],
])  # fmt: skip
def test_a_file_that_is_not_as_it_should_be_stops_the_start(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(ResourceError, match="mt-repair key"):
        read_keys(keys_file(tmp_path, *lines))


def test_a_missing_file_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="MT_REPAIR_API_KEYS"):
        create_app(Settings(api_keys=tmp_path / "nowhere"))


@pytest.mark.parametrize(("host", "required", "starts"), [
    ("127.0.0.1", None, True), ("::1", None, True), ("localhost", None, True),
    ("0.0.0.0", None, False), ("::", None, False), ("192.0.2.7", None, False), ("example.org", None, False),
    ("0.0.0.0", False, True), ("127.0.0.1", True, False),
])  # fmt: skip
def test_keys_are_required_where_others_can_ask(host: str, required: bool | None, starts: bool) -> None:
    settings = Settings(host=host, keys_required=required)
    if starts:
        assert Gate.of(settings).is_open
        return
    with pytest.raises(ResourceError, match="MT_REPAIR_API_KEYS"):
        Gate.of(settings)


def test_loopback_is_known_by_its_address() -> None:
    assert is_loopback("127.8.8.8")
    assert not is_loopback("127.0.0.1.example.org")


@pytest.mark.parametrize(("header", "key"), [
    ("Bearer abc", "abc"), ("BEARER   abc ", "abc"), ("Bearer", None), ("", None), ("Basic " + "A" * 3, None),
    ("Basic " + base64.b64encode(b"no colon").decode(), None),
])  # fmt: skip
def test_a_key_is_read_from_its_header(header: str, key: str | None) -> None:
    assert presented_key(header)[0] == key


# --- what is told ---


def test_logs_hold_the_id_of_a_key_and_never_the_key(keyed: TestClient) -> None:
    stream = io.StringIO()
    configure_logging("debug", stream)
    try:
        keyed.post("/repair", json={"text": "Hello."}, headers=bearer(KEY))
        keyed.post("/repair", json={"text": "Hello."}, headers=bearer("mtr_wrong-key"))
        keyed.post("/v2/check", data={**CHECK, "apiKey": OTHER})
        keyed.get("/v2/words", params={"apiKey": OTHER})
    finally:
        configure_logging()
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line.get("key") for line in lines if line["event"] == "request"] == ["desk", None, "ci", "ci"]
    assert "mtr_" not in stream.getvalue()
    assert "mtr_" not in keyed.get("/metrics").text
