"""A running service for each test, around the real pipeline without weights."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from app.api.main import create_app
from app.settings import Settings
from tests.api.engines import WilfulEngine, pipeline


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """A service that nothing goes wrong in; shared, as it keeps nothing between requests."""
    with TestClient(create_app(Settings(), pipeline())) as running:
        yield running


@pytest.fixture
def engine() -> WilfulEngine:
    return WilfulEngine()


@pytest.fixture
def wilful(engine: WilfulEngine) -> Iterator[TestClient]:
    """A service around ``engine``, with room for one request at work and one that waits."""
    settings = Settings(concurrent_repairs=1, waiting_repairs=1)
    with TestClient(create_app(settings, engine), raise_server_exceptions=False) as running:
        yield running
