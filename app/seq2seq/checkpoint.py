"""Any seq2seq checkpoint of the hub or of a folder as a Generator: T5, BART, mT5, ByT5, Marian, through transformers.

The network rewrites the sentence; the word-level diff of the rewriting is the proposal. This path is for trying other
people's networks and for checking our own; ``app.seq2seq.ctranslate`` is the fast one. torch and transformers are
imported only by ``CheckpointGenerator.load``.
"""

from __future__ import annotations

import hashlib
import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson

from app.core.diff import Change, diff
from app.core.errors import GenerationError, ResourceError
from app.core.protocols import GenerationTask, ModelCard, Proposal, ProposedEdit
from app.core.types import Mode, Span

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

CALIBRATION_FILE = "calibration.json"
# Without a calibration file a confidence is the network's own, mostly too high; so only the surest edits pass.
UNCALIBRATED_POINTS: Mapping[Mode, float] = {Mode.MINIMAL: 0.95, Mode.FLUENT: 0.8, Mode.DETECT_ONLY: 0.95}

_MAX_SOURCE_TOKENS = 512  # where the architecture sets no limit itself
# Logits of one sentence differ with the shapes it is batched in, by about 1e-5 (float32) or some 0.1 (bfloat16, with
# 8 bits of mantissa and logits near 20). A choice closer than this is made again with the sentence alone.
_TIE = {"float32": 1e-3, "bfloat16": 0.5}
_FOLDER_LIKE = re.compile(r"[./~\\]|.*[/\\].*[/\\]")


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone map from the network's own probability of an edit to the share of such edits that are right.

    Args:
        knots: (raw, calibrated), both 0 to 1, both rising; straight lines in between, level outside.
        operating_points: Least confidence worth an edit, by mode.

    Raises:
        ValueError: The knots do not rise, or a value is not in 0 to 1.
    """

    knots: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 1.0))
    operating_points: Mapping[Mode, float] = field(default_factory=lambda: dict(UNCALIBRATED_POINTS))

    def __post_init__(self) -> None:
        raw, calibrated = [k[0] for k in self.knots], [k[1] for k in self.knots]
        rising = all(a < b for a, b in pairwise(raw)) and calibrated == sorted(calibrated)
        if not (self.knots and rising and all(0 <= v <= 1 for k in self.knots for v in k)):
            raise ValueError("knots must rise and lie in 0 to 1")
        if not all(0 <= v <= 1 for v in self.operating_points.values()):
            raise ValueError("operating points must lie in 0 to 1")

    @classmethod
    def read(cls, folder: Path) -> Calibration:
        """What ``calibration.json`` beside the weights says; the identity where there is none.

        Raises:
            ResourceError: The file is damaged.
        """
        path = folder / CALIBRATION_FILE
        if not path.is_file():
            return cls()
        try:
            stored = orjson.loads(path.read_bytes())
            points = {Mode(mode): float(value) for mode, value in stored["operating_points"].items()}
            return cls(tuple((float(a), float(b)) for a, b in stored["knots"]), {**UNCALIBRATED_POINTS, **points})
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as exc:
            raise ResourceError(f"{path} is not a calibration: {exc}") from exc

    def confidence(self, raw: float) -> float:
        """The calibrated probability, to four decimals, so that rounding errors of the network do not show."""
        right = bisect_right(self.knots, raw, key=lambda knot: knot[0])
        if right == 0 or right == len(self.knots):
            return round(self.knots[max(0, right - 1)][1], 4)
        (x0, y0), (x1, y1) = self.knots[right - 1], self.knots[right]
        return round(y0 + (y1 - y0) * (raw - x0) / (x1 - x0), 4)


@dataclass(frozen=True, slots=True)
class _Rewriting:
    """What the network wrote for one sentence: ids up to and with the end mark, and each one's log-probability."""

    ids: tuple[int, ...]
    log_probs: tuple[float, ...]
    is_complete: bool
    is_close: bool  # at some step the second choice was as good as the first


class CheckpointGenerator:
    """Greedy rewriting, turned into edits.

    The edits of a task and their confidences do not depend on what else is in the batch: sentences are batched by
    length, but one that changes, or that hung by a hair at some step, is decoded once more alone, and only that counts.
    ``quality`` is the geometric mean of the probabilities of the source's own tokens, the same but for rounding.
    Hints are ignored: a foreign checkpoint has no form for them.

    Use ``load``.

    Args:
        model: An encoder-decoder of transformers, on its device, in evaluation mode.
        tokenizer: Its tokenizer.
        card: Names the weights in reports.
        prefix: Put before each sentence, such as ``"grammar: "``.
        batch_tokens: Most source tokens in one forward pass, padding included.
        max_source_tokens: Longer sentences get no proposal (reason ``too_long``).
        calibration: From raw probabilities to confidences.
    """

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        card: ModelCard,
        *,
        prefix: str = "",
        batch_tokens: int = 2048,
        max_source_tokens: int | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        from transformers import GenerationConfig

        self._model: Any = model
        self._tokenizer: Any = tokenizer
        self._card = card
        self._prefix = prefix
        self._batch_tokens = batch_tokens
        self._calibration = calibration or Calibration()
        # Tasks a checkpoint was made for (summaries, with least lengths and beams) must not rule how it repairs: only
        # what the architecture needs is taken over.
        theirs: Any = model.generation_config
        start = theirs.decoder_start_token_id
        start = start if start is not None else getattr(model.config, "decoder_start_token_id", None)
        self._model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
            decoder_start_token_id=start if start is not None else theirs.bos_token_id,
            bos_token_id=theirs.bos_token_id,
            eos_token_id=theirs.eos_token_id,
            pad_token_id=self._tokenizer.pad_token_id,
            forced_bos_token_id=theirs.forced_bos_token_id,
            bad_words_ids=theirs.bad_words_ids,
            do_sample=False,
            num_beams=1,
        )
        eos = theirs.eos_token_id if theirs.eos_token_id is not None else self._tokenizer.eos_token_id
        self._end_ids = frozenset(eos if isinstance(eos, list) else [eos])
        positions = getattr(model.config, "max_position_embeddings", None)
        self._max_positions = int(positions) if positions else 4 * _MAX_SOURCE_TOKENS
        self._max_source_tokens = min(max_source_tokens or _MAX_SOURCE_TOKENS, self._max_positions - 2)
        self._tie = _TIE["float32" if str(model.dtype) == "torch.float32" else "bfloat16"]

    @classmethod
    def load(
        cls,
        checkpoint: str | Path,
        *,
        revision: str | None = None,
        prefix: str = "",
        device: Literal["cpu", "cuda", "auto"] = "cpu",
        dtype: Literal["float32", "bfloat16"] = "float32",
        batch_tokens: int = 2048,
        max_source_tokens: int | None = None,
        offline: bool = False,
    ) -> CheckpointGenerator:
        """Load a checkpoint: from a folder, else from the local cache of the hub, else from the hub itself.

        Code that comes with a checkpoint is never run.

        Args:
            checkpoint: Folder, or hub id such as ``google-t5/t5-small``.
            revision: Branch, tag or commit of the hub; names one state for ever only as a commit.
            prefix: As in the class.
            device: ``auto`` takes a GPU where there is one.
            dtype: Number format of weights and arithmetic.
            batch_tokens: As in the class.
            max_source_tokens: As in the class.
            offline: Do not ask the hub.

        Raises:
            ResourceError: torch or transformers is not installed, the checkpoint is missing, damaged or of another
                kind, or there is no GPU where one is asked for.
        """
        try:
            import torch
            from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
        except ImportError as exc:
            raise ResourceError(
                "generator=transformers needs torch and transformers; install the extra: pip install 'mt-repair[torch]'"
            ) from exc
        if device == "cuda" and not torch.cuda.is_available():
            raise ResourceError("device=cuda, but torch finds no GPU; set the device to cpu or auto")
        target = "cuda" if device == "auto" and torch.cuda.is_available() else "cpu" if device == "auto" else device
        folder = _find_folder(str(checkpoint), revision, offline)
        try:
            model = AutoModelForSeq2SeqLM.from_pretrained(folder, dtype=getattr(torch, dtype), local_files_only=True)
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as exc:
            raise ResourceError(f"{checkpoint} is not a usable seq2seq checkpoint: {_first_line(exc)}") from exc
        return cls(
            model.to(target).eval(),
            tokenizer,
            ModelCard(str(checkpoint), revision or folder.name, _weights_sha256(folder)),
            prefix=prefix,
            batch_tokens=batch_tokens,
            max_source_tokens=max_source_tokens,
            calibration=Calibration.read(folder),
        )

    @property
    def card(self) -> ModelCard:
        """The checkpoint by name, revision and checksum of its weights."""
        return self._card

    def operating_point(self, mode: Mode) -> float:
        """From the calibration file, else a high one; 1.0 in a mode that wants no model edits."""
        return self._calibration.operating_points.get(mode, 1.0)

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        """Propose edits, one Proposal per task in the same order.

        A sentence that is too long, or whose rewriting does not end within reach, gets no edits and the reason
        ``too_long``, ``truncated`` or ``empty``: half a sentence is never taken for a shorter one.

        Raises:
            GenerationError: The network fails on one sentence alone, as when memory runs out.
        """
        proposals = [Proposal() for _ in tasks]
        sources: dict[int, list[int]] = {}
        for i, task in enumerate(tasks):
            if task.text.strip():
                ids = list(self._tokenizer(self._prefix + task.text).input_ids)
                if len(ids) > self._max_source_tokens:
                    proposals[i] = Proposal(quality=0.0, reason="too_long")
                else:
                    sources[i] = ids
        for batch in _batches(sources, self._batch_tokens):
            for i, rewriting in zip(batch, self._rewrite_safely([sources[i] for i in batch]), strict=True):
                proposals[i] = self._propose(tasks[i].text, sources[i], rewriting, is_alone=len(batch) == 1)
        return proposals

    def _propose(self, text: str, source: list[int], rewriting: _Rewriting, *, is_alone: bool) -> Proposal:
        if not is_alone and (rewriting.is_close or not rewriting.is_complete or self._decode(rewriting.ids) != text):
            rewriting = self._rewrite_safely([source])[0]
        if not rewriting.is_complete:
            return Proposal(quality=self._score_source(text, source), reason="truncated")
        output = self._decode(rewriting.ids)
        if output == text:
            return Proposal(quality=_mean_probability(rewriting.log_probs))
        quality = self._score_source(text, source)
        if not output:
            return Proposal(quality=quality, reason="empty")
        return Proposal(tuple(self._edits(text, output, rewriting)), quality)

    def _edits(self, text: str, output: str, rewriting: _Rewriting) -> Iterator[ProposedEdit]:
        """Changes of the network, without those that the tokenizer alone makes (lost characters, spaces, case).

        So the rewriting is compared with what the tokenizer gives back of the text, and spans are carried over to the
        text; an edit where the two differ is dropped, since nobody can say whose it is.
        """
        given_back = self._decode(self._tokenizer(text_target=text).input_ids)
        artefacts = diff(text, given_back)
        bounds = self._token_bounds(rewriting.ids)
        shift = 0
        for change in diff(given_back, output):
            start = change.span.start + shift
            shift += len(change.text) - len(change.span)
            span = _carry_over(change.span, artefacts)
            if span is None:
                continue
            tokens = _tokens_of(start, start + len(change.text), bounds)
            raw = _mean_probability([rewriting.log_probs[t] for t in tokens])
            yield ProposedEdit(span, change.text, self._calibration.confidence(raw))

    def _decode(self, ids: Sequence[int]) -> str:
        return self._decode_raw(ids).strip()

    def _decode_raw(self, ids: Sequence[int]) -> str:
        text = self._tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return str(text)

    def _token_bounds(self, ids: Sequence[int]) -> list[int]:
        """Where each token ends in the decoded output: slow tokenizers give no offsets, but prefixes can be decoded."""
        whole = self._decode_raw(ids)
        lead = len(whole) - len(whole.lstrip())
        ends: list[int] = []
        for k in range(1, len(ids) + 1):
            end = len(self._decode_raw(ids[:k])) - lead
            ends.append(max(end, ends[-1] if ends else 0))
        return ends

    def _rewrite_safely(self, sources: Sequence[list[int]]) -> list[_Rewriting]:
        """Rewrite a batch; where memory runs out, sentence by sentence."""
        try:
            return self._rewrite(sources)
        except RuntimeError as exc:
            if len(sources) == 1:
                raise GenerationError(f"the network fails on a sentence of {len(sources[0])} tokens") from exc
        return [self._rewrite_safely([source])[0] for source in sources]

    def _rewrite(self, sources: Sequence[list[int]]) -> list[_Rewriting]:
        import torch

        limits = [min(len(s) * 3 // 2 + 16, self._max_positions - 1) for s in sources]
        ids, mask = self._pad(sources)
        recorder = _Recorder()
        with torch.inference_mode():
            written = self._model.generate(
                input_ids=ids, attention_mask=mask, max_new_tokens=max(limits), logits_processor=[recorder]
            )
        log_probs, margins = recorder.stacked()
        result = []
        for row, limit in enumerate(limits):
            tokens = written[row, 1:].tolist()
            end = next((k for k, token in enumerate(tokens) if token in self._end_ids), None)
            # The limit is the sentence's own, so that a longer neighbour in the batch cannot let it run on.
            is_complete = end is not None and end < limit
            length = end + 1 if end is not None and is_complete else min(limit, len(tokens))
            result.append(
                _Rewriting(
                    tuple(tokens[:length]),
                    tuple(log_probs[row, :length].tolist()),
                    is_complete,
                    bool((margins[row, :length] < self._tie).any()),
                )
            )
        return result

    def _score_source(self, text: str, source: list[int]) -> float:
        """Geometric mean of the probabilities of the sentence's own tokens as output."""
        import torch

        ids, mask = self._pad([source])
        labels = torch.tensor([self._tokenizer(text_target=text).input_ids], device=ids.device)
        with torch.inference_mode():
            logits = self._model(input_ids=ids, attention_mask=mask, labels=labels).logits.float()
        chosen = logits.log_softmax(-1).gather(-1, labels.unsqueeze(-1)).squeeze(-1)
        return _mean_probability(chosen[0].tolist())

    def _pad(self, sources: Sequence[list[int]]) -> tuple[Tensor, Tensor]:
        """Pad on the right, whatever the tokenizer would do: encoders with absolute positions count from the left."""
        import torch

        width = max(map(len, sources))
        pad = self._tokenizer.pad_token_id
        ids = torch.tensor([s + [pad] * (width - len(s)) for s in sources], device=self._model.device)
        mask = torch.tensor([[1] * len(s) + [0] * (width - len(s)) for s in sources], device=self._model.device)
        return ids, mask


class _Recorder:
    """A logits processor that changes nothing and notes, step by step, how sure the choice is.

    Storing the logits themselves, as ``generate`` offers, takes gigabytes with a vocabulary of 250,000.
    """

    def __init__(self) -> None:
        self._log_probs: list[Tensor] = []
        self._margins: list[Tensor] = []

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        logits = scores.float()
        best = logits.topk(2, dim=-1).values
        self._log_probs.append(best[:, 0] - logits.logsumexp(-1))
        self._margins.append(best[:, 0] - best[:, 1])
        return scores

    def stacked(self) -> tuple[Tensor, Tensor]:
        """Log-probability of the first choice, and its lead over the second: ``(batch, steps)`` each."""
        import torch

        return torch.stack(self._log_probs, 1).cpu(), torch.stack(self._margins, 1).cpu()


def _batches(sources: Mapping[int, list[int]], batch_tokens: int) -> Iterator[list[int]]:
    """Task numbers by length, in groups whose padded size stays within ``batch_tokens``, or alone."""
    batch: list[int] = []
    for i in sorted(sources, key=lambda i: (len(sources[i]), i)):
        if batch and (len(batch) + 1) * len(sources[i]) > batch_tokens:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch


def _carry_over(span: Span, changes: Sequence[Change]) -> Span | None:
    """Where a span of the changed text lies in the text before ``changes``; None where a change touches it."""
    shift = 0
    for change in changes:
        start = change.span.start - shift
        written = Span(start, start + len(change.text))
        if span.conflicts(written):
            return None
        if written.end > span.start:
            break
        shift += len(change.span) - len(change.text)
    return span.shift(shift)


def _tokens_of(start: int, end: int, bounds: Sequence[int]) -> range:
    """Tokens that wrote ``[start, end)`` of the output; of an empty range the one written where something was left out.

    Args:
        start: In code points of the output.
        end: In code points of the output.
        bounds: Where each token ends; the last is the end mark.
    """
    first = min(bisect_right(bounds, start), len(bounds) - 1)
    last = first
    while last + 1 < len(bounds) and bounds[last] < end:
        last += 1
    return range(first, last + 1)


def _mean_probability(log_probs: Sequence[float]) -> float:
    """Geometric mean of token probabilities, to four decimals, so that rounding errors of the network do not show."""
    return round(math.exp(min(0.0, sum(log_probs) / len(log_probs))), 4) if log_probs else 1.0


def _find_folder(checkpoint: str, revision: str | None, offline: bool) -> Path:
    path = Path(checkpoint).expanduser()
    if path.is_dir():
        return path
    if _FOLDER_LIKE.match(checkpoint):
        raise ResourceError(f"checkpoint {checkpoint} is missing: no such folder, and not the form of a hub id")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    small = ["*.json", "*.model", "*.spm", "*.txt"]
    for local_only in (True,) if offline else (True, False):
        for weights in ("model*.safetensors", "pytorch_model*.bin"):
            try:
                folder = Path(
                    snapshot_download(
                        checkpoint, revision=revision, allow_patterns=[*small, weights], local_files_only=local_only
                    )
                )
            except (OSError, ValueError, HfHubHTTPError) as exc:
                cause = exc
                continue
            if _weight_files(folder):
                return folder
            cause = FileNotFoundError("no weights in it")
    where = "the local cache of the hub" if offline else "the hub, nor its local cache"
    raise ResourceError(
        f"checkpoint {checkpoint} is neither a folder nor found in {where} ({type(cause).__name__}); "
        "download it once with network access, or give a folder"
    ) from cause


def _weight_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))


def _weights_sha256(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in _weight_files(folder):
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def _first_line(exc: BaseException) -> str:
    return str(exc).strip().splitlines()[0][:200] if str(exc).strip() else type(exc).__name__
