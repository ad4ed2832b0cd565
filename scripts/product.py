"""The product put together otherwise than it is served, for measurements: another linker, fewer readings."""

from __future__ import annotations

from app.core.furniture import LineFurnitureFinder
from app.core.language import EnglishIdentifier
from app.core.protect import PatternProtector
from app.core.protocols import Generator, Linker
from app.core.repairer import ROUGH_ONE_IN, SHORT_WORDS, Repairer
from app.core.rules import Rules
from app.core.segment import SentenceSegmenter
from app.core.verify import Verifier
from app.names.glossary import GlossaryMatcher
from app.names.unknown import NoNames


def make_repairer(
    generator: Generator,
    linker: Linker | None = None,
    *,
    short_words: int = SHORT_WORDS,
    rough_one_in: int = ROUGH_ONE_IN,
) -> Repairer:
    """The product with this generator, and without names if no linker is given; the rest as ``Repairer`` takes it."""
    return Repairer(
        segmenter=SentenceSegmenter(), protector=PatternProtector(), furniture=LineFurnitureFinder(),
        language=EnglishIdentifier(), rules=Rules(), terms=GlossaryMatcher(),
        linker=NoNames() if linker is None else linker, generator=generator, verifier=Verifier(),
        short_words=short_words, rough_one_in=rough_one_in,
    )  # fmt: skip
