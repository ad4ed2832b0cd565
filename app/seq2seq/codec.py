"""How a segment is shown to the network, and how what it writes becomes edits. Training and serving share it.

The encoder reads the segment as it is, ``<s> She go to school . </s>``; a head on it doubts words and gaps. For each
mark the decoder is given the marked words with their neighbours, and writes what belongs there:

    <s> She <edit> go </edit> to school <answer> goes </s>

An empty mark asks for an insertion, an empty answer deletes, and the old words again mean that nothing is wrong.
``<edit> go <hint> goes </edit>`` tells what a glossary or a linker thinks right. The old words stand in front of the
decoder so that it need not learn to find them in the encoder's output before it can learn anything else.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from app.seq2seq.predictable import is_predictable
from app.seq2seq.tokenizer import Tokenizer, Words

# Words around a mark in the decoder's prompt: enough to tell two equal words of a segment apart.
LEFT_WORDS = 3
RIGHT_WORDS = 2
MAX_ANSWER = 24  # pieces; real repairs of one mark are shorter


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """Words ``first`` to ``last`` (exclusive) of a segment; ``first == last`` is the gap before word ``first``."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class WordEdit:
    """Replace the marked words by ``pieces`` (piece ids, their leading space included).

    ``None`` stands for words that are wrong in a way only the lost source could put right: training passes over them.
    """

    mark: Mark
    pieces: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class TextChange:
    """Replace code points ``[start, end)`` of the segment by ``text``."""

    start: int
    end: int
    text: str


def mark_of(words: Words, start: int, end: int) -> Mark | None:
    """The words that code points ``[start, end)`` touch; ``None`` where they touch none."""
    inside = [i for i, (first, last) in enumerate(words.bounds) if first < end and start < last]
    return Mark(inside[0], inside[-1] + 1) if inside else None


def hint_pieces(text: str, tokenizer: Tokenizer) -> tuple[int, ...]:
    """A hint as it stands in a prompt."""
    return tuple(piece for word in tokenizer.words(text).pieces for piece in word)


def word_edits(source: Words, target: Words, *, predictable_only: bool = False) -> tuple[WordEdit, ...]:
    """The edits that turn ``source`` into ``target``, word by word (Levenshtein), touching ones merged into one.

    Args:
        source, target: The segment before and after.
        predictable_only: Give edits that the English alone does not explain the pieces ``None``.
    """
    a, b = source.surfaces(), target.surfaces()
    spans: list[tuple[Mark, Mark]] = []
    for op in Levenshtein.opcodes(a, b):
        if op.tag == "equal":
            continue
        old, new = Mark(op.src_start, op.src_end), Mark(op.dest_start, op.dest_end)
        if spans and spans[-1][0].last == old.first:
            (before, after) = spans.pop()
            old, new = Mark(before.first, old.last), Mark(after.first, new.last)
        spans.append((old, new))
    return tuple(
        WordEdit(old, None)
        if predictable_only and not is_predictable(a[old.first : old.last], b[new.first : new.last])
        else WordEdit(old, tuple(p for word in target.pieces[new.first : new.last] for p in word))
        for old, new in spans
    )


def encoder_input(pieces: Sequence[Sequence[int]], tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """Piece ids of the segment, and for every word the position of its first piece.

    The last of the ``len(pieces) + 1`` positions is that of ``</s>``, which stands for the gap at the end.
    """
    ids, firsts = [tokenizer.bos], []
    for word in pieces:
        firsts.append(len(ids))
        ids.extend(word)
    firsts.append(len(ids))
    ids.append(tokenizer.eos)
    return ids, firsts


def decoder_prompt(
    pieces: Sequence[Sequence[int]], mark: Mark, tokenizer: Tokenizer, hint: Sequence[int] = ()
) -> list[int]:
    """What the decoder is given for ``mark``; its answer follows, up to ``</s>``."""
    ids = [tokenizer.bos]
    for word in pieces[max(0, mark.first - LEFT_WORDS) : mark.first]:
        ids.extend(word)
    ids.append(tokenizer.open)
    for word in pieces[mark.first : mark.last]:
        ids.extend(word)
    if hint:
        ids.append(tokenizer.hint)
        ids.extend(hint)
    ids.append(tokenizer.close)
    for word in pieces[mark.last : mark.last + RIGHT_WORDS]:
        ids.extend(word)
    ids.append(tokenizer.answer)
    return ids


def read_answer(words: Words, mark: Mark, answer: Sequence[int], tokenizer: Tokenizer) -> TextChange | None:
    """The change of the text that an answer, without its ``</s>``, stands for; ``None`` where it changes nothing.

    An answer that is cut off or holds control symbols changes nothing: nothing in it can be trusted.
    """
    if len(answer) >= MAX_ANSWER or any(piece in tokenizer.controls for piece in answer):
        return None
    return to_change(words, mark, tokenizer.decode(answer))


def to_change(words: Words, mark: Mark, new: str) -> TextChange | None:
    """The change of the text that writing ``new`` over the marked words makes.

    Args:
        words: The segment.
        mark: Words of it, or a gap.
        new: The replacement as decoded: with the space before it, if it has one.

    Returns:
        A change without superfluous white space at its ends, or ``None`` where nothing changes.
    """
    text = words.text
    start = words.bounds[mark.first - 1][1] if mark.first else 0
    end = words.bounds[mark.last - 1][1] if mark.last > mark.first else start
    if start == 0:  # the first word has no space of its own
        new = new.lstrip()
        if mark.last > mark.first:
            start = words.bounds[0][0]
            if not new and mark.last < len(words):
                end = words.bounds[mark.last][0]  # a deleted first word takes the space behind it along
        elif new and len(words):
            start = end = words.bounds[0][0]
            if _spaced(new[-1]):
                new += " "
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    if _glue(new[-1:] or before, after):  # two words stay two words
        new += " "
    if new and _glue(before, new[0]):
        new = " " + new
    old = text[start:end]
    if old[:1].isspace() and new[:1].isspace():  # the space between two words stays as it is
        start += len(old) - len(old.lstrip())
        old, new = old.lstrip(), new.lstrip()
    if old == new:
        return None
    return TextChange(start, start + len(old), new)


def _glue(left: str, right: str) -> bool:
    """Whether two characters side by side would make one word of two."""
    return (
        bool(left) and bool(right) and all(c.isalnum() or unicodedata.category(c)[0] == "M" for c in left[-1] + right)
    )


def _spaced(letter: str) -> bool:
    """Whether a space follows this character at the start of a sentence (not after an opening mark)."""
    return letter not in "“‘\"'([{<«¿¡"
