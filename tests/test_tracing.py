"""Traces of a real service, as a collector of OpenTelemetry gets them."""

from __future__ import annotations

import builtins
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

pytest.importorskip("opentelemetry.sdk")
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from app.core.errors import ResourceError
from app.evaluation.load import running_service
from app.settings import Settings
from app.wiring import start_tracer

_CANARY = "Zw4nary"
_TRACE = "0af7651916cd43dd8448eb211c80319c"


class Collector(http.server.ThreadingHTTPServer):
    """Keeps what is sent to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[bytes] = []

    def spans(self) -> list[Any]:
        found = []
        for body in self.bodies:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                found += [span for scope in resource.scope_spans for span in scope.spans]
        return found


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        self.server.bodies.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """What a collector has after some requests and the end of the service."""
    with Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        environment = {
            "MT_REPAIR_GENERATOR": "echo", "MT_REPAIR_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_port}/v1/traces"
        }  # fmt: skip
        with running_service(environment) as service:
            headers = {"traceparent": f"00-{_TRACE}-b7ad6b7169203331-01"}
            text = f"{_CANARY} met met the minister . He left."
            assert httpx.post(f"{service.url}/repair", json={"text": text}, headers=headers).status_code == 200
            httpx.post(f"{service.url}/repair", json={"text": f"{_CANARY}\x00"})
            httpx.post(f"{service.url}/repair", json={"text": text, "protect": {"patterns": [f"({_CANARY}"]}})
            httpx.get(f"{service.url}/{_CANARY}?{_CANARY}={_CANARY}", headers={"traceparent": _CANARY})
            httpx.post(f"{service.url}/v2/check", data={"text": text, "language": "en", "apiKey": _CANARY})
            httpx.post(f"{service.url}/v1/repair:batch", json={"items": [{"id": _CANARY, "text": text}]})
        server.shutdown()
        thread.join()
        yield server


def test_a_request_s_steps_are_spans_of_the_caller_s_trace(collector: Collector) -> None:
    mine = {span.name: span for span in collector.spans() if span.trace_id.hex() == _TRACE}
    assert mine.keys() == {"POST /repair", "repair", "segment", "names", "network", "verify"}
    assert mine["POST /repair"].parent_span_id.hex() == "b7ad6b7169203331"
    assert mine["repair"].parent_span_id == mine["POST /repair"].span_id
    for name in ("segment", "names", "network", "verify"):
        step = mine[name]
        assert step.parent_span_id == mine["repair"].span_id
        assert mine["repair"].start_time_unix_nano <= step.start_time_unix_nano <= step.end_time_unix_nano
        assert step.end_time_unix_nano <= mine["repair"].end_time_unix_nano
    attributes = {a.key: a.value for a in mine["repair"].attributes}
    assert attributes["mt_repair.edits"].int_value >= 1
    assert attributes["mt_repair.status"].string_value == "repaired"


def test_the_name_of_a_span_is_a_route_and_not_what_was_asked(collector: Collector) -> None:
    names = {span.name for span in collector.spans()}
    assert {"POST /repair", "GET (no route)", "POST /v2/check", "POST /v1/repair:batch"} <= names


def test_nothing_of_a_text_a_key_or_an_address_is_in_any_span(collector: Collector) -> None:
    assert len(collector.spans()) > 10
    assert not [body for body in collector.bodies if _CANARY.lower().encode() in body.lower()]


def test_nothing_is_traced_unless_it_is_asked_for() -> None:
    assert start_tracer(Settings()) is None


def test_traces_without_their_extra_stop_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    known = builtins.__import__

    def refuse(name: str, *args: Any, **more: Any) -> Any:
        if name == "app.tracing":
            raise ImportError(name)
        return known(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ResourceError, match=r"pip install 'mt-repair\[otel\]'"):
        start_tracer(Settings(otlp_endpoint="http://127.0.0.1:9/v1/traces"))
