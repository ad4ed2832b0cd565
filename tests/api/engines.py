"""Engines for the tests of the service: the real pipeline without weights, and one that goes wrong on demand."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence

from app.core.furniture import LineFurnitureFinder
from app.core.language import EnglishIdentifier
from app.core.protect import PatternProtector
from app.core.protocols import GenerationTask, Generator, LinkResult, ModelCard, Proposal, ProposedEdit, RuleSet
from app.core.repairer import Repairer
from app.core.rules import Rules
from app.core.segment import SentenceSegmenter
from app.core.types import (
    DocumentRepair,
    Mode,
    RepairOptions,
    Segment,
    Span,
)
from app.core.verify import Verifier
from app.names.glossary import GlossaryMatcher

_WRONG = re.compile(r"\b(?:has went|a apple|informations)\b")
_RIGHT = {"has went": "went", "a apple": "an apple", "informations": "information"}


class PhraseGenerator:
    """Proposes a handful of repairs, wherever their phrase stands: a network that always finds the same."""

    card = ModelCard(name="phrases", version="7", sha256="ab" * 32)

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        return [self._propose(task.text) for task in tasks]

    def operating_point(self, mode: Mode) -> float:
        return 0.5 if mode is Mode.FLUENT else 0.8

    def _propose(self, text: str) -> Proposal:
        edits = tuple(
            ProposedEdit(Span(*match.span()), _RIGHT[match[0]], 0.85, ((_RIGHT[match[0]].upper(), 0.1),))
            for match in _WRONG.finditer(text)
        )
        return Proposal(edits, 0.4 if edits else 0.95)


class NoNames:
    """Links nothing."""

    def link(
        self,
        text: str,
        segments: Sequence[Segment],
        entity_hints: Sequence[tuple[str, str]],
        deadline: float = float("inf"),
    ) -> LinkResult:
        return LinkResult()


def pipeline(generator: Generator | None = None) -> Repairer:
    """The real pipeline with real rules, terms and checks, and a generator that needs no weights."""
    return Repairer(
        segmenter=SentenceSegmenter(),
        protector=PatternProtector(),
        furniture=LineFurnitureFinder(),
        language=EnglishIdentifier(),
        rules=Rules(),
        terms=GlossaryMatcher(),
        linker=NoNames(),
        generator=generator or PhraseGenerator(),
        verifier=Verifier(),
        kb_version="2026-11",
    )


class WilfulEngine:
    """Does what it is told to with the next document, and is the real pipeline otherwise.

    Attributes:
        error: Raised instead of an answer.
        gate: Waited for before each answer.
        entered: Set once a document has arrived at the gate.
    """

    def __init__(self) -> None:
        self._engine = pipeline()
        self.error: BaseException | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    @property
    def card(self) -> ModelCard:
        return self._engine.card

    @property
    def kb_version(self) -> str:
        return self._engine.kb_version

    @property
    def rules(self) -> RuleSet:
        return self._engine.rules

    def repair(self, text: str, options: RepairOptions | None = None) -> DocumentRepair:
        self.entered.set()
        assert self.gate.wait(30)
        if self.error is not None:
            raise self.error
        return self._engine.repair(text, options)
