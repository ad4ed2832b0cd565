"""The JSON that the page sends."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

import anyio
from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from app.api.errors import ProblemError, from_validation
from app.api.schemas import Text
from app.core.types import Mode, TermKind
from app.settings import Settings
from app.store.models import Reach
from app.store.records import Verdict, Why, Wish

_B = TypeVar("_B", bound=BaseModel)
_JSON_FACTOR = 6  # a character may be written as \uXXXX
_SPARE_BYTES = 65_536

Short = Annotated[Text, StringConstraints(max_length=200)]
Target = Annotated[str, StringConstraints(pattern=r"^[es][0-9]{1,8}$")]
ClientId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewBody(_Body):
    """A text to repair."""

    text: Text = ""
    example: bool = False
    title: Short = ""
    project: Short = "default"
    mode: Literal[Mode.MINIMAL, Mode.FLUENT, Mode.NAMES_ONLY] = Mode.MINIMAL
    keep_days: Annotated[int, Field(ge=0, le=3650)] | None = 0  # 0: not at all; none: until it is deleted


class WishBody(_Body):
    """One decision."""

    target: Target
    verdict: Verdict
    text: Text | None = None
    why: Why = Why.UNSAID

    def as_wish(self) -> Wish:
        """For the store."""
        return Wish(self.target, self.verdict, self.text, self.why)


class DecisionsBody(_Body):
    """One change of one or many decisions."""

    seen: Annotated[int, Field(ge=0)]
    client_id: ClientId
    label: Short = ""
    decisions: Annotated[list[WishBody], Field(min_length=1, max_length=200_000)]


class StepBody(_Body):
    """An undo or redo."""

    client_id: ClientId


class DismissBody(_Body):
    """Never again."""

    target: Target
    reach: Reach
    seen: Annotated[int, Field(ge=0)]
    client_id: ClientId


class PlaceBody(_Body):
    """Where the editor stands."""

    place: Annotated[str, StringConstraints(pattern=r"^([es][0-9]{1,8})?$")]


class KeepBody(_Body):
    """How long to keep a document."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] | None


class TermBody(_Body):
    """A term for a project's glossary."""

    source: Annotated[Text, StringConstraints(min_length=1, max_length=200)]
    target: Short = ""
    kind: TermKind = TermKind.REPLACE


class EditorBody(_Body):
    """The editor's name."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=60)]


class NothingBody(_Body):
    """No fields."""


async def read_bytes(request: Request, most: int) -> bytes:
    """The body, at most ``most`` bytes of it.

    Raises:
        ProblemError: It is longer, or takes too long to arrive.
    """
    settings: Settings = request.app.state.settings
    data = bytearray()
    too_large = ProblemError("body-too-large", f"At most {most} bytes are taken.")
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > most:
        raise too_large
    try:
        with anyio.fail_after(settings.request_timeout_s):
            async for chunk in request.stream():
                data += chunk
                if len(data) > most:
                    raise too_large
    except TimeoutError as exc:
        raise ProblemError("request-timeout", "The body took too long to arrive; try again.") from exc
    return bytes(data)


async def read_json(request: Request, kind: type[_B]) -> _B:
    """The body as JSON of a kind.

    Raises:
        ProblemError: It is something else.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ProblemError("unsupported-media-type", "Send application/json.")
    settings: Settings = request.app.state.settings
    data = await read_bytes(request, _JSON_FACTOR * settings.max_document_chars + _SPARE_BYTES)
    try:
        return kind.model_validate_json(data)
    except ValidationError as exc:
        raise from_validation(exc.errors(include_url=False, include_input=False), None) from exc
