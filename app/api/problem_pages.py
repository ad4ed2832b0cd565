"""What each kind of problem means and what to do about it: the pages that the ``type`` of an error leads to."""

from __future__ import annotations

import re
from html import escape
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.accept import prefers
from app.api.errors import PROBLEM_TYPES, ProblemError, ProblemType
from app.api.examples import problems

_JSON: Final = "application/json"
_HTML: Final = "text/html"
_CODE: Final = re.compile("`([^`]+)`")


class ProblemTypeBody(BaseModel):
    """A kind of error."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="As in the errors of this kind.", json_schema_extra={"format": "uri-reference"})
    title: str
    status: int
    meaning: str = Field(description="When it comes.")
    remedy: str = Field(description="What the caller can do.")

    @classmethod
    def of(cls, kind: ProblemType) -> ProblemTypeBody:
        """A kind as it is shown."""
        return cls(type=kind.uri, title=kind.title, status=kind.status, meaning=kind.meaning, remedy=kind.remedy)


class ProblemTypesBody(BaseModel):
    """Every kind of error that there is."""

    model_config = ConfigDict(frozen=True)

    problems: list[ProblemTypeBody]


_EXAMPLE: Final = ProblemTypeBody.of(PROBLEM_TYPES["queue-full"]).model_dump()
_SLUG: Final = {"name": "slug", "in": "path", "required": True, "schema": {"type": "string", "enum": [*PROBLEM_TYPES]}}
router = APIRouter(tags=["Errors"])


def _success(model: type[BaseModel], example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    html = {"schema": {"type": "string"}, "example": "<!doctype html>…"}
    return {200: {"description": "Done.", "model": model, "content": {_JSON: {"example": example}, _HTML: html}}}


@router.get(
    "/problems",
    operation_id="problem_types",
    summary="List the kinds of errors",
    response_class=Response,
    responses={**_success(ProblemTypesBody, {"problems": [_EXAMPLE]}), **problems(500)},
)
async def problem_types(request: Request) -> Response:
    """Every kind of error that the service can answer with; needs no key."""
    kinds = list(PROBLEM_TYPES.values())
    if prefers(request.headers.get("accept", ""), _HTML):
        items = "".join(f'<li><a href="{kind.uri}">{escape(kind.title)}</a></li>' for kind in kinds)
        return _page("Errors of mt-repair", f"<ul>{items}</ul>")
    body = ProblemTypesBody(problems=[ProblemTypeBody.of(kind) for kind in kinds])
    return Response(body.model_dump_json(), media_type=_JSON)


@router.get(
    "/problems/{slug}",
    operation_id="problem_type",
    summary="What does an error mean?",
    response_class=Response,
    responses={**_success(ProblemTypeBody, _EXAMPLE), **problems(404, 500)},
    openapi_extra={"parameters": [_SLUG]},
)
async def problem_type(request: Request) -> Response:
    """What a kind of error means and what to do about it: the `type` of every error leads here; needs no key."""
    kind = PROBLEM_TYPES.get(request.path_params["slug"])
    if kind is None:
        raise ProblemError("not-found", "There is no such kind of error; GET /problems lists those there are.")
    if prefers(request.headers.get("accept", ""), _HTML):
        content = f"<p>{_marked_up(kind.meaning)}</p><p>{_marked_up(kind.remedy)}</p>"
        more = f'<p>Status {kind.status}, type <code>{kind.uri}</code>. <a href="/problems">All kinds of errors</a></p>'
        return _page(kind.title, content + more)
    return Response(ProblemTypeBody.of(kind).model_dump_json(), media_type=_JSON)


def _marked_up(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))


def _page(title: str, content: str) -> Response:
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="light dark"><title>{escape(title)}</title>'
    )
    main = f"<main><h1>{escape(title)}</h1>{content}</main>"
    return Response(
        f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{main}</body></html>\n', media_type=_HTML
    )
