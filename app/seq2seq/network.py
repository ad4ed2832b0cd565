"""The repair network as it is trained: one encoder, a detection head on it, and a decoder that fills marked spans.

Detection scores every word (is it wrong?) and every gap before a word (is something missing?) on the encoder's output.
Correction writes, mark by mark, the words that belong there. Both read the same encoding of the sentence as it is.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import BartConfig, BartForConditionalGeneration

from app.core.errors import ResourceError
from app.seq2seq.tokenizer import Tokenizer

REPLACE, INSERT = 0, 1  # columns of the detection head


def bart_config(
    tokenizer: Tokenizer,
    *,
    encoder_layers: int,
    decoder_layers: int,
    d_model: int = 768,
    ffn_dim: int = 3072,
    heads: int = 12,
) -> BartConfig:
    """The architecture: BART with the post-norm layers, positions and embedding norm of DistilBERT."""
    return BartConfig(
        vocab_size=len(tokenizer), d_model=d_model, encoder_layers=encoder_layers, decoder_layers=decoder_layers,
        encoder_attention_heads=heads, decoder_attention_heads=heads, encoder_ffn_dim=ffn_dim, decoder_ffn_dim=ffn_dim,
        max_position_embeddings=512, activation_function="gelu", scale_embedding=False, pad_token_id=tokenizer.pad,
        bos_token_id=tokenizer.bos, eos_token_id=tokenizer.eos, decoder_start_token_id=tokenizer.bos,
        forced_eos_token_id=None, tie_word_embeddings=True,
    )  # fmt: skip


class RepairNetwork(nn.Module):
    """BART with a word-level detection head.

    Args:
        config: As made by ``bart_config``.
    """

    def __init__(self, config: BartConfig) -> None:
        super().__init__()
        self.bart = BartForConditionalGeneration(config)
        self.head = nn.Linear(int(config.d_model or 0), 2)

    @property
    def encoder(self) -> nn.Module:
        """The encoder that both tasks share."""
        encoder: nn.Module = self.bart.get_encoder()
        return encoder

    def encode(self, ids: Tensor, mask: Tensor) -> Tensor:
        """``(batch, time)`` ids and mask to ``(batch, time, width)`` states."""
        states: Tensor = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return states

    def detect(self, states: Tensor) -> Tensor:
        """Score pieces: ``(batch, time, 2)`` logits (replace this word, insert before it)."""
        logits: Tensor = self.head(states)
        return logits

    def correct(self, states: Tensor, mask: Tensor, decoder_ids: Tensor) -> Tensor:
        """Decoder states ``(rows, target time, width)`` where it is forced to ``decoder_ids``.

        Args:
            states: ``(rows, time, width)``, the encoding of each row's sentence.
            mask: ``(rows, time)``.
            decoder_ids: ``(rows, target time)``.
        """
        decoder = self.bart.model.decoder
        out: Tensor = decoder(
            input_ids=decoder_ids, encoder_hidden_states=states, encoder_attention_mask=mask, use_cache=False
        ).last_hidden_state
        return out

    def logits(self, decoder_states: Tensor) -> Tensor:
        """``(..., width)`` to ``(..., vocabulary)``, unnormalised."""
        out: Tensor = self.bart.lm_head(decoder_states)
        return out

    def save(self, folder: Path) -> None:
        """Write ``folder/bart`` (a transformers checkpoint) and ``folder/head.pt``."""
        self.bart.save_pretrained(folder / "bart")
        torch.save(self.head.state_dict(), folder / "head.pt")

    @classmethod
    def load(cls, folder: Path, *, dropout: float = 0.0) -> RepairNetwork:
        """Read what ``save`` wrote.

        Args:
            folder: Where it is.
            dropout: Of both halves, when the network is trained.

        Raises:
            ResourceError: Something is missing.
        """
        if not (folder / "head.pt").is_file():
            raise ResourceError(f"{folder} holds no repair network (head.pt is missing); make one with scripts/train")
        # On a processor the backward pass of torch's fused attention takes about twice as long as that of its parts.
        attention = "sdpa" if torch.cuda.is_available() else "eager"
        bart = BartForConditionalGeneration.from_pretrained(
            folder / "bart", attn_implementation=attention, dropout=dropout
        )
        network = cls(bart.config)
        network.bart = bart
        network.head.load_state_dict(torch.load(folder / "head.pt", weights_only=True))
        return network
