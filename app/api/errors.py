"""Errors as RFC 9457 problem documents: one table of types, and nothing of the request in any of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import Scope

from app.core.errors import DeadlineError, InputError, RepairError
from app.serving.processes import LostError
from app.telemetry import Metrics, describe_error, get_logger

MEDIA_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "/problems/"  # resolves against the address that was asked: the service explains its problems

# A caller's field name is shown back only when it looks like one of a program's: letters and underscores, short.
# Prose, secrets, tokens and numbers do not, and are named by their position.
_FIELD_NAME: Final = re.compile(r"[a-z][A-Za-z_]{0,31}", re.ASCII)
_MOST_ERRORS: Final = 50  # shown of one body; a hostile one has tens of thousands


@dataclass(frozen=True, slots=True)
class ProblemType:
    """A kind of error with a stable identity; the service explains it at ``uri``, and ``docs/api.md`` lists all."""

    slug: str
    status: int
    title: str
    meaning: str  # when it comes, in a sentence
    remedy: str  # what the caller can do, in a sentence

    @property
    def uri(self) -> str:
        """The ``type`` member, a relative reference (RFC 9457): stable, compared as a string."""
        return TYPE_PREFIX + self.slug


PROBLEM_TYPES: Final[Mapping[str, ProblemType]] = {
    slug: ProblemType(slug, status, title, meaning, remedy)
    for slug, status, title, meaning, remedy in (
        (
            "malformed-json", 400, "The body is not JSON.",
            "The body is not JSON, not UTF-8, or nested too deeply.",
            "The detail says where; send a JSON object.",
        ),
        (
            "bad-request", 400, "The request cannot be read.",
            "The request cannot be read at all, or its caller hung up.",
            "Check the client that makes it.",
        ),
        (
            "unauthenticated", 401, "A key is needed.",
            "There is no key, or one that is not known; only where the server asks for keys.",
            "Send `Authorization: Bearer KEY`.",
        ),
        (
            "forbidden", 403, "This may not be done from here.",
            "A change of what is stored that does not come from the editors' page itself.",
            "Reload the page and try again.",
        ),
        (
            "not-found", 404, "There is nothing at this address.",
            "No route has this address, or what it names is not there, or not any more.",
            "Check the address; `/openapi.json` lists the routes.",
        ),
        (
            "method-not-allowed", 405, "This address does not take this method.",
            "The address is right, the method is not.",
            "The `Allow` header lists the methods.",
        ),
        (
            "request-timeout", 408, "The body took too long to arrive.",
            "The body did not arrive within the time for a request.",
            "Try again, or send less at once.",
        ),
        (
            "job-not-done", 409, "The job has no result yet.",
            "The result of a job that is waiting, running, or failed.",
            "Ask for the state of the job, and for the result once it is `done`.",
        ),
        (
            "body-too-large", 413, "The body is too large.",
            "The body has more bytes than the limit.",
            "Send it in parts, or make it a job.",
        ),
        (
            "text-too-long", 413, "The text is too long.",
            "The text has more characters or lines than the limit.",
            "Send it in parts, or make it a job.",
        ),
        (
            "unsupported-media-type", 415, "The body is not declared as JSON in UTF-8.",
            "The body is declared as something that is not taken here, or is compressed.",
            "Declare what the address takes, in UTF-8: `application/json` unless said otherwise.",
        ),
        (
            "invalid-request", 422, "The request does not fit the schema.",
            "A field is unknown, missing, of another type or out of its range.",
            "`errors` points at each field and says what it must be.",
        ),
        (
            "unsupported-language", 422, "The language is not one we repair.",
            "Another language than English was asked for.",
            "Send `en`, `en-*` or `auto`; sentences in other languages are left alone.",
        ),
        (
            "invalid-glossary", 422, "The glossary cannot be used.",
            "An entry of a glossary cannot be used, or no glossary of the name is kept.",
            "`errors` points at the entry; `GET /v1/glossaries` lists those that are kept.",
        ),
        (
            "invalid-pattern", 422, "A protection pattern cannot be used.",
            "A protection pattern does not compile in RE2's syntax, or is too long.",
            "`errors` points at the pattern.",
        ),
        (
            "idempotency-mismatch", 422, "The key stands for another body.",
            "The `Idempotency-Key` was sent with another body before.",
            "Send a new key with a new body, and the same body with the same key.",
        ),
        (
            "rate-limited", 429, "The key has asked too often.",
            "The key has used up its requests of this minute.",
            "Wait as long as `Retry-After` says.",
        ),
        (
            "internal-error", 500, "Something went wrong on our side.",
            "A slip of ours; the log has its place and nothing of the text.",
            "Report it with the `request_id`.",
        ),
        (
            "model-not-ready", 503, "The model is not ready.",
            "The network or the knowledge base is being loaded, or cannot be used.",
            "Ask `/readyz`, wait as long as `Retry-After` says, and try again.",
        ),
        (
            "store-unavailable", 503, "The database cannot be used.",
            "The database is out of reach; what needs none goes on.",
            "Try again later; the log names the database.",
        ),
        (
            "queue-full", 503, "Too many requests are waiting.",
            "Too much is waiting, or it would take longer than the caller can wait.",
            "Wait as long as `Retry-After` says, and try again.",
        ),
        (
            "interrupted", 503, "The work was interrupted.",
            "The process that repaired the text ended before it had an answer, or none is running just now.",
            "Send the request again; nothing was done.",
        ),
        (
            "deadline", 504, "The time for the request ran out.",
            "The whole time for the request went by before the work began or, of the names of a text, was done.",
            "Try again later, or send less at once.",
        ),
    )
}  # fmt: skip
_SOON: Final = {"Retry-After": "1"}
_BY_STATUS: Final[Mapping[int, str]] = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "body-too-large",
    415: "unsupported-media-type",
    422: "invalid-request",
    503: "model-not-ready",
}


class FieldError(BaseModel):
    """One thing wrong with one field."""

    model_config = ConfigDict(frozen=True)

    pointer: str = Field(description="JSON pointer (RFC 6901) into the request body; empty for the whole body.")
    code: str = Field(description="Stable word for programs.")
    detail: str = Field(description="What is wrong and what to do, for people.")


class Problem(BaseModel):
    """An RFC 9457 problem document. It never holds anything of the submitted text."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(
        description="Stable identity of the kind of error, and where this service explains it.",
        json_schema_extra={"format": "uri-reference"},
    )
    title: str = Field(description="The kind of error, for people; the same for every error of this type.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened this time and what to do.")
    instance: str = Field(description="Identity of this occurrence.")
    request_id: str = Field(description="The value of X-Request-ID; quote it when you report the error.")
    errors: list[FieldError] = Field(default=[], description="For 422: the things wrong with the body, 50 at most.")

    def encode(self) -> bytes:
        """The document as JSON; ``errors`` is left out where there is none."""
        return self.model_dump_json(exclude={"errors"} if not self.errors else None).encode()


class ProblemError(HTTPException):
    """Stops a request with a problem document.

    Args:
        slug: Key of ``PROBLEM_TYPES``.
        detail: What happened and what to do; never a part of the request.
        errors: The fields at fault.
        headers: Sent with the answer, such as ``Retry-After``.
    """

    def __init__(
        self,
        slug: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.kind = PROBLEM_TYPES[slug]
        self.errors = tuple(errors)
        super().__init__(self.kind.status, detail, headers=headers)

    @classmethod
    def at(cls, pointer: str, code: str, detail: str, *, slug: str = "invalid-request") -> ProblemError:
        """The error of a single field."""
        return cls(slug, detail, errors=[FieldError(pointer=pointer, code=code, detail=detail)])

    def problem(self, request_id: str, prefix: str = "") -> Problem:
        """The document to send; ``prefix`` is put before every pointer (an item of a batch)."""
        return Problem(
            type=self.kind.uri,
            title=self.kind.title,
            status=self.kind.status,
            detail=self.detail,
            instance=f"urn:mt-repair:request:{request_id}",
            request_id=request_id,
            errors=[error.model_copy(update={"pointer": prefix + error.pointer}) for error in self.errors],
        )


def from_repair_error(error: RepairError) -> ProblemError:
    """The one table from the core's errors to HTTP. The core promises messages without submitted text."""
    if isinstance(error, InputError):
        slug = error.code if error.code in PROBLEM_TYPES else "invalid-request"
        field = FieldError(pointer=error.pointer, code=error.code, detail=str(error))
        return ProblemError(slug, str(error), errors=[field])
    if isinstance(error, DeadlineError):
        return ProblemError("deadline", "The time for the request ran out before the work was done; send less at once.")
    if isinstance(error, LostError):
        return ProblemError("interrupted", "The work on this was interrupted; send it again.", headers=_SOON)
    return ProblemError("model-not-ready", "A model or a knowledge base cannot be used just now; the log says which.")


def from_validation(errors: Iterable[Mapping[str, Any]], body: Any, skip: int = 0) -> ProblemError:
    """What pydantic found wrong, in our own words: its messages and inputs quote the request.

    Args:
        errors: As ``ValidationError.errors()`` gives them.
        body: The parsed body, to find the position of an unknown field.
        skip: How many leading parts of each location are not of the body (FastAPI puts ``"body"`` first).
    """
    found = list(errors)
    fields = [_field_error(error, body, skip) for error in found[:_MOST_ERRORS]]
    first = fields[0] if fields else FieldError(pointer="", code="invalid", detail="Invalid value.")
    more = f" ({len(found)} errors in all.)" if len(found) > 1 else ""
    where = f"`{first.pointer}`: " if first.pointer else ""
    return ProblemError("invalid-request", f"{where}{first.detail}{more}", errors=fields)


def pointer_to(location: Iterable[str | int]) -> str:
    """A location as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def safe_pointer_to(location: Iterable[str | int]) -> str:
    """A location that the schema has not seen yet, cut off before the first name that may not be shown back."""
    shown: list[str | int] = []
    for part in location:
        if isinstance(part, str) and not _FIELD_NAME.fullmatch(part):
            break
        shown.append(part)
    return pointer_to(shown)


_PLAIN: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("required", "This field is required."),
    "string_type": ("wrong-type", "Must be a string."),
    "int_type": ("wrong-type", "Must be a whole number."),
    "int_from_float": ("wrong-type", "Must be a whole number."),
    "float_type": ("wrong-type", "Must be a number."),
    "finite_number": ("out-of-range", "Must be a finite number."),
    "bool_type": ("wrong-type", "Must be true or false."),
    "list_type": ("wrong-type", "Must be an array."),
    "dict_type": ("wrong-type", "Must be an object."),
    "model_type": ("wrong-type", "Must be an object."),
    "model_attributes_type": ("wrong-type", "Must be an object."),
    "string_too_short": ("empty", "Must not be empty."),
    "too_short": ("empty", "Must not be empty."),
    "control_character": ("control-character", "Must not hold control characters other than tab and line ends."),
}
_BOUNDED: Final[Mapping[str, tuple[str, str]]] = {
    "greater_than_equal": ("ge", "Must be at least {}."),
    "greater_than": ("gt", "Must be more than {}."),
    "less_than_equal": ("le", "Must be at most {}."),
    "less_than": ("lt", "Must be less than {}."),
    "string_too_long": ("max_length", "Must have at most {} characters."),
    "too_long": ("max_length", "Must have at most {} elements."),
}


def _field_error(error: Mapping[str, Any], body: Any, skip: int) -> FieldError:
    kind, context = str(error["type"]), error.get("ctx") or {}
    location: tuple[str | int, ...] = tuple(error["loc"])[skip:]
    if kind == "extra_forbidden":
        return _unknown_field(location, body)
    if kind in ("enum", "literal_error"):  # the expected values are the schema's, not the caller's
        return FieldError(
            pointer=pointer_to(location), code="unknown-value", detail=f"Must be one of: {context.get('expected', '')}."
        )
    if kind in _BOUNDED:
        key, message = _BOUNDED[kind]
        return FieldError(pointer=pointer_to(location), code="out-of-range", detail=message.format(context.get(key)))
    code, detail = _PLAIN.get(kind, ("invalid", "Invalid value."))
    return FieldError(pointer=pointer_to(location), code=code, detail=detail)


def _unknown_field(location: tuple[str | int, ...], body: Any) -> FieldError:
    *parents, name = location
    if isinstance(name, str) and _FIELD_NAME.fullmatch(name):
        detail = f"Unknown field `{name}`; see /openapi.json for the fields there are."
        return FieldError(pointer=pointer_to(location), code="unknown-field", detail=detail)
    holder = body
    try:
        for part in parents:
            holder = holder[part]
        position = f"number {list(holder).index(name) + 1}"
    except (KeyError, IndexError, TypeError, ValueError):
        position = "one"
    detail = f"Unknown field: {position} of the fields of this object; its name is not repeated here."
    return FieldError(pointer=pointer_to(parents), code="unknown-field", detail=detail)


def request_id_in(scope: Scope) -> str:
    """The id that the telemetry middleware gave the request."""
    return str(scope.get("state", {}).get("request_id", "unknown"))


def respond(error: ProblemError, request_id: str, metrics: Metrics) -> Response:
    """The HTTP answer for an error, counted."""
    metrics.observe_problem(error.kind.slug)
    return Response(
        error.problem(request_id).encode(), error.status_code, media_type=MEDIA_TYPE, headers=dict(error.headers or {})
    )


def internal_error(error: BaseException) -> ProblemError:
    """What the caller learns of a slip of ours; the log gets its type and place, not its message."""
    get_logger(__name__).error("internal-error", **describe_error(error))
    return ProblemError("internal-error", "The request was not handled; nothing of it is kept. Quote the request id.")


def as_problem(error: Exception) -> ProblemError:
    """What the caller learns of any error; one that nobody expected is logged as a slip of ours."""
    if isinstance(error, ProblemError):
        return error
    return from_repair_error(error) if isinstance(error, RepairError) else internal_error(error)


def install(app: FastAPI) -> None:
    """Answer every error of ``app`` with a problem document.

    Exceptions that nobody expected are the telemetry middleware's, which stands outside of these handlers.
    """

    def answer(request: Request, error: ProblemError) -> Response:
        return respond(error, request_id_in(request.scope), request.app.state.metrics)

    async def on_http(request: Request, error: Exception) -> Response:
        if isinstance(error, ProblemError):
            return answer(request, error)
        assert isinstance(error, HTTPException)
        slug = _BY_STATUS.get(error.status_code)
        if slug is None:
            slug = "bad-request" if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR else "internal-error"
        title = PROBLEM_TYPES[slug].title
        return answer(request, ProblemError(slug, _DETAILS.get(slug, title), headers=error.headers))

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(request, from_validation(error.errors(), error.body, skip=1))

    async def on_repair(request: Request, error: Exception) -> Response:
        assert isinstance(error, RepairError)
        return answer(request, from_repair_error(error))

    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(RepairError, on_repair)


_DETAILS: Final[Mapping[str, str]] = {
    "not-found": "No route has this address; /openapi.json lists those there are.",
    "method-not-allowed": "The Allow header lists the methods that this address takes.",
}
