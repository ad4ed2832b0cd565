"""Sub-commands around the service and the engine: ``serve``, ``health``, ``version``, ``rules``."""

from __future__ import annotations

import http.client
from typing import Annotated, Any

import typer

from app import __version__
from app.cli.documents import write_stdout
from app.core.errors import ResourceError

# How long a thread that writes an answer may keep the event loop from refusing another request, in seconds.
_SWITCH_S = 0.0005


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; MT_REPAIR_HOST by default.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on, 0 for a free one; MT_REPAIR_PORT.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=256, help="Processes that repair; MT_REPAIR_WORKERS by default.")
    ] = None,
) -> None:
    """Start the HTTP service."""
    import gc
    import os
    import signal
    import sys
    from functools import partial

    import uvicorn

    from app.api.main import create_app
    from app.settings import Settings
    from app.telemetry import configure_logging, get_logger
    from app.wiring import start_engines

    options = (("host", host), ("port", port), ("workers", workers))
    given: dict[str, Any] = {name: value for name, value in options if value is not None}
    settings = Settings(**given)
    # before any logging here, so that what is missing is said in one line
    engines = start_engines(settings, partial(configure_logging, settings.log_level))
    configure_logging(settings.log_level)
    if unknown := settings.unknown_variables(os.environ):
        get_logger(__name__).warning("unknown-settings", names=unknown)
    sys.setswitchinterval(_SWITCH_S)
    gc.collect()
    gc.freeze()  # what stays for good need not be looked through again and again, with everything else at a halt
    try:
        # uvicorn finishes what it has and then sends the signal on: let it end the program and not cut it off.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        uvicorn.run(
            create_app(settings, engines),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=int(settings.request_timeout_s),
        )
    finally:
        engines.close()


def health(
    host: Annotated[str | None, typer.Option(help="Where the service listens; MT_REPAIR_HOST by default.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Its port; MT_REPAIR_PORT by default.")] = None,
    timeout_s: Annotated[float, typer.Option(help="Longest wait, in seconds.")] = 4.0,
) -> None:
    """Ask a running service whether it can repair; the health check of a container."""
    from app.settings import Settings

    settings = Settings()
    address = host or settings.host
    address = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # every address: ask on this machine
    connection = http.client.HTTPConnection(address, port or settings.port, timeout=timeout_s)
    try:
        connection.request("GET", "/readyz")
        status = connection.getresponse().status
    except OSError as exc:
        raise ResourceError(
            f"no service at {address}, port {port or settings.port}; start it: mt-repair serve"
        ) from exc
    finally:
        connection.close()
    if status != http.HTTPStatus.OK:
        raise ResourceError(f"the service answers {status} to /readyz; wait, or see its log")
    write_stdout("ready\n")


def version() -> None:
    """Print the versions of the program, the model and the knowledge base."""
    from app.settings import Settings
    from app.wiring import build_repairer

    try:
        repairer = build_repairer(Settings())
    except ResourceError:
        write_stdout(f"mt-repair {__version__}\n")
        raise
    card, names = repairer.card, repairer.kb_version or "none"
    write_stdout(f"mt-repair {__version__} | model {card.name}@{card.version} | names {names}\n")


def rules() -> None:
    """List the rules that --disable can switch off."""
    from app.api.rules import describe_rules
    from app.core.rules import Rules

    known = describe_rules(Rules())
    width = max(len(rule.id) for rule in known)
    for rule in known:
        write_stdout(f"{rule.id:{width}}  {rule.kind:11}  {rule.description}\n")


def register(cli: typer.Typer) -> None:
    """Add the sub-commands."""
    for command in (serve, health, version, rules):
        cli.command()(command)
