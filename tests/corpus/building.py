"""Repairers for tests: real core pieces, no network. Made in worker processes too, so importable by name."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from app.core.furniture import LineFurnitureFinder
from app.core.protect import PatternProtector
from app.core.protocols import GenerationTask, Generator, LinkResult, ModelCard, Proposal, ProposedEdit, RuleSet
from app.core.repairer import Repairer
from app.core.rules import Rules
from app.core.segment import SentenceSegmenter
from app.core.types import Edit, GlossaryEntry, Mode, ProtectedSpan, Segment, Span
from app.core.verify import Verifier
from app.seq2seq.cache import CachingGenerator
from app.seq2seq.shared_cache import SharedCachingGenerator

WRONG, RIGHT = "goed", "went"  # what the generator of these tests knows


class Everything:
    """Takes every sentence for English."""

    def is_english(self, segments: Sequence[Segment]) -> list[bool]:
        """True for each."""
        return [True] * len(segments)


class Nothing:
    """Knows no terms, no names and no rules."""

    def match(
        self,
        text: str,
        segments: Sequence[Segment],
        entries: Sequence[GlossaryEntry],
        protected: Sequence[ProtectedSpan],
    ) -> LinkResult:
        """No term."""
        return LinkResult()

    def link(
        self,
        text: str,
        segments: Sequence[Segment],
        entity_hints: Sequence[tuple[str, str]],
        deadline: float = float("inf"),
    ) -> LinkResult:
        """No name."""
        return LinkResult()

    def find(self, text: str, segments: Sequence[Segment], disabled: frozenset[str]) -> list[Edit]:
        """No edit."""
        return []


class WordGenerator:
    """Replaces one word by another, with a confidence that hangs on the sentence; dies where it is told to."""

    card = ModelCard("words", "1", "ab" * 32)

    def operating_point(self, mode: Mode) -> float:
        """Every edit is worth making."""
        return 0.0

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        """One edit for each wrong word."""
        return [self._propose(task.text) for task in tasks]

    def _propose(self, text: str) -> Proposal:
        if "KILL THE WORKER" in text:
            os.kill(os.getpid(), signal.SIGKILL)
        if "RAISE" in text:
            raise ValueError("a bug")
        edits, at = [], text.find(WRONG)
        while at >= 0:
            edits.append(ProposedEdit(Span(at, at + len(WRONG)), RIGHT, 0.3 + (len(text) % 7) / 10))
            at = text.find(WRONG, at + 1)
        return Proposal(tuple(edits), 0.9)


def build(generator: Generator | None = None, rules: RuleSet | None = None) -> Repairer:
    """A Repairer that knows one mistake."""
    nothing = Nothing()
    return Repairer(
        segmenter=SentenceSegmenter(),
        protector=PatternProtector(),
        furniture=LineFurnitureFinder(),
        language=Everything(),
        rules=rules or nothing,
        terms=nothing,
        linker=nothing,
        generator=generator or WordGenerator(),
        verifier=Verifier(),
    )


def build_ruled() -> Repairer:
    """The same with the rules of the product."""
    return build(rules=Rules())


def build_remembering() -> Repairer:
    """The same with a memory of sentences."""
    return build(CachingGenerator(WordGenerator(), 1000))


class ListingGenerator(WordGenerator):
    """Writes down the sentences that it is shown, a line each, which several processes may do at once."""

    def __init__(self, log: str) -> None:
        self._log = log

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        """As the others; each sentence is noted."""
        with open(self._log, "a", encoding="utf-8") as file:
            file.write("".join(f"{task.text.strip()}\n" for task in tasks))
        return super().generate(tasks)


def build_sharing(log: str, cache: str) -> Repairer:
    """The same with a memory in a file that all processes share."""
    return build(SharedCachingGenerator(ListingGenerator(log), Path(cache), 10_000))


class SleepingGenerator(WordGenerator):
    """Takes half a minute."""

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        """As the others, later."""
        time.sleep(30)
        return super().generate(tasks)


def build_sleeping() -> Repairer:
    """The same, slow."""
    return build(SleepingGenerator())


def build_once(marker: str) -> Repairer:
    """Fails where ``marker`` stands for a model that is not there."""
    from app.core.errors import ResourceError

    if not Path(marker).exists():
        raise ResourceError(f"no model in {marker}")
    return build()
