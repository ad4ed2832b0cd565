"""Train the repair network: detection of doubtful words and gaps, and correction of marked spans, with one encoder.

    python -m scripts.train CONFIG.toml [--minutes 480]

Resumable to the step: the same command goes on from the newest checkpoint in the run's folder. Runs on a GPU when
there is one, else on the CPU; matrix products in bf16 where the device has them, in float32 elsewhere.
"""

from __future__ import annotations

import json
import math
import random
import shutil
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import torch
import torch.nn.functional as F
import typer
from torch import Tensor

from app.seq2seq.batches import Batch, batch_indices, make_batch
from app.seq2seq.examples import KINDS, ExampleSet
from app.seq2seq.network import RepairNetwork
from app.seq2seq.scores import ask, ter_change
from app.seq2seq.tokenizer import Tokenizer
from scripts.held_out import HeldOutSets

HINTS = "hints"
AVERAGE = "average"  # in a checkpoint: the mean of the last weights
AVERAGE_EVERY = 20  # steps


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """One run; every field can stand in the TOML file.

    Attributes:
        start: Checkpoint folder to start from.
        data: ``train.npz`` of scripts/prepare_data.
        out: Folder of the run: ``checkpoint/``, ``log.jsonl``.
        batch_pieces: Pieces of a batch, padding counted.
        accumulate: Batches of a step.
        steps: Length of the schedule.
        warmup: Steps of linear warm-up; then linear decay to a tenth.
        encoder_lr, decoder_lr, head_lr: Peak learning rates.
        freeze_embeddings: Leave the embedding table alone (faster on a CPU).
        freeze_layers: Leave so many lower encoder layers alone, and the positions below them.
        right_marks: Spans a sentence that are right, for the decoder to write again.
        hint_share: Chance that a mark comes with a hint.
        noise_share: Chance that a sentence is damaged further.
        wider: Chance that an edit is marked with a word beside it, as where either of two may be wrong.
        detect_weight: Of the detection loss beside the correction loss.
        label_smoothing: Of the correction loss.
        dropout: Of both halves; few examples are seen twice, so none serves best.
        bf16: Matrix products in bf16 where the device has them; some processors are faster in float32 all the same.
        save_every: Steps between checkpoints.
        average_last: Average the weights over so many last steps of the schedule, beside the last ones themselves.
        dev: Folder with mt/ and text/ whose held-out sentences are scored; none are if it is not given.
        dev_every: Steps between scores.
        dev_sentences: Of each set.
        patience: Stop after so many scores without a better one; 0 never stops.
        without: Kinds of examples to leave out, by name; "hints" leaves out the hints that examples bring.
    """

    start: Path
    data: Path
    out: Path
    batch_pieces: int = 1500
    accumulate: int = 1
    steps: int = 2000
    warmup: int = 100
    encoder_lr: float = 5e-5
    decoder_lr: float = 3e-4
    head_lr: float = 1e-3
    freeze_embeddings: bool = False
    freeze_layers: int = 0
    right_marks: int = 2
    hint_share: float = 0.1
    noise_share: float = 0.0
    wider: float = 0.0
    detect_weight: float = 1.0
    label_smoothing: float = 0.0
    dropout: float = 0.0
    bf16: bool = True
    save_every: int = 200
    seed: int = 1
    average_last: int = 0
    dev: Path | None = None
    dev_every: int = 1000
    dev_sentences: int = 200
    patience: int = 0
    without: tuple[str, ...] = ()


def read_config(path: Path) -> TrainConfig:
    """Read a TOML file; an unknown field, or kind of example, is an error."""
    values = tomllib.loads(path.read_text())
    values["without"] = tuple(values.get("without", ()))
    unknown = set(values["without"]) - {*KINDS, HINTS}
    if unknown:
        raise typer.BadParameter(f"{path}: without names {sorted(unknown)}; there are {[*KINDS, HINTS]}")
    for name in ("start", "data", "out", "dev"):
        if name in values:
            values[name] = Path(values[name]).expanduser()
    return TrainConfig(**values)


def losses(network: RepairNetwork, batch: Batch, smoothing: float = 0.0) -> tuple[Tensor, Tensor]:
    """Detection and correction loss of one batch, from one encoding.

    The first is binary cross-entropy per word (wrong?) and gap (missing?), the weighted mean over words; the second
    cross-entropy per piece of the answers, the weighted mean.
    """
    states = network.encode(batch.ids, batch.mask)
    doubt = F.binary_cross_entropy_with_logits(network.detect(states).float(), batch.labels, reduction="none").sum(-1)
    detect = (doubt * batch.word_weights).sum() / batch.word_weights.sum().clamp(min=1e-6)
    decoded = network.correct(states[batch.rows], batch.mask[batch.rows], batch.decoder_ids)
    at = batch.weights > 0  # the output layer is the dearest part: only answers go through it
    pieces = F.cross_entropy(
        network.logits(decoded[at]).float(), batch.targets[at], reduction="none", label_smoothing=smoothing
    )
    weights = batch.weights[at]
    return detect, (pieces * weights).sum() / weights.sum().clamp(min=1e-6)


def multiplies_bf16(device: torch.device) -> bool:
    """Whether the device has bf16 matrix products; a processor without them is some hundred times slower at it."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return any(has for name, has in torch.cpu.get_capabilities().items() if name.endswith("bf16"))


def make_optimizer(network: RepairNetwork, config: TrainConfig) -> torch.optim.AdamW:
    """AdamW with a learning rate of its own for encoder, decoder and head."""
    shared = network.bart.model.shared.weight
    encoder = [p for p in network.encoder.parameters() if p is not shared]
    known = {id(p) for p in (*encoder, *network.head.parameters(), shared)}
    decoder = [p for p in network.parameters() if id(p) not in known]
    below = network.bart.model.encoder
    if config.freeze_layers:  # with nothing to learn underneath, no gradient passes the frozen layers
        below.embed_positions.requires_grad_(False)
        below.layernorm_embedding.requires_grad_(False)
    for layer in below.layers[: config.freeze_layers]:
        layer.requires_grad_(False)
    shared.requires_grad_(not config.freeze_embeddings)
    groups = [
        (encoder, config.encoder_lr),
        ([shared], config.encoder_lr),
        (decoder, config.decoder_lr),
        (list(network.head.parameters()), config.head_lr),
    ]
    return torch.optim.AdamW(
        [{"params": [p for p in ps if p.requires_grad], "lr": lr, "peak": lr} for ps, lr in groups],
        weight_decay=0.01,
        betas=(0.9, 0.98),
        fused=True,
    )


def learning_rate_share(step: int, config: TrainConfig) -> float:
    """Linear warm-up to 1, then linear decay to 0.1."""
    if step < config.warmup:
        return (step + 1) / config.warmup
    return max(0.1, 1 - 0.9 * (step - config.warmup) / max(1, config.steps - config.warmup))


class Mean:
    """The mean of the weights of networks."""

    def __init__(self) -> None:
        self._weights: dict[str, Tensor] = {}
        self.count = 0

    @torch.no_grad()
    def add(self, network: RepairNetwork) -> None:
        """Count the weights that the network has now."""
        self.count += 1
        for name, value in network.state_dict().items():
            mean = self._weights.get(name)
            if mean is None:
                # Embeddings that share one tensor in a network are copies of it here.
                self._weights[name] = value.detach().cpu().clone()
            elif value.is_floating_point():
                mean += (value.cpu() - mean) / self.count

    def network(self, like: RepairNetwork) -> RepairNetwork:
        """A network that has them, built like another."""
        made = RepairNetwork(like.bart.config)
        made.load_state_dict(self._weights)
        return made


class Average:
    """The mean of the weights at every ``AVERAGE_EVERY``-th step of the last stretch of a schedule."""

    def __init__(self, network: RepairNetwork, config: TrainConfig) -> None:
        self._network, self._from = network, config.steps - config.average_last
        self._mean = Mean()

    @property
    def count(self) -> int:
        """How many steps have been averaged."""
        return self._mean.count

    def load(self, folder: Path, count: int) -> None:
        """Go on from a mean of ``count`` that ``save`` wrote."""
        if count:
            self._mean.add(RepairNetwork.load(folder))
            self._mean.count = count

    def take(self, step: int) -> None:
        """Add the weights after ``step``, if it is in the last stretch."""
        if step > self._from and step % AVERAGE_EVERY == 0:
            self._mean.add(self._network)

    def save(self, folder: Path) -> None:
        """Write the mean as a network of its own, if there is one."""
        if self.count:
            self._mean.network(self._network).save(folder)


def save(
    folder: Path,
    network: RepairNetwork,
    optimizer: Mapping[str, object] | None,
    state: Mapping[str, object],
    average: Average | None = None,
) -> None:
    """Write a checkpoint, optimizer state and all, under a temporary name, and put it in the place of the last one."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    network.save(part)
    if average is not None:
        average.save(part / AVERAGE)
    torch.save({"optimizer": optimizer, "state": dict(state)}, part / "trainer.pt")
    old = folder.with_name(folder.name + ".old")
    if folder.exists():
        folder.replace(old)
    part.replace(folder)
    shutil.rmtree(old, ignore_errors=True)


class Dev:
    """Scores held-out sentences while a network is trained, and knows whether they still get better."""

    def __init__(self, config: TrainConfig, tokenizer: Tokenizer, best: float, worse: int) -> None:
        self._tokenizer, self._patience = tokenizer, config.patience
        self.best, self.worse = best, worse  # the best score so far, and how many came since
        n = config.dev_sentences
        sets = (
            HeldOutSets.read(config.dev, tokenizer, clean=n, slips=n, windows=n, post_edits=n)
            if config.dev
            else HeldOutSets((), (), (), (), ())
        )
        self._post_edits = sets.post_edits
        self._examples = sets.examples(tokenizer)

    def score(self, network: RepairNetwork) -> dict[str, float]:
        """Detection and answers of each set, the mean of them all as ``dev``, harm, and what post-edits would gain."""
        lines: dict[str, float] = {}
        found = {name: ask(network, examples, self._tokenizer) for name, examples in self._examples.items()}
        harm = found.pop("clean").flagged
        for name, scores in found.items():
            lines |= {f"{name} detection": scores.detection, f"{name} answers": scores.answers}
        dev = sum(lines.values()) / len(lines)
        change = ter_change(network, self._post_edits, self._tokenizer)
        self.best, self.worse = (dev, 0) if dev > self.best else (self.best, self.worse + 1)
        return {name: round(value, 4) for name, value in (lines | {"dev": dev, "harm": harm, "ter": change}).items()}

    @property
    def is_best(self) -> bool:
        """Whether no score was better than the last one."""
        return self.worse == 0

    @property
    def is_spent(self) -> bool:
        """Whether it is time to stop."""
        return 0 < self._patience <= self.worse


def write_log(folder: Path, line: Mapping[str, object]) -> None:
    """Append to ``log.jsonl``."""
    with (folder / "log.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\n")


def epochs(data: ExampleSet, config: TrainConfig, start: int) -> Iterator[list[int]]:
    """Batches of indices without end, epoch after epoch, from batch ``start`` on; the same for one seed."""
    done, epoch = 0, 0
    kept = data.of_other_kinds(set(config.without) - {HINTS})
    while True:
        rng = random.Random(f"{config.seed}/{epoch}")
        batches = [kept[batch].tolist() for batch in batch_indices(data.n_pieces()[kept], config.batch_pieces, rng)]
        if done + len(batches) <= start:
            done += len(batches)
        else:
            yield from batches[max(0, start - done) :]
            done += len(batches)
        epoch += 1


def main(
    config_path: Annotated[Path, typer.Argument(metavar="CONFIG", help="TOML file with the fields of TrainConfig.")],
    minutes: Annotated[float, typer.Option(help="Stop, with a checkpoint, after so many minutes.")] = math.inf,
    stop_at: Annotated[int | None, typer.Option(help="Stop, with a checkpoint, after so many steps in all.")] = None,
) -> None:
    """Train until the schedule ends or the time is up."""
    config = read_config(config_path)
    torch.manual_seed(config.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    in_bf16 = config.bf16 and multiplies_bf16(device)
    checkpoint = config.out / "checkpoint"
    resumed = checkpoint.is_dir()
    tokenizer = Tokenizer(config.start / "tokenizer.model")
    network = RepairNetwork.load(checkpoint if resumed else config.start, dropout=config.dropout).to(device)
    optimizer = make_optimizer(network, config)
    average = Average(network, config)
    step, seen, best, worse = 0, 0, 0.0, 0
    if resumed:
        saved = torch.load(checkpoint / "trainer.pt", weights_only=True, map_location=device)
        if saved["optimizer"] is not None:  # scripts/carry may have left the moments behind
            optimizer.load_state_dict(saved["optimizer"])
        state = saved["state"]
        step, seen = int(state["step"]), int(state["seen"])
        best, worse = float(state.get("best", 0.0)), int(state.get("worse", 0))
        average.load(checkpoint / AVERAGE, int(state.get("averaged", 0)))
    dev = Dev(config, tokenizer, best, worse)

    def current() -> dict[str, object]:
        return {"step": step, "seen": seen, "best": dev.best, "worse": dev.worse, "averaged": average.count}

    data = ExampleSet(config.data)
    network.train()
    config.out.mkdir(parents=True, exist_ok=True)
    write_log(config.out, {"config": {k: str(v) for k, v in asdict(config).items()}, "step": step})
    batches = epochs(data, config, step * config.accumulate)
    started, shown, sums, counted = time.monotonic(), time.monotonic(), torch.zeros(2), 0
    last = config.steps if stop_at is None else min(stop_at, config.steps)
    while step < last and time.monotonic() - started < minutes * 60 and not dev.is_spent:
        torch.manual_seed(config.seed * 1_000_003 + step)  # dropout, too, goes on where it stopped
        for group in optimizer.param_groups:
            group["lr"] = group["peak"] * learning_rate_share(step, config)
        for part in range(config.accumulate):
            chosen = [data[i] for i in next(batches)]
            if HINTS in config.without:
                chosen = [replace(example, hints=()) for example in chosen]
            batch = make_batch(
                chosen,
                tokenizer,
                random.Random(f"{config.seed}/{step}/{part}"),
                right_marks=config.right_marks,
                hint_share=config.hint_share,
                noise_share=config.noise_share,
                wider=config.wider,
                device=device,
            )
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=in_bf16):
                detect, correct = losses(network, batch, config.label_smoothing)
            sums += torch.stack([detect.detach(), correct.detach()]).float().cpu()
            counted += 1
            torch.autograd.backward((config.detect_weight * detect + correct) / config.accumulate)
            seen += len(chosen)
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        average.take(step)
        if step % 20 == 0:
            now = time.monotonic()
            line = {
                "step": step,
                "seen": seen,
                "detect": round(float(sums[0]) / counted, 4),
                "correct": round(float(sums[1]) / counted, 4),
                "s_per_step": round((now - shown) / 20, 2),
            }
            write_log(config.out, line)
            typer.echo(json.dumps(line))
            shown, sums, counted = now, torch.zeros(2), 0
        if config.dev and (step % config.dev_every == 0 or step == config.steps):
            scores = dev.score(network)
            network.train()
            write_log(config.out, {"step": step, **scores})
            typer.echo(json.dumps({"step": step, **scores}))
            if dev.is_best:
                save(config.out / "best", network, None, current())
        if step % config.save_every == 0:
            save(checkpoint, network, optimizer.state_dict(), current(), average)
    save(checkpoint, network, optimizer.state_dict(), current(), average)
    typer.echo(f"step {step}, {seen} examples seen -> {checkpoint}")


if __name__ == "__main__":
    typer.run(main)
