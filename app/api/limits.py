"""What is checked at the door, before any of a body is believed: size, type, encoding, depth."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Coroutine
from email.message import Message
from typing import Any, Final, NoReturn

import anyio
from fastapi import Request, Response
from fastapi.routing import APIRoute

from app.api.errors import FieldError, ProblemError, safe_pointer_to
from app.settings import Settings

# The possessive group and the optional end keep an unclosed string linear.
_STRUCTURE: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_ESCAPED_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# A client that is still sending may never read an answer sent before it is done, so a body that is somewhat too
# large is read to its end and thrown away.
_DRAIN_FACTOR: Final = 32
_DRAIN_S: Final = 5.0
_IDLE_S: Final = 0.5  # a client that sends nothing for so long waits for our word


class LimitedRequest(Request):
    """A request whose body is bounded while it arrives and read as strict JSON."""

    async def body(self) -> bytes:
        """The body, at most ``max_body_bytes`` long whatever the headers promise.

        Raises:
            ProblemError: It is too large (413), too slow (408), or not declared as JSON in UTF-8 (415).
        """
        if not hasattr(self, "_body"):
            settings: Settings = self.app.state.settings
            try:
                with anyio.fail_after(settings.request_timeout_s):
                    self._body = await self._read(settings.max_body_bytes)
            except TimeoutError as exc:
                detail = f"The body must arrive within {settings.request_timeout_s:g} seconds."
                raise ProblemError("request-timeout", detail) from exc
            if self._body:
                self._check_type()
        return self._body

    async def json(self) -> Any:
        """The body as JSON values (RFC 8259, no extensions).

        Raises:
            ProblemError: See ``parse_json``.
        """
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body(), self.app.state.settings.max_json_depth)
        return self._json

    def _check_type(self) -> None:
        check_media_type(self.headers.get("content-type"), self.headers.get("content-encoding"))

    async def _read(self, most: int) -> bytes:
        declared = self.headers.get("content-length", "")
        too_large = declared.isdecimal() and int(declared[:20]) > most
        error = ProblemError("body-too-large", f"The body may have at most {most} bytes; send it in parts.")
        if too_large and "expect" in self.headers:
            raise error  # the client waits for our word before it sends anything
        chunks: list[bytes] = []
        size = 0
        drained_at = anyio.current_time() + _DRAIN_S
        with anyio.move_on_after(_IDLE_S) if too_large else anyio.CancelScope() as scope:
            async for chunk in self.stream():
                size += len(chunk)
                if size > most and not too_large:
                    too_large = True
                    drained_at = anyio.current_time() + _DRAIN_S
                if too_large:
                    scope.deadline = min(drained_at, anyio.current_time() + _IDLE_S)
                    chunks.clear()
                    if size > most * _DRAIN_FACTOR:
                        break
                else:
                    chunks.append(chunk)
        if too_large:
            raise error
        return b"".join(chunks)


class LimitedRoute(APIRoute):
    """A route whose handler gets a ``LimitedRequest``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler behind our door."""
        handle = super().get_route_handler()

        async def limited(request: Request) -> Response:
            return await handle(LimitedRequest(request.scope, request.receive))

        return limited


def check_media_type(content_type: str | None, content_encoding: str | None) -> None:
    """Refuse a body that is not declared as plain JSON in UTF-8.

    Raises:
        ProblemError: ``unsupported-media-type``.
    """
    message = Message()
    message["content-type"] = content_type or ""
    subtype = message.get_content_subtype()
    is_json = message.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))
    charset = str(message.get_param("charset", "utf-8")).lower()
    if not content_type or not is_json or charset not in ("utf-8", "utf8", "us-ascii"):
        raise ProblemError("unsupported-media-type", "Send the body as `Content-Type: application/json`, in UTF-8.")
    if content_encoding and content_encoding.lower() != "identity":
        raise ProblemError("unsupported-media-type", "Send the body as it is, without a Content-Encoding.")


def parse_json(body: bytes, max_depth: int, what: str = "the body") -> Any:
    """Read strict JSON.

    Args:
        body: The bytes as they arrived.
        max_depth: Most arrays and objects inside one another.
        what: What an error calls it.

    Raises:
        ProblemError: ``malformed-json`` where it is not JSON in UTF-8 or too deep (a depth beyond any of our schemas
            is refused before the parser sees it), ``invalid-request`` where a string holds a lone surrogate.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ProblemError("malformed-json", f"Byte {exc.start} of {what} is not UTF-8.") from None
    _check_depth(body, max_depth, what)
    try:
        values = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as exc:
        # The message of the decoder is one of a few fixed sentences.
        where = f"line {exc.lineno}, column {exc.colno}"
        raise ProblemError("malformed-json", _sentence(f"{what} stops being JSON at {where}: {exc.msg}.")) from None
    except ValueError:  # a whole number of more digits than Python reads
        raise ProblemError("malformed-json", f"A number in {what} has too many digits.") from None
    if _ESCAPED_SURROGATE.search(body):
        _refuse_surrogates(values)
    return values


def _refuse_constant(_name: str) -> NoReturn:
    raise ProblemError("malformed-json", "NaN and Infinity are not JSON.")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _check_depth(body: bytes, most: int, what: str) -> None:
    depth = 0
    for match in _STRUCTURE.finditer(body):
        first = match[0][0]
        if first in b"[{":
            depth += 1
            if depth > most:
                raise ProblemError("malformed-json", _sentence(f"{what} may be nested at most {most} levels deep."))
        elif first in b"]}":
            depth -= 1


def _refuse_surrogates(values: Any) -> None:
    """Raise where a string holds half of a surrogate pair: no text does, and nothing could be encoded from it."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), values)]
    while waiting:
        location, value = waiting.pop()
        if isinstance(value, str):
            if _SURROGATE.search(value):
                detail = "The string holds a lone surrogate; escape characters beyond U+FFFF as a pair."
                error = FieldError(pointer=safe_pointer_to(location), code="lone-surrogate", detail=detail)
                raise ProblemError("invalid-request", detail, errors=[error])
        elif isinstance(value, list):
            waiting.extend(((*location, index), item) for index, item in enumerate(value))
        elif isinstance(value, dict):
            for index, (name, item) in enumerate(value.items()):
                if _SURROGATE.search(name):
                    detail = f"The name of field number {index + 1} of this object holds a lone surrogate."
                    error = FieldError(pointer=safe_pointer_to(location), code="lone-surrogate", detail=detail)
                    raise ProblemError("invalid-request", detail, errors=[error])
                waiting.append(((*location, name), item))
