"""What each part of a recipe brings: the scores of a held-out set, and a table that can be gone on with."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import typer

torch = pytest.importorskip("torch")

from app.seq2seq.examples import KINDS, make_pair, write_examples
from app.seq2seq.export import HeldOut
from app.seq2seq.lexicon import write_lexicon
from app.seq2seq.network import RepairNetwork
from app.seq2seq.scores import ask, average_precision
from scripts.ablate import VARIANTS, train_variants
from scripts.held_out import HeldOutSets
from tests.seq2seq.test_export import trained_network
from tests.seq2seq.tiny import SENTENCES, make_network, make_tokenizer

PAIRS = list(zip(SENTENCES[::2], SENTENCES[1::2], strict=True))


@pytest.mark.parametrize(
    ("scores", "labels", "expected"),
    [
        ([0.9, 0.5, 0.1], [True, False, False], 1.0),
        ([0.9, 0.5, 0.1], [False, True, True], (1 / 2 + 2 / 3) / 2),
        ([0.9, 0.5], [False, False], 0.0),
    ],
)
def test_average_precision_is_the_mean_of_the_precision_at_each_hit(
    scores: list[float], labels: list[bool], expected: float
) -> None:
    assert average_precision(scores, labels) == pytest.approx(expected)


def test_a_network_that_knows_the_pairs_finds_and_answers_them(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(tmp_path)
    pairs = [make_pair(a, b, 1.0, 0, tokenizer) for a, b in PAIRS]
    clean = [make_pair(b, b, 1.0, 3, tokenizer) for _, b in PAIRS]
    knowing, ignorant = (
        ask(n, [*pairs, *clean], tokenizer) for n in (trained_network(tokenizer), make_network(tokenizer))
    )
    assert knowing.detection > 0.99
    assert knowing.answers == 1.0
    assert knowing.flagged == 0.5
    assert ignorant.detection < 0.7
    assert ignorant.answers == 0.0


def test_every_variant_is_trained_once_and_stands_in_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = make_tokenizer(tmp_path)
    make_network(tokenizer).save(tmp_path)
    rng = random.Random(1)
    examples = [make_pair(*rng.choice(PAIRS), 1.0, i % len(KINDS), tokenizer) for i in range(60)]
    write_examples(tmp_path / "train.npz", examples)
    pairs = [HeldOut(str(i), a, b) for i, (a, b) in enumerate(PAIRS)]
    sets = HeldOutSets(pairs, pairs, pairs, pairs, [b for _, b in PAIRS])
    monkeypatch.setattr(HeldOutSets, "read", lambda *args, **counts: sets)
    words = tmp_path / "words.xz"
    write_lexicon(words, {"school": 9}, {})

    def train(steps: int) -> str:
        train_variants(tmp_path / "out", tmp_path, tmp_path / "train.npz", words, Path(), steps, 120)
        return (tmp_path / "out" / "ablation.md").read_text()

    train_variants(tmp_path / "one", tmp_path, tmp_path / "train.npz", words, Path(), 2, 120, ["no slips"])
    assert list(json.loads((tmp_path / "one" / "ablation.json").read_text())) == ["no slips"]
    table = train(2)
    assert all(f"| {variant.name} |" in table for variant in VARIANTS)
    done = json.loads((tmp_path / "out" / "ablation.json").read_text())
    assert done["everything"] != done["no pretrained encoder"]
    weights = (tmp_path / "out" / "everything" / "checkpoint" / "head.pt").stat().st_mtime_ns
    assert train(2) == table
    assert (tmp_path / "out" / "everything" / "checkpoint" / "head.pt").stat().st_mtime_ns == weights
    assert RepairNetwork.load(tmp_path / "out" / "random").bart.config.encoder_layers == 1


def test_a_variant_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="no verbs"):
        train_variants(tmp_path, tmp_path, tmp_path / "train.npz", only=["no verbs"])
    assert not (tmp_path / "ablation.json").exists()
