"""Examples to padded tensors for the two tasks of the repair network."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from app.seq2seq.codec import Mark, WordEdit, correction_input, correction_target
from app.seq2seq.examples import Example
from app.seq2seq.network import INSERT, REPLACE
from app.seq2seq.tokenizer import Tokenizer

RIGHT_HINTS = 0.7  # of the hints on a mark that wants an edit


@dataclass(frozen=True, slots=True)
class DetectionBatch:
    """Plain segments: ``ids``, ``mask``, ``word_weights`` are ``(batch, time)``, ``labels`` ``(batch, time, 2)``.

    Labels and weights stand at the first piece of each word and at ``</s>``; elsewhere the weight is 0.
    """

    ids: Tensor
    mask: Tensor
    labels: Tensor
    word_weights: Tensor


@dataclass(frozen=True, slots=True)
class CorrectionBatch:
    """Marked segments ``(batch, time)`` and the forced answers ``(batch, target time)``."""

    ids: Tensor
    mask: Tensor
    decoder_ids: Tensor
    targets: Tensor
    weights: Tensor


def batch_indices(n_pieces: npt.NDArray[np.int64], batch_pieces: int, rng: random.Random) -> list[list[int]]:
    """Group examples of similar length into batches of at most ``batch_pieces`` pieces, in random order."""
    noise = np.random.default_rng(rng.getrandbits(32)).random(len(n_pieces))
    order = np.argsort(n_pieces * (0.9 + 0.2 * noise), kind="stable")
    batches: list[list[int]] = []
    current: list[int] = []
    longest = 0
    for i in order.tolist():
        length = int(n_pieces[i]) + 2
        if current and max(longest, length) * (len(current) + 1) > batch_pieces:
            batches.append(current)
            current, longest = [], 0
        current.append(i)
        longest = max(longest, length)
    if current:
        batches.append(current)
    rng.shuffle(batches)
    return batches


def choose_marks(example: Example, rng: random.Random, wrong_marks: float) -> list[tuple[Mark, tuple[int, ...] | None]]:
    """The marks of the edits with their answers, and, by chance, one or two on what is right (answer: keep)."""
    marks: list[tuple[Mark, tuple[int, ...] | None]] = [(e.mark, e.pieces) for e in example.edits]
    if rng.random() < wrong_marks and example.pieces:
        for _ in range(rng.choice((1, 1, 2))):
            first = rng.randrange(len(example.pieces))
            mark = Mark(first, min(len(example.pieces), first + rng.choice((0, 1, 1, 1, 2))))
            # A word between two marks keeps their borders apart, as in what detection gives.
            if all(mark.last < m.first or m.last < mark.first for m, _ in marks):
                marks.append((mark, None))
    return sorted(marks)


def add_noise(example: Example, spans: int, pool: Sequence[tuple[int, ...]], rng: random.Random) -> Example:
    """Damage up to ``spans`` stretches of one to three words that are right; their repair joins the edits.

    Real edits write four pieces a sentence, too few to teach a new decoder to copy and to fill in quickly.

    Args:
        example: Its own edits stay as they are.
        spans: How many stretches to try; one that meets an edit is left out.
        pool: Words to put in by mistake.
        rng: Source of chance.
    """
    taken = [(e.mark.first - 1, e.mark.last + 1) for e in example.edits]
    chosen: list[tuple[int, int]] = []
    for _ in range(spans):
        size = rng.choice((1, 1, 2, 2, 3))
        first = rng.randrange(len(example.pieces) + 1)
        last = min(len(example.pieces), first + size)
        if first < last and all(last < a or b < first for a, b in taken):
            taken.append((first - 1, last + 1))
            chosen.append((first, last))
    pieces: list[tuple[int, ...]] = []
    edits: list[WordEdit] = []
    at = 0
    ends = {e.mark.first: e for e in example.edits}
    starts = dict(chosen)
    for here in sorted((*ends, *starts)):
        pieces.extend(example.pieces[at:here])
        begin = len(pieces)
        if here in starts:
            right = example.pieces[here : starts[here]]
            pieces.extend(_damaged(right, pool, rng))
            edits.append(WordEdit(Mark(begin, len(pieces)), tuple(p for word in right for p in word)))
            at = starts[here]
        else:
            edit = ends[here]
            pieces.extend(example.pieces[here : edit.mark.last])
            edits.append(WordEdit(Mark(begin, len(pieces)), edit.pieces))
            at = edit.mark.last
    pieces.extend(example.pieces[at:])
    return Example(tuple(pieces), tuple(edits), example.weight, example.kind)


def _damaged(
    words: Sequence[tuple[int, ...]], pool: Sequence[tuple[int, ...]], rng: random.Random
) -> list[tuple[int, ...]]:
    """The words with one lost, replaced, added or moved, or all of them gone."""
    wrong, at, kind = list(words), rng.randrange(len(words)), rng.random()
    if kind < 0.2:
        return []
    if kind < 0.4 and len(wrong) > 1:
        del wrong[at]
    elif kind < 0.6:
        wrong.insert(at, rng.choice(pool))
    elif kind < 0.75 and len(wrong) > 1:
        wrong[at], wrong[at - 1] = wrong[at - 1], wrong[at]
    else:
        wrong[at] = rng.choice(pool)
    return wrong


def choose_hints(
    marks: Sequence[tuple[Mark, tuple[int, ...] | None]],
    others: Sequence[tuple[int, ...]],
    rng: random.Random,
    share: float,
) -> dict[Mark, tuple[int, ...]]:
    """Hints for some marks: mostly the right answer, else one of ``others``, to be ignored."""
    hints: dict[Mark, tuple[int, ...]] = {}
    for mark, answer in marks:
        if rng.random() >= share:
            continue
        hint = answer if rng.random() < RIGHT_HINTS else rng.choice(others) if others else None
        if hint:
            hints[mark] = hint
    return hints


def make_batches(
    examples: Sequence[Example],
    tokenizer: Tokenizer,
    rng: random.Random,
    wrong_marks: float,
    hint_share: float,
    device: torch.device,
    noise: int = 0,
) -> tuple[DetectionBatch, CorrectionBatch | None]:
    """Tensors of both tasks; the second is ``None`` when no example has a mark."""
    answers = [e.pieces for example in examples for e in example.edits if e.pieces]
    pool = [word for example in examples for word in example.pieces]
    plain: list[list[int]] = []
    labels: list[list[tuple[int, int, float]]] = []
    marked: list[list[int]] = []
    targets: list[list[int]] = []
    weights: list[float] = []
    for example in examples:
        ids, firsts = [tokenizer.bos], []
        for word in example.pieces:
            firsts.append(len(ids))
            ids.extend(word)
        firsts.append(len(ids))
        ids.append(tokenizer.eos)
        plain.append(ids)
        replace, insert = [0] * len(firsts), [0] * len(firsts)
        for edit in example.edits:
            if edit.mark.first == edit.mark.last:
                insert[edit.mark.first] = 1
            for word_index in range(edit.mark.first, edit.mark.last):
                replace[word_index] = 1
        labels.append(list(zip(firsts, replace, insert, strict=True)))
        shown = add_noise(example, noise, pool, rng)
        marks = choose_marks(shown, rng, wrong_marks)
        if marks:
            hints = choose_hints(marks, answers, rng, hint_share)
            marked.append(correction_input(shown.pieces, [m for m, _ in marks], tokenizer, hints))
            targets.append(correction_target([a for _, a in marks], tokenizer))
            weights.append(example.weight)
    ids_tensor, mask = _pad(plain, tokenizer.pad)
    label_tensor = torch.zeros(*ids_tensor.shape, 2)
    word_weights = torch.zeros(ids_tensor.shape)
    for row, (places, example) in enumerate(zip(labels, examples, strict=True)):
        for place, replace_label, insert_label in places:
            label_tensor[row, place, REPLACE], label_tensor[row, place, INSERT] = replace_label, insert_label
            word_weights[row, place] = example.weight
    detection = DetectionBatch(*(t.to(device) for t in (ids_tensor, mask, label_tensor, word_weights)))
    if not marked:
        return detection, None
    marked_ids, marked_mask = _pad(marked, tokenizer.pad)
    target_ids, target_mask = _pad(targets, tokenizer.pad)
    decoder_ids = torch.cat([torch.full((len(targets), 1), tokenizer.bos), target_ids[:, :-1]], dim=1)
    target_weights = target_mask.float() * torch.tensor(weights).unsqueeze(1)
    correction = CorrectionBatch(
        *(t.to(device) for t in (marked_ids, marked_mask, decoder_ids, target_ids, target_weights))
    )
    return detection, correction


def _pad(rows: Sequence[Sequence[int]], pad: int) -> tuple[Tensor, Tensor]:
    longest = max(map(len, rows))
    ids = torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return ids, mask
