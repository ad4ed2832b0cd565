"""Which kind of answer a caller asks for (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.request import parse_http_list

_QUALITY: Final = re.compile(r"[01](\.[0-9]*)?", re.ASCII)


def prefers(accept: str, media_type: str, usual: str = "application/json") -> bool:
    """Whether an ``Accept`` header names a media type, and likes it at least as well as the usual one."""
    qualities = dict(_qualities(accept))
    wildcard = f"{usual.partition('/')[0]}/*"
    likes_usual = next((qualities[name] for name in (usual, wildcard, "*/*") if name in qualities), 0.0)
    return 0 < qualities.get(media_type, 0.0) >= likes_usual


def _qualities(accept: str) -> Iterator[tuple[str, float]]:
    """The media types of a header without their parameters, and how welcome each is, 0 to 1; none that is malformed."""
    for part in parse_http_list(accept.lower()):
        name, *parameters = (word.strip() for word in part.split(";"))
        quality = next((value.strip() for key, _, value in (p.partition("=") for p in parameters) if key == "q"), "1")
        if _QUALITY.fullmatch(quality):
            yield name, float(quality)
