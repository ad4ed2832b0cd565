"""Sentences that training never sees, with what they should be: for scores under way, calibration and ablation."""

from __future__ import annotations

import json
import lzma
import random
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from app.evaluation.splits import is_held_out_text
from app.seq2seq.export import HeldOut
from app.seq2seq.slips import Slipper, false_boundary, word_families
from app.seq2seq.tokenizer import Tokenizer
from scripts.prepare_data import curl, read_documents

LANGUAGES = ("et", "ro", "ru")  # their post-edits are repairs, not retranslations


def read_pairs(path: Path) -> list[HeldOut]:
    """Post-edits of a pair file."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["lang"] in LANGUAGES]
    return [HeldOut(str(row.get("doc")), row["mt"], row["ref"]) for row in rows]


def clean_sentences(folder: Path, most: int) -> list[str]:
    """Held-out clean sentences, the same every time; every other one with curly quotation marks."""
    found: list[str] = []
    for path in sorted(folder.glob("*.txt.xz")):
        for index, sentences in read_documents(path):
            if is_held_out_text(path.name, index):
                found.extend(sentences)
    random.Random(7).shuffle(found)
    return [curl(s) if i % 2 else s for i, s in enumerate(found[:most])]


def slip_pairs(sentences: Sequence[str], tokenizer: Tokenizer) -> list[HeldOut]:
    """Right sentences with one or two slips of grammar or spelling each, the same every time."""
    lexicon = Counter(w for s in sentences for w in s.split() if w.islower() and w.isalpha())
    families = word_families(w for w, count in lexicon.items() if count >= 3)
    slipper, rng = Slipper(families, frozenset(lexicon)), random.Random(9)
    chosen = [s for s in sentences if 30 <= len(s) <= 300]
    return [
        HeldOut(f"clean/{i}", slipper.slip(tokenizer.words(s), rng.choice((1, 1, 2)), rng), s, is_real=False)
        for i, s in enumerate(chosen)
    ]


def window_pairs(folder: Path, most: int, tokenizer: Tokenizer) -> list[HeldOut]:
    """Neighbouring sentences of held-out documents as one, every other first one broken by a false full stop."""
    pairs: list[tuple[str, str]] = []
    for path in sorted(folder.glob("*.txt.xz")):
        for index, sentences in read_documents(path):
            if is_held_out_text(path.name, index):
                pairs.extend((a, b) for a, b in pairwise(sentences) if min(len(a), len(b)) >= 20)
    rng = random.Random(11)
    rng.shuffle(pairs)
    found = []
    for i, (a, b) in enumerate(pairs[:most]):
        if i % 2:
            # The half that a full stop cuts off is what comes before the next sentence.
            found.append(HeldOut(f"window/{i}", false_boundary(tokenizer.words(a), rng), a, is_real=False))
        else:
            found.append(HeldOut(f"window/{i}", f"{a} {b}", f"{a} {b}", is_real=False))
    return found
