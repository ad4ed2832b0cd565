"""Every error is a problem document, names the place and the remedy, and holds nothing of what was sent."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from httpx2 import Response
from starlette.testclient import TestClient

from app.api.errors import PROBLEM_TYPES, TYPE_PREFIX, ProblemError, pointer_to, safe_pointer_to
from app.api.schemas import check_length
from app.core.errors import GenerationError, InputError, RepairError, ResourceError
from app.settings import Settings
from app.telemetry import configure_logging
from tests.api.engines import WilfulEngine

CANARY = "Zw4nary Qu1xote 77"
_JSON = {"content-type": "application/json"}


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All that the process logs meanwhile, down to debug."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    configure_logging("debug", stream)
    root.setLevel(logging.DEBUG)
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # the test's own client, which logs addresses
    yield stream
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def assert_problem(response: Response, status: int, slug: str) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["type"] == TYPE_PREFIX + slug
    assert problem["title"] == PROBLEM_TYPES[slug].title
    assert problem["status"] == status
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["instance"] == f"urn:mt-repair:request:{problem['request_id']}"
    assert problem["detail"]
    members = {"type", "title", "status", "detail", "instance", "request_id"}
    assert problem.keys() in (members, members | {"errors"})
    return problem


# --- each thing that can be wrong with a body, and what the answer says of it ---

_WRONG: list[tuple[dict[str, Any], str, str, str]] = [
    ({}, "invalid-request", "", "text-or-annotation"),
    ({"text": "x", "annotation": [{"text": "x"}]}, "invalid-request", "", "text-or-annotation"),
    ({"text": 7}, "invalid-request", "/text", "wrong-type"),
    ({"text": None}, "invalid-request", "/text", "wrong-type"),
    ({"text": ["x"]}, "invalid-request", "/text", "wrong-type"),
    ({"text": "a\x00b"}, "invalid-request", "/text", "control-character"),
    ({"text": "a\x1bb"}, "invalid-request", "/text", "control-character"),
    ({"text": "x", "colour": 1}, "invalid-request", "/colour", "unknown-field"),
    ({"text": "x", "protect": {"colour": 1}}, "invalid-request", "/protect/colour", "unknown-field"),
    ({"text": "x", "mode": "gentle"}, "invalid-request", "/mode", "unknown-value"),
    ({"text": "x", "mode": 3}, "invalid-request", "/mode", "unknown-value"),
    ({"text": "x", "scope": []}, "invalid-request", "/scope", "empty"),
    ({"text": "x", "scope": "names"}, "invalid-request", "/scope", "wrong-type"),
    ({"text": "x", "scope": ["names", "style"]}, "invalid-request", "/scope/1", "unknown-value"),
    ({"text": "x", "min_confidence": 2}, "invalid-request", "/min_confidence", "out-of-range"),
    ({"text": "x", "min_confidence": "0.5"}, "invalid-request", "/min_confidence", "wrong-type"),
    ({"text": "x", "alternatives": -1}, "invalid-request", "/alternatives", "out-of-range"),
    ({"text": "x", "alternatives": 6}, "invalid-request", "/alternatives", "too-many"),
    ({"text": "x", "alternatives": 1.5}, "invalid-request", "/alternatives", "wrong-type"),
    ({"text": "x", "max_latency_ms": 0}, "invalid-request", "/max_latency_ms", "out-of-range"),
    ({"text": "x", "offset_unit": "bytes"}, "invalid-request", "/offset_unit", "unknown-value"),
    ({"text": "x", "diff": ["edits", "latex"]}, "invalid-request", "/diff/1", "unknown-value"),
    ({"text": "x", "furniture": True}, "invalid-request", "/furniture", "unknown-value"),
    ({"text": "x", "disabled_rules": ["no rule"]}, "invalid-request", "/disabled_rules/0", "invalid"),
    ({"text": "x", "disabled_rules": ["MTR_LOOP", "NOPE"]}, "invalid-request", "/disabled_rules/1", "unknown-rule"),
    ({"text": "x", "language": "de"}, "unsupported-language", "/language", "unsupported-language"),
    ({"text": "x", "protect": {"quotes": "yes"}}, "invalid-request", "/protect/quotes", "wrong-type"),
    ({"text": "x", "protect": {"builtin": ["url", "quote"]}}, "invalid-request", "/protect/builtin/1", "unknown-value"),
    ({"text": "x", "protect": {"patterns": [""]}}, "invalid-pattern", "/protect/patterns/0", "pattern-length"),
    ({"text": "x", "protect": {"patterns": ["a" * 501]}}, "invalid-pattern", "/protect/patterns/0", "pattern-length"),
    ({"text": "x", "protect": {"patterns": ["a("]}}, "invalid-pattern", "/protect/patterns/0", "invalid-pattern"),
    ({"text": "x", "protect": {"patterns": ["a"] * 51}}, "invalid-request", "/protect/patterns", "too-many"),
    ({"text": "x", "protect": {"spans": [{"start": 0}]}}, "invalid-request", "/protect/spans/0/end", "required"),
    (
        {"text": "x", "protect": {"spans": [{"start": 0, "end": 9}]}},
        "invalid-request", "/protect/spans/0", "span-outside-text",
    ),
    (
        {"text": "🌊", "offset_unit": "utf16", "protect": {"spans": [{"start": 0, "end": 1}]}},
        "invalid-request", "/protect/spans/0", "span-outside-text",
    ),
    (
        {"text": "xy", "protect": {"spans": [{"start": 1, "end": 1}]}},
        "invalid-request", "/protect/spans/0", "empty-span",
    ),
    (
        {"text": "x", "glossary": {"entries": [{"source": "x"}]}},
        "invalid-glossary", "/glossary/entries/0/target", "empty",
    ),
    (
        {"text": "x", "glossary": {"entries": [{"source": " ", "target": "y"}]}},
        "invalid-glossary", "/glossary/entries/0/source", "empty",
    ),
    (
        {"text": "x", "glossary": {"entries": [{"source": "x", "target": "y\nz"}]}},
        "invalid-glossary", "/glossary/entries/0/target", "control-character",
    ),
    (
        {"text": "x", "glossary": {"entries": [{"source": "x\ty", "target": "z"}]}},
        "invalid-glossary", "/glossary/entries/0/source", "control-character",
    ),
    (
        {"text": "x", "glossary": {"entries": [{"source": "x", "target": "y"}] * 201}},
        "invalid-request", "/glossary/entries", "too-many",
    ),
    ({"text": "x", "glossary": {"ids": ["house"]}}, "invalid-glossary", "/glossary/ids/0", "unknown-glossary"),
    ({"text": "x", "entities": {"kb": "mine"}}, "invalid-request", "/entities/kb", "unknown-value"),
    ({"text": "x", "entities": {"hints": [{"id": "Q1"}]}}, "invalid-request", "/entities/hints/0/name", "required"),
    ({"annotation": [{}]}, "invalid-request", "/annotation/0", "text-or-markup"),
    ({"annotation": [{"text": "x", "markup": "<b>"}]}, "invalid-request", "/annotation/0", "text-or-markup"),
    (
        {"annotation": [{"text": "x", "interpretAs": "y"}]},
        "invalid-request", "/annotation/0/interpretAs", "only-with-markup",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("body", "slug", "pointer", "code"), _WRONG)
def test_a_wrong_body_is_refused_and_the_field_is_named(
    client: TestClient, body: dict[str, Any], slug: str, pointer: str, code: str
) -> None:
    problem = assert_problem(client.post("/repair", json=body), 422, slug)
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [(pointer, code)]
    assert problem["errors"][0]["detail"]


def test_every_wrong_field_is_listed(client: TestClient) -> None:
    body = {"text": 1, "mode": "x", "colour": 2}
    problem = assert_problem(client.post("/repair", json=body), 422, "invalid-request")
    assert {e["pointer"] for e in problem["errors"]} == {"/text", "/mode", "/colour"}
    assert "(3 errors in all.)" in problem["detail"]


def test_of_very_many_wrong_fields_fifty_are_listed(client: TestClient) -> None:
    body = {f"Key {i}": i for i in range(40_000)}
    problem = assert_problem(client.post("/repair", json=body), 422, "invalid-request")
    assert len(problem["errors"]) == 50
    assert "(40000 errors in all.)" in problem["detail"]


def test_a_body_that_is_no_object_is_refused(client: TestClient) -> None:
    for body in ("[]", '"text"', "7", "null"):
        response = client.post("/repair", content=body, headers=_JSON)
        assert_problem(response, 422, "invalid-request")


def test_no_body_at_all_is_refused(client: TestClient) -> None:
    assert_problem(client.post("/repair"), 422, "invalid-request")


@pytest.mark.parametrize(("method", "path", "status", "slug"), [
    ("GET", "/nowhere", 404, "not-found"),
    ("POST", "/repair/", 404, "not-found"),
    ("GET", "/docs/secret.js", 404, "not-found"),
    ("GET", "/repair", 405, "method-not-allowed"),
    ("DELETE", "/v1/repair:batch", 405, "method-not-allowed"),
    ("POST", "/readyz", 405, "method-not-allowed"),
])  # fmt: skip
def test_an_address_or_a_method_that_is_not_there_is_a_problem(
    client: TestClient, method: str, path: str, status: int, slug: str
) -> None:
    response = client.request(method, path)
    assert_problem(response, status, slug)
    assert ("allow" in response.headers) == (status == 405)


@pytest.mark.parametrize(("error", "status", "slug"), [
    (RuntimeError("boom"), 500, "internal-error"),
    (MemoryError(), 500, "internal-error"),
    (ResourceError("gone"), 503, "model-not-ready"),
    (GenerationError("cannot"), 503, "model-not-ready"),
    (InputError("too odd", code="odd", pointer="/text"), 422, "invalid-request"),
    (InputError("bad term", code="invalid-glossary", pointer="/glossary"), 422, "invalid-glossary"),
])  # fmt: skip
def test_an_error_inside_becomes_a_problem_and_the_next_request_is_served(
    wilful: TestClient, engine: WilfulEngine, error: Exception, status: int, slug: str
) -> None:
    engine.error = error
    problem = assert_problem(wilful.post("/repair", json={"text": "Hello."}), status, slug)
    if isinstance(error, InputError):
        assert problem["errors"] == [{"pointer": error.pointer, "code": error.code, "detail": str(error)}]
    engine.error = None
    assert wilful.post("/repair", json={"text": "Hello."}).status_code == 200


# --- the canary ---


def _post(path: str = "/repair", **body: Any) -> Callable[[TestClient], Response]:
    return lambda client: client.post(path, json=body)


def _send(content: str | bytes, **headers: str) -> Callable[[TestClient], Response]:
    return lambda client: client.post("/repair", content=content, headers={**_JSON, **headers})


_PATHS: dict[str, Callable[[TestClient], Response]] = {
    "not json": _send(f"{{ {CANARY}"),
    "truncated json": _send(f'{{"text": "{CANARY}'),
    "not utf-8": _send(CANARY.encode() + b"\xff"),
    "wrong media type": _send(CANARY, **{"content-type": f"text/plain; charset={CANARY.split(maxsplit=1)[0]}"}),
    "compressed": _send(CANARY, **{"content-encoding": CANARY.replace(" ", "-")}),
    "NaN": _send(f'{{"text": "{CANARY}", "min_confidence": NaN}}'),
    "long number": _send(f'{{"text": "{CANARY}", "alternatives": {"7" * 5000}}}'),
    "surrogate": _send(f'{{"text": "{CANARY} \\ud800"}}'),
    "surrogate in a name": _send(f'{{"{CANARY} \\ud800": 1}}'),
    "surrogate below a name": _send(f'{{"{CANARY}": ["\\ud800"]}}'),
    "deep": _send(f'{{"text": "{CANARY}", "x": ' + "[" * 40 + "]" * 40 + "}"),
    "too large": _send(f'{{"text": "{CANARY * 70_000}"}}'),
    "too long": _post(text=CANARY * 6000),
    "too many lines": _post(text=f"{CANARY}\n" * 5001),
    "wrong type": _post(text=[CANARY]),
    "control character": _post(text=f"{CANARY}\x00"),
    "unknown field": _post(text=CANARY, **{CANARY: CANARY}),
    "unknown field without spaces": _post(text=CANARY, **{CANARY.replace(" ", "_"): CANARY}),
    "unknown field inside": _post(text=CANARY, protect={CANARY: CANARY}),
    "mode": _post(text=CANARY, mode=CANARY),
    "language": _post(text=CANARY, language=CANARY),
    "scope": _post(text=CANARY, scope=[CANARY]),
    "offset unit": _post(text=CANARY, offset_unit=CANARY),
    "confidence": _post(text=CANARY, min_confidence=CANARY),
    "rule": _post(text=CANARY, disabled_rules=[CANARY]),
    "pattern": _post(text=CANARY, protect={"patterns": [f"({CANARY}"]}),
    "pattern of another engine": _post(text=CANARY, protect={"patterns": [f"(?<={CANARY})x"]}),
    "span": _post(text=CANARY, protect={"spans": [{"start": 0, "end": 10**6}]}),
    "glossary entry": _post(text=CANARY, glossary={"entries": [{"source": CANARY}]}),
    "glossary id": _post(text=CANARY, glossary={"ids": [CANARY]}),
    "annotation": _post(annotation=[{"text": CANARY, "markup": CANARY}]),
    "address": lambda client: client.get(f"/{CANARY}?q={CANARY}"),
    "query": lambda client: client.post(f"/repair?text={CANARY}", json={"txt": CANARY}),
    "method": lambda client: client.request(CANARY.split(maxsplit=1)[0], "/repair"),
    "header": lambda client: client.get("/nowhere", headers={"x-request-id": CANARY, "cookie": CANARY}),
    "diff": _post("/diff", source=CANARY, target=7),
    "batch envelope": _post("/v1/repair:batch", items=[], defaults={CANARY: 1}),
}


@pytest.mark.parametrize("name", list(_PATHS))
def test_no_error_log_or_metric_repeats_what_was_sent(client: TestClient, log: io.StringIO, name: str) -> None:
    response = _PATHS[name](client)
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert_no_trace(response, client, log)


def test_a_batch_repeats_nothing_of_its_wrong_items(client: TestClient, log: io.StringIO) -> None:
    items = [{"text": CANARY, CANARY: 1}, CANARY, [CANARY], {"text": 7, "mode": CANARY}, {"id": CANARY + "\x00"}]
    response = client.post("/v1/repair:batch", json={"items": items})
    assert [answer["status"] for answer in response.json()["items"]] == [422] * 5
    assert_no_trace(response, client, log)


@pytest.mark.parametrize("error", [
    RuntimeError(CANARY),
    KeyError(CANARY),
    UnicodeEncodeError("utf-8", CANARY, 0, 1, CANARY),
    MemoryError(CANARY),
    ExceptionGroup(CANARY, [ValueError(CANARY)]),
    ResourceError(CANARY),
    RepairError(CANARY),
], ids=lambda error: type(error).__name__)  # fmt: skip
@pytest.mark.parametrize("path", ["/repair", "/v1/repair:batch"])
def test_no_unexpected_error_lets_its_message_out(
    wilful: TestClient, engine: WilfulEngine, log: io.StringIO, error: Exception, path: str
) -> None:
    engine.error = error
    error.__cause__ = ValueError(CANARY)
    body = {"text": CANARY} if path == "/repair" else {"items": [{"text": CANARY}]}
    response = wilful.post(path, json=body)
    assert response.status_code >= 500 or response.json()["items"][0]["status"] >= 500
    assert_no_trace(response, wilful, log)


def test_a_good_answer_leaves_no_trace_in_the_log(client: TestClient, log: io.StringIO) -> None:
    assert client.post("/repair", json={"text": CANARY}).status_code == 200
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["route"] for line in lines if line["event"] == "request"] == ["/repair"]
    assert not traces(log.getvalue()) | traces(client.get("/metrics").text)


def assert_no_trace(response: Response, client: TestClient, log: io.StringIO) -> None:
    assert '"event":"request"' in log.getvalue()
    told = response.text + str(response.headers) + log.getvalue() + client.get("/metrics").text
    assert not traces(told)


def traces(text: str) -> set[str]:
    """The words of the canary that stand in ``text``, whatever its case."""
    return {word for word in CANARY.lower().split()[:2] if word in text.lower()}


def test_pointers_escape_what_rfc_6901_says() -> None:
    assert pointer_to(["a/b", "m~n", 0]) == "/a~1b/m~0n/0"


def test_a_pointer_ends_before_a_name_that_may_be_prose() -> None:
    assert safe_pointer_to(["protect", "spans", 0, "My secret", "x"]) == "/protect/spans/0"


@pytest.mark.parametrize(("text", "fits"), [("a\nb\n", True), ("a\r\nb", True), ("a\nb\nc", False), ("a\n\n\n", False)])
def test_an_end_of_line_at_the_end_begins_no_line_more(text: str, fits: bool) -> None:
    settings = Settings(max_text_lines=2)
    if fits:
        check_length("/text", text, settings)
    else:
        with pytest.raises(ProblemError):
            check_length("/text", text, settings)
