"""What a network under training makes of held-out sentences: detection, answers, and what is left alone."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from app.seq2seq.batches import make_batch
from app.seq2seq.ctranslate import find_doubts
from app.seq2seq.examples import Example
from app.seq2seq.export import HeldOut, torch_answers, word_distance
from app.seq2seq.network import RepairNetwork
from app.seq2seq.tokenizer import Tokenizer

_BATCH = 24
LEAST_DOUBT = 0.5


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one set of examples.

    Attributes:
        detection: Average precision over words and gaps, 0 to 1.
        answers: Share of the marked spans that get exactly the answer of the reference, 0 to 1.
        flagged: Share of the sentences in which something is in doubt, 0 to 1.
    """

    detection: float
    answers: float
    flagged: float


def average_precision(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """Mean of the precision at every right place, in falling order of score; 0 where nothing is right."""
    order = np.argsort(-np.asarray(scores), kind="stable")
    hit = np.asarray(labels, dtype=np.float64)[order]
    precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
    return float((precision * hit).sum() / hit.sum()) if hit.any() else 0.0


@torch.inference_mode()
def ask(network: RepairNetwork, examples: Sequence[Example], tokenizer: Tokenizer) -> Scores:
    """Detection over all words, and the greedy answer for every span that the reference marks."""
    network.eval()
    found: list[float] = []
    labels: list[bool] = []
    exact = asked = flagged = 0
    ordered = sorted(examples, key=lambda e: sum(map(len, e.pieces)))
    for at in range(0, len(ordered), _BATCH):
        chosen = ordered[at : at + _BATCH]
        batch = make_batch(chosen, tokenizer, random.Random(1))
        states = network.encode(batch.ids, batch.mask)
        doubt = network.detect(states).sigmoid()
        judged = batch.word_weights > 0
        found.extend(doubt[judged].flatten().tolist())
        labels.extend((batch.labels[judged] > 0).flatten().tolist())
        flagged += int(((doubt.amax(-1) >= LEAST_DOUBT) & judged).any(-1).sum())
        if not any(edit.pieces is not None for example in chosen for edit in example.edits):
            continue
        # An answer of which every piece is the likeliest after the pieces before it is the greedy answer.
        likeliest = network.logits(network.correct(states[batch.rows], batch.mask[batch.rows], batch.decoder_ids))
        same = (likeliest.argmax(-1) == batch.targets) | (batch.weights == 0)
        exact += int(same.all(-1).sum())
        asked += len(same)
    return Scores(average_precision(found, labels), exact / max(1, asked), flagged / max(1, len(ordered)))


def ter_change(network: RepairNetwork, pairs: Sequence[HeldOut], tokenizer: Tokenizer) -> float:
    """Word edits to the post-edits, a hundred words, after less before all answers to what is in doubt (no shifts)."""
    cut = [tokenizer.words(pair.machine) for pair in pairs]
    answers = torch_answers(network, cut, tokenizer, lambda _, probabilities: find_doubts(probabilities, LEAST_DOUBT))
    change = total = 0
    for pair, words, found in zip(pairs, cut, answers, strict=True):
        text, reference = pair.machine, tokenizer.words(pair.post_edit)
        for start, end, new in reversed(found):
            text = text[:start] + new + text[end:]
        change += word_distance(tokenizer.words(text), reference) - word_distance(words, reference)
        total += len(reference)
    return 100 * change / max(1, total)
