from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api import streaming
from app.api.main import create_app
from app.settings import Settings
from tests.api.engines import WilfulEngine
from tests.api.running import listening

EVENTS = {"Accept": "text/event-stream"}
LINES = {"Accept": "application/x-ndjson"}
PARAGRAPH = "The the minister has went home. 🌊 He gave informations , and left ..\n\n"


def events_of(stream: str) -> Iterator[tuple[str, Any]]:
    for block in stream.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            yield fields["event"], json.loads(fields["data"])


def stream(client: TestClient, **body: Any) -> list[tuple[str, Any]]:
    response = client.post("/v1/repair", json=body, headers=EVENTS)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/event-stream")
    return list(events_of(response.text))


@pytest.mark.parametrize("body", [
    {"text": PARAGRAPH * 3},
    {"text": PARAGRAPH * 3, "offset_unit": "utf16"},
    {"text": "The the minister.", "mode": "detect_only"},
    {"text": "Sound text."},
    {"annotation": [{"markup": "<b>"}, {"text": "The the minister"}, {"markup": "</b>"}, {"text": " has went."}]},
])  # fmt: skip
def test_the_pieces_are_the_whole(client: TestClient, body: dict[str, Any]) -> None:
    whole = client.post("/v1/repair", json=body).json()
    (first, meta), *sentences, (last, done) = stream(client, **body)
    assert (first, last, {name for name, _ in sentences}) == ("meta", "done", {"sentence"})
    assert (meta["model"], meta["kb"], meta["offset_unit"]) == (whole["model"], whole["kb"], whole["offset_unit"])
    assert [data["sentence"] for _, data in sentences] == whole["sentences"]
    assert [edit for _, data in sentences for edit in data["edits"]] == whole["edits"]
    assert [r for _, data in sentences for r in data["rejected"]] == whole["rejected"]
    assert done["text"] == whole["text"]
    assert (done["status"], done["garble"], done["edits"]) == (whole["status"], whole["garble"], len(whole["edits"]))


def test_a_long_text_comes_in_sections_with_places_in_the_whole(client: TestClient) -> None:
    text = PARAGRAPH * 300
    events = stream(client, text=text, offset_unit="utf16", glossary={"entries": [{"source": "home", "kind": "keep"}]})
    done = events[-1][1]
    before, after = text.encode("utf-16-le"), done["text"].encode("utf-16-le")
    edits = [edit for name, data in events if name == "sentence" for edit in data["edits"]]
    assert [edit["id"] for edit in edits] == [f"e{i + 1}" for i in range(len(edits))]
    for edit in edits:
        assert before[2 * edit["start"] : 2 * edit["end"]].decode("utf-16-le") == edit["original"]
        assert after[2 * edit["start_out"] : 2 * edit["end_out"]].decode("utf-16-le") == edit["replacement"]
    assert done["text"] == client.post("/v1/repair", json={"text": text}).json()["text"]
    assert len(done["glossary_report"]) == 1
    sentences = [data["sentence"] for name, data in events if name == "sentence"]
    assert all(a["end"] <= b["start"] for a, b in pairwise(sentences))


def test_protected_places_hold_in_every_section(client: TestClient) -> None:
    text = PARAGRAPH * 300
    at = text.rindex("has went")
    done = stream(client, text=text, protect={"spans": [{"start": at, "end": at + 8}]})[-1][1]
    assert done["text"].count("has went") == 1


def test_what_is_wrong_before_the_stream_is_an_ordinary_problem(client: TestClient) -> None:
    response = client.post("/v1/repair", json={"text": "a", "colour": 1}, headers=EVENTS)
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json")


def test_what_goes_wrong_in_the_stream_is_its_last_event(wilful: TestClient, engine: WilfulEngine) -> None:
    engine.error = ValueError("Zw4nary")
    events = stream(wilful, text="Zw4nary speaks.")
    assert [name for name, _ in events] == ["meta", "error"]
    assert events[-1][1]["type"] == "/problems/internal-error"
    assert "Zw4nary" not in json.dumps(events)


def test_a_stream_that_has_to_wait_shows_that_it_lives(
    wilful: TestClient, engine: WilfulEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.01)
    engine.gate.clear()
    threading.Timer(0.2, engine.gate.set).start()
    response = wilful.post("/v1/repair", json={"text": "Hello."}, headers=EVENTS)
    assert ": working\n\n" in response.text
    assert [name for name, _ in events_of(response.text)] == ["meta", "sentence", "done"]


def test_the_first_section_is_sent_before_the_last_is_repaired() -> None:
    engine = WilfulEngine()
    with listening(create_app(Settings(), engine)) as address:
        body = json.dumps({"text": PARAGRAPH * 300}).encode()
        with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=30) as raw:
            raw.sendall(
                b"POST /v1/repair HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nConnection: close\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            read = b""
            while b"event: sentence" not in read:
                read += raw.recv(1000)
            engine.gate.clear()  # nothing more is repaired; what was is on its way
            assert b"event: done" not in read
            engine.gate.set()
            while chunk := raw.recv(65536):
                read += chunk
    assert b"event: done" in read


def test_who_leaves_a_stream_leaves_the_queue() -> None:
    engine = WilfulEngine()
    app = create_app(Settings(concurrent_repairs=1), engine)
    with listening(app) as address:
        port = int(address.rpartition(":")[2])
        engine.gate.clear()
        engine.entered.clear()
        body = json.dumps({"text": PARAGRAPH * 300}).encode()
        with socket.create_connection(("127.0.0.1", port), timeout=30) as raw:
            raw.sendall(
                b"POST /v1/repair HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            assert engine.entered.wait(30)
        engine.entered.clear()
        engine.gate.set()
        end = time.monotonic() + 20
        while app.state.service.working:
            assert time.monotonic() < end
            threading.Event().wait(0.005)
        assert not engine.entered.wait(0.3)  # no further section was begun


# --- batches as lines ---


def test_a_batch_comes_as_lines(client: TestClient) -> None:
    body = {
        "items": [{"id": "a", "text": "The the end."}, {"id": "b", "text": 7}, {"id": "c", "text": "Fine."}, 3],
        "defaults": {"offset_unit": "utf8"},
    }
    whole = client.post("/v1/repair:batch", json=body).json()["items"]
    response = client.post("/v1/repair:batch", json=body, headers=LINES)
    assert response.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert [(line["index"], line.get("id"), line["status"]) for line in lines] == [
        (item["index"], item.get("id"), item["status"]) for item in whole
    ]
    assert lines[0]["result"]["text"] == "The end."
    assert lines[1]["problem"]["errors"] == whole[1]["problem"]["errors"]


def test_an_envelope_that_is_wrong_is_no_stream(client: TestClient) -> None:
    assert client.post("/v1/repair:batch", json={"items": []}, headers=LINES).status_code == 422
