"""Around every request: an id, a log line, a measurement, and an answer even where nobody expected the error."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import internal_error, respond
from app.telemetry import METHODS, Metrics, get_logger, request_id_of

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_UNMATCHED: Final = "(no route)"
# Unless a route says otherwise: nothing is kept in a cache, and a browser that opens an answer runs nothing in it.
_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


class TelemetryMiddleware:
    """Gives each request an id, logs and counts it, and turns an unexpected exception into a 500.

    The log has the route's template and never the path, the query, a header or a body: those are the caller's.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, tracer: Tracer | None = None) -> None:
        self._app, self._metrics, self._tracer = app, metrics, tracer
        self._log = get_logger(__name__)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._tracer is None:
            await self._serve(scope, receive, send)
        else:
            await self._trace(self._tracer, scope, receive, send)

    async def _trace(self, tracer: Tracer, scope: Scope, receive: Receive, send: Send) -> None:
        from opentelemetry.trace import SpanKind

        from app.tracing import current_trace, span

        parent = next((value for name, value in scope["headers"] if name == b"traceparent"), b"").decode("latin-1")
        with span(tracer, "request", parent, SpanKind.SERVER) as made:
            scope.setdefault("state", {})["trace"] = current_trace()
            status = await self._serve(scope, receive, send)
            route, method = _route_of(scope), _method_of(scope)
            made.update_name(f"{method} {route}")
            made.set_attribute("http.request.method", method)
            made.set_attribute("http.route", route)
            made.set_attribute("http.response.status_code", status)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> int:
        started = time.perf_counter()
        asked = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
        request_id = request_id_of(asked.decode("latin-1"))
        scope.setdefault("state", {})["request_id"] = request_id
        status, bytes_in, bytes_out = 0, 0, 0

        async def counted_receive() -> Message:
            nonlocal bytes_in
            message = await receive()
            bytes_in += len(message.get("body", b""))
            return message

        async def tagged_send(message: Message) -> None:
            nonlocal status, bytes_out
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name.lower() for name, _ in message["headers"]}
                own = [(name, value) for name, value in _HEADERS if name not in given]
                own.append((b"x-request-id", request_id.encode()))
                message = {**message, "headers": [*message["headers"], *own]}
            bytes_out += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, counted_receive, tagged_send)
        except Exception as exc:
            problem = internal_error(exc)
            if status:  # too late for another answer: cut the connection, and let no message out with it
                raise RuntimeError("the response was cut short") from None
            await respond(problem, request_id, self._metrics)(scope, counted_receive, tagged_send)
        finally:
            seconds = time.perf_counter() - started
            route, method = _route_of(scope), _method_of(scope)
            self._metrics.observe_request(route, method, status, seconds)
            self._log.info(
                "request",
                method=method,
                route=route,
                status=status,
                ms=round(seconds * 1000, 1),
                request_id=request_id,
                bytes_in=bytes_in,
                bytes_out=bytes_out,
                **({"key": key_id} if (key_id := scope["state"].get("key_id")) else {}),
            )
        return status


def _route_of(scope: Scope) -> str:
    """The route's template."""
    return str(getattr(scope.get("route"), "path", _UNMATCHED))


def _method_of(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "OTHER"
