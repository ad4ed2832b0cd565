"""The words of English, as far as they are written small, and what a word that is none of them was meant to be."""

from __future__ import annotations

import lzma
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.core.classify import FUNCTION_WORDS
from app.core.diff import Change, OffsetMap, apply_edits
from app.core.errors import ResourceError
from app.core.types import Span
from app.seq2seq.codec import hint_pieces
from app.seq2seq.ngrams import NGrams
from app.seq2seq.tokenizer import Tokenizer, Words

_SHORTEST = 4  # letters of a word that is judged: of shorter ones too many are names of things
_SHORTEST_LISTED = 3  # of one that people are known to write by mistake
_VOWELS = "aeiou"
_TWO_STROKES = 6  # from so many letters on a word may be two strokes away from what was meant
_STROKE = 5.0  # one stroke more must be made up by a word e ** 5 times as frequent
_NO_SPACE = 5.0  # so much a missing space weighs
_CANDIDATES = 8  # so many of the likeliest are tried between the neighbours
_CONTEXT = 0.4  # what a word's neighbours say counts so much beside what it looks like; anything from 0.2 to 0.7 serves
_REMEMBERED = 50_000
# How often a word must have been seen to be what was meant; rarer ones are known, and not suggested.
SUGGESTED = 5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What word ``index`` of a segment, which no lexicon knows, may have been meant to be.

    ``pieces`` are the piece ids of ``text``, written with a capital where the word is; ``is_listed`` says that people
    are known to misspell ``text`` so.
    """

    index: int
    text: str
    pieces: tuple[int, ...]
    is_listed: bool = False


class Lexicon:
    """Knows words; suggests one for what is none.

    Only words of letters a to z are judged: capitals make a name, a hyphen or digit a word of its own kind.

    Args:
        counts: How often each word, in lower case, was seen.
        misspellings: What people write, none of these words, and what they mean by it: a word or two.
        ngrams: Tell which of several words fits between its neighbours.
    """

    def __init__(
        self, counts: Mapping[str, int], misspellings: Mapping[str, str] | None = None, ngrams: NGrams | None = None
    ) -> None:
        self.counts: Final = counts
        self.misspellings: Final = misspellings or {}
        by_letter: dict[str, list[str]] = defaultdict(list)
        for word, count in counts.items():
            if count >= SUGGESTED and len(word) > 1:
                by_letter[word[0]].append(word)
        self._by_letter: Final = dict(by_letter)
        self._near = lru_cache(_REMEMBERED)(self._candidates)
        self._ngrams: Final = ngrams

    def __contains__(self, word: str) -> bool:
        return word in self.counts

    def __len__(self) -> int:
        return len(self.counts)

    def count(self, text: str) -> int:
        """How often the rarest word of ``text`` was seen."""
        return min((self.counts.get(word, 0) for word in text.split()), default=0)

    @cached_property
    def misspelt(self) -> Mapping[str, tuple[str, ...]]:
        """What people write for a word by mistake."""
        found: dict[str, list[str]] = defaultdict(list)
        for wrong, right in self.misspellings.items():
            found[right].append(wrong)
        return {right: tuple(wrongs) for right, wrongs in found.items()}

    def judges(self, word: str) -> bool:
        """Whether ``word`` is of the kind that stands in a lexicon."""
        least = _SHORTEST_LISTED if word in self.misspellings else _SHORTEST
        return len(word) >= least and word.isascii() and word.isalpha() and word.islower()

    def suggest(self, text: str, start: int = 0, end: int | None = None) -> str:
        """What the word ``text[start:end]`` may have been meant to be: one word or several; empty if nothing is near.

        What people are known to mean by it, else what is nearest and frequent, and fits between its neighbours.
        """
        word = text[start:end].lower()
        if meant := self.misspellings.get(word):
            return meant
        near, ngrams = self._near(word), self._ngrams
        if not ngrams or len(near) < 2:
            return near[0][0] if near else ""
        place = (text, start, len(text) if end is None else end)
        return max(near, key=lambda found: found[1] + _CONTEXT * ngrams.log_ratio(*place, found[0]))[0]

    def _candidates(self, word: str) -> tuple[tuple[str, float], ...]:
        """What is near ``word``, in lower case, the likeliest first, and how likely: a logarithm.

        Optimal string alignment (Damerau 1964: letters changed, lost, added, or two changed over), one stroke, or two
        in a long word; the first letter is taken for right, or for another vowel. Frequency decides between words
        equally near.
        """
        most = 2 if len(word) >= _TWO_STROKES else 1
        letters = _VOWELS if word[:1] in _VOWELS else word[:1]
        words = [*chain.from_iterable(self._by_letter.get(letter, ()) for letter in letters)]
        near = process.extract(word, words, scorer=OSA.distance, score_cutoff=most, limit=None)
        found = [(text, math.log(self.counts[text]) - _STROKE * strokes) for text, strokes, _ in near]
        for at in range(1, len(word)):
            left, right = word[:at], word[at:]
            # Two nouns written as one are mostly a compound that the text likes so.
            if self.count(f"{left} {right}") >= SUGGESTED and not FUNCTION_WORDS.isdisjoint((left, right)):
                seen = self._ngrams.count(left, right) if self._ngrams else self.count(f"{left} {right}")
                if seen:
                    found.append((f"{left} {right}", math.log(seen) - _NO_SPACE))
        return tuple(sorted(found, key=lambda pair: (-pair[1], pair[0]))[:_CANDIDATES])


def unknown_words(words: Words, lexicon: Lexicon) -> dict[int, str]:
    """Words that the lexicon judges and does not know, by their index; the first may be written with a capital."""
    unknown: dict[int, str] = {}
    for i, surface in enumerate(words.surfaces()):
        word = surface.lower() if i == 0 and surface.istitle() else surface
        if lexicon.judges(word) and word not in lexicon and not _is_joined(words, i):
            unknown[i] = word
    return unknown


def suggestions(words: Words, lexicon: Lexicon, tokenizer: Tokenizer) -> Iterator[Suggestion]:
    """Words that the lexicon does not know and has a suggestion for.

    Between neighbours that people are known to misspell a word has to fit as if they were put right.
    """
    unknown = unknown_words(words, lexicon)
    meant = {i: text for i, word in unknown.items() if (text := lexicon.misspellings.get(word, ""))}
    for i, word in unknown.items():
        text = meant.get(i) or lexicon.suggest(*_put_right(words, meant, i))
        if text:
            shown = text if word == words.surfaces()[i] else text.capitalize()
            yield Suggestion(i, text, hint_pieces(shown, tokenizer), i in meant)


def _put_right(words: Words, meant: Mapping[int, str], index: int) -> tuple[str, int, int]:
    """The text with what was meant in place of some words, and where another word lies in it."""
    changes = [Change(Span(*words.bounds[i]), meant[i]) for i in sorted(meant)]
    place = OffsetMap.of(words.text, changes).to_patched(Span(*words.bounds[index]))
    assert place is not None  # a word that is not among the others
    return apply_edits(words.text, changes), place.start, place.end


def _is_joined(words: Words, index: int) -> bool:
    """Whether a word is a part of something longer: an address, a word with a hyphen, a file name."""
    start, end = words.bounds[index]
    around = words.text[max(0, start - 1) : start] + words.text[end : end + 2]
    return (
        any(c in "-–_/@\\#&$~^*+=<>|" for c in around)
        or (words.text[end - 2 : end] == "in" and words.text[end : end + 1] in ("'", "’"))  # "goin'"
        or (words.text[end : end + 1] in (".", ":") and words.text[end + 1 : end + 2].isalnum())
        or words.text[max(0, start - 1) : start] in (".", ":")
    )


def write_lexicon(path: Path, counts: Mapping[str, int], misspellings: Mapping[str, str]) -> None:
    """Write ``path`` (xz), sorted, under a temporary name first: a word and its count a line, or a misspelling and what
    it is for."""
    part = path.with_name(path.name + ".part")
    lines = {**counts, **misspellings}
    with lzma.open(part, "wt", encoding="ascii", preset=9) as out:
        out.writelines(f"{word}\t{lines[word]}\n" for word in sorted(lines))
    part.replace(path)


def read_lexicon(path: Path, ngrams: NGrams | None = None) -> Lexicon:
    """Read what ``write_lexicon`` wrote; ``ngrams`` as of ``Lexicon``.

    Raises:
        ResourceError: The file is missing or damaged.
    """
    counts: dict[str, int] = {}
    misspellings: dict[str, str] = {}
    try:
        with lzma.open(path, "rt", encoding="ascii") as lines:
            for line in lines:
                word, told = line.rstrip("\n").split("\t")
                if told.isdecimal():
                    counts[word] = int(told)
                else:
                    misspellings[word] = told
    except (OSError, EOFError, ValueError, lzma.LZMAError) as exc:
        raise ResourceError(f"the word list {path} is missing or damaged; restore it from a release") from exc
    return Lexicon(counts, misspellings, ngrams)
