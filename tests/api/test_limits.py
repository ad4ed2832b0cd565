from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import suppress
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.api.errors import ProblemError
from app.api.limits import check_media_type, parse_json
from app.api.main import create_app
from app.settings import Settings
from tests.api.engines import pipeline

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text('ab[]{}"\\é', max_size=3), inner, max_size=4),
    max_leaves=20,
)


@given(_JSON, st.booleans())
def test_json_is_read_as_it_was_written(value: object, ascii_only: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode(), 32) == value


@given(st.binary(max_size=60))
def test_bytes_are_read_or_refused_with_a_problem(body: bytes) -> None:
    with suppress(ProblemError):  # any other exception fails the test
        parse_json(body, 8)


@pytest.mark.parametrize("body", ['{"a": 1,}', "{'a': 1}", '{"a": NaN}', '{"a": -Infinity}', "", "\x00", '{"a": 01}'])
def test_what_is_not_json_is_refused(body: str) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_json(body.encode(), 32)
    assert caught.value.kind.slug == "malformed-json"


def test_depth_is_counted_outside_of_strings_only() -> None:
    assert parse_json(b'["[[[[", "\\"[[["]', 1) == ["[[[[", '"[[[']
    assert parse_json(b"[[[]], [[]]]", 3) == [[[]], [[]]]
    with pytest.raises(ProblemError, match="at most 2 levels"):
        parse_json(b"[[[]]]", 2)


@pytest.mark.parametrize("body", [
    b"[" * 1_000_000,
    b'"' + b"\\" * 1_000_000,
    b'"a' * 333_333,
    b'{"a":' * 200_000,
    b'[{"a":' * 150_000,
])  # fmt: skip
def test_a_hostile_megabyte_is_refused_in_linear_time(body: bytes) -> None:
    started = perf_counter()
    with pytest.raises(ProblemError):
        parse_json(body, 32)
    assert perf_counter() - started < 5  # a quadratic reader takes hours


@pytest.mark.parametrize("body", [
    rb'{"text": "\ud800"}', rb'{"text": "\udc00\ud800"}', rb'{"\uDBFF": 1}', rb'[{"a": ["b", "\ud83d"]}]',
])  # fmt: skip
def test_half_of_a_surrogate_pair_is_refused(body: bytes) -> None:
    with pytest.raises(ProblemError) as caught:
        parse_json(body, 32)
    assert [error.code for error in caught.value.errors] == ["lone-surrogate"]


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert parse_json(rb'"\ud83c\udf0a"', 32) == "🌊"


@pytest.mark.parametrize("content_type", [
    "application/json", "application/json; charset=UTF-8", "Application/JSON", "application/problem+json",
])  # fmt: skip
def test_json_in_utf_8_is_taken(content_type: str) -> None:
    check_media_type(content_type, None)
    check_media_type(content_type, "identity")


@pytest.mark.parametrize(("content_type", "encoding"), [
    (None, None),
    ("", None),
    ("text/plain", None),
    ("application/x-www-form-urlencoded", None),
    ("application/json; charset=latin-1", None),
    ("application/json", "gzip"),
])  # fmt: skip
def test_another_media_type_is_refused(content_type: str | None, encoding: str | None) -> None:
    with pytest.raises(ProblemError) as caught:
        check_media_type(content_type, encoding)
    assert caught.value.status_code == 415


def test_a_text_of_the_longest_length_is_taken_and_one_character_more_is_not() -> None:
    settings = Settings(max_text_chars=100)
    with TestClient(create_app(settings, pipeline())) as client:
        assert client.post("/repair", json={"text": "🌊" * 100}).status_code == 200
        refused = client.post("/repair", json={"text": "🌊" * 101})
        assert refused.status_code == 413
        assert "101 characters; at most 100" in refused.json()["detail"]
        parts = [{"text": "a" * 60}, {"markup": "b" * 41}]
        assert client.post("/repair", json={"annotation": parts}).status_code == 413
        assert client.post("/diff", json={"source": "a", "target": "b" * 101}).status_code == 413


def test_line_ends_of_every_kind_are_counted(client: TestClient) -> None:
    assert client.post("/repair", json={"text": "a\n" * 5000}).status_code == 200
    for end in ("\n", "\r\n", "\r", "\u2028", "\x0b"):
        refused = client.post("/repair", json={"text": f"a{end}" * 5001})
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (413, "/text")


def test_a_body_that_does_not_say_its_length_is_bounded_as_it_arrives(client: TestClient) -> None:
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(40):
            sent += 65536
            yield b" " * 65536

    refused = client.post("/repair", content=chunks(), headers={"content-type": "application/json"})
    assert refused.status_code == 413
    assert sent > 1_048_576


def test_random_bytes_are_refused(client: TestClient) -> None:
    noise = random.Random(7).randbytes(1_000_000)
    headers = {"content-type": "application/json"}
    assert client.post("/repair", content=noise, headers=headers).json()["type"].endswith("malformed-json")
    assert client.post("/repair", content=noise).json()["type"].endswith("unsupported-media-type")
