"""A language model of two layers with weights by chance: as transformers runs it, and as a GGUF file."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt
import torch
from tokenizers import pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM

START = "<|endoftext|>"
MERGES = ["t h", "th e", "Ġ the", "i s", "Ġ is", "2 0"]
PIECES = [START, *sorted(pre_tokenizers.ByteLevel.alphabet()), *(merge.replace(" ", "") for merge in MERGES)]
HEADS, KV_HEADS = 4, 2


def make_network() -> LlamaForCausalLM:
    """Always the same weights, large enough for each part of it to matter."""
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=len(PIECES), hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=HEADS,
        num_key_value_heads=KV_HEADS, rms_norm_eps=1e-5, tie_word_embeddings=True, attention_bias=False,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
    )  # fmt: skip
    network: LlamaForCausalLM = LlamaForCausalLM(config)
    network.train(False)
    with torch.no_grad():
        for name, weights in network.named_parameters():
            weights.copy_(1 + torch.randn(weights.shape) / 10 if "norm" in name else torch.randn(weights.shape) / 4)
    return network


def write_gguf(network: LlamaForCausalLM, path: Path, *, leave_out: str = "", pre: str = "smollm") -> None:
    """As the converter of llama.cpp writes it: rows of queries and keys in the order of its rotary embedding."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_license("apache-2.0")
    writer.add_block_count(2)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(PIECES)
    writer.add_token_merges(MERGES)
    weights = {name: tensor.numpy() for name, tensor in network.model.state_dict().items()}
    named = {"token_embd": weights["embed_tokens.weight"], "output_norm": weights["norm.weight"]}
    for i in range(2):
        layer = {name.removeprefix(f"layers.{i}."): w for name, w in weights.items() if f"layers.{i}." in name}
        named |= {
            f"blk.{i}.attn_norm": layer["input_layernorm.weight"],
            f"blk.{i}.attn_q": turned(layer["self_attn.q_proj.weight"], HEADS),
            f"blk.{i}.attn_k": turned(layer["self_attn.k_proj.weight"], KV_HEADS),
            f"blk.{i}.attn_v": layer["self_attn.v_proj.weight"],
            f"blk.{i}.attn_output": layer["self_attn.o_proj.weight"],
            f"blk.{i}.ffn_norm": layer["post_attention_layernorm.weight"],
            f"blk.{i}.ffn_gate": layer["mlp.gate_proj.weight"],
            f"blk.{i}.ffn_up": layer["mlp.up_proj.weight"],
            f"blk.{i}.ffn_down": layer["mlp.down_proj.weight"],
        }
    for name, tensor in named.items():
        if name != leave_out:
            writer.add_tensor(f"{name}.weight", np.ascontiguousarray(tensor))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def turned(weights: npt.NDArray[np.float32], heads: int) -> npt.NDArray[np.float32]:
    """Each head's first and second half of rows in turn."""
    rows, columns = weights.shape
    halves = weights.reshape(heads, 2, rows // heads // 2, columns)
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(rows, columns))
