"""The service as a process of its own, which a browser can use and a test can kill."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
_SERVE = """
import asyncio
import uvicorn
from app.api.main import create_app
from app.settings import Settings
from app.telemetry import configure_logging
from tests.api.engines import pipeline

async def main():
    configure_logging("error")
    config = uvicorn.Config(create_app(Settings(), pipeline()), port=0, log_config=None)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    print(server.servers[0].sockets[0].getsockname()[1], flush=True)
    await task

asyncio.run(main())
"""


class Process:
    """A running service; the engine is the pipeline without weights."""

    def __init__(self, settings: Settings) -> None:
        environment = {**os.environ, "MT_REPAIR_DATABASE_URL": settings.database_url}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _SERVE], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def client(self) -> Any:
        """A client that has opened the page."""
        client = httpx.Client(base_url=self.url, timeout=60)
        found = re.search(r'csrf-token" content="([^"]+)"', client.get("/").text)
        assert found
        client.headers["x-csrf-token"] = found[1]
        return client

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
