"""LanguageTool's HTTP API over the one repairer, for the clients that speak it: ``/v2/check`` and its neighbours.

What clients rely on is kept even where it is odd: form fields, offsets in UTF-16, unknown parameters ignored, and
errors as one line of plain text. ``docs/languagetool.md`` lists the clients and what differs from LanguageTool.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

import anyio
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.routing import APIRoute

from app.api.annotation import AnnotatedText, Part
from app.api.deps import Service, ServiceDep
from app.api.errors import ProblemError, as_problem
from app.api.languagetool_schemas import (
    KINDS,
    LANGUAGES,
    AddedResponse,
    CheckForm,
    CheckResponse,
    ConfigInfoResponse,
    ConfiguredRuleBody,
    DeletedResponse,
    InfoResponse,
    ParameterBody,
    SpokenBody,
    WordsResponse,
    is_word_rule,
    software,
    write_check,
)
from app.api.limits import LimitedRequest, parse_json
from app.api.rules import describe_rules
from app.api.schemas import check_length
from app.api.words import MAX_WORD_CHARS, WordStore, as_entries
from app.core.errors import ResourceError
from app.core.types import GlossaryEntry, Mode, ProtectOptions, RepairOptions
from app.telemetry import get_logger

JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 100
_MOST_WORDS: Final = 10_000
_LANGUAGE: Final = re.compile(r"auto|en(-[a-z0-9]{2,8})*", re.ASCII | re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_TOO_LATE: Final = "The time for the request ran out; the rest of the text was not checked."

Parameters = Mapping[str, str]


class _FormRequest(LimitedRequest):
    """A request whose body may be a form or JSON, as large as any other."""

    def _check_type(self) -> None:
        """Its type is looked at where it is read."""


# LanguageTool knows fewer statuses than HTTP: its clients show these, or treat them as what they mean there.
_STATUSES: Final[Mapping[int, int]] = {401: 403, 415: 400, 422: 400, 504: 500}


def plain_error(error: ProblemError) -> Response:
    """An error as LanguageTool sends it: one line that begins with ``Error:``."""
    status = _STATUSES.get(error.status_code, error.status_code)
    return PlainTextResponse(f"Error: {error.detail}", status, headers=dict(error.headers or {}))


class PlainRoute(APIRoute):
    """A route that answers every error in plain text."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler behind our door."""
        handle = super().get_route_handler()

        async def plain(request: Request) -> Response:
            try:
                return await handle(_FormRequest(request.scope, request.receive))
            except Exception as exc:
                error = as_problem(exc)
            request.app.state.metrics.observe_problem(error.kind.slug)
            return plain_error(error)

        return plain


router = APIRouter(prefix="/v2", route_class=PlainRoute, tags=["LanguageTool"])


# --- what the OpenAPI document says ---

_SOFTWARE: Final = {
    "name": "mt-repair", "version": "1.0.0", "buildDate": "2026-11-23 00:00:00 +0000", "apiVersion": 1,
    "premium": False, "premiumHint": "", "status": "",
}  # fmt: skip
_CHECK_EXAMPLE: Final = {
    "software": _SOFTWARE,
    "warnings": {"incompleteResults": False},
    "language": {
        "name": "English (US)", "code": "en-US",
        "detectedLanguage": {"name": "English (US)", "code": "en-US", "confidence": 1.0, "source": "mt-repair"},
    },
    "matches": [],
    "sentenceRanges": [[0, 11]],
    "extendedSentenceRanges": [{"from": 0, "to": 11, "detectedLanguages": [{"language": "en", "rate": 1.0}]}],
}  # fmt: skip
_ERROR_DETAILS: Final = {
    400: "Missing 'language' parameter, e.g. 'language=en-US' or 'language=auto'.",
    403: "The key is not known here.",
    408: "The body must arrive within 60 seconds.",
    413: "The body may have at most 1048576 bytes; send it in parts.",
    429: "The key may ask 600 times a minute; try again in 12 seconds.",
    500: "The request was not handled; nothing of it is kept. Quote the request id.",
    503: "It would take longer than you can wait; try again.",
}


def _plain(text: str, status: int = 200, description: str = "Done.") -> dict[int | str, dict[str, Any]]:
    return {
        status: {"description": description, "content": {"text/plain": {"schema": {"type": "string"}, "example": text}}}
    }


def _success(model: Any, example: Any) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": "Done.", "model": model, "content": {JSON: {"example": example}}}}


def _form(model: str) -> dict[str, Any]:
    schema = {"schema": {"$ref": f"#/components/schemas/{model}"}}
    return {"requestBody": {"required": True, "content": {_FORM: schema, JSON: schema}}}


def _parameter(name: str, kind: str, *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": {"type": kind}}


_ERRORS: Final = {
    number: entry
    for status, detail in _ERROR_DETAILS.items()
    for number, entry in _plain(f"Error: {detail}", status, f"{HTTPStatus(status).phrase}.").items()
}
_CHECKED: Final = _success(CheckResponse, _CHECK_EXAMPLE)
_KEY: Final = _parameter("apiKey", "string")
_QUERY: Final = [
    _parameter(name, "string", required=name == "language") for name in CheckForm.model_fields if name != "enabledOnly"
]


# --- parameters ---


async def read_parameters(request: Request) -> dict[str, str]:
    """The fields of the query and of the body, form or JSON; the body's win.

    Raises:
        ProblemError: They cannot be read.
    """
    given = dict(request.query_params)
    body = await request.body()
    if not body:
        return given
    message = Message()
    message["content-type"] = request.headers.get("content-type", _FORM)
    kind = message.get_content_type()
    if kind == JSON or kind.endswith("+json"):
        given.update(_from_json(parse_json(body, request.app.state.settings.max_json_depth)))
    elif kind == "multipart/form-data":
        raise _bad(f"Send the parameters as {_FORM} or as JSON.")
    else:  # clients that declare another type, or none, send a form all the same
        try:
            fields = parse_qsl(
                body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
            )
        except ValueError:
            raise _bad(f"The body is no form in UTF-8 of at most {_MOST_FIELDS} fields.") from None
        given.update(fields)
    return given


def _from_json(values: Any) -> dict[str, str]:
    if not isinstance(values, dict):
        raise _bad("The JSON body must be an object.")
    given: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, bool):
            given[name] = "true" if value else "false"
        elif isinstance(value, str):
            given[name] = value
        elif isinstance(value, int | float):
            given[name] = str(value)
        elif name == "data" and isinstance(value, dict):
            given[name] = json.dumps(value)
    return given


def _bad(detail: str, slug: str = "bad-request") -> ProblemError:
    return ProblemError(slug, detail)


def _list(parameters: Parameters, name: str) -> frozenset[str]:
    return frozenset(item for part in parameters.get(name, "").split(",") if (item := part.strip()))


def _flag(parameters: Parameters, name: str) -> bool:
    return parameters.get(name, "").lower() in ("true", "yes", "1")


# --- check ---


@dataclass(frozen=True, slots=True)
class _CheckCall:
    """One check, in the core's words, and the language code to answer with."""

    document: AnnotatedText
    options: RepairOptions
    code: str


def read_check(parameters: Parameters, service: Service) -> _CheckCall:
    """What a check asks for, once it keeps the limits.

    Raises:
        ProblemError: A parameter is missing or wrong, or the text is too long.
    """
    settings = service.settings
    document = _document(parameters, service)
    code = _code(parameters)
    options = RepairOptions(
        mode=Mode.FLUENT if parameters.get("level", "").lower() == "picky" else Mode.MINIMAL,
        protect=ProtectOptions(spans=document.interpreted),
        disabled_rules=disabled_rules(parameters, service),
        alternatives=settings.max_alternatives,
        max_latency_s=min(settings.check_timeout_s, settings.request_timeout_s),
    )
    return _CheckCall(document, options, code)


def _document(parameters: Parameters, service: Service) -> AnnotatedText:
    has_text, has_data = "text" in parameters, "data" in parameters
    if has_text and has_data:
        raise _bad("Set only 'text' or 'data', not both.")
    if has_text:
        _check_length(parameters["text"], service)
        return AnnotatedText.of_text(parameters["text"])
    if not has_data:
        raise _bad("Missing 'text' or 'data' parameter.")
    try:
        data = parse_json(parameters["data"].encode(), service.settings.max_json_depth)
    except ProblemError:
        raise _bad("The 'data' parameter is not JSON in UTF-8.") from None
    if isinstance(data, dict) and isinstance(data.get("text"), str) and "annotation" not in data:
        _check_length(data["text"], service)
        return AnnotatedText.of_text(data["text"])
    annotation = data.get("annotation") if isinstance(data, dict) else None
    if not isinstance(annotation, list):
        raise _bad("The 'data' parameter must hold 'text' or a list 'annotation'.")
    document = AnnotatedText.of_parts([_part(part) for part in annotation])
    for view in (document.full, document.plain):
        _check_length(view, service)
    return document


def _part(part: Any) -> Part:
    if not isinstance(part, dict):
        raise _bad("Every part of 'annotation' must be an object.")
    text, markup, shown = part.get("text"), part.get("markup"), part.get("interpretAs", "")
    if isinstance(text, str) and markup is None:
        return Part(text)
    if isinstance(markup, str) and text is None and isinstance(shown, str):
        return Part(markup, is_markup=True, interpret_as=shown)
    raise _bad("A part of 'annotation' has either 'text', or 'markup' with or without 'interpretAs'.")


def _check_length(text: str, service: Service) -> None:
    most = service.settings.max_text_chars
    if len(text) > most:
        raise _bad(
            f"Your text exceeds the limit of {most} characters (it's {len(text)} characters). "
            "Please submit a shorter text.",
            "text-too-long",
        )
    check_length("/text", text, service.settings)


def _code(parameters: Parameters) -> str:
    """The language to answer with; ``preferredVariants`` decides for ``auto``."""
    asked = parameters.get("language", "").strip()
    if not asked:
        raise _bad("Missing 'language' parameter, e.g. 'language=en-US' or 'language=auto'.")
    if not _LANGUAGE.fullmatch(asked):
        raise _bad(f"The language is not one that is checked here. Supported languages: {', '.join(LANGUAGES)}, auto.")
    if asked.lower() != "auto":
        known = {code.lower(): code for code in LANGUAGES}
        return known.get(asked.lower(), "en")
    for variant in parameters.get("preferredVariants", "").split(","):
        if variant.strip() in LANGUAGES:
            return variant.strip()
    return "en-US"


def disabled_rules(parameters: Parameters, service: Service) -> frozenset[str]:
    """The rules that a check leaves out: what is enabled by its id wins over its category, as in LanguageTool.

    Raises:
        ProblemError: ``enabledOnly`` stands with nothing enabled, or with something disabled.
    """
    enabled, enabled_categories = _list(parameters, "enabledRules"), _list(parameters, "enabledCategories")
    disabled, disabled_categories = _list(parameters, "disabledRules"), _list(parameters, "disabledCategories")
    rules = describe_rules(service.engine().rules)
    category = {rule.id: KINDS[rule.kind].category for rule in rules}
    if _flag(parameters, "enabledOnly"):
        if disabled or disabled_categories:
            raise _bad("You cannot specify disabled rules or categories using enabledOnly=true.")
        if not enabled and not enabled_categories:
            raise _bad("You must specify enabled rules or categories when using enabledOnly=true.")
        return frozenset(id_ for id_ in category if id_ not in enabled and category[id_] not in enabled_categories)
    off = {id_ for id_ in category if id_ in disabled or category[id_] in disabled_categories}
    return frozenset(id_ for id_ in off if id_ not in enabled and category[id_] not in enabled_categories)


@router.get(
    "/check",
    operation_id="check_get",
    summary="Check a text (for a quick try)",
    response_class=Response,
    responses={**_CHECKED, **_ERRORS},
    openapi_extra={"parameters": _QUERY},
)
@router.post(
    "/check", operation_id="check", summary="Check a text", response_class=Response,
    responses={**_CHECKED, **_ERRORS}, openapi_extra=_form("CheckForm"),
)  # fmt: skip
async def check(request: Request, service: ServiceDep) -> Response:
    """Check a text: the repairer's edits as matches."""
    parameters = await read_parameters(request)
    owner = _owner(request, parameters)
    call = read_check(parameters, service)
    words = _words(request)

    def work(waited_s: float) -> Response:
        glossary = _kept(words, owner, call.document.plain)
        left_s = max(0.0, (call.options.max_latency_s or 0.0) - waited_s)
        options = replace(call.options, glossary=glossary, max_latency_s=left_s)
        engine, started = service.engine(), time.monotonic()
        repair = call.document.project(engine.repair(call.document.plain, options), options.mode)
        service.metrics.observe_repair(repair, waited_s, time.monotonic() - started)
        rules = {rule.id: rule.description for rule in describe_rules(engine.rules)}
        late = _TOO_LATE if "deadline" in repair.warnings else None
        answer = write_check(call.document, repair, call.code, rules, reason=late)
        return Response(answer.encode(), media_type=JSON)

    return await service.in_thread(
        work, chars=len(call.document.plain), latency_s=call.options.max_latency_s, request=request
    )


def _kept(words: WordStore, owner: str, text: str) -> tuple[GlossaryEntry, ...]:
    """The caller's words; none where their store is away, which keeps nobody from a check."""
    try:
        return as_entries(words.words(owner), text)
    except ResourceError:
        get_logger(__name__).warning("words-unavailable")
        return ()


# --- words ---


def _words(request: Request) -> WordStore:
    words: WordStore = request.app.state.words
    return words


def _owner(request: Request, parameters: Parameters) -> str:
    """Whose words: the id of the key that the request came with."""
    owner: str = request.app.state.gate.admit_form(request.scope, parameters.get("apiKey", ""))
    return owner


def _word(parameters: Parameters) -> str:
    word = parameters.get("word", "").strip()
    if not word:
        raise _bad("Missing 'word' parameter.")
    if len(word) > MAX_WORD_CHARS or _CONTROL.search(word):
        raise _bad(f"A word has at most {MAX_WORD_CHARS} characters and no line ends.")
    return word


def _count(parameters: Parameters, name: str, default: int) -> int:
    value = parameters.get(name, str(default))
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise _bad(f"'{name}' must be a whole number, 0 or more.")
    return int(value)


@router.get(
    "/words", operation_id="words", summary="List the words that no check touches", response_class=Response,
    responses={**_success(WordsResponse, {"words": ["Kuleba"]}), **_ERRORS},
    openapi_extra={"parameters": [_parameter("offset", "integer"), _parameter("limit", "integer"), _KEY]},
)  # fmt: skip
async def list_words(request: Request, service: ServiceDep) -> Response:
    """The words that no check touches, a page at a time."""
    parameters = await read_parameters(request)
    owner = _owner(request, parameters)
    start, limit = _count(parameters, "offset", 0), min(_count(parameters, "limit", 10), _MOST_WORDS)
    words = await anyio.to_thread.run_sync(_words(request).words, owner)
    return _json(WordsResponse(words=words[start : start + limit]))


@router.post(
    "/words/add", operation_id="add_word", summary="Keep a word", response_class=Response,
    responses={**_success(AddedResponse, {"added": True}), **_ERRORS}, openapi_extra=_form("WordForm"),
)  # fmt: skip
async def add_word(request: Request, service: ServiceDep) -> Response:
    """Keep a word: from now on no check touches it."""
    parameters = await read_parameters(request)
    owner, word = _owner(request, parameters), _word(parameters)
    kept = await anyio.to_thread.run_sync(_words(request).words, owner)
    if len(kept) >= _MOST_WORDS:
        raise _bad(f"At most {_MOST_WORDS} words are kept.")
    return _json(AddedResponse(added=await anyio.to_thread.run_sync(_words(request).add, owner, word)))


@router.post(
    "/words/delete", operation_id="delete_word", summary="Forget a word", response_class=Response,
    responses={**_success(DeletedResponse, {"deleted": True}), **_ERRORS}, openapi_extra=_form("WordForm"),
)  # fmt: skip
async def delete_word(request: Request, service: ServiceDep) -> Response:
    """Forget a word."""
    parameters = await read_parameters(request)
    owner, word = _owner(request, parameters), _word(parameters)
    return _json(DeletedResponse(deleted=await anyio.to_thread.run_sync(_words(request).delete, owner, word)))


# --- what clients ask before they check ---


@router.get(
    "/languages", operation_id="languages", summary="List the languages", response_class=Response,
    responses={**_success(list[SpokenBody], [{"name": "English", "code": "en", "longCode": "en-US"}]), **_ERRORS},
)  # fmt: skip
async def languages() -> Response:
    """The languages there are: English and its variants."""
    spoken = [SpokenBody(name=name, code="en", longCode=code).model_dump_json() for code, name in LANGUAGES.items()]
    return Response(f"[{','.join(spoken)}]", media_type=JSON)


@router.get(
    "/maxtextlength", operation_id="max_text_length", summary="How long may a text be?", response_class=Response,
    responses={**_plain("100000"), **_ERRORS},
)  # fmt: skip
async def max_text_length(service: ServiceDep) -> Response:
    """The longest text, in code points, as a bare number."""
    return PlainTextResponse(str(service.settings.max_text_chars))


@router.get(
    "/info", operation_id="info", summary="What is running?", response_class=Response,
    responses={**_success(InfoResponse, {"software": _SOFTWARE}), **_ERRORS},
)  # fmt: skip
async def info() -> Response:
    """What is running."""
    return _json(InfoResponse(software=software()))


@router.get(
    "/configinfo", operation_id="config_info", summary="List the limits and rules", response_class=Response,
    responses={
        **_success(
            ConfigInfoResponse, {"software": _SOFTWARE, "parameter": {"maxTextLength": 100000}, "rules": []}
        ),
        **_ERRORS,
    },
    openapi_extra={"parameters": [_parameter("language", "string", required=True)]},
)  # fmt: skip
async def config_info(request: Request, service: ServiceDep) -> Response:
    """The limits, and every rule id that a check can disable."""
    _code(await read_parameters(request))
    rules = [
        ConfiguredRuleBody(
            ruleId=rule.id,
            description=rule.description,
            isDictionaryBasedSpellingRule="yes" if is_word_rule(rule.id) else None,
            categoryId=KINDS[rule.kind].category,
            categoryName=KINDS[rule.kind].name,
            locQualityIssueType=KINDS[rule.kind].issue,
        )
        for rule in describe_rules(service.engine().rules)
    ]
    limits = ParameterBody(maxTextLength=service.settings.max_text_chars)
    return _json(ConfigInfoResponse(software=software(), parameter=limits, rules=rules))


@router.get(
    "/healthcheck", operation_id="health_check", summary="Can it check?", response_class=Response,
    responses={**_plain("OK"), **_ERRORS},
)  # fmt: skip
async def health_check(service: ServiceDep) -> Response:
    """``OK`` once a real repair has passed; asked without a key and outside of all limits."""
    service.engine()
    return PlainTextResponse("OK")


@router.api_route(
    "/{rest:path}",
    methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    include_in_schema=False,
)
async def unknown(rest: str) -> Response:
    """Anything else under this address, with LanguageTool's words for it."""
    known: dict[str, set[str]] = {}
    for route in router.routes[:-1]:
        if isinstance(route, APIRoute):
            known.setdefault(route.path.removeprefix("/v2/"), set()).update(route.methods or ())
    if rest in known:
        allowed = ", ".join(sorted(known[rest]))
        raise ProblemError("method-not-allowed", f"Use {allowed} here.", headers={"Allow": allowed})
    raise ProblemError("not-found", f"Unknown action. Valid actions: {', '.join(sorted(known))}.")


def _json(body: Any) -> Response:
    return Response(body.model_dump_json(exclude_none=True), HTTPStatus.OK, media_type=JSON)
