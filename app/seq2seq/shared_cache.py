"""A memory of proposals in a file, for the processes of one machine: what one has worked out, none does again."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

import orjson

from app.core.protocols import GenerationTask, Generator, ModelCard, Proposal, ProposedEdit
from app.core.types import Mode, Span
from app.core.wal import write_ahead

_KEYS_A_QUERY = 500  # SQLite takes no more than 999 in old builds
_BUSY_S = 10.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS uses (one INTEGER PRIMARY KEY CHECK (one = 1), asked INTEGER, remembered INTEGER);
INSERT OR IGNORE INTO uses VALUES (1, 0, 0);
"""


class SharedFile:
    """Values by key in a file that several processes and threads use at once, the oldest first out.

    A file that cannot be read or written holds nothing, and is no error.

    Args:
        path: A SQLite file on a disk of this machine; made where there is none.
        most: Most values kept.
    """

    def __init__(self, path: Path, most: int) -> None:
        self._path, self._most = path, most
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None

    def load(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values of those keys that are kept."""
        known: dict[bytes, bytes] = {}
        with self._lock, suppress(sqlite3.Error):
            for at in range(0, len(keys), _KEYS_A_QUERY):
                some = keys[at : at + _KEYS_A_QUERY]
                query = f"SELECT key, value FROM kept WHERE key IN ({','.join('?' * len(some))})"
                known.update(self._open().execute(query, some))
        return known

    def keep(self, values: Sequence[tuple[bytes, bytes]], asked: int, remembered: int) -> None:
        """Keep values, and count how many were asked for and how many of them were there."""
        with self._lock, suppress(sqlite3.Error), self._open() as database:
            database.executemany("INSERT OR IGNORE INTO kept (key, value) VALUES (?, ?)", values)
            database.execute("UPDATE uses SET asked = asked + ?, remembered = remembered + ?", (asked, remembered))
            database.execute("DELETE FROM kept WHERE id <= (SELECT max(id) FROM kept) - ?", (self._most,))

    def _open(self) -> sqlite3.Connection:
        if self._database is None:
            self._database = _connect(self._path)
        return self._database


class SharedCachingGenerator:
    """Keeps the last proposals of another Generator in a file, oldest first out.

    A proposal depends on its task and the model alone, so the answer is the same with and without. A file that cannot
    be read or written costs speed and nothing else. Safe from several processes and threads.

    Args:
        generator: Who proposes.
        path: A SQLite file on a disk of this machine; made where there is none.
        max_sentences: Most proposals kept.
    """

    def __init__(self, generator: Generator, path: Path, max_sentences: int) -> None:
        self._generator, self._file = generator, SharedFile(path, max_sentences)
        self._model = generator.card.sha256.encode()
        self._lock = threading.Lock()
        self.asked = self.remembered = 0  # tasks of this process so far, and those that cost nothing

    @property
    def card(self) -> ModelCard:
        """The other Generator's."""
        return self._generator.card

    def operating_point(self, mode: Mode) -> float:
        """The other Generator's."""
        return self._generator.operating_point(mode)

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        """Propose for each different task that is not kept, once."""
        keys = {task: self._key(task) for task in tasks}
        known = self._file.load(list(keys.values()))
        found = {task: decode(known[key]) for task, key in keys.items() if key in known}
        unknown = [task for task in keys if task not in found]
        if unknown:
            found.update(zip(unknown, self._generator.generate(unknown), strict=True))
        saved = len(tasks) - len(unknown)
        with self._lock:
            self.asked += len(tasks)
            self.remembered += saved
        self._file.keep([(keys[task], encode(found[task])) for task in unknown], len(tasks), saved)
        return [found[task] for task in tasks]

    def _key(self, task: GenerationTask) -> bytes:
        digest = hashlib.blake2b(self._model, digest_size=16)
        digest.update(repr(task).encode())
        return digest.digest()


def uses(path: Path) -> tuple[int, int]:
    """Sentences that all processes have shown to the generator, and those of them that were remembered.

    Raises:
        sqlite3.Error: It is no such file.
    """
    with closing(_connect(path)) as database:
        asked, remembered = database.execute("SELECT asked, remembered FROM uses").fetchone()
        return asked, remembered


def encode(proposal: Proposal) -> bytes:
    """A proposal as bytes."""
    edits = [[e.span.start, e.span.end, e.text, float(e.confidence), e.alternatives] for e in proposal.edits]
    return orjson.dumps([edits, float(proposal.quality), proposal.reason])


def decode(data: bytes) -> Proposal:
    """The inverse of ``encode``, to the last bit of every figure."""
    edits, quality, reason = orjson.loads(data)
    return Proposal(
        tuple(
            ProposedEdit(Span(start, end), text, confidence, tuple((other, score) for other, score in alternatives))
            for start, end, text, confidence, alternatives in edits
        ),
        quality,
        reason,
    )


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_BUSY_S, check_same_thread=False)
    write_ahead(database, _BUSY_S)
    database.execute("PRAGMA synchronous = OFF")  # what a crash loses is worked out again
    database.executescript(_SCHEMA)
    return database
