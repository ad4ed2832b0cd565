"""The product without names, for measurements in which they have no part."""

from __future__ import annotations

from app.core.furniture import LineFurnitureFinder
from app.core.language import EnglishIdentifier
from app.core.protect import PatternProtector
from app.core.repairer import ROUGH_ONE_IN, SHORT_WORDS, Repairer
from app.core.rules import Rules
from app.core.segment import SentenceSegmenter
from app.core.verify import Verifier
from app.names.glossary import GlossaryMatcher
from app.names.unknown import NoNames
from app.settings import Settings
from app.wiring import build_generator


def make_repairer(settings: Settings, *, short_words: int = SHORT_WORDS, rough_one_in: int = ROUGH_ONE_IN) -> Repairer:
    """The product as the settings want it; the rest as ``Repairer`` takes it."""
    return Repairer(
        segmenter=SentenceSegmenter(), protector=PatternProtector(), furniture=LineFurnitureFinder(),
        language=EnglishIdentifier(), rules=Rules(), terms=GlossaryMatcher(), linker=NoNames(),
        generator=build_generator(settings), verifier=Verifier(), short_words=short_words, rough_one_in=rough_one_in,
    )  # fmt: skip
