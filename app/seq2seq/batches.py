"""Examples to padded tensors for the two tasks of the repair network."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from app.seq2seq.codec import Mark, WordEdit, decoder_prompt, encoder_input
from app.seq2seq.examples import Example
from app.seq2seq.network import INSERT, REPLACE
from app.seq2seq.tokenizer import Tokenizer

RIGHT_HINTS = 0.7  # of the hints on a mark that wants an edit


@dataclass(frozen=True, slots=True)
class Batch:
    """Segments for both tasks.

    Attributes:
        ids, mask: ``(batch, time)``, the segments.
        labels: ``(batch, time, 2)``; they stand at the first piece of each word and at ``</s>``.
        word_weights: ``(batch, time)``; 0 where no label stands.
        rows: ``(marks,)``, the segment of each mark.
        decoder_ids: ``(marks, target time)``, prompt and answer.
        targets: ``(marks, target time)``, one step ahead of ``decoder_ids``.
        weights: ``(marks, target time)``; 0 but for the answer and its ``</s>``.
    """

    ids: Tensor
    mask: Tensor
    labels: Tensor
    word_weights: Tensor
    rows: Tensor
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


def choose_marks(example: Example, rng: random.Random, right_marks: int, wider: float = 0.0) -> list[WordEdit]:
    """The edits, and spans that are right, whose answer is what stands there already: hinted ones, some others.

    Where either of two words may be what is wrong ("the regions is"), the detector doubts both; so some edits are
    marked with a neighbour that is to stay.

    Args:
        example: Its hints stand at words that some list takes for wrong.
        rng: Source of chance.
        right_marks: Most spans without a hint.
        wider: Chance that an edit is marked with a neighbour, where it stands free and has no hint.
    """
    marks = list(example.edits)
    hinted = {hint.mark for hint in example.hints}
    for i, edit in enumerate(marks):
        if edit.pieces is not None and edit.mark not in hinted and rng.random() < wider:
            others = [*marks[:i], *marks[i + 1 :], *example.hints]
            marks[i] = _with_neighbour(edit, edit.pieces, example.pieces, others, on_left=rng.random() < 0.5)
    places = [(hint.mark.first, hint.mark.last) for hint in example.hints]
    for _ in range(right_marks):
        first = rng.randrange(len(example.pieces) + 1)
        places.append((first, min(len(example.pieces), first + rng.choice((0, 1, 1, 1, 2)))))
    for first, last in places:
        # A word between two marks keeps their borders apart, as in what detection gives.
        if all(last < e.mark.first or e.mark.last < first for e in marks):
            marks.append(WordEdit(Mark(first, last), tuple(p for word in example.pieces[first:last] for p in word)))
    return sorted((e for e in marks if e.pieces is not None), key=lambda e: e.mark)


def _with_neighbour(
    edit: WordEdit,
    answer: tuple[int, ...],
    words: Sequence[tuple[int, ...]],
    others: Sequence[WordEdit],
    *,
    on_left: bool,
) -> WordEdit:
    """The edit with the word before or behind it, if there is one and a word is left between it and the others."""
    first, last = edit.mark.first - on_left, edit.mark.last + (not on_left)
    if first < 0 or last > len(words) or not all(last < e.mark.first or e.mark.last < first for e in others):
        return edit
    return WordEdit(Mark(first, last), (*words[first], *answer) if on_left else (*answer, *words[last - 1]))


def add_noise(example: Example, spans: int, pool: Sequence[tuple[int, ...]], rng: random.Random) -> Example:
    """Damage up to ``spans`` stretches of one to three words that are right; their repair joins the edits.

    Real edits write few pieces a sentence; noise teaches a new decoder sooner to fill in what the sentence asks for.

    Args:
        example: Its own edits stay as they are; its hints go.
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
    edits: Sequence[WordEdit], others: Sequence[tuple[int, ...]], rng: random.Random, share: float
) -> dict[Mark, tuple[int, ...]]:
    """Hints for some marks: mostly the right answer, else one of ``others``, to be ignored."""
    hints: dict[Mark, tuple[int, ...]] = {}
    for edit in edits:
        if rng.random() < share:
            hint = edit.pieces if rng.random() < RIGHT_HINTS else rng.choice(others) if others else None
            if hint:
                hints[edit.mark] = hint
    return hints


def make_batch(
    examples: Sequence[Example],
    tokenizer: Tokenizer,
    rng: random.Random,
    *,
    right_marks: int = 0,
    hint_share: float = 0.0,
    noise_share: float = 0.0,
    wider: float = 0.0,
    device: torch.device | None = None,
) -> Batch:
    """Tensors of ``examples``.

    Args:
        examples: At least one, none empty.
        tokenizer: Of the network.
        rng: Source of chance.
        right_marks: Spans a segment whose words are right, for the decoder to write again.
        hint_share: Chance that a mark comes with a hint.
        noise_share: Chance that a segment is damaged further.
        wider: Chance that an edit is marked with a word beside it.
        device: Where the tensors go.
    """
    pool = [word for example in examples for word in example.pieces]
    others = [e.pieces for example in examples for e in example.edits if e.pieces]
    shown = [add_noise(e, 2, pool, rng) if rng.random() < noise_share else e for e in examples]
    inputs = [encoder_input(example.pieces, tokenizer) for example in shown]
    ids, mask = _pad([row for row, _ in inputs], tokenizer.pad)
    labels, word_weights = torch.zeros(*ids.shape, 2), torch.zeros(ids.shape)
    rows: list[int] = []
    prompts: list[list[int]] = []
    answers: list[list[int]] = []
    for i, (example, (_, firsts)) in enumerate(zip(shown, inputs, strict=True)):
        word_weights[i, firsts] = example.weight
        for edit in example.edits:
            if edit.pieces is None:  # neither right nor to be learned
                word_weights[i, firsts[edit.mark.first : max(edit.mark.last, edit.mark.first + 1)]] = 0
                continue
            if edit.mark.first == edit.mark.last:
                labels[i, firsts[edit.mark.first], INSERT] = 1
            labels[i, firsts[edit.mark.first : edit.mark.last], REPLACE] = 1
        chosen = choose_marks(example, rng, right_marks, wider)
        hints = choose_hints(chosen, others, rng, hint_share) | {h.mark: h.pieces or () for h in example.hints}
        for edit in chosen:
            rows.append(i)
            prompts.append(decoder_prompt(example.pieces, edit.mark, tokenizer, hints.get(edit.mark, ())))
            answers.append([*(edit.pieces or ()), tokenizer.eos])
    forced, _ = _pad([p + a for p, a in zip(prompts, answers, strict=True)] or [[tokenizer.bos] * 2], tokenizer.pad)
    weights = torch.zeros(len(forced), forced.shape[1] - 1)
    for j, (prompt, answer) in enumerate(zip(prompts, answers, strict=True)):
        weights[j, len(prompt) - 1 : len(prompt) + len(answer) - 1] = shown[rows[j]].weight
    tensors = (ids, mask, labels, word_weights, torch.tensor(rows or [0]), forced[:, :-1], forced[:, 1:], weights)
    return Batch(*(t.to(device) for t in tensors))


def _pad(rows: Sequence[Sequence[int]], pad: int) -> tuple[Tensor, Tensor]:
    longest = max(map(len, rows))
    ids = torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return ids, mask
