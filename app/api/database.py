"""Trouble with the database, as those who asked are told of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from app.api.errors import ProblemError
from app.core.errors import ResourceError
from app.telemetry import describe_error, get_logger


@contextmanager
def store_unavailable(event: str, detail: str, *, retry_after_s: int | None = None) -> Iterator[None]:
    """Logs a database that cannot be used as ``event`` and says ``detail``; what else goes wrong passes through.

    Raises:
        ProblemError: ``store-unavailable``; the cause, which may hold a statement and its values, stays out of it.
    """
    try:
        yield
    except (ResourceError, SQLAlchemyError) as exc:
        get_logger(__name__).warning(event, **describe_error(exc))
        headers = None if retry_after_s is None else {"Retry-After": str(retry_after_s)}
        raise ProblemError("store-unavailable", detail, headers=headers) from None
