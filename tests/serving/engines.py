"""An engine for processes of its own, which does what the text tells it to."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from app.core.errors import InputError, ResourceError
from app.core.protocols import ModelCard, RuleSet
from app.core.types import DocumentRepair, RepairOptions
from app.seq2seq.cache import CachingGenerator
from app.serving.batcher import BatchingGenerator
from app.serving.lanes import current
from tests.api.engines import PhraseGenerator, pipeline


class ObedientEngine:
    """The real pipeline; a text that begins with a word in capitals has something done to it.

    Args:
        folder: What is waited for and told lies there; its file ``version`` is the knowledge base.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.kb_version = (folder / "version").read_text()
        self.generator = CachingGenerator(BatchingGenerator(PhraseGenerator(), batch_tokens=500, window_s=0.001), 100)
        self._engine = pipeline(self.generator)

    @property
    def card(self) -> ModelCard:
        return self._engine.card

    @property
    def rules(self) -> RuleSet:
        return self._engine.rules

    def repair(self, text: str, options: RepairOptions | None = None) -> DocumentRepair:
        order, _, name = text.partition(" ")
        match order:
            case "DIE":
                os.kill(os.getpid(), signal.SIGKILL)
            case "SLIP":
                raise ValueError(text)
            case "REFUSE":
                raise InputError("No.", code="invalid-pattern", pointer="/protect/patterns/0")
            case "HOLD":
                (self._folder / f"{name}-holds").touch()
                while not (self._folder / f"{name}-goes").exists():
                    current().check()
                    threading.Event().wait(0.005)
        return self._engine.repair(text, options)


def build(folder: Path) -> ObedientEngine:
    """The engine of a folder.

    Raises:
        ResourceError: There is no version in it.
    """
    if not (folder / "version").exists():
        raise ResourceError("no version; write one")
    return ObedientEngine(folder)
