"""What a kind of mark-up has to know: the running text of a source, and how a replacement is written into it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

from app.formats.prose import Prose

MARKED_UP: Final = frozenset({"md", "html"})  # names of the formats that have some


class Markup(ABC):
    """A kind of mark-up. It needs no package of the extra for corpora: the service takes such files, too."""

    name: str
    suffixes: frozenset[str]

    @abstractmethod
    def prose(self, source: str) -> Prose:
        """The running text of a source."""

    @abstractmethod
    def escape(self, text: str) -> str:
        """A replacement as it must stand in the source."""
