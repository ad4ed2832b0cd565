"""Corruption by the same network trained the other way round: it reads right English and writes what a machine wrote.

``scripts/prepare_data --reverse`` makes its training examples, ``--corrupter`` has it damage clean text.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import groupby

import torch

from app.seq2seq.codec import Mark
from app.seq2seq.ctranslate import Doubt, Floats
from app.seq2seq.export import torch_answers
from app.seq2seq.network import RepairNetwork
from app.seq2seq.tokenizer import Tokenizer, Words

_TOP = 10  # likeliest pieces that a piece of an answer is drawn from


class ReverseNetwork:
    """Damages sentences where, and in the way, that a machine would.

    Args:
        network: Trained from corrected text to machine translation.
        tokenizer: The network's.
        rate: Multiplies the chance of damage at every place (1.0: as in the pairs).
    """

    def __init__(self, network: RepairNetwork, tokenizer: Tokenizer, rate: float = 1.0) -> None:
        self._network, self._tokenizer, self._rate = network, tokenizer, rate

    def corrupt(self, sentences: Sequence[Words], rng: random.Random) -> list[str]:
        """The damaged sentences; those of which no place was drawn as they were."""
        torch.manual_seed(rng.getrandbits(32))

        def draw(_: Words, chances: Floats) -> list[Doubt]:
            return drawn_places(self._rate * chances, rng)

        answers = torch_answers(self._network, sentences, self._tokenizer, draw, draw_from=_TOP)
        return [_apply(words.text, found) for words, found in zip(sentences, answers, strict=True)]


def drawn_places(chances: Floats, rng: random.Random) -> list[Doubt]:
    """Runs of words, and gaps that touch none, each word and gap drawn with its chance.

    Args:
        chances: ``(words + 1, 2)``: of a word to be exchanged, and of something to be put before it; of the last row
            only the gap counts.
        rng: What draws.
    """
    last = len(chances) - 1
    is_drawn = [i < last and rng.random() < chances[i, 0] for i in range(last + 1)]
    places: list[Mark] = []
    for chosen, run in groupby(range(last + 1), key=is_drawn.__getitem__):
        indices = list(run)
        if chosen:
            places.append(Mark(indices[0], indices[-1] + 1))
            continue
        places.extend(Mark(i, i) for i in indices if rng.random() < chances[i, 1] and not (i and is_drawn[i - 1]))
    return [Doubt(mark, 1.0) for mark in places]


def _apply(text: str, changes: Sequence[tuple[int, int, str]]) -> str:
    for start, end, new in sorted(changes, reverse=True):
        text = text[:start] + new + text[end:]
    return text
