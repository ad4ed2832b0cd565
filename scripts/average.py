"""Average the weights of networks that were trained from one start (model soup, Wortsman et al. 2022).

    python -m scripts.average OUT RUN_A/checkpoint RUN_B/checkpoint [MORE ...]

Two runs on two cores need nothing of each other; their mean has learned from both. OUT is a checkpoint for
scripts/export, and to warm-start from; it counts the steps and examples of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import torch
import typer

from app.core.errors import InputError, RepairError
from app.seq2seq.network import RepairNetwork
from scripts.train import Mean, save


def average(out: Path, checkpoints: Sequence[Path]) -> int:
    """Write the mean of the checkpoints; how many examples they have seen together. A start has seen none.

    Raises:
        InputError: ``out`` exists.
        ResourceError: A checkpoint holds no network.
    """
    if out.exists():
        raise InputError(f"{out} exists; remove it or choose another folder")
    mean, steps, seen = Mean(), 0, 0
    for checkpoint in checkpoints:
        network = RepairNetwork.load(checkpoint)
        mean.add(network)
        if (trained := checkpoint / "trainer.pt").is_file():
            state = torch.load(trained, weights_only=True, map_location="cpu")["state"]
            steps, seen = steps + int(state["step"]), seen + int(state["seen"])
    save(out, mean.network(network), None, {"step": steps, "seen": seen})
    return seen


def main(
    out: Annotated[Path, typer.Argument(help="Folder of the new checkpoint; it must not exist.")],
    checkpoints: Annotated[list[Path], typer.Argument(help="As written by scripts/train.")],
) -> None:
    """Write the mean of the checkpoints."""
    try:
        seen = average(out, checkpoints)
    except RepairError as exc:
        raise typer.BadParameter(str(exc)) from exc
    typer.echo(f"the mean of {len(checkpoints)} networks, {seen} examples seen -> {out}")


if __name__ == "__main__":
    typer.run(main)
