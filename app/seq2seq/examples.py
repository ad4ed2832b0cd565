"""Training examples as flat arrays: small on disk, read without parsing, the same on every machine."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.errors import ResourceError
from app.seq2seq.codec import Mark, WordEdit, word_edits
from app.seq2seq.lexicon import Lexicon, suggestions
from app.seq2seq.tokenizer import Tokenizer

_FIELDS = (
    "pieces", "lengths", "words", "edits", "edit_pieces", "edit_counts", "hints", "hint_pieces", "hint_counts",
    "weights", "kinds",
)  # fmt: skip
# Where examples come from, and the index of each in ``Example.kind``.
KINDS = ("post-edit", "reference", "synthetic", "clean", "slips", "windows", "reverse", "names")
POST_EDIT, REFERENCE, SYNTHETIC, CLEAN, SLIPS, WINDOWS, REVERSE, NAMES = range(len(KINDS))
_NO_ANSWER = 2**16 - 1  # in place of a length
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Example:
    """A segment with the edits that it needs.

    Attributes:
        pieces: Piece ids of each word.
        edits: Sorted; empty for a clean segment. Those without pieces are passed over in training.
        weight: Of its losses.
        kind: Index of its source in ``KINDS``.
        hints: What stands beside some marks, right or wrong, wherever the segment is shown.
    """

    pieces: tuple[tuple[int, ...], ...]
    edits: tuple[WordEdit, ...]
    weight: float
    kind: int
    hints: tuple[WordEdit, ...] = ()


def make_pair(
    machine: str,
    corrected: str,
    weight: float,
    kind: int,
    tokenizer: Tokenizer,
    *,
    is_exact: bool = False,
    lexicon: Lexicon | None = None,
) -> Example:
    """The example that teaches to turn ``machine`` into ``corrected``.

    Args:
        machine, corrected: A segment before and after.
        weight, kind: As in ``Example``.
        tokenizer: Of the network.
        is_exact: Every edit is to be learned; else only those that the English alone explains.
        lexicon: Its suggestions become hints, as they do when the network serves.
    """
    words = tokenizer.words(machine)
    edits = word_edits(words, tokenizer.words(corrected), predictable_only=not is_exact)
    found = suggestions(words, lexicon, tokenizer) if lexicon else ()
    hints = tuple(WordEdit(Mark(s.index, s.index + 1), s.pieces) for s in found)
    return Example(words.pieces, edits, weight, kind, hints)


def write_examples(path: Path, examples: Iterable[Example]) -> int:
    """Write ``path`` (npz) under a temporary name and rename it; returns how many examples it holds."""
    columns: dict[str, list[float]] = {name: [] for name in _FIELDS}
    for e in examples:
        columns["words"].append(len(e.pieces))
        columns["weights"].append(e.weight)
        columns["kinds"].append(e.kind)
        for word in e.pieces:
            columns["lengths"].append(len(word))
            columns["pieces"].extend(word)
        for name, edits in (("edit", e.edits), ("hint", e.hints)):
            columns[f"{name}_counts"].append(len(edits))
            for edit in edits:
                size = _NO_ANSWER if edit.pieces is None else len(edit.pieces)
                columns[f"{name}s"].extend((edit.mark.first, edit.mark.last, size))
                columns[f"{name}_pieces"].extend(edit.pieces or ())
    types: dict[str, str] = {"weights": "float32", "kinds": "uint8"}
    arrays: dict[str, npt.NDArray[Any]] = {
        name: np.asarray(values, dtype=types.get(name, "uint16")) for name, values in columns.items()
    }
    temporary = path.with_suffix(".part.npz")
    np.savez_compressed(temporary, allow_pickle=False, **arrays)
    temporary.replace(path)
    return len(columns["words"])


class ExampleSet(Sequence[Example]):
    """What ``write_examples`` wrote, by index.

    Raises:
        ResourceError: The file is missing or of another form.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise ResourceError(f"no training data at {path}; make it with scripts/prepare_data")
        with np.load(path) as arrays:
            if set(arrays.files) != set(_FIELDS):
                raise ResourceError(f"{path} is of another form; make it again with scripts/prepare_data")
            self._a = {name: arrays[name] for name in _FIELDS}
        self._word_at = _starts(self._a["words"])
        self._piece_at = _starts(self._a["lengths"])
        self._edits = _Edits(self._a, "edit")
        self._hints = _Edits(self._a, "hint")

    def __len__(self) -> int:
        return len(self._a["words"])

    def n_pieces(self) -> Ints:
        """Number of pieces of every example."""
        return self._piece_at[self._word_at[1:]] - self._piece_at[self._word_at[:-1]]

    def of_other_kinds(self, without: Collection[str]) -> Ints:
        """Indices of the examples of all kinds but these."""
        return np.flatnonzero(~np.isin(self._a["kinds"], [KINDS.index(kind) for kind in without]))

    def __getitem__(self, i: int) -> Example:  # type: ignore[override]
        w0, w1 = self._word_at[i], self._word_at[i + 1]
        flat = self._a["pieces"][self._piece_at[w0] : self._piece_at[w1]].tolist()
        cuts = (self._piece_at[w0 : w1 + 1] - self._piece_at[w0]).tolist()
        pieces = tuple(tuple(flat[a:b]) for a, b in pairwise(cuts))
        return Example(pieces, self._edits[i], float(self._a["weights"][i]), int(self._a["kinds"][i]), self._hints[i])


class _Edits:
    """The edits, or hints, of every example."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]], name: str) -> None:
        self._at = _starts(arrays[f"{name}_counts"])
        self._marks = arrays[f"{name}s"].reshape(-1, 3).astype(np.int64)
        self._pieces = arrays[f"{name}_pieces"]
        self._pieces_at = _starts(np.where(self._marks[:, 2] == _NO_ANSWER, 0, self._marks[:, 2]))

    def __getitem__(self, i: int) -> tuple[WordEdit, ...]:
        return tuple(
            WordEdit(
                Mark(*(int(x) for x in self._marks[j, :2])),
                None
                if self._marks[j, 2] == _NO_ANSWER
                else tuple(self._pieces[self._pieces_at[j] : self._pieces_at[j + 1]].tolist()),
            )
            for j in range(self._at[i], self._at[i + 1])
        )


def _starts(counts: npt.NDArray[np.generic]) -> Ints:
    return np.concatenate([[0], np.cumsum(counts.astype(np.int64))]).astype(np.int64)
