"""A Generator that returns its input: for tests, demonstrations and machines without weights."""

from __future__ import annotations

from collections.abc import Sequence

from app.core.protocols import GenerationTask, ModelCard, Proposal
from app.core.types import Mode


class EchoGenerator:
    """Proposes nothing, so that only rules, names and glossary repair: the "do nothing" row of every report."""

    @property
    def card(self) -> ModelCard:
        """Names no weights; the checksum is empty."""
        return ModelCard(name="echo", version="1", sha256="")

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        """One empty proposal per task, each of quality 1.0."""
        return [Proposal() for _ in tasks]

    def operating_point(self, mode: Mode) -> float:
        """1.0 in every mode: there is no edit whose confidence could reach it."""
        return 1.0
