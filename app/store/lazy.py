"""A store that is opened with its first use: nothing is made on the disk before there is something to keep."""

from __future__ import annotations

import threading

from app.store.database import default_url, exists
from app.store.store import Store


class LazyStore:
    """The store behind a URL; safe to use from several threads.

    Args:
        url: Of the database; the user's own file where it is empty.
    """

    def __init__(self, url: str) -> None:
        self._url = url or default_url()
        self._store: Store | None = None
        self._lock = threading.Lock()

    def open(self) -> Store:
        """The store, made where there is none yet.

        Raises:
            ResourceError: It cannot be used.
        """
        with self._lock:
            if self._store is None:
                self._store = Store.open(self._url)
            return self._store

    def saved(self) -> Store | None:
        """The store, if anything was ever kept in it.

        Raises:
            ResourceError: It cannot be used.
        """
        if self._store is None and not exists(self._url):
            return None
        return self.open()

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None
