"""A running service for each test of the page, with a database of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.api.main import create_app
from app.settings import Settings
from tests.api.engines import pipeline


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database_url=f"sqlite:///{tmp_path / 'documents.sqlite3'}", max_upload_bytes=1 << 20)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    """A browser without a screen: it has opened the page and sends its token."""
    with TestClient(create_app(settings, pipeline())) as running:
        page = running.get("/").text
        found = re.search(r'<meta name="csrf-token" content="([^"]+)">', page)
        assert found
        running.headers["x-csrf-token"] = found[1]
        yield running


Open = Callable[..., str]
_numbers = count()


@pytest.fixture
def opened(client: TestClient) -> Open:
    """Brings a text, waits for its repair, and gives the document's id."""

    def bring(text: str, **options: Any) -> str:
        answer = client.post("/documents", json={"text": text, **options})
        assert answer.status_code == 201, answer.text
        document_id: str = answer.json()["id"]
        finish(client, document_id)
        return document_id

    return bring


def finish(client: TestClient, document_id: str) -> str:
    """Read the events of a document until its repair has ended."""
    seen = ""
    while True:
        text = client.get(f"/documents/{document_id}/events", headers={"last-event-id": seen}).text
        if "event: end" in text:
            return text
        seen = (re.findall(r"^id: (\d+)$", text, re.M) or [seen])[-1]


def rows(client: TestClient, document_id: str) -> dict[str, Any]:
    """All rows of a short document."""
    page: dict[str, Any] = client.get(f"/documents/{document_id}/rows").json()
    return page


def decide(client: TestClient, document_id: str, *decisions: dict[str, Any], **more: Any) -> Any:
    """Decide as the page does."""
    body = {"seen": 1000, "client_id": f"test-change-{next(_numbers)}", "decisions": decisions, **more}
    return client.post(f"/documents/{document_id}/decisions", json=body)
