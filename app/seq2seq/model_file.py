"""CTranslate2's binary model file, as far as we need it: taking the encoder out of it, and reading its weights.

Source: ``ctranslate2.specs.model_spec.ModelSpec._serialize`` (binary version 6).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_BINARY_VERSION = 6
_TYPES: Final = ("float32", "int8", "int16", "int32", "float16")
_ENCODER_SPEC = ("TransformerEncoderSpec", 1)


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("H", len(data) + 1) + data + b"\0"


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data, self.at = memoryview(data), 0

    def number(self, code: str) -> int:
        (value,) = struct.unpack_from(code, self._data, self.at)
        self.at += struct.calcsize(code)
        return int(value)

    def string(self) -> str:
        size = self.number("H")
        text = bytes(self._data[self.at : self.at + size - 1]).decode()
        self.at += size
        return text

    def variable(self) -> tuple[str, memoryview]:
        """Name and the raw bytes of the whole entry behind the name."""
        name = self.string()
        start = self.at
        dimensions = self.number("B")
        self.at += 4 * dimensions + 1  # shape and type
        size = self.number("I")
        self.at += size
        return name, self._data[start : self.at]


def _read(model: bytes) -> tuple[dict[str, memoryview], list[tuple[str, str]]]:
    """The entries of the variables by name, and the aliases with what they stand for."""
    reader = _Reader(model)
    try:
        version = reader.number("I")
        if version != _BINARY_VERSION:
            raise ValueError(f"CTranslate2 binary version {version}; this program reads {_BINARY_VERSION}")
        reader.string()
        reader.number("I")
        variables = dict(reader.variable() for _ in range(reader.number("I")))
        aliases = [(reader.string(), reader.string()) for _ in range(reader.number("I"))]
    except (struct.error, UnicodeDecodeError) as exc:
        raise ValueError("the model file is cut off or damaged") from exc
    return variables, aliases


def read_arrays(model: bytes) -> dict[str, npt.NDArray[np.float32]]:
    """Every weight of a model file as float32; int8 weights are multiplied out by row.

    A weight that two layers share stands under every name that the file has for it.

    Raises:
        ValueError: The file is of another version, cut off, or holds other number formats.
    """
    variables, aliases = _read(model)
    raw: dict[str, npt.NDArray[Any]] = {}
    for name, entry in variables.items():
        dimensions = entry[0]
        shape = struct.unpack_from(f"{dimensions}I", entry, 1)
        kind = entry[1 + 4 * dimensions]
        if kind >= len(_TYPES):
            raise ValueError(f"{name} has number format {kind}; this program reads {', '.join(_TYPES)}")
        raw[name] = np.frombuffer(entry[1 + 4 * dimensions + 5 :], dtype=_TYPES[kind]).reshape(shape)
    arrays = {
        name: (value / raw[f"{name}_scale"][:, None] if f"{name}_scale" in raw else value).astype(np.float32)
        for name, value in raw.items()
        if not name.endswith("_scale")
    }
    stored = _stored_names(aliases)
    return arrays | {alias: arrays[stored[alias]] for alias, _ in aliases if stored[alias] in arrays}


def _stored_names(aliases: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The name that each alias stands for in the end."""
    target = dict(aliases)
    names = {}
    for alias, name in aliases:
        while name in target:
            name = target[name]
        names[alias] = name
    return names


def encoder_only(model: bytes) -> bytes:
    """The model file of the encoder of an encoder-decoder model.

    Raises:
        ValueError: The file is of another version or cut off.
    """
    variables, aliases = _read(model)
    # A variable that both sides share is stored once, under either name.
    kept = {n: v for n, v in variables.items() if n.startswith("encoder/")}
    for alias, name in _stored_names(aliases).items():
        if alias.startswith("encoder/"):
            kept[alias] = variables[name]
            if f"{name}_scale" in variables:  # the scale of a shared int8 weight is not listed with the alias
                kept[f"{alias}_scale"] = variables[f"{name}_scale"]
    out = [struct.pack("I", _BINARY_VERSION), _string(_ENCODER_SPEC[0]), struct.pack("II", _ENCODER_SPEC[1], len(kept))]
    for name, entry in kept.items():
        out += [_string(name), bytes(entry)]
    out.append(struct.pack("I", 0))
    return b"".join(out)
