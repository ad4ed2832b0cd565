from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from starlette.testclient import TestClient

from app import __version__
from app.api import examples
from app.api.auth import hash_key
from app.api.errors import PROBLEM_TYPES, TYPE_PREFIX
from app.api.main import create_app
from app.settings import Settings
from scripts.openapi import PUBLISHED, openapi_text
from tests.api.engines import pipeline

_METHODS = ("get", "post", "put", "delete")
OF_NO_OPERATION = {"bad-request", "forbidden", "method-not-allowed"}


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    served: dict[str, Any] = client.get("/openapi.json").json()
    return served


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                yield method, path, methods[method]


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document["components"]})


def test_the_published_document_is_the_one_that_is_served() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == openapi_text(), "run: python -m scripts.openapi"


def test_it_is_openapi_3_1_of_this_version(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["version"] == __version__
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_route_is_documented(document: dict[str, Any]) -> None:
    assert set(document["paths"]) == {
        "/repair", "/v1/repair", "/v1/repair:batch", "/diff", "/v1/rules", "/livez", "/readyz", "/version", "/metrics",
        "/problems", "/problems/{slug}", "/v1/glossaries", "/v1/glossaries/{glossary_id}",
        "/v1/jobs", "/v1/jobs/{job_id}", "/v1/jobs/{job_id}/result", "/v2/check", "/v2/words", "/v2/words/add",
        "/v2/words/delete", "/v2/languages", "/v2/maxtextlength", "/v2/info", "/v2/configinfo", "/v2/healthcheck",
        "/v1/entities", "/v1/entities/{entity_id}", "/v1/names",
    }  # fmt: skip
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))


def test_every_status_of_every_operation_has_an_example_that_fits_its_schema(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        for status, response in operation["responses"].items():
            assert "content" in response or status == "204"
            for media_type, content in response.get("content", {}).items():
                values = [e["value"] for e in content.get("examples", {}).values()] or [content["example"]]
                assert values, (path, status)
                for value in values:
                    if media_type.endswith("json"):
                        validator(document, content["schema"]).validate(value)
                        assert status in ("200", "202") or value["status"] == int(status)


def test_where_a_key_is_asked_for_is_told(document: dict[str, Any], tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"one {hash_key('secret')}\n")
    asks = {(method, path): {"key": []} in o["security"] for method, path, o in operations(document)}
    fields = {"language": "en-US", "text": "x", "word": "x"}  # in the order of LanguageTool the key comes after them
    with TestClient(create_app(Settings(api_keys=keys), pipeline())) as client:
        for method, path, operation in operations(document):
            answer = client.request(method, re.sub(r"\{\w+\}", "deadline", path), params=fields)
            assert (answer.status_code in (401, 403)) is asks[method, path], path
            if asks[method, path]:
                assert {str(answer.status_code), "429"} <= operation["responses"].keys(), path
    assert not asks["get", "/livez"]
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


def test_every_example_request_fits_its_schema_and_is_answered(client: TestClient, document: dict[str, Any]) -> None:
    for _, address, requests in examples.REQUESTS:
        content = document["paths"][address]["post"]["requestBody"]["content"]["application/json"]
        assert content["examples"].keys() == requests.keys()
        for request in requests.values():
            if address != "/v1/repair:batch":  # its second item is wrong on purpose
                validator(document, content["schema"]).validate(request["value"])
            answer = client.post(address, json=request["value"])
            assert answer.status_code == 200
            schema = document["paths"][address]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
            validator(document, schema).validate(answer.json())


def test_the_example_answers_show_a_sound_a_repaired_and_a_foreign_text(document: dict[str, Any]) -> None:
    content = document["paths"]["/repair"]["post"]["responses"]["200"]["content"]["application/json"]
    status = {name: example["value"]["status"] for name, example in content["examples"].items()}
    assert (status["clean"], status["garbled"], status["abstained"]) == ("unchanged", "repaired", "abstained")


def test_the_schema_refuses_what_the_service_refuses(document: dict[str, Any]) -> None:
    schema = document["components"]["schemas"]["RepairRequest"]
    for body in ({}, {"text": "x", "annotation": []}, {"text": "x", "colour": 1}, {"text": "\x00"}, {"text": 1}):
        with pytest.raises(jsonschema.ValidationError):
            validator(document, schema).validate(body)


def test_every_type_of_problem_is_explained_in_the_documentation() -> None:
    text = (PUBLISHED.parent / "api.md").read_text(encoding="utf-8")
    for kind in PROBLEM_TYPES.values():
        assert f"\n| `{kind.slug}` | {kind.status} | {kind.meaning} {kind.remedy} |\n" in text


def test_an_example_shows_every_type_of_problem_that_an_operation_declares(document: dict[str, Any]) -> None:
    shown = json.dumps(document)
    for kind in PROBLEM_TYPES.values():
        if kind.slug not in OF_NO_OPERATION:
            assert f'"{TYPE_PREFIX}{kind.slug}"' in shown


# --- requests made from the document, right and wrong ---


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    url = f"sqlite:///{tmp_path_factory.mktemp('described') / 'store.sqlite3'}"
    app = create_app(Settings(database_url=url, max_jobs=10_000), pipeline())
    with TestClient(app):  # runs the start; schemathesis calls the application itself
        yield schemathesis.openapi.from_asgi("/openapi.json", app)
        app.state.words.close()


def every_operation() -> Iterator[tuple[str, str, GenerationMode]]:
    """Each with what fits and, where there is anything to say, with what does not."""
    for method, path, operation in operations(json.loads(PUBLISHED.read_text(encoding="utf-8"))):
        for mode in GenerationMode:
            if mode is GenerationMode.POSITIVE or "parameters" in operation or "requestBody" in operation:
                yield method.upper(), path, mode


# What is wrong may be refused inside a good answer, or is not looked at, as in LanguageTool.
TOLERANT = {
    "/v1/repair:batch", "/v1/jobs", "/v1/glossaries/{glossary_id}", "/v2/check", "/v2/words", "/v2/words/add",
    "/v2/words/delete",
}  # fmt: skip


@pytest.mark.parametrize(("method", "address", "mode"), list(every_operation()))
def test_answers_keep_what_the_document_promises(
    described: Any, method: str, address: str, mode: GenerationMode
) -> None:
    # A request that fits the schema may still be refused: a span outside of its text, a pattern that is none.
    excluded: list[Any] = [positive_data_acceptance]
    if address in TOLERANT:
        excluded.append(negative_data_rejection)

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=described[address][method].as_strategy(generation_mode=mode))
    def call(case: Case[Any]) -> None:
        case.call_and_validate(excluded_checks=excluded)

    call()
