"""What is read again while the service runs: API keys, network and knowledge base, without losing a request."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from app.api.auth import Gate, keys_in_force
from app.api.deps import Service
from app.core.errors import ResourceError
from app.settings import GeneratorKind, Settings
from app.telemetry import get_logger

_MANIFEST: Final = "kb.json"
_Stamp = tuple[tuple[str, int, int], ...]


class Reloader:
    """Reads again what has changed on the disk, and everything on SIGHUP.

    A file is read once it has been the same for two looks, so that none is read while it is being written. Networks and
    knowledge bases that cannot be used are logged and leave in use what was there. Keys are different: one that is
    taken back must not go on because of another line, so that only what the file says holds, if need be nothing.

    Args:
        settings: Which files, and how often they are looked at.
        service: Whose engines are made anew.
        gate: Whose keys are read anew; made at the time that these were read.
    """

    def __init__(self, settings: Settings, service: Service, gate: Gate) -> None:
        self._settings, self._service, self._gate = settings, service, gate
        self._lock = anyio.Lock()
        self._read_keys, self._read_engines = _stamp(self._key_files), _stamp(self._engine_files)
        service.metrics.watch_kb(self._kb_age_s)

    async def run(self) -> None:
        """Watch until cancelled."""
        async with anyio.create_task_group() as tasks:
            if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
                tasks.start_soon(self._on_signal)
            if self._settings.reload_s:
                tasks.start_soon(self._on_change, self._key_files, self._read_keys, self.reload_keys)
                tasks.start_soon(self._on_change, self._engine_files, self._read_engines, self.reload_engines)

    async def reload_keys(self) -> None:
        """Read the API keys again."""
        path = self._settings.api_keys
        if path is not None:
            await self._reload("keys", lambda: self._replace_keys(path))

    def _replace_keys(self, path: Path) -> None:
        keys, wrong = keys_in_force(path)
        self._gate.replace(keys)
        if wrong:
            left = "the keys of its other lines hold" if keys else "nobody is let in until it is mended"
            raise ResourceError(f"{'; '.join(wrong)}; {left}")

    async def reload_engines(self) -> None:
        """Read network and knowledge base again; where repairs run in this process they stay as they are."""
        if (processes := self._service.processes) is not None:
            await self._reload("engines", processes.reload)
            self._service.tell_loaded()

    async def _reload(self, what: str, work: Callable[[], None]) -> None:
        async with self._lock:
            try:
                await anyio.to_thread.run_sync(work)
            except ResourceError as exc:
                get_logger(__name__).error("reload-failed", what=what, detail=str(exc))
            else:
                get_logger(__name__).info("reloaded", what=what)

    async def _on_signal(self) -> None:
        with anyio.open_signal_receiver(signal.SIGHUP) as signals:
            async for _ in signals:
                await self.reload_keys()
                await self.reload_engines()

    async def _on_change(
        self, files: Callable[[], Iterable[Path]], used: _Stamp, reload: Callable[[], Awaitable[None]]
    ) -> None:
        before = used
        while True:
            await anyio.sleep(self._settings.reload_s)
            now = await anyio.to_thread.run_sync(_stamp, files)
            if now == before and now != used:
                used = now
                await reload()
            before = now

    def _key_files(self) -> Iterable[Path]:
        return [self._settings.api_keys] if self._settings.api_keys is not None else []

    def _engine_files(self) -> Iterable[Path]:
        folders = [self._settings.names_dir, *self._settings.overlay_folders]
        if self._settings.generator is GeneratorKind.CTRANSLATE2:
            folders += [self._settings.model_dir, *([self._settings.lm_dir] if self._settings.use_lm else [])]
        return [path for folder in folders if folder.is_dir() for path in folder.iterdir() if path.is_file()]

    def _kb_age_s(self) -> float:
        try:
            return max(0.0, time.time() - (self._settings.names_dir / _MANIFEST).stat().st_mtime)
        except OSError:  # none in use
            return 0.0


def _stamp(files: Callable[[], Iterable[Path]]) -> _Stamp:
    """What tells a file from another that has taken its place."""
    found = []
    for path in files():
        try:
            facts = path.stat()
        except OSError:
            continue
        found.append((str(path), facts.st_mtime_ns, facts.st_size))
    return tuple(sorted(found))
