"""Corruption that looks like machine translation: what real pairs show, put into clean text, as often or more often.

Nothing here is invented: which words stand for which, which endings slip and which words are lost or added is counted
on machine translations and their corrections, and sampled from these counts.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from rapidfuzz.distance import Levenshtein

from app.seq2seq.tokenizer import Words

MAX_PHRASE = 2  # longer phrases are too rare to be counted
MIN_COUNT = 3  # a replacement seen less often is chance
_STEM = 3  # letters that two inflections share at least

Phrase = tuple[str, ...]
_T = TypeVar("_T")


@dataclass(slots=True)
class EditStatistics:
    """Counts of what a machine wrote where the corrected text has something else."""

    phrases: dict[Phrase, Counter[Phrase]] = field(default_factory=lambda: defaultdict(Counter))
    additions: dict[str, Counter[Phrase]] = field(default_factory=lambda: defaultdict(Counter))  # before which word
    endings: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seen_phrases: Counter[Phrase] = field(default_factory=Counter)
    seen_endings: Counter[str] = field(default_factory=Counter)

    @classmethod
    def learn(cls, pairs: Iterable[tuple[Words, Words]]) -> EditStatistics:
        """Count over ``(machine, corrected)`` pairs."""
        stats = cls()
        for machine, corrected in pairs:
            a, b = machine.surfaces(), corrected.surfaces()
            for n in range(1, MAX_PHRASE + 1):
                stats.seen_phrases.update(tuple(b[i : i + n]) for i in range(len(b) - n + 1))
            for word in b:
                stats.seen_endings.update(word[-n:] if n else "" for n in range(min(4, max(0, len(word) - _STEM)) + 1))
            for op in Levenshtein.opcodes(b, a):
                right, wrong = tuple(b[op.src_start : op.src_end]), tuple(a[op.dest_start : op.dest_end])
                if op.tag == "equal" or max(len(right), len(wrong)) > MAX_PHRASE:
                    continue
                if right:
                    stats.phrases[right][wrong] += 1
                elif op.src_start < len(b):
                    stats.additions[b[op.src_start]][wrong] += 1
                if len(right) == len(wrong) == 1:
                    pair = _ending_slip(right[0], wrong[0])
                    if pair:
                        stats.endings[pair[0]][pair[1]] += 1
        for table in (stats.phrases, stats.additions, stats.endings):
            for key in list(table):
                kept = Counter({k: c for k, c in table[key].items() if c >= MIN_COUNT})  # type: ignore[index]
                if kept:
                    table[key] = kept  # type: ignore[index,assignment]
                else:
                    del table[key]  # type: ignore[arg-type]
        return stats


def _ending_slip(right: str, wrong: str) -> tuple[str, str] | None:
    """The endings by which two inflections of one word differ, or ``None`` when they are other words."""
    if not (right.islower() and wrong.islower()) or right == wrong:
        return None
    stem = 0
    while stem < min(len(right), len(wrong)) and right[stem] == wrong[stem]:
        stem += 1
    if stem < _STEM or max(len(right), len(wrong)) - stem > 4:
        return None
    return right[stem:], wrong[stem:]


@dataclass(frozen=True, slots=True)
class Corrupter:
    """Makes a sentence look machine-translated.

    Args:
        stats: What was counted.
        lexicon: Words that exist; an ending slip must give one of them.
        rate: Multiplies the real rates (1.0: as in the pairs).
    """

    stats: EditStatistics
    lexicon: frozenset[str]
    rate: float = 1.0

    def corrupt(self, words: Words, rng: random.Random) -> str:
        """The corrupted text; equal to the text where nothing was drawn."""
        surfaces = words.surfaces()
        out: list[str] = []
        at, i = 0, 0
        while i < len(surfaces):
            start = words.bounds[i][0]
            out.append(words.text[at:start])
            added = self._draw(self.stats.additions.get(surfaces[i]), self.stats.seen_phrases[(surfaces[i],)], rng)
            if added:
                out.append(" ".join(added) + " ")
            wrong, used = self._replace(surfaces, i, rng)
            end = words.bounds[i + used - 1][1]
            if wrong is None:
                out.append(words.text[start:end])
            elif wrong:
                out.append(_join(wrong))
            elif out and out[-1].isspace():
                out.pop()  # a lost word takes its space along
            at, i = end, i + used
        out.append(words.text[at:])
        return "".join(out).lstrip()

    def _replace(self, surfaces: Sequence[str], i: int, rng: random.Random) -> tuple[Phrase | None, int]:
        for n in range(min(MAX_PHRASE, len(surfaces) - i), 0, -1):
            phrase = tuple(surfaces[i : i + n])
            wrong = self._draw(self.stats.phrases.get(phrase), self.stats.seen_phrases[phrase], rng)
            if wrong is not None:
                return wrong, n
        word = surfaces[i]
        if word.islower():
            for n in range(min(4, max(0, len(word) - _STEM)), -1, -1):
                ending = word[len(word) - n :]
                slip = self._draw(self.stats.endings.get(ending), self.stats.seen_endings[ending], rng)
                if slip is not None:
                    new = word[: len(word) - n] + slip
                    if new in self.lexicon:
                        return (new,), 1
        return None, 1

    def _draw(self, table: Counter[_T] | None, seen: int, rng: random.Random) -> _T | None:
        if not table or not seen:
            return None
        share = self.rate * sum(table.values()) / seen
        if rng.random() >= min(share, 0.5):
            return None
        return rng.choices(list(table), weights=list(table.values()))[0]


def _join(words: Phrase) -> str:
    text = words[0]
    for word in words[1:]:
        text += word if not word[0].isalnum() and word not in "(“[" else " " + word
    return text
