"""Carry a training checkpoint in small parts, between machines that pass no large files.

    python -m scripts.carry pack START RUN/checkpoint PARTS [--with-optimizer]
    python -m scripts.carry unpack START PARTS RUN/checkpoint

START is the network that training started from, which both sides have: weights that training left as they were there
(frozen layers and embeddings) stay behind, the others travel in bf16. Without the moments of the optimizer, training
goes on at the same step with new ones. Every part has a checksum; ``unpack`` names what is missing or damaged, and
writes all or nothing.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

import safetensors.torch
import torch
import typer
from torch import Tensor

from app.core.errors import InputError, RepairError
from app.seq2seq.network import RepairNetwork
from scripts.train import save

PART_BYTES = 16 << 20  # 16 MiB
_INDEX = "parts.json"
_OPTIMIZER = "optimizer/"
cli = typer.Typer(add_completion=False, no_args_is_help=True)


def pack(start: Path, checkpoint: Path, out: Path, *, with_optimizer: bool = False) -> list[Path]:
    """Write a checkpoint as parts of at most ``PART_BYTES`` and their index; the paths of the parts.

    Raises:
        InputError: ``out`` exists.
        ResourceError: ``checkpoint`` or ``start`` holds no network.
    """
    if out.exists():
        raise InputError(f"{out} exists; remove it or choose another folder")
    network = RepairNetwork.load(checkpoint)
    known = dict(RepairNetwork.load(start).named_parameters())
    tensors = {
        name: value.detach().to(torch.bfloat16).contiguous()
        for name, value in network.named_parameters()
        if name not in known or not torch.equal(value, known[name])
    }
    left_to_start = sorted(known.keys() - tensors.keys())
    trainer = torch.load(checkpoint / "trainer.pt", weights_only=True, map_location="cpu")
    optimizer: dict[str, Any] = (trainer["optimizer"] if with_optimizer else None) or {}
    for number, moments in optimizer.get("state", {}).items():
        tensors |= {f"{_OPTIMIZER}{number}/{name}": value.contiguous() for name, value in moments.items()}
    data = safetensors.torch.save(tensors)
    parts = {f"part-{i:03d}": data[at : at + PART_BYTES] for i, at in enumerate(range(0, len(data), PART_BYTES))}
    index = {
        "parts": {name: hashlib.sha256(part).hexdigest() for name, part in parts.items()},
        "state": trainer["state"] | {"averaged": 0},  # a mean of weights stays behind
        "groups": optimizer.get("param_groups"),
        "left_to_start": left_to_start,
    }
    out.mkdir(parents=True)
    for name, part in parts.items():
        (out / name).write_bytes(part)
    (out / _INDEX).write_text(json.dumps(index, indent=1))
    return [out / name for name in parts]


def unpack(start: Path, parts: Path, checkpoint: Path) -> None:
    """Put a checkpoint together again.

    Raises:
        InputError: A part is missing or damaged, or of another network; nothing is written then.
        ResourceError: ``start`` holds no network.
    """
    try:
        index: dict[str, Any] = json.loads((parts / _INDEX).read_text())
    except (OSError, ValueError) as exc:
        raise InputError(f"no {_INDEX} in {parts}; pack a checkpoint with scripts/carry") from exc
    wrong = [name for name, digest in index["parts"].items() if _digest(parts / name) != digest]
    if wrong:
        raise InputError(f"missing or damaged in {parts}: {', '.join(wrong)}; carry them again")
    network = RepairNetwork.load(start)
    tensors = safetensors.torch.load(b"".join((parts / name).read_bytes() for name in index["parts"]))
    parameters = dict(network.named_parameters())
    carried = {name: value for name, value in tensors.items() if not name.startswith(_OPTIMIZER)}
    fits = all(name in parameters and parameters[name].shape == value.shape for name, value in carried.items())
    if not fits or parameters.keys() - carried.keys() != set(index["left_to_start"]):
        raise InputError(f"the parts in {parts} are of another network than {start}")
    with torch.no_grad():
        for name, value in carried.items():
            parameters[name].copy_(value)
    save(checkpoint, network, _optimizer_state(index["groups"], tensors), index["state"])


def _optimizer_state(groups: list[dict[str, Any]] | None, tensors: dict[str, Tensor]) -> dict[str, Any] | None:
    if groups is None:
        return None
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith(_OPTIMIZER):
            _, number, name = key.split("/")
            state.setdefault(int(number), {})[name] = value
    return {"state": state, "param_groups": groups}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


Start = Annotated[Path, typer.Argument(help="The network that training started from.")]
Parts = Annotated[Path, typer.Argument(help="Folder with the parts.")]
Checkpoint = Annotated[Path, typer.Argument(help="checkpoint/ of a run.")]


@cli.command("pack")
def pack_command(
    start: Start,
    checkpoint: Checkpoint,
    parts: Parts,
    with_optimizer: Annotated[bool, typer.Option("--with-optimizer", help="Its moments too, in float32.")] = False,
) -> None:
    """Cut a checkpoint into parts."""
    try:
        paths = pack(start, checkpoint, parts, with_optimizer=with_optimizer)
    except RepairError as exc:
        raise typer.BadParameter(str(exc)) from exc
    typer.echo(f"{len(paths)} parts, {sum(p.stat().st_size for p in paths) / 2**20:.0f} MiB -> {parts}")


@cli.command("unpack")
def unpack_command(start: Start, parts: Parts, checkpoint: Checkpoint) -> None:
    """Put a checkpoint together; an older one is replaced."""
    try:
        unpack(start, parts, checkpoint)
    except RepairError as exc:
        raise typer.BadParameter(str(exc)) from exc
    typer.echo(f"-> {checkpoint}")


if __name__ == "__main__":
    cli()
