"""Sentences that training never sees, with what they should be: for scores under way, calibration and ablation."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from app.evaluation.data import read_rows
from app.evaluation.splits import document_id, is_held_out_row, is_held_out_text
from app.seq2seq.constructions import Families
from app.seq2seq.examples import Example, make_pair
from app.seq2seq.export import HeldOut
from app.seq2seq.lexicon import Lexicon
from app.seq2seq.slips import Slipper, false_boundary, small_words
from app.seq2seq.tokenizer import Tokenizer
from app.seq2seq.verdicts import Verdicts
from scripts.prepare_data import SLIPS_A_SENTENCE, curl, read_documents

# Every other pair of neighbours is broken here, to have enough of them; of those in text, one in six at most.
BROKEN_WEIGHT = 1 / 5
LANGUAGES = ("et", "ro", "ru")  # their post-edits are repairs, not retranslations


@dataclass(frozen=True, slots=True)
class HeldOutSets:
    """Post-edits, other translations, right sentences with slips, windows, and clean sentences that need nothing."""

    post_edits: Sequence[HeldOut]
    translations: Sequence[HeldOut]
    slips: Sequence[HeldOut]
    windows: Sequence[HeldOut]
    clean: Sequence[str]
    verdicts: Verdicts = field(default_factory=Verdicts)

    @classmethod
    def read(
        cls,
        data: Path,
        tokenizer: Tokenizer,
        *,
        clean: int,
        slips: int,
        windows: int,
        post_edits: int | None = None,
        misspelt: Families | None = None,
        verdicts: Verdicts | None = None,
    ) -> HeldOutSets:
        """At most so many of each from a folder with mt/ and text/, always the same; all translations if not said.

        ``misspelt`` as of ``Slipper``.
        """
        right = clean_sentences(data / "text", clean + slips)
        return cls(
            read_pairs(data / "mt" / "pe-dev.jsonl.xz")[:post_edits],
            read_translations(data / "mt" / "wmt-train.jsonl.xz")[:post_edits],
            slip_pairs(right[clean:], tokenizer, misspelt),
            window_pairs(data / "text", windows, tokenizer),
            right[:clean],
            verdicts or Verdicts(),
        )

    @property
    def pairs(self) -> list[HeldOut]:
        """All but the clean sentences."""
        return [*self.real, *self.slips, *self.windows]

    @property
    def real(self) -> list[HeldOut]:
        """Machine translations."""
        return [*self.post_edits, *self.translations]

    def examples(self, tokenizer: Tokenizer, lexicon: Lexicon | None = None) -> dict[str, list[Example]]:
        """Each set by name, as training would see it; hints from ``lexicon``."""
        clean = [HeldOut("", text, text, is_real=False) for text in self.clean]
        named = {"post-edits": self.post_edits, "slips": self.slips, "windows": self.windows, "clean": clean}
        return {
            name: [
                example
                for pair in pairs
                if (example := make_pair(pair.machine, pair.post_edit, 1.0, 0, tokenizer, is_exact=not pair.is_real,
                                         lexicon=lexicon)).pieces
            ]
            for name, pairs in named.items()
        }  # fmt: skip


def read_pairs(path: Path) -> list[HeldOut]:
    """Post-edits of a pair file."""
    rows = (row for row in read_rows(path) if row["lang"] in LANGUAGES)
    return [HeldOut(str(row.get("doc")), row["mt"], row["ref"]) for row in rows]


def read_translations(path: Path) -> list[HeldOut]:
    """The rows of ``wmt-train`` that training must not see; none if there is no such file."""
    if not path.is_file():
        return []
    return [HeldOut(document_id(row), row["mt"], row["ref"]) for row in read_rows(path) if is_held_out_row(row)]


def clean_documents(folder: Path, *, held_out: bool = True) -> Iterator[list[str]]:
    """The sentences of each held-out document of clean text, or of each that training may see."""
    for path in sorted(folder.glob("*.txt.xz")):
        for index, sentences in read_documents(path):
            if is_held_out_text(path.name, index) is held_out:
                yield sentences


def clean_sentences(folder: Path, most: int) -> list[str]:
    """Held-out clean sentences, the same every time; every other one with curly quotation marks."""
    found = [sentence for sentences in clean_documents(folder) for sentence in sentences]
    random.Random(7).shuffle(found)
    return [curl(s) if i % 2 else s for i, s in enumerate(found[:most])]


def slip_pairs(sentences: Sequence[str], tokenizer: Tokenizer, misspelt: Families | None = None) -> list[HeldOut]:
    """Right sentences with slips of grammar and spelling, as many as in training, the same every time."""
    slipper = Slipper.from_counts(small_words(sentences), least=3, misspelt=misspelt)
    rng = random.Random(9)
    chosen = [s for s in sentences if 30 <= len(s) <= 300]
    return [
        HeldOut(f"clean/{i}", slipper.slip(tokenizer.words(s), rng.choice(SLIPS_A_SENTENCE), rng), s, is_real=False)
        for i, s in enumerate(chosen)
    ]


def window_pairs(folder: Path, most: int, tokenizer: Tokenizer) -> list[HeldOut]:
    """Neighbouring sentences of held-out documents as one, every other first one broken by a false full stop."""
    pairs = [
        (a, b) for sentences in clean_documents(folder) for a, b in pairwise(sentences) if min(len(a), len(b)) >= 20
    ]
    rng = random.Random(11)
    rng.shuffle(pairs)
    found = []
    for i, (a, b) in enumerate(pairs[:most]):
        if i % 2:
            # The half that a full stop cuts off is what comes before the next sentence.
            broken = false_boundary(tokenizer.words(a), rng)
            found.append(HeldOut(f"window/{i}", broken, a, is_real=False, weight=BROKEN_WEIGHT))
        else:
            found.append(HeldOut(f"window/{i}", f"{a} {b}", f"{a} {b}", is_real=False))
    return found
