"""A Linker for a machine without a knowledge base: it knows nobody."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.protocols import LinkResult
from app.core.types import Segment


class NoNames:
    """Repairs no name and keeps none; glossary, rules and the network work as ever."""

    def link(
        self,
        text: str,
        segments: Sequence[Segment],
        entity_hints: Sequence[tuple[str, str]],
        deadline: float = float("inf"),
    ) -> LinkResult:
        """Nothing."""
        return LinkResult()
