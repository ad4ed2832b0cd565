"""Training: one batch is learned by heart, small batches add up, and a stopped run goes on as if it had not stopped."""

from __future__ import annotations

import json
import random
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import typer

torch = pytest.importorskip("torch")
from torch import Tensor

from app.core.errors import InputError
from app.seq2seq.batches import make_batch
from app.seq2seq.examples import ExampleSet, make_pair, write_examples
from app.seq2seq.export import HeldOut
from app.seq2seq.network import RepairNetwork
from app.seq2seq.tokenizer import Tokenizer
from scripts import carry, train
from scripts.average import average
from scripts.held_out import HeldOutSets
from scripts.train import epochs, learning_rate_share, losses, main, make_optimizer, read_config
from tests.seq2seq.tiny import SENTENCES, make_network, make_tokenizer

PAIRS = list(zip(SENTENCES[::2], SENTENCES[1::2], strict=True))


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an untrained network, its tokenizer and ``train.npz``."""
    folder = tmp_path_factory.mktemp("start")
    tokenizer = make_tokenizer(folder)
    make_network(tokenizer).save(folder)
    rng = random.Random(1)
    examples = [make_pair(*rng.choice(PAIRS), 1.0, 0, tokenizer) for _ in range(60)]
    write_examples(folder / "train.npz", examples)
    return folder


def write_config(start: Path, out: Path, **fields: object) -> Path:
    values = {"start": str(start), "data": str(start / "train.npz"), "out": str(out), "batch_pieces": 120,
              "steps": 6, "warmup": 2, "save_every": 100, "right_marks": 1, "hint_share": 0.5} | fields  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    path = out.parent / f"{out.name}.toml"
    path.write_text("\n".join(f"{k} = {json.dumps(v)}" for k, v in values.items()))
    return path


def weights(run: Path) -> dict[str, Tensor]:
    return weights_of(run / "checkpoint")


def weights_of(folder: Path) -> dict[str, Tensor]:
    return RepairNetwork.load(folder).state_dict()


def test_a_run_that_was_stopped_ends_with_the_same_weights(start: Path, tmp_path: Path) -> None:
    main(write_config(start, tmp_path / "whole"))
    config = write_config(start, tmp_path / "stopped")
    main(config, stop_at=3)
    assert json.loads((tmp_path / "stopped" / "log.jsonl").read_text().splitlines()[0])["step"] == 0
    main(config)
    whole, stopped = weights(tmp_path / "whole"), weights(tmp_path / "stopped")
    assert all(torch.equal(whole[name], stopped[name]) for name in whole)
    assert not torch.equal(whole["head.weight"], weights_at_start(start)["head.weight"])


def test_the_mean_of_the_last_weights_goes_on_too(start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "AVERAGE_EVERY", 1)
    every = []
    for steps in (5, 6):
        config = write_config(start, tmp_path / f"to{steps}", steps=6)
        main(config, stop_at=steps)
        every.append(weights(tmp_path / f"to{steps}"))
    config = write_config(start, tmp_path / "run", average_last=2)
    main(config, stop_at=5)
    main(config)
    mean = RepairNetwork.load(tmp_path / "run" / "checkpoint" / "average").state_dict()
    for name, value in mean.items():
        assert torch.allclose(value, (every[0][name] + every[1][name]) / 2, atol=1e-6), name


def test_runs_of_one_start_are_averaged(start: Path, tmp_path: Path) -> None:
    runs = [tmp_path / "a", tmp_path / "b"]
    for seed, run in enumerate(runs):
        main(write_config(start, run, seed=seed, steps=2 + seed))
    average(tmp_path / "mean", [run / "checkpoint" for run in runs])
    a, b, mean = weights(runs[0]), weights(runs[1]), weights_of(tmp_path / "mean")
    assert not torch.equal(a["head.weight"], b["head.weight"])
    for name, value in mean.items():
        assert torch.allclose(value, (a[name] + b[name]) / 2, atol=1e-6), name
    states = [torch.load(f / "trainer.pt")["state"] for f in (tmp_path / "mean", *(r / "checkpoint" for r in runs))]
    assert states[0] == {what: states[1][what] + states[2][what] for what in ("step", "seen")}
    with pytest.raises(InputError, match="mean exists"):
        average(tmp_path / "mean", [runs[0] / "checkpoint"])
    assert average(tmp_path / "with-start", [start, runs[0] / "checkpoint"]) == states[1]["seen"]


def test_held_out_scores_are_logged_and_the_best_network_is_kept(
    start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [HeldOut(str(i), a, b) for i, (a, b) in enumerate(PAIRS)]
    sets = HeldOutSets(pairs, pairs, pairs, pairs, [b for _, b in PAIRS])
    monkeypatch.setattr(HeldOutSets, "read", lambda *args, **counts: sets)
    fields = {"dev": str(tmp_path), "dev_every": 2, "dev_sentences": 3, "patience": 2, "encoder_lr": 0.0,
              "decoder_lr": 0.0, "head_lr": 0.0, "steps": 20}  # fmt: skip
    main(write_config(start, tmp_path / "run", **fields))
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    scores = [line for line in lines if "dev" in line]
    assert [line["step"] for line in scores] == [2, 4, 6]  # nothing is learned, and two scores are no better
    assert set(scores[0]) == {"step", "dev", "harm", "ter"} | {
        f"{name} {what}" for name in ("post-edits", "slips", "windows") for what in ("detection", "answers")
    }
    assert torch.load(tmp_path / "run" / "best" / "trainer.pt", weights_only=True)["state"]["step"] == 2


def weights_at_start(start: Path) -> dict[str, Tensor]:
    return RepairNetwork.load(start).state_dict()


def test_what_is_frozen_stays_and_the_rest_moves(start: Path, tmp_path: Path) -> None:
    main(write_config(start, tmp_path / "run", freeze_embeddings=True, freeze_layers=1))
    before, after = weights_at_start(start), weights(tmp_path / "run")
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    assert not any(name.startswith(("bart.model.shared", "bart.model.encoder.layers.0")) for name in moved)
    assert any(name.startswith("bart.model.decoder.layers.0") for name in moved)


def test_accumulated_halves_give_the_gradient_of_the_whole(start: Path) -> None:
    tokenizer = Tokenizer(start / "tokenizer.model")
    examples = [make_pair(a, b, 1.0, 0, tokenizer) for a, b in (PAIRS[0], PAIRS[0], PAIRS[0], PAIRS[0])]
    network = RepairNetwork.load(start)
    gradients = []
    for size in (4, 2):
        network.zero_grad()
        for at in range(0, 4, size):
            batch = make_batch(examples[at : at + size], tokenizer, random.Random(1))
            detect, correct = losses(network.eval(), batch)
            torch.autograd.backward((detect + correct) * (size / 4))
        gradients.append(torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]))
    assert torch.allclose(gradients[0], gradients[1], atol=1e-6)


def test_the_optimizer_holds_every_weight_that_may_move_once(start: Path, tmp_path: Path) -> None:
    network = RepairNetwork.load(start)
    optimizer = make_optimizer(network, read_config(write_config(start, tmp_path / "run")))
    held = [id(p) for group in optimizer.param_groups for p in group["params"]]
    assert sorted(held) == sorted(id(p) for p in network.parameters() if p.requires_grad)


def test_the_learning_rate_rises_and_falls(start: Path, tmp_path: Path) -> None:
    config = read_config(write_config(start, tmp_path / "run", steps=10, warmup=4))
    shares = [learning_rate_share(step, config) for step in range(12)]
    assert shares[:4] == [0.25, 0.5, 0.75, 1.0]
    assert shares[4:10] == sorted(shares[4:10], reverse=True)
    assert shares[-1] == pytest.approx(0.1)


def test_a_kind_of_example_can_be_left_out(start: Path, tmp_path: Path) -> None:
    tokenizer = Tokenizer(start / "tokenizer.model")
    kinds = [random.Random(i).choice((0, 3, 4)) for i in range(60)]
    write_examples(
        tmp_path / "mixed.npz", [make_pair(*PAIRS[i % 3], 1.0, kind, tokenizer) for i, kind in enumerate(kinds)]
    )
    data = ExampleSet(tmp_path / "mixed.npz")
    config = read_config(write_config(start, tmp_path / "run", without=["clean", "hints"]))
    once = next(i for i in range(1, 100) if sum(map(len, islice(epochs(data, config, 0), i))) >= 60 - kinds.count(3))
    seen = [i for batch in islice(epochs(data, config, 0), once) for i in batch]
    assert sorted(seen) == [i for i, kind in enumerate(kinds) if kind != 3]


def test_an_unknown_kind_of_example_is_an_error(start: Path, tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="clan"):
        read_config(write_config(start, tmp_path / "run", without=["clan"]))


def test_an_unknown_field_of_the_configuration_is_an_error(start: Path, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="stepz"):
        read_config(write_config(start, tmp_path / "run", stepz=1))


@pytest.mark.parametrize(
    ("able", "asked", "wanted"),
    [({"avx2": True}, True, False), ({"avx2": True, "amx_bf16": True}, True, True), ({"amx_bf16": True}, False, False)],
)
def test_bf16_is_used_where_the_processor_has_it_unless_it_is_switched_off(
    start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, able: dict[str, bool], asked: bool, wanted: bool
) -> None:
    seen = []

    def spy(*args: Any) -> tuple[Tensor, Tensor]:
        seen.append(torch.is_autocast_enabled("cpu"))
        return losses(*args)

    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("torch.cpu.get_capabilities", lambda: able)
    monkeypatch.setattr(train, "losses", spy)
    main(write_config(start, tmp_path / "run", steps=1, bf16=asked))
    assert seen == [wanted]


def test_a_carried_checkpoint_goes_on_as_the_one_it_was_made_of(
    start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_config(start, tmp_path / "run", freeze_embeddings=True, freeze_layers=1)
    main(config, stop_at=3)
    before = weights(tmp_path / "run")
    monkeypatch.setattr(carry, "PART_BYTES", 4096)
    parts = carry.pack(start, tmp_path / "run" / "checkpoint", tmp_path / "parts", with_optimizer=True)
    assert len(parts) > 2
    assert max(p.stat().st_size for p in parts) == 4096
    carry.unpack(start, tmp_path / "parts", tmp_path / "run" / "checkpoint")
    after = weights(tmp_path / "run")
    untouched = weights_of(start)
    for name, value in before.items():
        assert torch.equal(after[name], value if torch.equal(value, untouched[name]) else value.bfloat16().float())
    main(config, stop_at=4)
    steps = [json.loads(line).get("step") for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert steps == [0, 3]  # each start is logged with the step it begins at


def test_a_checkpoint_is_carried_without_its_moments(start: Path, tmp_path: Path) -> None:
    config = write_config(start, tmp_path / "run")
    main(config, stop_at=3)
    carry.pack(start, tmp_path / "run" / "checkpoint", tmp_path / "parts")
    whole = carry.pack(start, tmp_path / "run" / "checkpoint", tmp_path / "whole", with_optimizer=True)
    assert sum(p.stat().st_size for p in whole) > 4 * sum(p.stat().st_size for p in (tmp_path / "parts").glob("part-*"))
    carry.unpack(start, tmp_path / "parts", tmp_path / "run" / "checkpoint")
    main(config)
    assert torch.load(tmp_path / "run" / "checkpoint" / "trainer.pt", weights_only=True)["state"]["step"] == 6


def test_what_is_missing_or_damaged_is_named_and_the_old_checkpoint_stays(start: Path, tmp_path: Path) -> None:
    main(write_config(start, tmp_path / "run"), stop_at=1)
    checkpoint = tmp_path / "run" / "checkpoint"
    (part, *_) = carry.pack(start, checkpoint, tmp_path / "parts")
    part.write_bytes(part.read_bytes()[:-1])
    before = (checkpoint / "trainer.pt").read_bytes()
    with pytest.raises(InputError, match="part-000; carry"):
        carry.unpack(start, tmp_path / "parts", checkpoint)
    part.unlink()
    with pytest.raises(InputError, match="part-000; carry"):
        carry.unpack(start, tmp_path / "parts", checkpoint)
    with pytest.raises(InputError, match="exists"):
        carry.pack(start, checkpoint, tmp_path / "parts")
    assert (checkpoint / "trainer.pt").read_bytes() == before
