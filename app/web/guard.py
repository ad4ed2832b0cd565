"""What keeps the page safe: its content policy, and proof that a change comes from the page itself."""

from __future__ import annotations

from hashlib import sha256
from secrets import compare_digest, token_urlsafe
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from fastapi import Request, Response

from app.api.errors import ProblemError

# Scripts and styles are our own files; trusted types forbid the script to make HTML out of text at all.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
TOKEN_COOKIE: Final = "mt_repair_token"
NAME_COOKIE: Final = "mt_repair_editor"
TOKEN_HEADER: Final = "x-csrf-token"
_YEAR_S: Final = 31_536_000


def token_of(request: Request) -> str:
    """The token that this browser has, or a fresh one."""
    token = request.cookies.get(TOKEN_COOKIE, "")
    return token if 20 <= len(token) <= 100 and token.isascii() else token_urlsafe(24)


def editor_of(request: Request, token: str = "") -> str:
    """The name under which this browser's decisions are kept; a claim, not an identity."""
    name = " ".join("".join(c for c in unquote(request.cookies.get(NAME_COOKIE, "")) if c.isprintable()).split())[:60]
    key: str = getattr(request.state, "key_id", "")  # whose API key the browser sends, where keys are needed
    return name or key or f"Editor {sha256((token or token_of(request)).encode()).hexdigest()[:4]}"


def set_cookies(request: Request, response: Response, token: str) -> None:
    """Give the browser its token."""
    response.set_cookie(
        TOKEN_COOKIE, token, max_age=_YEAR_S, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )


def set_editor(request: Request, response: Response, name: str) -> None:
    """Remember the editor's name in the browser."""
    response.set_cookie(
        NAME_COOKIE, quote(name), max_age=_YEAR_S, httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip


def check_origin(request: Request) -> None:
    """Let through what our own page sent: it knows the token, and the browser says that it comes from here.

    Raises:
        ProblemError: It comes from somewhere else.
    """
    cookie, header = request.cookies.get(TOKEN_COOKIE, ""), request.headers.get(TOKEN_HEADER, "")
    is_ours = bool(cookie) and compare_digest(cookie.encode(), header.encode())
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    is_here = origin is None or urlsplit(origin).netloc == request.headers.get("host", "")
    if not (is_ours and is_here and site == "same-origin"):
        raise ProblemError("forbidden", "Only the page itself may change what is stored; reload it and try again.")
