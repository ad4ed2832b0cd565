"""The network behind an exported folder, to be trained further: int8 weights multiplied out again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from app.core.errors import ResourceError
from app.seq2seq.model_file import read_arrays
from app.seq2seq.network import RepairNetwork, bart_config
from app.seq2seq.tokenizer import Tokenizer

Array = npt.NDArray[np.float32]
_POSITION_OFFSET = 2  # BART counts positions from here


def unpack(folder: Path) -> RepairNetwork:
    """Read what ``app.seq2seq.export.convert`` wrote.

    Rounding to int8 is not undone: every weight is within 1/254 of the largest of its row of what was trained.

    Raises:
        ResourceError: A file is missing or damaged.
    """
    tokenizer = Tokenizer(folder / "tokenizer.model")
    try:
        arrays = read_arrays((folder / "model.bin").read_bytes())
        with np.load(folder / "head.npz") as head:
            weight, bias = head["weight"], head["bias"]
        width = arrays["decoder/embeddings/weight"].shape[1]
        network = RepairNetwork(
            bart_config(
                tokenizer,
                encoder_layers=_layers(arrays, "encoder"),
                decoder_layers=_layers(arrays, "decoder"),
                d_model=width,
                ffn_dim=arrays["encoder/layer_0/ffn/linear_0/weight"].shape[0],
                heads=int(arrays["encoder/num_heads"]),
            )
        )
        state = {name: torch.from_numpy(value) for name, value in _names(arrays, width)}
        missing, unknown = network.bart.model.load_state_dict(state, strict=False)
    except (OSError, KeyError, ValueError, RuntimeError) as exc:
        raise ResourceError(f"the repair network in {folder} cannot be read; restore it from a release") from exc
    absent = [n for n in missing if not n.endswith("embed_tokens.weight")]
    if absent or unknown:
        raise ResourceError(f"the repair network in {folder} is of another form: {absent or unknown}")
    network.head.load_state_dict({"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)})
    return network


def _layers(arrays: dict[str, Array], side: str) -> int:
    prefix = f"{side}/layer_"
    return 1 + max(int(name[len(prefix) :].split("/")[0]) for name in arrays if name.startswith(prefix))


def _names(arrays: dict[str, Array], width: int) -> list[tuple[str, Array]]:
    """Weights under transformers' names."""
    found = [("shared.weight", arrays["decoder/embeddings/weight"])]
    for side in ("encoder", "decoder"):
        places = arrays[f"{side}/position_encodings/encodings"]
        found.append((f"{side}.embed_positions.weight", np.pad(places, ((_POSITION_OFFSET, 0), (0, 0)))))
        for theirs, ours in (("gamma", "weight"), ("beta", "bias")):
            found.append((f"{side}.layernorm_embedding.{ours}", arrays[f"{side}/layernorm_embedding/{theirs}"]))
        for i in range(_layers(arrays, side)):
            to, at = f"{side}.layers.{i}", f"{side}/layer_{i}"
            blocks: list[tuple[str, str, str, tuple[str, ...]]] = [
                ("self_attention", "self_attn", "self_attn_layer_norm", ("qkv", "o"))
            ]
            if side == "decoder":
                blocks.append(("attention", "encoder_attn", "encoder_attn_layer_norm", ("q", "kv", "o")))
            for block, attention, norm, parts in blocks:
                for j, projections in enumerate(parts):
                    names = {"q": "q_proj", "k": "k_proj", "v": "v_proj", "o": "out_proj"}
                    for part in ("weight", "bias"):
                        value = arrays[f"{at}/{block}/linear_{j}/{part}"]
                        for k, letter in enumerate(projections):
                            rows = value[k * width : (k + 1) * width]
                            found.append((f"{to}.{attention}.{names[letter]}.{part}", rows))
                found += _norm(f"{to}.{norm}", f"{at}/{block}/layer_norm", arrays)
            for j in (0, 1):
                for part in ("weight", "bias"):
                    found.append((f"{to}.fc{j + 1}.{part}", arrays[f"{at}/ffn/linear_{j}/{part}"]))
            found += _norm(f"{to}.final_layer_norm", f"{at}/ffn/layer_norm", arrays)
    return found


def _norm(to: str, at: str, arrays: dict[str, Array]) -> list[tuple[str, Array]]:
    return [(f"{to}.weight", arrays[f"{at}/gamma"]), (f"{to}.bias", arrays[f"{at}/beta"])]
