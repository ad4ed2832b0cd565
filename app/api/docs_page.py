"""The page that shows the OpenAPI document. All of it comes from this server: no other host is asked for anything."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)

_PACKAGE: Final = "fastapi_swagger.resources"  # nothing of that package is used but Swagger UI's own files
_FILES: Final[dict[str, str]] = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
_START: Final = b"""SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""
# Swagger UI draws its icons from data: addresses and sets styles on elements; scripts come from files only.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    media_type: str

    @property
    def integrity(self) -> str:
        """For the ``integrity`` attribute: the browser runs these very bytes or none."""
        return "sha384-" + b64encode(hashlib.sha384(self.content).digest()).decode()


@cache
def _asset(name: str) -> _Asset | None:
    if name == "start.js":
        return _Asset(_START, _FILES["swagger-ui-bundle.js"])
    if name not in _FILES:
        return None
    return _Asset(resources.files(_PACKAGE).joinpath(name).read_bytes(), _FILES[name])


def _link(name: str) -> tuple[str, str]:
    asset = _asset(name)
    assert asset is not None
    return f"docs/{name}", asset.integrity


@cache
def _page() -> str:
    (css, css_hash), (ui, ui_hash), (start, start_hash) = map(
        _link, ("swagger-ui.css", "swagger-ui-bundle.js", "start.js")
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mt-repair: API</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="{css}" integrity="{css_hash}">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript; the document itself is at <a href="openapi.json">/openapi.json</a>.</noscript>
<script src="{ui}" integrity="{ui_hash}"></script>
<script src="{start}" integrity="{start_hash}"></script>
</body>
</html>
"""


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return JSONResponse(request.app.openapi())


@router.get("/docs")
async def docs() -> Response:
    """The API, to read and to try."""
    return Response(_page(), media_type="text/html", headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/{name}")
async def docs_asset(name: str) -> Response:
    """A file of the page."""
    asset = _asset(name)
    if asset is None:
        raise HTTPException(404)
    return Response(asset.content, media_type=asset.media_type, headers={"Cache-Control": "public, max-age=3600"})
