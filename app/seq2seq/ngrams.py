"""How likely words are side by side: counts of runs of one to three words of right English.

Stupid backoff (Brants et al. 2007): a run that was seen counts for its share of what begins so, else the shorter run
does, at a discount.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from pathlib import Path

import marisa_trie
import regex

from app.core.tries import map_file, save_file

ORDER = 3
START, END, UNKNOWN, ALL = "<s>", "</s>", "<unk>", "<all>"  # the last: how many words were counted
LEAST = (3, 2, 3)  # how often a run of one, two, three words must have been seen to be kept

_BACKOFF = math.log(0.4)
_STEP = math.log(2) / 6  # of the logarithm of a count, as it is kept: within 6 %
_CODE = "<B"
_UNSEEN = 0.5  # so often is taken to have been seen what was not
_REMEMBERED = 50_000
# Words without their clitics (*do n't*, *she 's*), numbers, and every other character that shows by itself.
_TOKEN = regex.compile(
    r"[\p{L}\p{M}]+?(?=n['’]t\b)|n['’]t\b|['’](?:s|re|ve|ll|d|m)\b|[\p{L}\p{M}]+|\p{N}+(?:[.,]\p{N}+)*"
    r"|[^\s\p{L}\p{N}\p{C}]",
    regex.IGNORECASE,
)


def split(text: str) -> list[str]:
    """The words of a text as they are counted: in lower case, one symbol for every number."""
    return ["0" if t[0].isdigit() else t.replace("’", "'").lower() for t in _TOKEN.findall(text)]


def count_runs(sentences: Iterable[str]) -> dict[str, int]:
    """Runs of words that stand in sentences at least ``LEAST`` times, words joined by a space; and ``ALL``."""
    texts = [[START, *split(sentence), END] for sentence in sentences]
    words = Counter(chain.from_iterable(texts))
    texts = [[w if words[w] >= LEAST[0] else UNKNOWN for w in text] for text in texts]
    kept = {(word,): n for word, n in Counter(chain.from_iterable(texts)).items()}
    counts = {word: n for (word,), n in kept.items()}
    counts[ALL] = sum(counts.values())
    for n in range(2, ORDER + 1):
        # A run is as rare as the rarest that it is made of, at least.
        found = Counter(
            run
            for text in texts
            for run in zip(*(text[i:] for i in range(n)), strict=False)
            if run[:-1] in kept and run[1:] in kept
        )
        kept = {run: times for run, times in found.items() if times >= LEAST[n - 1]}
        counts |= {" ".join(run): times for run, times in kept.items()}
    return counts


class NGrams:
    """Compares two ways to put a sentence.

    Args:
        path: As ``write_ngrams`` wrote it; mapped into memory.

    Raises:
        ResourceError: The file is missing or damaged.
    """

    def __init__(self, path: Path) -> None:
        self._trie = map_file(marisa_trie.RecordTrie(_CODE), path, "counts of word runs", "restore it from a release")
        self._log_all = self._log_count([ALL]) or 0.0
        self._seen_before = lru_cache(_REMEMBERED)(self._count_before)

    def count(self, *words: str) -> float:
        """How often one to three words, in lower case, were seen side by side; 0 where that was hardly ever."""
        seen = self._log_count(words)
        return 0.0 if seen is None else math.exp(seen)

    def log_ratio(self, text: str, start: int, end: int, new: str) -> float:
        """The logarithm of how many times likelier ``text`` is with ``new`` in place of ``text[start:end]``."""
        left, right = _neighbours(text, start, end)
        before, after = (self._log_probability(left, [*split(words), *right]) for words in (text[start:end], new))
        return after - before

    def log_fit(self, text: str, start: int, end: int, new: str) -> float:
        """The logarithm of how many times likelier ``new`` is in place of ``text[start:end]`` than anywhere."""
        left, right = _neighbours(text, start, end)
        words = split(new)
        apart = self._log_probability([], words) + self._log_probability([], right)
        return self._log_probability(left, [*words, *right]) - apart

    def log_ratio_before(self, one: str, other: str, word: str) -> float:
        """The logarithm of how many times likelier ``one`` is than ``other`` before ``word``, in lower case.

        Of a word that was not seen behind either, those tell that begin alike, the more letters the better; 0 if none.
        """
        for length in range(len(word), 0, -1):
            times = [self._seen_before(before, word[:length], length == len(word)) for before in (one, other)]
            if any(times):
                return math.log((times[0] + _UNSEEN) / (times[1] + _UNSEEN))
        return 0.0

    def _count_before(self, before: str, beginning: str, is_whole: bool) -> float:
        """How often a word, or one that begins so, was seen behind another."""
        if is_whole and (seen := self._log_count([before, beginning])) is not None:
            return math.exp(seen)
        return sum(
            math.exp(count * _STEP)
            for run, (count,) in self._trie.iteritems(f"{before} {beginning}")
            if run.count(" ") == 1
        )

    def _log_probability(self, left: Sequence[str], words: Sequence[str]) -> float:
        """Of words that follow others."""
        known = [w if w in self._trie else UNKNOWN for w in (*left, *words)]
        return sum(self._last_of(known[max(0, i + 1 - ORDER) : i + 1]) for i in range(len(left), len(known)))

    def _last_of(self, run: Sequence[str]) -> float:
        """Logarithm of the probability of the last word after those before it."""
        discount = 0.0
        for i in range(len(run) - 1):
            seen = self._log_count(run[i:])
            if seen is not None:
                return discount + min(0.0, seen - (self._log_count(run[i:-1]) or 0.0))
            discount += _BACKOFF
        return discount + (self._log_count(run[-1:]) or 0.0) - self._log_all

    def _log_count(self, run: Sequence[str]) -> float | None:
        found = self._trie.get(" ".join(run))
        return found[0][0] * _STEP if found else None


def _neighbours(text: str, start: int, end: int) -> tuple[list[str], list[str]]:
    """What stands before and behind ``text[start:end]`` as far as runs reach."""
    return [START, *split(text[:start])][1 - ORDER :], [*split(text[end:]), END][: ORDER - 1]


def write_ngrams(path: Path, counts: Mapping[str, int]) -> None:
    """Write ``path`` under a temporary name first."""
    records = ((run, (round(math.log(n) / _STEP),)) for run, n in sorted(counts.items()))
    save_file(marisa_trie.RecordTrie(_CODE, records), path)
