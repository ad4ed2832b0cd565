"""A tokenizer and a network small enough to be made, trained and exported inside a test."""

from __future__ import annotations

from pathlib import Path

import sentencepiece
import torch

from app.seq2seq.network import RepairNetwork, bart_config
from app.seq2seq.tokenizer import CONTROLS, PAD, Tokenizer

SENTENCES = (
    "He go to school with us today.",
    "He goes to school with us today.",
    "The minister have said that it is fine.",
    "The minister has said that it is fine.",
    "We saw big grey sea, and they saw us.",
    "We saw the big grey sea, and they saw us.",
)


def make_tokenizer(folder: Path) -> Tokenizer:
    """Train a SentencePiece model on ``SENTENCES`` with the product's control symbols."""
    corpus = folder / "corpus.txt"
    corpus.write_text("\n".join(SENTENCES * 20) + "\n")
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(folder / "tokenizer"), vocab_size=360, byte_fallback=True,
        control_symbols=[c for c in CONTROLS if c != PAD], pad_id=3, hard_vocab_limit=False,
        remove_extra_whitespaces=False, normalization_rule_name="identity", minloglevel=2,
    )  # fmt: skip
    return Tokenizer(folder / "tokenizer.model")


def make_network(tokenizer: Tokenizer, seed: int = 1) -> RepairNetwork:
    """An untrained network of one layer a side and width 64."""
    torch.manual_seed(seed)
    network = RepairNetwork(bart_config(tokenizer, encoder_layers=1, decoder_layers=1, d_model=64, ffn_dim=64, heads=2))
    for module in network.modules():
        if isinstance(getattr(module, "dropout", None), float):
            module.dropout = 0.0  # type: ignore[assignment]  # a number in BART's layers
    return network
