"""The application: settings in, an ASGI service out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import anyio
import anyio.to_thread
from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from app import __version__
from app.api import docs_page, glossaries, jobs, languagetool, names, problem_pages, routes
from app.api.auth import FORM_KEYS, OPEN, Gate, KeyMiddleware, cors
from app.api.deps import Service
from app.api.errors import TYPE_PREFIX, Problem, install
from app.api.examples import problems
from app.api.languagetool_schemas import CheckForm, WordForm
from app.api.middleware import TelemetryMiddleware
from app.api.reload import Reloader
from app.api.schemas import ProofreaderResponse
from app.api.words import StoredWords
from app.serving.engine import RepairEngine
from app.serving.processes import EngineProcesses
from app.settings import Settings
from app.telemetry import Metrics, configure_logging, describe_error, get_logger
from app.web import routes as web
from app.wiring import start_tracer

# A further front door is a router in this list.
ROUTERS: Final[Sequence[APIRouter]] = (
    routes.router,
    names.router,
    routes.probes,
    problem_pages.router,
    docs_page.router,
    languagetool.router,
    glossaries.router,  # before those that use them
    jobs.router,
    web.router,
)

_TAGS: Final = [
    {"name": "Repair", "description": "Corrected text, every edit, and why."},
    {"name": "Names", "description": "The knowledge base, and who the names of a text may be."},
    {"name": "Glossaries", "description": "Terms that are kept, for `glossary.ids` of a repair."},
    {"name": "Jobs", "description": "Long texts and files, repaired while nobody waits."},
    {"name": "LanguageTool", "description": "What clients of LanguageTool speak."},
    {"name": "Operation", "description": "Probes, versions and counters."},
    {"name": "Errors", "description": "What each kind of error means, and what to do about it."},
]
# What an error means is told to everybody, and so is what LanguageTool's clients ask before they check.
_WITHOUT_KEY: Final = (TYPE_PREFIX, "/v2/languages", "/v2/maxtextlength", "/v2/info", "/v2/configinfo")
_NAMED: Final[Sequence[type[BaseModel]]] = (Problem, ProofreaderResponse, glossaries.PutGlossary, CheckForm, WordForm)
_DESCRIPTION: Final = """\
Corrects English that a machine translated: names with a knowledge base, grammar with a seq2seq network, and changes
nothing else. Nothing of a submitted text is kept, logged, counted or quoted in an error.

Errors are problem documents (RFC 9457); their `type` leads to a page of this service that explains them. Every answer
has an `X-Request-ID`; one that you send is taken over where it looks like an id (at most 64 letters, digits, dots,
dashes and underscores, with a digit).
"""


def create_app(settings: Settings, engine: RepairEngine | None = None) -> FastAPI:
    """Make the service.

    Args:
        settings: Limits, threads, and what to load.
        engine: Repairs. Without one, the start builds it from ``settings`` and stops where that fails; the service
            then listens, and ``/readyz`` says no until a real repair has passed. One handed in is tried before the
            start is over.

    Raises:
        ResourceError: API keys are needed and there are none, or traces and their extra is not installed.
    """
    gate = Gate.of(settings)
    metrics = Metrics()
    service = Service(settings, metrics)
    reloader = Reloader(settings, service, gate)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if engine is not None:
            await anyio.to_thread.run_sync(service.warm_up, engine)
        built = await anyio.to_thread.run_sync(build_engine, settings) if engine is None else None
        try:
            async with anyio.create_task_group() as tasks:
                if built is not None:
                    tasks.start_soon(_warm_up, service, built)
                tasks.start_soon(reloader.run)
                yield
                tasks.cancel_scope.cancel()
        finally:
            if isinstance(built, EngineProcesses):
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(built.close)

    app = FastAPI(
        title="mt-repair",
        version=__version__,
        summary="Corrected English, with a diff, from text that a machine translated.",
        description=_DESCRIPTION,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=_TAGS,
        lifespan=lifespan,
        openapi_url=None,  # served with the page that shows it
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirection would repeat the caller's address
    )
    app.state.settings, app.state.service, app.state.metrics = settings, service, metrics
    app.state.gate, app.state.words = gate, StoredWords(settings.database_url)
    app.state.names = names.NamesDesk(settings)
    for router in ROUTERS:
        app.include_router(router)
    install(app)
    app.add_middleware(KeyMiddleware, gate=gate, metrics=metrics)
    cors(app, settings)
    app.add_middleware(TelemetryMiddleware, metrics=metrics, tracer=start_tracer(settings))
    app.openapi = partial(_openapi, app)  # type: ignore[method-assign]
    return app


def build_engine(settings: Settings) -> RepairEngine:
    """The engine that the settings name, in processes of its own; see ``app.wiring.start_engines``."""
    from app.wiring import start_engines  # what it loads is heavy, and a test that hands in an engine needs none

    return start_engines(settings, partial(configure_logging, settings.log_level))


async def _warm_up(service: Service, engine: RepairEngine) -> None:
    try:
        await anyio.to_thread.run_sync(service.warm_up, engine)
    except Exception as exc:
        # The service goes on without being ready, so that whoever watches /readyz and the log can tell.
        get_logger(__name__).error("warm-up-failed", **describe_error(exc))


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, made once. The schema of errors is ours and not FastAPI's."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            openapi_version=app.openapi_version,
            summary=app.summary,
            description=app.description,
            license_info=app.license_info,
            tags=app.openapi_tags,
            routes=app.routes,
        )
        schemas = document["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        for model in _NAMED:  # FastAPI adds those of JSON alone
            schema = model.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
            schemas.update(schema.pop("$defs", {}))
            schemas[model.__name__] = schema
        _tell_of_keys(document)
        app.openapi_schema = document
    return app.openapi_schema


def _tell_of_keys(document: dict[str, Any]) -> None:
    """Say where a key is asked for, if the server has any, and what is answered then."""
    document["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "Only where the server asks for keys."}
    }
    for path, operations in document["paths"].items():
        is_open = path in OPEN or path.startswith(_WITHOUT_KEY)
        for operation in operations.values():
            operation["security"] = [] if is_open else [{"key": []}, {}]
            if not is_open and not path.startswith(FORM_KEYS):  # which has its own words for both
                responses = {**operation["responses"], **{str(n): r for n, r in problems(401, 429).items()}}
                operation["responses"] = dict(sorted(responses.items()))
