"""What a front door needs of whoever repairs: the Repairer of the core, or processes that each have one."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from app.core.protocols import ModelCard, RuleSet
from app.core.types import DocumentRepair, RepairOptions


class RepairEngine(Protocol):
    """What the service needs of ``app.core.repairer.Repairer``; a test hands in its own."""

    @property
    def card(self) -> ModelCard:
        """The model in use."""
        ...

    @property
    def kb_version(self) -> str:
        """Version of the knowledge base; empty without one."""
        ...

    @property
    def rules(self) -> RuleSet:
        """The rules in use."""
        ...

    def repair(self, text: str, options: RepairOptions | None = None) -> DocumentRepair:
        """Repair one document; may be called from several threads."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """A Generator that keeps proposals: how many it was asked for, and how many of these it had."""

    asked: int
    remembered: int
