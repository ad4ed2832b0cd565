"""Learn how the words around a name tell whether it stands in the knowledge base, and as what.

    python -m scripts.build_surroundings models/names-en [--data ../shared/data] [--out app/names/data]

Every name of the clean text that is not held out is a person, an organisation or a place of the base, or none of it:
one logistic regression for each of the four over the words around it. A word that ends somebody's longer name in its
document teaches nothing: as a surname alone it would stand in no base, whoever bears it. Names count the less the more
often they stand there, else the weights would know a few countries. One tenth of right English teaches nothing
(``names_benchmark.MEASURED``). Eight minutes on one core.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import torch
import typer

from app.core.types import Segment, Span
from app.evaluation.splits import is_held_out_text
from app.names.examine import may_end_in_a_surname, surnames_of, without_initials
from app.names.mentions import find_mentions
from app.names.normalise import normalise
from app.names.store import EntityStore
from app.names.surroundings import KINDS, SURROUNDINGS_FILE, Surroundings, signs
from scripts.names_benchmark import MEASURED, right_parts
from scripts.prepare_data import read_documents

FEWEST = 20  # names beside which a sign stands
EPOCHS, BATCH, RATE, BIAS_RATE = 4, 512, 0.08, 0.02
RARITY = 0.6  # a name that stands n times counts n ** -RARITY each time
SEED = 11
NONE = len(KINDS)  # the class of names that the base has not as they are written
CLASSES = NONE + 1


@dataclass(frozen=True, slots=True)
class Names:
    """All names of clean text: the signs around each, by number, what it is, how much it counts, its document."""

    signs: tuple[str, ...]
    numbers: npt.NDArray[np.int32]  # of the signs, one name behind the other
    starts: npt.NDArray[np.int64]  # of each name in them, and the end
    classes: npt.NDArray[np.int64]  # index in ``KINDS``, or ``NONE``
    weights: npt.NDArray[np.float32]
    documents: npt.NDArray[np.int32]  # number in ``ids``
    ids: tuple[str, ...]


def collect(store: EntityStore, data: Path) -> Names:
    """Read all clean text that is not held out."""
    known: dict[str, int] = {}
    ids: dict[str, int] = {}
    keys: list[str] = []
    numbers, counts, classes, documents = array("i"), array("i"), array("q"), array("i")
    for document, text, name in _names(store, data):
        around = {known.setdefault(sign, len(known)) for sign in sorted(signs(text, name, Span(0, len(text))))}
        numbers.extend(around)
        counts.append(len(around))
        key = normalise(name.of(text))
        bare = without_initials(key)
        kinds = {entity.kind for entity in store.by_name(name.of(text)) or (store.by_name(bare) if " " in bare else ())}
        # Of several kinds it is a place first: most people and bodies that are called like one are named after it.
        classes.append(max((KINDS.index(kind) for kind in kinds), default=NONE))
        documents.append(ids.setdefault(document, len(ids)))
        keys.append(key)
    every = np.frombuffer(numbers, np.int32)
    kept = np.bincount(every, minlength=len(known)) >= FEWEST
    number_of = np.cumsum(kept, dtype=np.int32) - 1  # of those that are kept
    owner = np.repeat(np.arange(len(counts)), np.frombuffer(counts, np.int32))[kept[every]]
    often = Counter(keys)
    weights = np.array([often[key] ** -RARITY for key in keys], np.float32)
    return Names(
        tuple(sign for sign, is_kept in zip(known, kept, strict=True) if is_kept),
        number_of[every[kept[every]]],
        np.searchsorted(owner, np.arange(len(counts) + 1)),
        np.frombuffer(classes, np.int64),
        weights / weights.mean(),
        np.frombuffer(documents, np.int32),
        tuple(ids),
    )


def _names(store: EntityStore, data: Path) -> Iterator[tuple[str, str, Span]]:
    """Document, sentence and place of each name."""
    for path in sorted((data / "text").glob("*.txt.xz")):
        stem = path.name.split(".", 1)[0]
        for index, sentences in read_documents(path):
            if is_held_out_text(stem, index):
                continue
            found = [
                (text, mention)
                for text in sentences
                for mention in find_mentions(text, [Segment(0, Span(0, len(text)), text, 0)])
            ]
            ends = surnames_of(normalise(mention.text) for _, mention in found if may_end_in_a_surname(mention, store))
            for text, mention in found:
                if normalise(mention.text) not in ends:
                    yield f"{stem}/{index}", text, mention.span


def learn(names: Names, left_out: Collection[str] = ()) -> Surroundings:
    """The weights; documents by the ids in ``left_out`` teach nothing."""
    torch.sparse.check_sparse_tensor_invariants.disable()  # type: ignore[no-untyped-call]
    barred = np.array([document in left_out for document in names.ids])
    chosen = np.flatnonzero(~barred[names.documents])
    table = torch.nn.EmbeddingBag(len(names.signs), CLASSES, mode="sum", sparse=True)
    torch.nn.init.zeros_(table.weight)
    counts = np.bincount(names.classes[chosen], names.weights[chosen], CLASSES) + 1  # a class may have no name
    shares = counts / (counts.sum() + 1)
    bias = torch.nn.Parameter(torch.tensor(np.log(shares / (1 - shares)), dtype=torch.float32))
    steps = (torch.optim.Adagrad([table.weight], lr=RATE), torch.optim.Adagrad([bias], lr=BIAS_RATE))
    rng = np.random.default_rng(SEED)
    for _ in range(EPOCHS):
        rng.shuffle(chosen)
        for begin in range(0, len(chosen), BATCH):
            numbers, offsets = _batch(names, chosen[begin : begin + BATCH])
            scores = table(numbers, offsets) + bias
            rows = chosen[begin : begin + BATCH]
            right = torch.nn.functional.one_hot(torch.from_numpy(names.classes[rows]), CLASSES).float()
            losses = torch.nn.functional.binary_cross_entropy_with_logits(scores, right, reduction="none").mean(1)
            for step in steps:
                step.zero_grad()
            (losses * torch.from_numpy(names.weights[rows])).mean().backward()  # type: ignore[no-untyped-call]
            for step in steps:
                step.step()
    weights = table.weight.detach().numpy()
    against_none = weights[:, :NONE] - weights[:, NONE:]
    return Surroundings.of({sign: row.tolist() for sign, row in zip(names.signs, against_none, strict=True)})


def _batch(names: Names, rows: npt.NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
    """The signs of some names, and where those of each begin."""
    parts: Sequence[npt.NDArray[np.int32]] = [names.numbers[names.starts[r] : names.starts[r + 1]] for r in rows]
    offsets = np.cumsum([0, *(len(p) for p in parts[:-1])])
    return torch.from_numpy(np.concatenate(parts).astype(np.int64)), torch.from_numpy(offsets)


def main(
    names_dir: Annotated[Path, typer.Argument(help="Folder of the knowledge base.")],
    data: Annotated[Path, typer.Option(help="Folder with text/.")] = Path("../shared/data"),
    out: Annotated[Path, typer.Option(help="The folder.")] = Path("app/names/data"),
) -> None:
    """Read, learn, write, count."""
    torch.set_num_threads(1)
    names = collect(EntityStore.open(names_dir), data)
    learned = learn(names, {case.id for case in right_parts(data)[MEASURED]})
    learned.save(out / SURROUNDINGS_FILE)
    size = (out / SURROUNDINGS_FILE).stat().st_size
    typer.echo(
        f"{len(names.classes):,} names, {np.count_nonzero(names.classes != NONE):,} of them in the base; "
        f"{len(learned):,} signs, {size / 1e6:.1f} MB"
    )


if __name__ == "__main__":
    typer.run(main)
