"""The one place that knows which classes are real: Settings in, Repairer out."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.errors import ResourceError
from app.core.furniture import LineFurnitureFinder
from app.core.language import EnglishIdentifier
from app.core.protect import PatternProtector
from app.core.protocols import Generator, Linker, Segmenter
from app.core.repairer import Repairer
from app.core.rules import Rules
from app.core.segment import SentenceSegmenter
from app.core.verify import Verifier
from app.names.glossary import GlossaryMatcher
from app.names.unknown import NoNames
from app.seq2seq.cache import CachingGenerator
from app.seq2seq.echo import EchoGenerator
from app.seq2seq.shared_cache import SharedCachingGenerator
from app.serving.batcher import BatchingGenerator
from app.serving.engine import RepairEngine
from app.serving.processes import EngineProcesses
from app.settings import GeneratorKind, Settings

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from app.seq2seq.language_model import LanguageModel

_SHARED_SENTENCES = 1_000_000  # in a file: some 200 MB on a disk, nothing in memory


def build_repairer(
    settings: Settings, *, is_shared: bool = False, shared_cache: Path | None = None, tracer: Tracer | None = None
) -> Repairer:
    """The product as the settings want it, ready to repair.

    Args:
        settings: What to load.
        is_shared: Whether many threads will use it at once: their sentences then share batches.
        shared_cache: A file in which processes of this machine share what the network has proposed, in place of a
            memory of its own in each; made where there is none.
        tracer: Makes spans of the steps.

    Raises:
        ResourceError: The network or the knowledge base is missing or damaged; the message names the remedy.
    """
    linker, kb_version = build_linker(settings)
    generator = build_generator(settings, is_shared=is_shared, shared_cache=shared_cache)
    segmenter: Segmenter = SentenceSegmenter()
    verifier = Verifier()
    if tracer is not None:
        from app import tracing

        segmenter, linker = tracing.TracedSegmenter(segmenter, tracer), tracing.TracedLinker(linker, tracer)
        generator, verifier = tracing.TracedGenerator(generator, tracer), tracing.TracedVerifier()
    return Repairer(
        segmenter=segmenter,
        protector=PatternProtector(),
        furniture=LineFurnitureFinder(),
        language=EnglishIdentifier(),
        rules=Rules(),
        terms=GlossaryMatcher(),
        linker=linker,
        generator=generator,
        verifier=verifier,
        kb_version=kb_version,
    )


def start_engines(settings: Settings, prepare: Callable[[], None] | None = None) -> EngineProcesses:
    """The product in as many processes as the settings want, each ready to repair.

    Args:
        settings: What to load, and how many processes.
        prepare: Called first in each process, such as to set up its log; can be pickled.

    Raises:
        ResourceError: As ``build_repairer``.
    """
    if settings.workers > 1 and not settings.threads:  # several that each take all cores would be in each other's way
        settings = settings.model_copy(update={"threads": max(1, _cores() // settings.workers)})
    engines = EngineProcesses(
        partial(_build_prepared, settings, prepare), Rules(),
        count=settings.workers, threads=settings.concurrent_repairs,
    )  # fmt: skip
    engines.start()
    return engines


def _build_prepared(settings: Settings, prepare: Callable[[], None] | None) -> RepairEngine:
    if prepare is not None:
        prepare()
    return build_engine(settings)


def build_engine(settings: Settings) -> RepairEngine:
    """The product for many threads of one process; its steps are traced where the settings say so.

    Raises:
        ResourceError: As ``build_repairer`` and ``start_tracer``.
    """
    tracer = start_tracer(settings)
    repairer = build_repairer(settings, is_shared=True, tracer=tracer)
    if tracer is None:
        return repairer
    from app.tracing import TracedRepairer

    return TracedRepairer(repairer, tracer)


def start_tracer(settings: Settings) -> Tracer | None:
    """Who makes spans in this process; nobody where the settings name no place for them.

    Raises:
        ResourceError: The extra ``otel`` is not installed.
    """
    if not settings.otlp_endpoint:
        return None
    try:
        from app.tracing import start_tracing
    except ImportError as exc:
        raise ResourceError(
            "traces need the extra otel (pip install 'mt-repair[otel]'); or unset MT_REPAIR_OTLP_ENDPOINT"
        ) from exc
    return start_tracing(settings.otlp_endpoint)


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def build_generator(settings: Settings, *, is_shared: bool = False, shared_cache: Path | None = None) -> Generator:
    """Who proposes edits, behind a memory of what it proposed.

    Args:
        settings: What to load.
        is_shared: See ``build_repairer``.
        shared_cache: See ``build_repairer``.

    Raises:
        ResourceError: It cannot be loaded.
    """
    match settings.generator:
        case GeneratorKind.ECHO:
            return EchoGenerator()
        case GeneratorKind.CTRANSLATE2:
            generator = _repair_network(settings)
        case GeneratorKind.TRANSFORMERS:
            generator = _checkpoint(settings)
    if is_shared:
        generator = BatchingGenerator(
            generator, batch_tokens=settings.batch_tokens, window_s=settings.batch_window_ms / 1000
        )
    if not settings.cache_sentences:
        return generator
    if shared_cache is not None:
        return SharedCachingGenerator(generator, shared_cache, _SHARED_SENTENCES)
    return CachingGenerator(generator, settings.cache_sentences)


def build_linker(settings: Settings) -> tuple[Linker, str]:
    """Who repairs names, and the version of the knowledge base; empty without one.

    Raises:
        ResourceError: The folder that the settings name is missing, or the knowledge base in it is damaged.
    """
    if not settings.names_dir.is_dir():
        if "names_dir" in settings.model_fields_set:
            raise ResourceError(f"no knowledge base in {settings.names_dir}; mend or unset MT_REPAIR_NAMES_DIR")
        return NoNames(), ""
    from app.names.linker import build_linker as open_linker

    linker = open_linker(settings.names_dir, settings.overlay_folders)
    return linker, linker.version


def _language_model(settings: Settings) -> LanguageModel | None:
    """Who judges edits beside the network, where that is wanted."""
    if not settings.use_lm:
        return None
    from app.seq2seq.language_model import LanguageModel

    return LanguageModel(
        settings.lm_dir, device=settings.device, compute_type=settings.compute_type, threads=settings.threads
    )


def _repair_network(settings: Settings) -> Generator:
    if not settings.model_dir.is_dir():
        raise ResourceError(
            f"no repair network in {settings.model_dir}; restore the folder from a release or set MT_REPAIR_MODEL_DIR, "
            "or go without a network: MT_REPAIR_GENERATOR=echo"
        )
    from app.seq2seq.engine import load_engine

    load_engine()  # first, since it keeps torch out
    from app.seq2seq.ctranslate import CTranslateGenerator

    return CTranslateGenerator(
        settings.model_dir,
        language_model=_language_model(settings),
        device=settings.device,
        compute_type=settings.compute_type,
        threads=settings.threads,
        batch_tokens=settings.batch_tokens,
    )


def _checkpoint(settings: Settings) -> Generator:
    if not settings.checkpoint:
        raise ResourceError("generator=transformers needs a checkpoint; set MT_REPAIR_CHECKPOINT to a folder or hub id")
    from app.seq2seq.checkpoint import CheckpointGenerator

    return CheckpointGenerator.load(settings.checkpoint, device=settings.device, batch_tokens=settings.batch_tokens)
