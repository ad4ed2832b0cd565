from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from app.api.accept import prefers

STREAM = "text/event-stream"


@pytest.mark.parametrize(
    ("accept", "is_stream"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("text/event-stream", True),
        ("Text/Event-Stream; charset=utf-8", True),
        ("application/json, text/event-stream", True),
        ("application/json, text/event-stream;q=0", False),
        ("text/event-stream;q=0", False),
        ("text/event-stream; q=0.000, */*", False),
        ("application/json, text/event-stream;q=0.5", False),
        ("application/json;q=0.5, text/event-stream;q=0.9", True),
        ("text/event-stream;q=0.5", True),
        ("text/event-stream;q=0.5, */*;q=0.1", True),
        ("text/event-stream;q=0.5, application/*", False),
        ("text/event-stream;q=much", False),
        ("text/event-streams", False),
        ('application/x; a="text/event-stream, text/event-stream"', False),
        (",, ;q=1, text/event-stream,", True),
    ],
)
def test_a_stream_is_for_those_who_ask_for_one(accept: str, is_stream: bool) -> None:
    assert prefers(accept, STREAM) is is_stream


@pytest.mark.parametrize(
    ("address", "body", "other"),
    [
        ("/repair", {"text": "Fine."}, "text/event-stream"),
        ("/repair", {"text": "Fine."}, "application/vnd.proofreader+json"),
        ("/v1/repair:batch", {"items": [{"text": "Fine."}]}, "application/x-ndjson"),
    ],
)
def test_what_is_refused_is_not_sent(client: TestClient, address: str, body: dict[str, object], other: str) -> None:
    def kind(accept: str) -> str:
        answer = client.post(address, json=body, headers={"Accept": accept})
        assert answer.status_code == 200
        return str(answer.headers["content-type"].partition(";")[0])

    assert kind(f"application/json, {other};q=0") == "application/json"
    assert kind(f"application/json;q=0.1, {other}") == other
