"""Throughput, latency, start-up time and memory: what ``scripts/bench`` measures side by side."""

from __future__ import annotations

import os
import re
import socket
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx
import psutil

from app.core.errors import ResourceError
from app.core.protocols import GenerationTask, Generator
from app.core.types import Mode, RepairOptions
from app.evaluation.run import DocumentRepairer

T = TypeVar("T")

PAGE_SENTENCES = 40
_START_TIMEOUT_S = 120.0


class BulkRepairer(Protocol):
    """Repairs several documents in one call."""

    def repair_many(self, texts: Sequence[str], options: RepairOptions | None = None) -> object: ...


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to process sentences."""

    name: str
    run: Callable[[Sequence[str]], None]


@dataclass(frozen=True, slots=True)
class Throughput:
    """Sentences a second, per round and in the middle."""

    name: str
    rounds: tuple[float, ...]

    @property
    def sentences_per_s(self) -> float:
        """Median of the rounds."""
        return statistics.median(self.rounds)


def measure_throughput(contenders: Sequence[Contender], sentences: Sequence[str], rounds: int = 3) -> list[Throughput]:
    """Run all contenders in turn, round after round, so that a busy moment of the machine does not hit only one.

    A tenth of the sentences goes through each first, so that nobody pays for a first use.
    """
    for contender in contenders:
        contender.run(sentences[: max(1, len(sentences) // 10)])
    speeds: dict[str, list[float]] = {c.name: [] for c in contenders}
    for _ in range(rounds):
        for contender in contenders:
            start = time.perf_counter()
            contender.run(sentences)
            speeds[contender.name].append(len(sentences) / (time.perf_counter() - start))
    return [Throughput(name, tuple(found)) for name, found in speeds.items()]


def product(repairer: DocumentRepairer, options: RepairOptions | None = None) -> Contender:
    """The whole product, sentences as paragraphs of pages, as a page of text comes in."""

    def run(sentences: Sequence[str]) -> None:
        for page in make_pages(sentences, len(sentences)):
            repairer.repair(page, options or RepairOptions())

    return Contender("mt-repair, whole product, a page at a time", run)


def product_in_bulk(repairer: BulkRepairer, options: RepairOptions | None = None) -> Contender:
    """The whole product, all pages in one call, as a corpus comes in."""

    def run(sentences: Sequence[str]) -> None:
        repairer.repair_many(make_pages(sentences, len(sentences)), options or RepairOptions())

    return Contender("mt-repair, whole product, many pages at once", run)


def network(name: str, generator: Generator) -> Contender:
    """A Generator alone."""
    return Contender(name, lambda sentences: void(generator.generate([GenerationTask(s) for s in sentences])))


def harper() -> Contender:
    """harper-py: lint each sentence and apply every first suggestion.

    Raises:
        ResourceError: harper-py is not installed.
    """
    try:
        import harper as library
    except ImportError as exc:
        raise ResourceError("harper-py is not installed; pip install harper-py") from exc
    linter = library.Linter()

    def run(sentences: Sequence[str]) -> None:
        for sentence in sentences:
            text = sentence
            for lint in reversed(linter.lint(text, language=library.Language.PLAINTEXT)):
                if lint.suggestions:
                    text = linter.apply_suggestion(text, lint, lint.suggestions[0])

    return Contender("harper-py", run)


def repair_network(model_dir: Path, batch: int = 32, *, prune: bool = True) -> Contender:
    """Our own network in float32 through transformers ``generate``: the same work without CTranslate2.

    The same tokenizer, the same marks, greedy; each sentence encoded once, batches of like length, as a careful user of
    transformers would have them. In batches of one it is what most programs do: a sentence at a time.

    Args:
        model_dir: The exported network; its weights are multiplied out again.
        batch: Sentences in one forward pass.
        prune: Leave out the marks that no answer could make confident enough for the default mode.

    Raises:
        ResourceError: Something is missing.
    """
    import torch
    from transformers.modeling_outputs import BaseModelOutput

    from app.seq2seq.codec import MAX_ANSWER, decoder_prompt, encoder_input
    from app.seq2seq.ctranslate import CTranslateGenerator
    from app.seq2seq.tokenizer import Tokenizer
    from app.seq2seq.unpack import unpack

    trained: Any = unpack(model_dir).eval()
    ours = CTranslateGenerator(model_dir)  # for the doubts that it would ask about
    tokenizer = Tokenizer(model_dir / "tokenizer.model")

    def pad(rows: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        width = max(map(len, rows))
        ids = torch.tensor([[*r, *[tokenizer.pad] * (width - len(r))] for r in rows])
        return ids, torch.tensor([[1] * len(r) + [0] * (width - len(r)) for r in rows])

    @torch.inference_mode()
    def run(sentences: Sequence[str]) -> None:
        cut = sorted((tokenizer.words(s) for s in sentences), key=lambda w: sum(map(len, w.pieces)))
        asked: list[tuple[list[int], torch.Tensor]] = []  # the decoder's prompt, and the encoded sentence
        for words in batched(cut, batch):
            inputs = [encoder_input(w.pieces, tokenizer) for w in words]
            ids, mask = pad([ids for ids, _ in inputs])
            states = trained.encode(ids, mask)
            probabilities = trained.detect(states).sigmoid().numpy()
            for row, (w, (own, firsts)) in enumerate(zip(words, inputs, strict=True)):
                scores = probabilities[row, firsts]
                doubts = ours.asked(w, scores, Mode.MINIMAL) if prune else ours.doubts(w, scores)
                for doubt in doubts:
                    asked.append((decoder_prompt(w.pieces, doubt.mark, tokenizer, doubt.hint), states[row, : len(own)]))
        asked.sort(key=lambda pair: (len(pair[0]), len(pair[1])))
        # Prompts of one length go together: padding before them would move their positions.
        for _, same in groupby(asked, key=lambda pair: len(pair[0])):
            for rows in batched(list(same), batch):
                encoded = torch.nn.utils.rnn.pad_sequence([one for _, one in rows], batch_first=True)
                trained.bart.generate(
                    encoder_outputs=BaseModelOutput(last_hidden_state=encoded),
                    attention_mask=pad([[1] * len(one) for _, one in rows])[1],
                    decoder_input_ids=torch.tensor([prompt for prompt, _ in rows]),
                    do_sample=False,
                    num_beams=1,
                    max_new_tokens=MAX_ANSWER,
                )

    how = (f"batches of {batch}" if batch > 1 else "one at a time") + ("" if prune else ", every doubt answered")
    return Contender(f"same network, transformers generate, float32, {how}", run)


def batched(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Neighbours in groups of ``size``; the last may be smaller."""
    for i in range(0, len(items), size):
        yield items[i : i + size]


def checkpoint(folder: Path) -> Contender:
    """Any other checkpoint through transformers ``generate`` in float32.

    Raises:
        ResourceError: It cannot be loaded.
    """
    from app.seq2seq.checkpoint import CheckpointGenerator

    return network("checkpoint, transformers generate, float32", CheckpointGenerator.load(folder))


def make_pages(sentences: Sequence[str], count: int) -> list[str]:
    """Up to ``count`` different pages of ``PAGE_SENTENCES`` sentences, each a paragraph."""
    return ["\n\n".join(page) for page in batched(sentences[: count * PAGE_SENTENCES], PAGE_SENTENCES)]


def void(_: object) -> None:
    """Drop a result."""


def sentences_of_length(sentences: Sequence[str], words: int, count: int, slack: int = 2) -> list[str]:
    """Up to ``count`` different sentences of about ``words`` words, the nearest first."""
    near = {s for s in sentences if abs(len(s.split()) - words) <= slack and not re.search(r"[.!?] [A-Z]", s)}
    return sorted(near, key=lambda s: (abs(len(s.split()) - words), s))[:count]


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds of a request."""

    requests: int
    p50_s: float
    p95_s: float


@dataclass(frozen=True, slots=True)
class ServiceFigures:
    """What a running service costs."""

    ready_s: float  # from starting the process to /readyz saying yes
    sentence: Latency
    page: Latency
    idle_rss_bytes: int  # ready, before the first request; all processes
    busy_rss_bytes: int  # after the load


def measure_service(
    command: Sequence[str], sentences: Sequence[str], pages: Sequence[str], environment: Mapping[str, str] | None = None
) -> ServiceFigures:
    """Start the real service on loopback, time it, stop it.

    Args:
        command: Starts the service; ``{port}`` stands for the port to listen on.
        sentences: Each sent once, as one request: all different, so that no cache answers.
        pages: The same with whole pages.
        environment: On top of this process's own.

    Raises:
        ResourceError: It does not start.
    """
    with running_service(command, environment) as (url, process, ready_s), httpx.Client(timeout=60) as client:
        idle = resident_bytes(process.pid)
        return ServiceFigures(
            ready_s=ready_s,
            sentence=measure_latency(client, f"{url}/repair", sentences),
            page=measure_latency(client, f"{url}/repair", pages),
            idle_rss_bytes=idle,
            busy_rss_bytes=resident_bytes(process.pid),
        )


def measure_latency(client: httpx.Client, url: str, texts: Sequence[str], warm_up: int = 5) -> Latency:
    """Time one request a text, one after the other, over a connection that stays open."""
    seconds = []
    for text in texts:
        start = time.perf_counter()
        client.post(url, json={"text": text}).raise_for_status()
        seconds.append(time.perf_counter() - start)
    seconds = sorted(seconds[min(warm_up, len(seconds) - 1) :])
    return Latency(len(seconds), statistics.median(seconds), seconds[int(0.95 * (len(seconds) - 1))])


@contextmanager
def running_service(
    command: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[tuple[str, subprocess.Popen[bytes], float]]:
    """A service process that is ready: its address, the process, and the seconds it took; stopped at the end.

    Raises:
        ResourceError: It ends early or is not ready in two minutes.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    start = time.perf_counter()
    process = subprocess.Popen(
        [part.replace("{port}", str(port)) for part in command],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not _is_ready(url):
            waited = time.perf_counter() - start
            if process.poll() is not None or waited > _START_TIMEOUT_S:
                raise ResourceError(f"the service is not ready after {waited:.0f} s; try the command: {command[0]} …")
            time.sleep(0.01)
        yield url, process, time.perf_counter() - start
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and its children."""
    process = psutil.Process(pid)
    return int(sum(p.memory_info().rss for p in (process, *process.children(recursive=True))))


def speed_tables(
    throughput: Sequence[Throughput], service: ServiceFigures, count: int
) -> list[tuple[str, Sequence[str], Sequence[Sequence[str]]]]:
    """Title, columns, rows of each table; how many times faster the first contender is than each."""
    ours = throughput[0].sentences_per_s
    faster = [
        (
            t.name,
            f"{t.sentences_per_s:.1f}",
            ", ".join(f"{r:.1f}" for r in t.rounds),
            f"{ours / t.sentences_per_s:.2f}×",
        )
        for t in throughput
    ]
    one, page, mib = service.sentence, service.page, 2**20
    costs = [
        ("start to ready", f"{service.ready_s:.2f} s"),
        (f"one 25-word sentence, p50 / p95 of {one.requests}", f"{1e3 * one.p50_s:.1f} / {1e3 * one.p95_s:.1f} ms"),
        (f"page of {PAGE_SENTENCES}, p50 / p95 of {page.requests}", f"{page.p50_s:.3f} / {page.p95_s:.3f} s"),
        (
            "resident, ready / after load",
            f"{service.idle_rss_bytes / mib:.0f} / {service.busy_rss_bytes / mib:.0f} MiB",
        ),
    ]
    return [
        (f"{count} machine translations", ("what", "sentences/s", "rounds", "mt-repair is faster by"), faster),
        ("Service over HTTP on loopback", ("what", "value"), costs),
    ]


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False
