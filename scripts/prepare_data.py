"""Turn pairs of machine translations and corrections, and clean text, into training examples.

    python -m scripts.prepare_data OUT --tokenizer models/repair-en/tokenizer.model [--data ../shared/data]

DATA holds ``mt/*.jsonl.xz`` (one object a line: mt, ref, kind "pe" or "ref", lang, id, doc, hter where known) and
``text/*.txt.xz`` (a paragraph a line, a blank line between documents). OUT gets ``train.npz`` and ``manifest.json``;
the same input and seed give the same bytes. Documents held out for evaluation are left out.

With ``--reverse`` the examples teach to turn corrections into machine translations instead. A network trained on them
damages clean text: ``--corrupter RUN/checkpoint --damaged 20000``.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Protocol

import blingfire
import typer
from rapidfuzz.distance import Levenshtein

from app.evaluation.data import read_documents as read_paragraphs
from app.evaluation.data import read_rows
from app.evaluation.splits import held_out_references, is_held_out_text, reference_key
from app.seq2seq.corrupt import Corrupter, EditStatistics
from app.seq2seq.examples import (
    CLEAN,
    KINDS,
    POST_EDIT,
    REFERENCE,
    REVERSE,
    SLIPS,
    SYNTHETIC,
    WINDOWS,
    Example,
    make_pair,
    write_examples,
)
from app.seq2seq.lexicon import read_lexicon
from app.seq2seq.ngrams import NGrams
from app.seq2seq.slips import Slipper, false_boundary, small_words
from app.seq2seq.tokenizer import Tokenizer

CLOSE_LANGUAGES = ("et", "ro", "ru")  # their post-edits are repairs; those of ne and si are mostly retranslations
MAX_HTER = {"close": 0.45, "far": 0.25}
MAX_REFERENCE_RATE = 0.2  # word edits per word; above it a reference is another translation
MAX_PIECES = 160
SLIPS_A_SENTENCE = (1, 1, 1, 2, 2, 3, 4, 5)  # equally often


def held_out_of(folder: Path) -> frozenset[str]:
    """Keys of the references that no example may hold; none where there is no ``wmt-train``."""
    wmt = folder / "wmt-train.jsonl.xz"
    return held_out_references(read_rows(wmt)) if wmt.is_file() else frozenset()


def read_documents(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Index and sentences of each document of a clean file; the index that says what is held out."""
    for index, paragraphs in read_paragraphs(path):
        yield index, [s for line in paragraphs for s in blingfire.text_to_sentences(line.strip()).split("\n")]


def curl(text: str) -> str:
    """Straight quotation marks as curly ones; unpaired ones stay."""
    if text.count('"') % 2:
        return text.replace("'", "’")
    for i in range(text.count('"')):
        text = text.replace('"', "“" if i % 2 == 0 else "”", 1)
    return text.replace("'", "’")


def maybe_curl(machine: str, corrected: str, rng: random.Random) -> tuple[str, str]:
    """Both with curly quotation marks, three times in ten."""
    return (curl(machine), curl(corrected)) if rng.random() < 0.3 else (machine, corrected)


def half_curled(text: str, rng: random.Random) -> str:
    """The text, with curly quotation marks every other time."""
    return curl(text) if rng.random() < 0.5 else text


def edit_rate(machine: str, corrected: str) -> float:
    """Word edits per word of the correction."""
    a, b = machine.split(), corrected.split()
    return Levenshtein.distance(a, b) / max(1, len(b))


class Maker(Protocol):
    """Makes an example of a text and its correction."""

    def __call__(
        self, machine: str, corrected: str, weight: float, kind: int, *, is_exact: bool = False
    ) -> Example: ...


def real_examples(
    folder: Path, make: Maker, pieces: Tokenizer, rng: random.Random, copies: int, reference_weight: float
) -> tuple[list[Example], EditStatistics]:
    """Examples of the pair files, each post-edit ``copies`` times, and what was counted on the post-edits."""
    examples: list[Example] = []
    counted = []
    seen = {row["mt"] for name in ("pe-dev", "pe-test20") if (folder / f"{name}.jsonl.xz").is_file()
            for row in read_rows(folder / f"{name}.jsonl.xz")}  # fmt: skip
    held_out = held_out_of(folder)
    for path in sorted(folder.glob("*-train.jsonl.xz")):
        for row in read_rows(path):
            machine, corrected = row["mt"], row["ref"]
            if machine in seen or reference_key(corrected) in held_out:
                continue
            if row["kind"] == "pe":
                close = row["lang"] in CLOSE_LANGUAGES
                if (row.get("hter") or edit_rate(machine, corrected)) > MAX_HTER["close" if close else "far"]:
                    continue
                if close:
                    counted.append((pieces.words(machine), pieces.words(corrected)))
                for _ in range(copies):
                    examples.append(make(*maybe_curl(machine, corrected, rng), 1.0, POST_EDIT))
            elif reference_weight and edit_rate(machine, corrected) <= MAX_REFERENCE_RATE:
                examples.append(make(*maybe_curl(machine, corrected, rng), reference_weight, REFERENCE))
    return examples, EditStatistics.learn(counted)


def right_sides(folder: Path, rng: random.Random) -> list[str]:
    """The references of the pair files, each once: news and talk, right as they stand; those held out are left out."""
    held_out = held_out_of(folder)
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*-train.jsonl.xz")):
        for row in read_rows(path):
            text = row["ref"]
            if row["kind"] == "ref" and 20 <= len(text) <= 400 and (key := reference_key(text)) not in held_out:
                found.setdefault(key, text)
    right = list(found.values())
    rng.shuffle(right)
    return right


def make_reversed(
    machine: str, corrected: str, weight: float, kind: int, *, tokenizer: Tokenizer, is_exact: bool = False
) -> Example:
    """The example that teaches to turn ``corrected`` into ``machine``."""
    return make_pair(corrected, machine, weight, kind, tokenizer, is_exact=is_exact)


def damage(
    sentences: Sequence[str], checkpoint: Path, tokenizer: Tokenizer, rate: float, rng: random.Random
) -> list[str]:
    """The sentences as a network trained on ``--reverse`` would have machines write them."""
    from app.seq2seq.network import RepairNetwork
    from app.seq2seq.reverse import ReverseNetwork

    network = ReverseNetwork(RepairNetwork.load(checkpoint), tokenizer, rate)
    return network.corrupt([tokenizer.words(sentence) for sentence in sentences], rng)


def main(
    out: Annotated[Path, typer.Argument(help="Folder for train.npz and manifest.json.")],
    tokenizer: Annotated[Path, typer.Option(help="The tokenizer of the network to train.")],
    data: Annotated[Path, typer.Option(help="Folder with mt/ and text/.")] = Path("../shared/data"),
    words: Annotated[
        Path | None, typer.Option(help="Word list whose suggestions stand beside unknown words, as in serving.")
    ] = None,
    ngrams: Annotated[Path | None, typer.Option(help="Word runs that choose among suggestions, as in serving.")] = None,
    reference_weight: Annotated[
        float, typer.Option(help="Weight of independent translations; 0 leaves them out.")
    ] = 0.3,
    copies: Annotated[int, typer.Option(help="How often each post-edit stands in an epoch.")] = 2,
    synthetic: Annotated[int, typer.Option(help="Corrupted clean sentences.")] = 12_000,
    slips: Annotated[int, typer.Option(help="Clean sentences with slips of grammar and spelling.")] = 40_000,
    windows: Annotated[int, typer.Option(help="Neighbouring sentences as one, half of them with a false end.")] = 0,
    references: Annotated[
        int, typer.Option(help="References that serve as right text, too: two in five clean, the others with slips.")
    ] = 40_000,
    clean: Annotated[int, typer.Option(help="Clean sentences that must stay as they are.")] = 14_000,
    rate: Annotated[float, typer.Option(help="Corruption rate, 1 = as in the real pairs.")] = 1.5,
    reverse: Annotated[bool, typer.Option("--reverse", help="The real pairs alone, the other way round.")] = False,
    corrupter: Annotated[Path | None, typer.Option(help="Checkpoint of a network trained on --reverse.")] = None,
    damaged: Annotated[int, typer.Option(help="Clean sentences that it damages.")] = 20_000,
    names: Annotated[int, typer.Option(help="Clean sentences to damage names in; about one in six gets a hint.")] = 0,
    names_dir: Annotated[Path, typer.Option(help="Knowledge base whose names are damaged.")] = Path("models/names-en"),
    seed: int = 1,
) -> None:
    """Write the training examples."""
    rng = random.Random(seed)
    pieces = Tokenizer(tokenizer)
    lexicon = read_lexicon(words, NGrams(ngrams) if ngrams else None) if words else None
    make: Maker = partial(make_pair, tokenizer=pieces, lexicon=lexicon)
    if reverse:
        synthetic = clean = slips = windows = names = references = 0
        make = partial(make_reversed, tokenizer=pieces)
    examples, stats = real_examples(data / "mt", make, pieces, rng, copies, reference_weight)
    sentences: list[str] = []
    neighbours: list[str] = []
    for path in [] if reverse else sorted((data / "text").glob("*.txt.xz")):
        for index, document in read_documents(path):
            if not is_held_out_text(path.name, index):
                sentences.extend(s for s in document if 20 <= len(s) <= 400)
                neighbours.extend(
                    f"{a} {b}" for a, b in pairwise(document) if min(len(a), len(b)) >= 20 and len(a) + len(b) <= 300
                )
    counted = small_words(sentences[::3])
    rng.shuffle(sentences)
    by_counts = Corrupter(stats, frozenset(w for w, c in counted.items() if c >= 3), rate)
    for text in sentences[:synthetic]:
        right = half_curled(text, rng)
        wrong = by_counts.corrupt(pieces.words(right), rng)
        examples.append(make(wrong, right, 0.5, SYNTHETIC))
    slipper = Slipper.from_counts(counted, least=5, least_known=2, misspelt=lexicon.misspelt if lexicon else None)
    translated = right_sides(data / "mt", rng)[:references]
    n_clean = len(translated) * 2 // 5
    for text in translated[n_clean:] + sentences[synthetic + clean : synthetic + clean + slips]:
        right = half_curled(text, rng)
        wrong = slipper.slip(pieces.words(right), rng.choice(SLIPS_A_SENTENCE), rng)
        examples.append(make(wrong, right, 1.0, SLIPS, is_exact=True))
    if corrupter:
        left = [half_curled(text, rng) for text in sentences[synthetic + clean + slips :][:damaged]]
        wrongs = damage(left, corrupter, pieces, rate, rng)
        examples.extend(make(wrong, right, 0.5, REVERSE) for wrong, right in zip(wrongs, left, strict=True))
    if names:
        from scripts.name_examples import NameDamager

        left = [half_curled(text, rng) for text in sentences[::-1][:names]]
        examples.extend(n.example(pieces, lexicon) for n in NameDamager(names_dir, data).sentences(left, rng))
    rng.shuffle(neighbours)
    for text in neighbours[:windows]:
        right = half_curled(text, rng)
        broken = false_boundary(pieces.words(right), rng) if rng.random() < 0.5 else right
        wrong = slipper.slip(pieces.words(broken), rng.choice((0, 0, 1)), rng)
        examples.append(make(wrong, right, 1.0, WINDOWS, is_exact=True))
    for text in translated[:n_clean] + sentences[synthetic : synthetic + clean]:
        right = half_curled(text, rng)
        examples.append(make(right, right, 1.0, CLEAN))
    examples = [e for e in examples if 0 < sum(map(len, e.pieces)) <= MAX_PIECES]
    rng.shuffle(examples)
    out.mkdir(parents=True, exist_ok=True)
    total = write_examples(out / "train.npz", examples)
    counts = Counter(KINDS[e.kind] for e in examples)
    manifest = {
        "examples": total,
        "by_kind": dict(counts),
        "hints": sum(len(e.hints) for e in examples),
        "left_out_edits": sum(edit.pieces is None for e in examples for edit in e.edits),
        "edits_per_example": {k: sum(len(e.edits) for e in examples if KINDS[e.kind] == k) / counts[k] for k in counts},
        "with_edits": {k: sum(bool(e.edits) for e in examples if KINDS[e.kind] == k) / counts[k] for k in counts},
        "seed": seed,
        "rate": rate,
        "sha256": {"train.npz": hashlib.sha256((out / "train.npz").read_bytes()).hexdigest(),
                   **{f"{p.parent.name}/{p.name}": hashlib.sha256(p.read_bytes()).hexdigest()
                      for p in sorted(data.glob("*/*.xz")) if p.parent.name in ("mt", "text")}},
    }  # fmt: skip
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    typer.echo(json.dumps({k: v for k, v in manifest.items() if k != "sha256"}))


if __name__ == "__main__":
    typer.run(main)
