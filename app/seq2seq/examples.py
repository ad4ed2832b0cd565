"""Training examples as flat arrays: small on disk, read without parsing, the same on every machine."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from app.core.errors import ResourceError
from app.seq2seq.codec import Mark, WordEdit, word_edits
from app.seq2seq.tokenizer import Tokenizer, Words

_FIELDS = ("pieces", "lengths", "words", "edits", "edit_pieces", "edit_counts", "weights", "kinds")
_NO_ANSWER = 2**16 - 1  # in place of a length
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Example:
    """A segment with the edits that it needs.

    Attributes:
        pieces: Piece ids of each word.
        edits: Sorted; empty for a clean segment. Those without pieces are passed over in training.
        weight: Of its losses.
        kind: Index of its source in the manifest.
    """

    pieces: tuple[tuple[int, ...], ...]
    edits: tuple[WordEdit, ...]
    weight: float
    kind: int


def make_example(source: Words, target: Words, weight: float, kind: int) -> Example:
    """The example that teaches to turn ``source`` into ``target``."""
    return Example(source.pieces, word_edits(source, target, predictable_only=True), weight, kind)


def make_pair(machine: str, corrected: str, weight: float, kind: int, tokenizer: Tokenizer) -> Example:
    """``make_example`` from texts."""
    return make_example(tokenizer.words(machine), tokenizer.words(corrected), weight, kind)


def write_examples(path: Path, examples: Iterable[Example]) -> int:
    """Write ``path`` (npz) under a temporary name and rename it; returns how many examples it holds."""
    columns: dict[str, list[float]] = {name: [] for name in _FIELDS}
    for e in examples:
        columns["words"].append(len(e.pieces))
        columns["edit_counts"].append(len(e.edits))
        columns["weights"].append(e.weight)
        columns["kinds"].append(e.kind)
        for word in e.pieces:
            columns["lengths"].append(len(word))
            columns["pieces"].extend(word)
        for edit in e.edits:
            size = _NO_ANSWER if edit.pieces is None else len(edit.pieces)
            columns["edits"].extend((edit.mark.first, edit.mark.last, size))
            columns["edit_pieces"].extend(edit.pieces or ())
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
        self._edit_at = _starts(self._a["edit_counts"])
        self._edits = self._a["edits"].reshape(-1, 3).astype(np.int64)
        self._edit_piece_at = _starts(np.where(self._edits[:, 2] == _NO_ANSWER, 0, self._edits[:, 2]))

    def __len__(self) -> int:
        return len(self._a["words"])

    def n_pieces(self) -> Ints:
        """Number of pieces of every example."""
        return self._piece_at[self._word_at[1:]] - self._piece_at[self._word_at[:-1]]

    def __getitem__(self, i: int) -> Example:  # type: ignore[override]
        w0, w1 = self._word_at[i], self._word_at[i + 1]
        flat = self._a["pieces"][self._piece_at[w0] : self._piece_at[w1]].tolist()
        cuts = (self._piece_at[w0 : w1 + 1] - self._piece_at[w0]).tolist()
        pieces = tuple(tuple(flat[a:b]) for a, b in pairwise(cuts))
        edits = tuple(
            WordEdit(
                Mark(*(int(x) for x in self._edits[j, :2])),
                None
                if self._edits[j, 2] == _NO_ANSWER
                else tuple(self._a["edit_pieces"][self._edit_piece_at[j] : self._edit_piece_at[j + 1]].tolist()),
            )
            for j in range(self._edit_at[i], self._edit_at[i + 1])
        )
        return Example(pieces, edits, float(self._a["weights"][i]), int(self._a["kinds"][i]))


def _starts(counts: npt.NDArray[np.generic]) -> Ints:
    return np.concatenate([[0], np.cumsum(counts.astype(np.int64))]).astype(np.int64)
