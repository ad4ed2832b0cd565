"""The words of English, as far as they are written small, and what a word that is none of them was meant to be."""

from __future__ import annotations

import lzma
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.core.classify import FUNCTION_WORDS
from app.core.errors import ResourceError
from app.seq2seq.codec import hint_pieces
from app.seq2seq.tokenizer import Tokenizer, Words

_SHORTEST = 4  # letters of a word that is judged: of shorter ones too many are names of things
_TWO_STROKES = 6  # from so many letters on a word may be two strokes away from what was meant
_STROKE = 5.0  # one stroke more must be made up by a word e ** 5 times as frequent
_NO_SPACE = 5.0  # so much a missing space weighs
_REMEMBERED = 50_000
# How often a word must have been seen to be what was meant; rarer ones are known, and not suggested.
_SUGGESTED = 5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What word ``index`` of a segment, which no lexicon knows, may have been meant to be.

    ``pieces`` are the piece ids of ``text``, written with a capital where the word is.
    """

    index: int
    text: str
    pieces: tuple[int, ...]


class Lexicon:
    """Knows words; suggests one for what is none.

    Only words of letters a to z are judged: capitals make a name, a hyphen or digit a word of its own kind.

    Args:
        counts: How often each word, in lower case, was seen.
    """

    def __init__(self, counts: Mapping[str, int]) -> None:
        self._counts = counts
        by_letter: dict[str, list[str]] = defaultdict(list)
        for word, count in counts.items():
            if count >= _SUGGESTED and len(word) > 1:
                by_letter[word[0]].append(word)
        self._by_letter: Final = dict(by_letter)
        self.suggest = lru_cache(_REMEMBERED)(self._suggest)

    def __contains__(self, word: str) -> bool:
        return word in self._counts

    def __len__(self) -> int:
        return len(self._counts)

    def count(self, text: str) -> int:
        """How often the rarest word of ``text`` was seen."""
        return min((self._counts.get(word, 0) for word in text.split()), default=0)

    def judges(self, word: str) -> bool:
        """Whether ``word`` is of the kind that stands in a lexicon."""
        return len(word) >= _SHORTEST and word.isascii() and word.isalpha() and word.islower()

    def _suggest(self, word: str) -> str:
        """What ``word``, in lower case, may have been meant to be: one word or two; empty if nothing is near.

        Optimal string alignment (Damerau 1964: letters changed, lost, added, or two changed over), one stroke, or two
        in a long word; the first letter is taken for right. Frequency decides between words equally near.
        """
        found = [("", -math.inf)]
        most = 2 if len(word) >= _TWO_STROKES else 1
        near = process.extract(
            word, self._by_letter.get(word[0], ()), scorer=OSA.distance, score_cutoff=most, limit=None
        )
        for candidate, strokes, _ in near:
            found.append((candidate, math.log(self._counts[candidate]) - _STROKE * strokes))
        for at in range(1, len(word)):
            left, right = self._counts.get(word[:at], 0), self._counts.get(word[at:], 0)
            # Two nouns written as one are mostly a compound that the text likes so.
            if min(left, right) >= _SUGGESTED and not FUNCTION_WORDS.isdisjoint((word[:at], word[at:])):
                found.append((f"{word[:at]} {word[at:]}", min(math.log(left), math.log(right)) - _NO_SPACE))
        return max(found, key=lambda pair: (pair[1], pair[0]))[0]


def suggestions(words: Words, lexicon: Lexicon, tokenizer: Tokenizer) -> Iterator[Suggestion]:
    """Words that the lexicon does not know and has a suggestion for; the first may be written with a capital."""
    for i, surface in enumerate(words.surfaces()):
        word = surface.lower() if i == 0 and surface.istitle() else surface
        if lexicon.judges(word) and word not in lexicon and not _is_joined(words, i):
            text = lexicon.suggest(word)
            if text:
                shown = text if word == surface else text.capitalize()
                yield Suggestion(i, text, hint_pieces(shown, tokenizer))


def _is_joined(words: Words, index: int) -> bool:
    """Whether a word is a part of something longer: an address, a word with a hyphen, a file name."""
    start, end = words.bounds[index]
    around = words.text[max(0, start - 1) : start] + words.text[end : end + 2]
    return (
        any(c in "-–_/@\\#&$~^*+=<>|" for c in around)
        or (words.text[end : end + 1] in (".", ":") and words.text[end + 1 : end + 2].isalnum())
        or words.text[max(0, start - 1) : start] in (".", ":")
    )


def write_lexicon(path: Path, counts: Mapping[str, int]) -> None:
    """Write ``path`` (xz): a word and its count a line, sorted, under a temporary name first."""
    part = path.with_name(path.name + ".part")
    with lzma.open(part, "wt", encoding="ascii", preset=9) as out:
        out.writelines(f"{word}\t{counts[word]}\n" for word in sorted(counts))
    part.replace(path)


def read_lexicon(path: Path) -> Lexicon:
    """Read what ``write_lexicon`` wrote.

    Raises:
        ResourceError: The file is missing or damaged.
    """
    try:
        with lzma.open(path, "rt", encoding="ascii") as lines:
            return Lexicon(dict(_pairs(lines)))
    except (OSError, EOFError, ValueError, lzma.LZMAError) as exc:
        raise ResourceError(f"the word list {path} is missing or damaged; restore it from a release") from exc


def _pairs(lines: Iterable[str]) -> Iterable[tuple[str, int]]:
    for line in lines:
        word, count = line.split("\t")
        yield word, int(count)
