"""A lossless SentencePiece model that keeps a WordPiece vocabulary, so that each piece keeps its pretrained row."""

from __future__ import annotations

import json
from pathlib import Path

from sentencepiece import sentencepiece_model_pb2 as pb

from app.seq2seq.tokenizer import ANSWER, BOS, CLOSE, CONTROLS, EOS, HINT, OPEN, PAD, UNK

# What the pretrained encoder already knows to do a control symbol's work.
_LIKE = {PAD: "[PAD]", OPEN: "[", CLOSE: "]", HINT: "=", ANSWER: ":"}
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = 1, 2, 3, 6


def build_tokenizer(wordpiece_json: Path, out: Path) -> tuple[list[str], dict[str, int]]:
    """Write a Unigram model with the vocabulary of a WordPiece ``tokenizer.json``.

    One flat cost a piece makes few pieces win, as longest match does; bytes cost so much that they are used for what
    no piece covers only.

    Returns:
        The WordPiece token whose embedding each piece starts from, in id order; and the WordPiece vocabulary.
    """
    vocab: dict[str, int] = json.loads(wordpiece_json.read_text())["model"]["vocab"]
    proto = pb.ModelProto()  # type: ignore[attr-defined]  # made at run time by protobuf
    spec, normal = proto.trainer_spec, proto.normalizer_spec
    spec.model_type, spec.byte_fallback, spec.unk_id, spec.bos_id, spec.eos_id, spec.pad_id = 1, True, 0, 1, 2, 3
    normal.name, normal.add_dummy_prefix, normal.remove_extra_whitespaces, normal.escape_whitespaces = (
        "identity", True, False, True,
    )  # fmt: skip
    rows: list[str] = []
    seen: set[str] = set()

    def add(piece: str, row: str, score: float, kind: int) -> None:
        if piece and piece not in seen:
            seen.add(piece)
            entry = proto.pieces.add()
            entry.piece, entry.score, entry.type = piece, score, kind
            rows.append(row)

    add(UNK, "[UNK]", 0.0, _UNKNOWN)
    add(BOS, "[CLS]", 0.0, _CONTROL)
    add(EOS, "[SEP]", 0.0, _CONTROL)
    for i, control in enumerate(CONTROLS):
        add(control, _LIKE.get(control, f"[unused{i + 1}]"), 0.0, _CONTROL)
    for byte in range(256):
        add(f"<0x{byte:02X}>", "[UNK]", -100.0, _BYTE)

    def score(token: str) -> float:
        return -10.0 - 1e-5 * vocab[token]

    words = [
        t for t in sorted(vocab, key=lambda t: vocab[t]) if not (t.startswith("[") and t.endswith("]") and len(t) > 1)
    ]
    for token in words:
        if token.startswith("##"):
            add(token[2:], token, score(token), _NORMAL)
    for token in words:
        if not token.startswith("##"):
            add("▁" + token, token, score(token), _NORMAL)
            if len(token) == 1 and not token.isalnum():
                add(token, token, score(token), _NORMAL)  # punctuation that follows without a space
    add("▁", "[unused1]", -10.0, _NORMAL)
    out.write_bytes(proto.SerializeToString())
    return rows, vocab
