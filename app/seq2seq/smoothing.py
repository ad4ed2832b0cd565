"""SmoothQuant (Xiao et al., 2023) for a language model of Llama's architecture, in numpy.

A layer's input is rounded to eight bits by its largest value, and a few channels of such networks are a hundred times
larger than the rest, which is rounded away. Each channel of an input is divided by what its weights are multiplied by,
in the layers before, so that all matter alike; what the network says stays the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Weights = Mapping[str, Floats]
_LEAST = 1e-4  # of the largest channel: one that is hardly used is not blown up
_NEVER = -1e9


@dataclass(frozen=True, slots=True)
class Shape:
    """What the tensors of a GGUF file do not tell of themselves."""

    layers: int
    heads: int
    kv_heads: int
    rotary_base: float
    epsilon: float


@dataclass(frozen=True, slots=True)
class Reach:
    """The largest magnitude of each channel that goes into the linear layers of one block: of queries, keys and values;
    of the output of attention; of gate and up; of down."""

    attention: Floats
    output: Floats
    feed_forward: Floats
    down: Floats


def smooth(weights: Weights, shape: Shape, pieces: npt.NDArray[np.int64]) -> dict[str, Floats]:
    """The weights of the same network with channels that reach alike.

    Args:
        weights: By the names of GGUF, without ``.weight``; rows of queries and keys in its order.
        shape: Of the network.
        pieces: Ids of a text to see the channels in.

    Raises:
        KeyError: Weights are missing.
    """
    smoothed = dict(weights)
    for i, reach in enumerate(read(weights, shape, pieces)):
        at = f"blk.{i}."

        def divide(name: str, by: Floats, at: str = at) -> None:
            smoothed[at + name] = smoothed[at + name] / by

        def multiply(names: tuple[str, ...], by: Floats, at: str = at) -> None:
            smoothed.update({at + name: smoothed[at + name] * by for name in names})

        def factors(reach: Floats, *names: str, at: str = at) -> Floats:
            largest = np.max([np.abs(weights[at + name]).max(0) for name in names], axis=0)
            factors: Floats = np.sqrt(np.maximum(reach, _LEAST * reach.max()) / np.maximum(largest, 1e-6))
            return factors

        queries, pair = ("attn_q", "attn_k", "attn_v"), ("ffn_gate", "ffn_up")
        by = factors(reach.attention, *queries)
        divide("attn_norm", by)
        multiply(queries, by)
        # Heads of a group share their values.
        by = factors(reach.output, "attn_output").reshape(shape.kv_heads, shape.heads // shape.kv_heads, -1).max(1)
        divide("attn_v", by.reshape(-1, 1))
        multiply(("attn_output",), np.repeat(by, shape.heads // shape.kv_heads, axis=0).reshape(-1))
        by = factors(reach.feed_forward, *pair)
        divide("ffn_norm", by)
        multiply(pair, by)
        by = factors(reach.down, "ffn_down")
        divide("ffn_up", by.reshape(-1, 1))
        multiply(("ffn_down",), by)
    return smoothed


def read(weights: Weights, shape: Shape, pieces: npt.NDArray[np.int64]) -> list[Reach]:
    """What goes into the linear layers of each block while the network reads a text; arguments as of ``smooth``."""
    x = weights["token_embd"][pieces]
    length, width = x.shape
    size = width // shape.heads
    angles = np.arange(length)[:, None] * shape.rotary_base ** (-np.arange(0, size, 2) / size)
    unseen = np.triu(np.full((length, length), _NEVER, np.float32), 1)

    def normal(x: Floats, name: str) -> Floats:
        result: Floats = x / np.sqrt((x * x).mean(-1, keepdims=True) + shape.epsilon) * weights[name]
        return result

    def by_head(x: Floats, heads: int) -> Floats:
        return x.reshape(length, heads, size).transpose(1, 0, 2)

    def turned(x: Floats) -> Floats:
        result = np.empty_like(x)
        result[..., 0::2] = x[..., 0::2] * np.cos(angles) - x[..., 1::2] * np.sin(angles)
        result[..., 1::2] = x[..., 0::2] * np.sin(angles) + x[..., 1::2] * np.cos(angles)
        return result

    found = []
    for i in range(shape.layers):
        at = f"blk.{i}."
        attention = normal(x, at + "attn_norm")
        queries, keys, values = (attention @ weights[f"{at}attn_{part}"].T for part in "qkv")
        keys, values = by_head(keys, shape.kv_heads), by_head(values, shape.kv_heads)
        group = shape.heads // shape.kv_heads
        keys, values = np.repeat(turned(keys), group, axis=0), np.repeat(values, group, axis=0)
        fit = turned(by_head(queries, shape.heads)) @ keys.transpose(0, 2, 1) / np.sqrt(size) + unseen
        share = np.exp(fit - fit.max(-1, keepdims=True))
        share /= share.sum(-1, keepdims=True)
        output = (share @ values).transpose(1, 0, 2).reshape(length, width)
        x = x + output @ weights[at + "attn_output"].T
        feed_forward = normal(x, at + "ffn_norm")
        gate = feed_forward @ weights[at + "ffn_gate"].T
        down = gate / (1 + np.exp(-gate)) * (feed_forward @ weights[at + "ffn_up"].T)
        x = x + down @ weights[at + "ffn_down"].T
        found.append(Reach(*(np.abs(seen).max(0) for seen in (attention, output, feed_forward, down))))
    return found
