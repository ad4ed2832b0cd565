"""Who may ask, and how often: API keys kept as hashes, one budget a key, and the headers that tell of it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import re
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.accept import prefers
from app.api.errors import PROBLEM_TYPES, ProblemError, request_id_in, respond
from app.core.errors import ResourceError
from app.settings import Settings
from app.telemetry import Metrics

# Probes and counters hold no text, and whoever asks them has no key; what an error means is told to everybody.
OPEN: Final = frozenset(
    {"/livez", "/readyz", "/metrics", "/v2/healthcheck", "/problems", *(kind.uri for kind in PROBLEM_TYPES.values())}
)
FORM_KEYS: Final = "/v2/"  # there a key may stand in the form: the route asks for it
_UNCOUNTED: Final = ("/static/", "/docs/")  # files of our pages: each page brings ten, and no work is behind any
_WINDOW_S: Final = 60
_PREFIX: Final = "mtr_"
_LINE: Final = re.compile(r"(?P<id>[A-Za-z0-9][A-Za-z0-9_-]{0,39}) +(?P<hash>[0-9a-f]{64})(?: +(?P<limit>[0-9]{1,7}))?")


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept: what it is called, its hash, and its own limit if it has one."""

    id: str
    sha256: str
    per_minute: int | None = None


def new_key() -> str:
    """A fresh key of 256 random bits: too many to guess, so that a plain hash keeps it safe."""
    return _PREFIX + secrets.token_urlsafe(32)


def hash_key(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def read_keys(path: Path) -> tuple[ApiKey, ...]:
    """The keys of a file: a line for each, ``ID SHA256 [REQUESTS_PER_MINUTE]``; ``#`` begins a comment.

    Raises:
        ResourceError: It cannot be read, or a line is none of that.
    """
    keys, wrong = keys_in_force(path)
    if wrong:
        raise ResourceError(wrong[0])
    return keys


def keys_in_force(path: Path) -> tuple[tuple[ApiKey, ...], list[str]]:
    """The keys that a file vouches for, and what is wrong with it, one sentence each.

    A key that was taken back is never among them, whatever else is wrong: of two lines with one id neither counts, and
    of a file that cannot be read none does.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return (), [f"cannot read the API keys in {path}; see MT_REPAIR_API_KEYS"]
    keys: dict[str, ApiKey] = {}
    seen: set[str] = set()
    wrong = []
    for number, line in enumerate(lines, 1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        found = _LINE.fullmatch(content)
        if found is None or found["id"] in seen:
            what = "no key (ID SHA256 [REQUESTS_PER_MINUTE])" if found is None else "a second key of the same id"
            wrong.append(f"line {number} of {path} is {what}; make one with: mt-repair key ID")
            if found is not None:
                keys.pop(found["id"], None)
            continue
        seen.add(found["id"])
        keys[found["id"]] = ApiKey(found["id"], found["hash"], int(found["limit"]) if found["limit"] else None)
    if not keys and not wrong:
        wrong.append(f"no API key in {path}; make one with: mt-repair key ID")
    return tuple(keys.values()), wrong


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(slots=True)
class _Window:
    """What one key has used of the current window."""

    started: float
    used: int = 0


@dataclass(frozen=True, slots=True)
class Budget:
    """What a key may still do: ``remaining`` of ``limit`` requests, anew in ``reset_s``."""

    limit: int
    remaining: int
    reset_s: int

    def headers(self) -> list[tuple[str, str]]:
        """The headers of draft-ietf-httpapi-ratelimit-headers, in the form it has had since its version 8."""
        return [
            ("RateLimit-Policy", f'"default";q={self.limit};w={_WINDOW_S}'),
            ("RateLimit", f'"default";r={self.remaining};t={self.reset_s}'),
        ]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the id of the key, empty where none is needed, and its budget."""

    key_id: str = ""
    budget: Budget | None = None


class Gate:
    """Knows the keys and counts what each uses.

    Args:
        keys: None at all: everybody may ask, as often as they like. A gate that has had keys never opens again.
        per_minute: Requests a minute of a key without a limit of its own; 0 is without limit.
        clock: Seconds that never go back.
    """

    def __init__(
        self, keys: Sequence[ApiKey] = (), per_minute: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keys, self._per_minute, self._clock = tuple(keys), per_minute, clock
        self._is_open = not self._keys
        self._windows: dict[str, _Window] = {}
        self._lock = threading.Lock()

    @classmethod
    def of(cls, settings: Settings) -> Gate:
        """The gate that the settings ask for.

        Raises:
            ResourceError: Keys are required and there are none, or they cannot be read.
        """
        if settings.api_keys is not None:
            return cls(read_keys(settings.api_keys), settings.requests_per_minute)
        required = not is_loopback(settings.host) if settings.keys_required is None else settings.keys_required
        if required:
            raise ResourceError(
                f"{settings.host} can be reached from other machines and no API keys are set; set MT_REPAIR_API_KEYS "
                "(make a key with: mt-repair key ID), or let everybody in: MT_REPAIR_KEYS_REQUIRED=false"
            )
        return cls()

    def replace(self, keys: Sequence[ApiKey]) -> None:
        """Let in who has one of these keys from now on, and nobody where there are none.

        What a key has used of its budget stays used.
        """
        self._keys = tuple(keys)

    @property
    def is_open(self) -> bool:
        """Whether everybody may ask."""
        return self._is_open

    def admit(self, presented: str | None, *, counts: bool = True) -> Caller:
        """Let a request in by its key, and count it.

        Args:
            presented: The key.
            counts: Whether the request is one of those that the key has so many of a minute.

        Raises:
            ProblemError: ``unauthenticated``, or ``rate-limited``.
        """
        if self.is_open:
            return Caller()
        key = self._find(presented) if presented else None
        if key is None:
            detail = "The key is not known here." if presented else "Send your key: `Authorization: Bearer KEY`."
            raise ProblemError("unauthenticated", detail, headers={"WWW-Authenticate": 'Bearer realm="mt-repair"'})
        return Caller(key.id, self._spend(key) if counts else None)

    def admit_form(self, scope: Scope, presented: str) -> str:
        """Whose request it is where the key may stand in the form: the id of the key.

        Raises:
            ProblemError: As ``admit``.
        """
        caller: Caller | None = scope.get("state", {}).get("caller")
        if caller is None:
            caller = self.admit(presented)
            scope.setdefault("state", {}).update(caller=caller, key_id=caller.key_id)
        return caller.key_id

    def _find(self, presented: str) -> ApiKey | None:
        """The key of that text. Every hash is compared, each in constant time, so that the time tells nothing."""
        hashed = hash_key(presented)
        found = None
        for key in self._keys:
            if hmac.compare_digest(key.sha256, hashed):
                found = key
        return found

    def _spend(self, key: ApiKey) -> Budget | None:
        limit = self._per_minute if key.per_minute is None else key.per_minute
        if not limit:
            return None
        now = self._clock()
        with self._lock:
            window = self._windows.get(key.id)
            if window is None or now - window.started >= _WINDOW_S:
                window = self._windows[key.id] = _Window(now)
            reset_s = max(1, round(_WINDOW_S - (now - window.started)))
            is_over = window.used >= limit
            if not is_over:
                window.used += 1
            budget = Budget(limit, limit - window.used, reset_s)
        if is_over:
            raise ProblemError(
                "rate-limited", f"The key may ask {limit} times a minute; try again in {reset_s} seconds.",
                headers={**dict(budget.headers()), "Retry-After": str(reset_s)},
            )  # fmt: skip
        return budget


def presented_key(authorization: str) -> tuple[str | None, bool]:
    """The key in an ``Authorization`` header, and whether a browser sent it on its own.

    Bearer, or Basic with the key as the password: that is how a browser asks a person for it.
    """
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None, False
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return None, True
        return text.partition(":")[2] or None, True
    return None, False


class KeyMiddleware:
    """Asks every request but probes for a key, and tells each key its budget."""

    def __init__(self, app: ASGIApp, gate: Gate, metrics: Metrics) -> None:
        self._app, self._gate, self._metrics = app, gate, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection (ASGI)."""
        if scope["type"] != "http" or self._gate.is_open or scope["path"] in OPEN or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        state = scope.setdefault("state", {})
        asks_in_form = scope["path"].startswith(FORM_KEYS)

        async def tell(message: Message) -> None:
            caller: Caller | None = state.get("caller")
            if message["type"] == "http.response.start" and caller is not None and caller.budget is not None:
                own = [(name.lower().encode(), value.encode()) for name, value in caller.budget.headers()]
                message = {**message, "headers": [*message["headers"], *own]}
            await send(message)

        try:
            presented, is_basic = presented_key(headers.get(b"authorization", ""))
            if presented is not None or not asks_in_form:
                if is_basic:
                    _refuse_foreign(headers)
                caller = self._gate.admit(presented, counts=not scope["path"].startswith(_UNCOUNTED))
                state.update(caller=caller, key_id=caller.key_id)
        except ProblemError as exc:
            await self._refuse(exc, scope, headers, receive, send)
            return
        await self._app(scope, receive, tell)

    async def _refuse(
        self, error: ProblemError, scope: Scope, headers: dict[bytes, str], receive: Receive, send: Send
    ) -> None:
        if scope["path"].startswith(FORM_KEYS):
            from app.api.languagetool import plain_error

            self._metrics.observe_problem(error.kind.slug)
            await plain_error(error)(scope, receive, send)
            return
        wants_page = prefers(headers.get(b"accept", ""), "text/html")
        if error.status_code == HTTPStatus.UNAUTHORIZED and wants_page:  # a person: let the browser ask for the key
            error = ProblemError(
                error.kind.slug, str(error.detail),
                headers={"WWW-Authenticate": 'Basic realm="mt-repair: any user name, the key as password"'},
            )  # fmt: skip
        await respond(error, request_id_in(scope), self._metrics)(scope, receive, send)


def _refuse_foreign(headers: dict[bytes, str]) -> None:
    """Stop another site from asking in a person's name: the browser would send the key along.

    Raises:
        ProblemError: ``forbidden``.
    """
    origin = headers.get(b"origin")
    site = headers.get(b"sec-fetch-site", "none")
    is_own = origin is None or origin.partition("://")[2] == headers.get(b"host")
    if not is_own or site == "cross-site":
        raise ProblemError("forbidden", "A page of another site cannot use the key that the browser keeps.")


def cors(app: FastAPI, settings: Settings) -> None:
    """Let pages of the sites that the settings name ask, without cookies."""
    origins = [origin for part in settings.allow_origins.split(",") if (origin := part.strip().rstrip("/"))]
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Request-ID"],
            expose_headers=["Location", "X-Request-ID", "RateLimit", "RateLimit-Policy", "Retry-After"],
            max_age=600,
        )
