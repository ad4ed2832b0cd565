"""Examples for the OpenAPI document: requests as a caller would send them, answers as the service gave them.

The answers lie in ``examples.json``; ``scripts/openapi.py`` sends the requests to a service and writes it anew.
"""

from __future__ import annotations

import json
from functools import cache
from http import HTTPStatus
from importlib import resources
from typing import Any, Final

from pydantic import BaseModel

from app.api.errors import MEDIA_TYPE, PROBLEM_TYPES, FieldError, Problem, ProblemError

Examples = dict[str, Any]
Responses = dict[int | str, dict[str, Any]]

REPAIR_EXAMPLES: Final[Examples] = {
    "clean": {
        "summary": "Sound text comes back as it is",
        "value": {"text": "The ministers met in Helsinki on 14 March. They agreed on a common budget."},
    },
    "garbled": {
        "summary": "A garbled name, a glossary term, and slips of punctuation",
        "value": {
            "text": "The the treaty was signed by Olav Schultz .. “ It is counterfeit consciousness ”, he said.",
            "glossary": {
                "entries": [
                    {"source": "counterfeit consciousness", "target": "artificial intelligence"},
                    {"source": "Olav Schultz", "target": "Olaf Scholz", "case": "sensitive"},
                ]
            },
            "diff": ["edits", "inline", "unified"],
        },
    },
    "abstained": {
        "summary": "A sentence in another language is left alone, and says so",
        "value": {
            "text": "Die Ministerin hat gestern in Berlin über den Haushalt gesprochen. She will speak again today.",
            "language": "auto",
        },
    },
    "annotated": {
        "summary": "Text with markup, offsets for a browser",
        "value": {
            "annotation": [
                {"markup": "<p>"},
                {"text": "The towns 🌊 signed "},
                {"markup": "<b>"},
                {"text": "the the treaty"},
                {"markup": "</b>"},
                {"text": " in May."},
                {"markup": "</p>", "interpretAs": "\n\n"},
            ],
            "offset_unit": "utf16",
        },
    },
}
BATCH_EXAMPLES: Final[Examples] = {
    "two": {
        "summary": "One item is repaired, one is wrong",
        "value": {
            "items": [
                {"id": "headline", "text": "Harbour towns agree on a a ring of cables"},
                {"id": "body", "text": "They signed on Monday.", "mode": "gentle"},
            ],
            "defaults": {"scope": ["grammar", "punctuation"]},
        },
    },
}
DIFF_EXAMPLES: Final[Examples] = {
    "forms": {
        "summary": "Every form of a diff",
        "value": {
            "source": "He have said that the China is ready.\n",
            "target": "He has said that China is ready.\n",
            "diff": ["edits", "inline", "unified", "html"],
        },
    },
}

# Which request each example answer belongs to: the name of the answers, the address, the requests.
REQUESTS: Final[tuple[tuple[str, str, Examples], ...]] = (
    ("repair", "/repair", REPAIR_EXAMPLES),
    ("batch", "/v1/repair:batch", BATCH_EXAMPLES),
    ("diff", "/diff", DIFF_EXAMPLES),
)
ADDRESSES: Final[dict[str, str]] = {"rules": "/v1/rules", "livez": "/livez", "readyz": "/readyz", "version": "/version"}

_REQUEST_ID: Final = "01KATW3Y6N8Q4R2T0V5X7Z9B1D"
_AT: Final[dict[str, tuple[str, str, str]]] = {  # the field at fault in each kind of error that has one
    "invalid-request": (
        "/mode",
        "unknown-value",
        "Must be one of: 'minimal', 'fluent', 'names_only' or 'detect_only'.",
    ),
    "text-too-long": (
        "/text",
        "text-too-long",
        "The text has 120000 characters; at most 100000 are taken. Send it in parts.",
    ),
    "unsupported-language": ("/language", "unsupported-language", "Only English is repaired: use en, en-* or auto."),
    "invalid-glossary": ("/glossary/entries/0/target", "empty", "Needed where `kind` is `replace`."),
    "invalid-pattern": ("/protect/patterns/0", "pattern-length", "A pattern has 1 to 500 characters."),
}
_DETAILS: Final[dict[str, str]] = {
    "malformed-json": "The body stops being JSON at line 1, column 10: Expecting value.",
    "unauthenticated": "Send your key: `Authorization: Bearer KEY`.",
    "rate-limited": "The key may ask 600 times a minute; try again in 12 seconds.",
    "not-found": "No route has this address; /openapi.json lists those there are.",
    "method-not-allowed": "The Allow header lists the methods that this address takes.",
    "request-timeout": "The body must arrive within 60 seconds.",
    "body-too-large": "The body may have at most 1048576 bytes; send it in parts.",
    "unsupported-media-type": "Send the body as `Content-Type: application/json`, in UTF-8.",
    "internal-error": "The request was not handled; nothing of it is kept. Quote the request id.",
    "model-not-ready": "The model is being loaded; ask /readyz and try again.",
    "store-unavailable": "Glossaries that are kept cannot be used just now; try again.",
    "queue-full": "All threads are busy; try again.",
    "idempotency-mismatch": "The job of this `Idempotency-Key` has another body; send a new key.",
    "job-not-done": "The job is running; ask again once it is done.",
    "interrupted": "The work on this was interrupted; send it again.",
    "deadline": "The request waited for its whole time; try again later.",
}


@cache
def _answers() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("examples.json").read_text(encoding="utf-8")
    answers: dict[str, Any] = json.loads(text)
    return answers


def success(name: str, model: type[BaseModel], extra: dict[str, Any] | None = None) -> Responses:
    """The entry of a good answer: its schema, and the answers that the service gave.

    Args:
        name: Key in ``examples.json``.
        model: Its schema.
        extra: Further media types.
    """
    examples = {key: {"value": value} for key, value in _answers().get(name, {}).items()}
    content = {"application/json": {"examples": examples}, **(extra or {})}
    return {200: {"description": "Done.", "model": model, "content": content}}


def problems(*statuses: int) -> Responses:
    """The entries of the errors that an operation can answer, each with an example of every type it may have."""
    responses: Responses = {}
    for status in statuses:
        kinds = [kind for kind in PROBLEM_TYPES.values() if kind.status == status]
        responses[status] = {
            "description": HTTPStatus(status).phrase + ".",
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": {
                        kind.slug: {"value": json.loads(_problem(kind.slug).encode())}
                        for kind in kinds
                        if kind.slug in _DETAILS or kind.slug in _AT
                    },
                }
            },
        }
    return responses


def _problem(slug: str) -> Problem:
    if slug not in _AT:
        return ProblemError(slug, _DETAILS[slug]).problem(_REQUEST_ID)
    pointer, code, detail = _AT[slug]
    fault = FieldError(pointer=pointer, code=code, detail=detail)
    return ProblemError(slug, f"`{pointer}`: {detail}", errors=[fault]).problem(_REQUEST_ID)
