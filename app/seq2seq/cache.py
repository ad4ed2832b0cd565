"""A Generator that remembers: sentences that come again (page furniture, shared passages) cost nothing."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from app.core.protocols import GenerationTask, Generator, ModelCard, Proposal
from app.core.types import Mode


class CachingGenerator:
    """Keeps the last proposals of another Generator in memory, least recently used first out.

    A proposal depends on its task alone, so the answer is the same with and without; safe from several threads.

    Args:
        generator: Who proposes.
        max_sentences: Most proposals kept.
    """

    def __init__(self, generator: Generator, max_sentences: int) -> None:
        self._generator, self._max_sentences = generator, max_sentences
        self._kept: OrderedDict[GenerationTask, Proposal] = OrderedDict()
        self._lock = threading.Lock()
        self.asked = self.remembered = 0  # tasks so far, and those that cost nothing

    @property
    def card(self) -> ModelCard:
        """The other Generator's."""
        return self._generator.card

    def operating_point(self, mode: Mode) -> float:
        """The other Generator's."""
        return self._generator.operating_point(mode)

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        """Propose for each different task that is not kept, once."""
        found: dict[GenerationTask, Proposal] = {}
        with self._lock:
            for task in tasks:
                if task in self._kept:
                    self._kept.move_to_end(task)
                    found[task] = self._kept[task]
        unknown = list(dict.fromkeys(task for task in tasks if task not in found))
        if unknown:
            found.update(zip(unknown, self._generator.generate(unknown), strict=True))
            with self._lock:
                for task in unknown:
                    self._kept[task] = found[task]
                    self._kept.move_to_end(task)
                while len(self._kept) > self._max_sentences:
                    self._kept.popitem(last=False)
        with self._lock:
            self.asked += len(tasks)
            self.remembered += len(tasks) - len(unknown)
        return [found[task] for task in tasks]
