"""SentencePiece over a WordPiece vocabulary: lossless, with our control symbols, and offsets into the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import regex
import sentencepiece

from app.core.errors import ResourceError

UNK, BOS, EOS, PAD = "<unk>", "<s>", "</s>", "<pad>"
OPEN, CLOSE, HINT, ANSWER = "<edit>", "</edit>", "<hint>", "<answer>"
RESERVED = tuple(f"<r{i}>" for i in range(12))  # room for later control symbols without a new vocabulary
CONTROLS = (PAD, OPEN, CLOSE, HINT, ANSWER, *RESERVED)

# A word keeps its apostrophes and combining marks; anything else stands alone as one grapheme cluster.
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*|(?!\s)\X")


@dataclass(frozen=True, slots=True)
class Words:
    """A text cut into words and each word into pieces.

    Attributes:
        text: What was cut.
        bounds: ``[start, end)`` of each word in code points, in order; between words stands only white space.
        pieces: Piece ids of each word; the white space before a word belongs to its pieces.
    """

    text: str
    bounds: tuple[tuple[int, int], ...]
    pieces: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.bounds)

    def surfaces(self) -> list[str]:
        """Every word as it stands in the text."""
        return [self.text[start:end] for start, end in self.bounds]


def _byte_offsets(text: str, places: Sequence[int]) -> Sequence[int]:
    """The sorted code-point offsets ``places`` of ``text``, counted in UTF-8 bytes."""
    if text.isascii():
        return places
    offsets, at, total = [], 0, 0
    for place in places:
        total += len(text[at:place].encode("utf-8", "surrogatepass"))
        at = place
        offsets.append(total)
    return offsets


class Tokenizer:
    """Text to piece ids and back.

    Args:
        path: A SentencePiece model file with the control symbols of this module.

    Raises:
        ResourceError: The file is missing, not a model, or lacks a control symbol.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ResourceError(f"tokenizer {path} is missing; run scripts/export or restore models/")
        self._model = sentencepiece.SentencePieceProcessor()
        try:
            self._model.load(str(path))
        except (OSError, RuntimeError) as exc:
            raise ResourceError(f"tokenizer {path} is damaged; restore it from a release") from exc
        self.pieces: list[str] = [self._model.id_to_piece(i) for i in range(self._model.get_piece_size())]
        unknown = self._model.unk_id()
        self.ids: dict[str, int] = {piece: i for i, piece in enumerate(self.pieces)}
        missing = [c for c in (BOS, EOS, *CONTROLS) if self.ids.get(c, unknown) == unknown]
        if missing:
            raise ResourceError(f"tokenizer {path} lacks the control symbols {missing}; it was made for another codec")
        self._guard: list[int] = self._model.encode(".")
        self.bos, self.eos, self.pad = self.ids[BOS], self.ids[EOS], self.ids[PAD]
        self.open, self.close = self.ids[OPEN], self.ids[CLOSE]
        self.controls = frozenset(self.ids[c] for c in (BOS, EOS, *CONTROLS))
        self.hint, self.answer = self.ids[HINT], self.ids[ANSWER]

    def __len__(self) -> int:
        return len(self.pieces)

    def words(self, text: str) -> Words:
        """Cut ``text`` into words and pieces; no character is lost between them but white space."""
        bounds = tuple((m.start(), m.end()) for m in _WORD.finditer(text))
        pieces: list[list[int]] = [[] for _ in bounds]
        if bounds:
            ends = _byte_offsets(text, [end for _, end in bounds])  # SentencePiece counts bytes
            word, last_word = 0, len(bounds) - 1
            for piece in self._model.encode(text, return_type="proto").pieces:
                if piece.end > piece.begin or piece.begin >= ends[word]:  # all but the last byte of a letter are empty
                    while word < last_word and piece.begin >= ends[word]:
                        word += 1
                pieces[word].append(piece.id)
        return Words(text, bounds, tuple(tuple(p) for p in pieces))

    def decode(self, ids: Sequence[int]) -> str:
        """Text of the pieces with its leading space, if the first piece has one; control symbols vanish."""
        # A full stop in front keeps SentencePiece from swallowing the leading space of what follows.
        text: str = self._model.decode([*self._guard, *ids])
        return text[1:]
