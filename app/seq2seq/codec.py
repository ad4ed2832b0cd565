"""How a segment is shown to the network, and how what it writes becomes edits. Training and serving share it.

Detection input:   ``<s> She go to school . </s>``
Correction input:  ``<s> She <edit> go </edit> to <edit> </edit> school . </s>``; an empty mark asks for an insertion,
                   and ``<edit> go <hint> goes </edit>`` tells what a glossary or a linker thinks right
Correction output: ``goes </edit> <keep> </edit> </s>``: for every mark the new pieces, nothing (delete), or ``<keep>``
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from app.seq2seq.tokenizer import Tokenizer, Words


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """Words ``first`` to ``last`` (exclusive) of a segment; ``first == last`` is the gap before word ``first``."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class WordEdit:
    """Replace the marked words by ``pieces`` (piece ids, their leading space included)."""

    mark: Mark
    pieces: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TextChange:
    """Replace code points ``[start, end)`` of the segment by ``text``."""

    start: int
    end: int
    text: str


def word_edits(source: Words, target: Words) -> tuple[WordEdit, ...]:
    """The edits that turn ``source`` into ``target``, word by word (Levenshtein), touching ones merged into one."""
    a, b = source.surfaces(), target.surfaces()
    edits: list[WordEdit] = []
    for op in Levenshtein.opcodes(a, b):
        if op.tag == "equal":
            continue
        new = tuple(p for i in range(op.dest_start, op.dest_end) for p in target.pieces[i])
        if edits and edits[-1].mark.last == op.src_start:
            edits[-1] = WordEdit(Mark(edits[-1].mark.first, op.src_end), edits[-1].pieces + new)
        else:
            edits.append(WordEdit(Mark(op.src_start, op.src_end), new))
    return tuple(edits)


def detection_input(words: Words, tokenizer: Tokenizer) -> tuple[list[int], list[int]]:
    """Piece ids of the plain segment, and for every word the position of its first piece.

    The last of the ``len(words) + 1`` positions is that of ``</s>``, which stands for the gap at the end.
    """
    ids, firsts = [tokenizer.bos], []
    for pieces in words.pieces:
        firsts.append(len(ids))
        ids.extend(pieces)
    firsts.append(len(ids))
    ids.append(tokenizer.eos)
    return ids, firsts


def correction_input(
    pieces: Sequence[Sequence[int]],
    marks: Sequence[Mark],
    tokenizer: Tokenizer,
    hints: Mapping[Mark, Sequence[int]] | None = None,
) -> list[int]:
    """Piece ids of the segment with ``marks`` (sorted, none inside another) opened and closed."""
    hints = hints or {}
    ids, at = [tokenizer.bos], 0
    for mark in marks:
        for word in pieces[at : mark.first]:
            ids.extend(word)
        ids.append(tokenizer.open)
        for word in pieces[mark.first : mark.last]:
            ids.extend(word)
        if mark in hints:
            ids.append(tokenizer.hint)
            ids.extend(hints[mark])
        ids.append(tokenizer.close)
        at = mark.last
    for word in pieces[at:]:
        ids.extend(word)
    ids.append(tokenizer.eos)
    return ids


def correction_target(answers: Sequence[Sequence[int] | None], tokenizer: Tokenizer) -> list[int]:
    """Piece ids that the decoder should write for the marks: new pieces each, or ``None`` for keep."""
    ids: list[int] = []
    for answer in answers:
        ids.extend([tokenizer.keep] if answer is None else answer)
        ids.append(tokenizer.close)
    ids.append(tokenizer.eos)
    return ids


def read_answers(ids: Sequence[int], marks: int, tokenizer: Tokenizer) -> list[list[int]] | None:
    """Split what the decoder wrote into one list of pieces per mark; ``None`` when it is not of that form."""
    answers: list[list[int]] = []
    current: list[int] = []
    for i in ids:
        if i == tokenizer.close:
            answers.append(current)
            current = []
        elif i == tokenizer.eos:
            break
        else:
            current.append(i)
    return answers if len(answers) == marks and not current else None


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
    old = text[start:end]
    if old[:1].isspace() and new[:1].isspace():  # the space between two words stays as it is
        start += len(old) - len(old.lstrip())
        old, new = old.lstrip(), new.lstrip()
    if old == new:
        return None
    return TextChange(start, start + len(old), new)


def _spaced(letter: str) -> bool:
    """Whether a space follows this character at the start of a sentence (not after an opening mark)."""
    return letter not in "“‘\"'([{<«¿¡"
