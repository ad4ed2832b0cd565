"""Export a trained repair network for serving: CTranslate2 int8, tokenizer, detection head, calibration, manifest.

    python -m scripts.export CHECKPOINT OUT --tokenizer START/tokenizer.model [--pairs ../shared/data/mt/pe-dev.jsonl.xz]

Calibration and operating points are fitted on PAIRS (human post-edits held out from training): half of the documents
for the fit, the other half for the reported calibration error. Clean text (``--clean``) bounds the harm.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from ctranslate2.converters.transformers import BartLoader
from rapidfuzz.distance import Levenshtein

from app.evaluation.splits import is_held_out_text
from app.seq2seq.calibrate import Calibration, features, reliability
from app.seq2seq.ctranslate import FORMAT, CTranslateGenerator, ScoredAnswer
from app.seq2seq.network import RepairNetwork
from app.seq2seq.tokenizer import Tokenizer, Words

NAME = "repair-en"
LANGUAGES = ("et", "ro", "ru")


def convert(network: RepairNetwork, tokenizer: Tokenizer, out: Path) -> None:
    """Write ``model.bin``, ``config.json`` and ``shared_vocabulary.json`` (int8)."""
    config = network.bart.config
    for name, value in (("normalize_before", False), ("normalize_embedding", True), ("add_final_layer_norm", False),
                        ("add_bias_logits", False), ("static_position_embeddings", False)):  # fmt: skip
        setattr(config, name, value)  # transformers no longer sets what the converter asks for
    loader = BartLoader()
    spec = loader.get_model_spec(network.bart)
    spec.register_source_vocabulary(list(tokenizer.pieces))
    spec.register_target_vocabulary(list(tokenizer.pieces))
    spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = "<s>", "</s>", "<unk>"
    spec.config.decoder_start_token = "<s>"
    spec.config.add_source_bos = spec.config.add_source_eos = False  # the codec writes both
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(out))


def is_right(words: Words, answer: ScoredAnswer, reference: list[str], tokenizer: Tokenizer) -> bool:
    """Whether the edit alone brings the segment closer to the reference, in word edits."""
    text = words.text
    after = text[: answer.start] + answer.text + text[answer.end :]
    return distance(tokenizer.words(after), reference) < distance(words, reference)


def distance(words: Words, reference: list[str]) -> int:
    """Word edits between a segment and a reference."""
    return Levenshtein.distance([words.surface(i, i + 1) for i in range(len(words))], reference)


def clean_sentences(folder: Path, most: int) -> list[str]:
    """Held-out clean sentences, the same every time."""
    import blingfire

    found: list[str] = []
    for path in sorted(folder.glob("*.txt.xz")):
        document = 0
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                if not line.strip():
                    document += 1
                elif is_held_out_text(path.name, document):
                    found.extend(blingfire.text_to_sentences(line.strip()).split("\n"))
    random.Random(7).shuffle(found)
    return found[:most]


def choose_threshold(
    confidence: Sequence[float],
    gain: Sequence[int],
    clean: Sequence[float],
    n_clean: int,
    most_harm: float,
    least_precision: float,
) -> float:
    """The confidence from which on edits gain most, word edits saved in all, within the bounds on harm and precision."""
    best, best_gain = 1.01, 0
    for t in np.arange(0.3, 0.991, 0.01):
        inside = [g for c, g in zip(confidence, gain, strict=True) if c >= t]
        harm = sum(c >= t for c in clean) / max(1, n_clean)
        if not inside or harm > most_harm or sum(g > 0 for g in inside) / len(inside) < least_precision:
            continue
        if sum(inside) > best_gain:
            best, best_gain = round(float(t), 2), sum(inside)
    return best


def main(
    checkpoint: Annotated[Path, typer.Argument(help="As written by scripts/train.")],
    out: Annotated[Path, typer.Argument(help="Folder of the exported model.")],
    tokenizer: Annotated[Path, typer.Option(help="tokenizer.model of the network.")],
    version: Annotated[str, typer.Option(help="Version for the manifest.")] = "0.1",
    pairs: Annotated[Path, typer.Option(help="Held-out post-edits.")] = Path("../shared/data/mt/pe-dev.jsonl.xz"),
    clean: Annotated[Path, typer.Option(help="Folder of clean text.")] = Path("../shared/data/text"),
    detect_threshold: Annotated[float, typer.Option(help="Least probability for a doubt to be corrected.")] = 0.25,
) -> None:
    """Export, calibrate, choose operating points, and write the manifest."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "tokenizer.model").write_bytes(tokenizer.read_bytes())
    network = RepairNetwork.load(checkpoint).eval()
    pieces = Tokenizer(tokenizer)
    with torch.no_grad():
        convert(network, pieces, out)
        np.savez(out / "head.npz", weight=network.head.weight.numpy(), bias=network.head.bias.numpy())
    digest = hashlib.sha256((out / "model.bin").read_bytes() + (out / "head.npz").read_bytes()).hexdigest()
    manifest = {"format": FORMAT, "name": NAME, "version": version, "sha256": digest,
                "detect_threshold": detect_threshold, "operating_points": {"minimal": 0.9, "fluent": 0.8},
                "calibration": Calibration((0.0,) * 9).to_json()}  # fmt: skip
    (out / "repair.json").write_text(json.dumps(manifest, indent=1) + "\n")

    generator = CTranslateGenerator(out)
    with lzma.open(pairs, "rt", encoding="utf-8") as lines:
        rows = [r for r in map(json.loads, lines) if r["lang"] in LANGUAGES]
    words = [pieces.words(r["mt"]) for r in rows]
    references = [(lambda w: [w.surface(i, i + 1) for i in range(len(w))])(pieces.words(r["ref"])) for r in rows]
    fit: dict[bool, list[tuple[list[float], bool, int]]] = {True: [], False: []}
    for row, cut, reference, (_, answers) in zip(rows, words, references, generator.answer(words), strict=True):
        half = int(hashlib.sha1(str(row["doc"]).encode(), usedforsecurity=False).hexdigest(), 16) % 2 == 0
        before = distance(cut, reference)
        for a in answers:
            text = cut.text[: a.start] + a.text + cut.text[a.end :]
            gain = before - distance(pieces.words(text), reference)
            old = cut.text[a.start : a.end]
            fit[half].append((features(a.detection, a.log_prob, a.n_pieces, old, a.text), gain > 0, gain))
    calibration = Calibration.fit([x for x, _, _ in fit[True]], [y for _, y, _ in fit[True]])

    def confidence(x: list[float]) -> float:
        return 1 / (1 + float(np.exp(-np.clip(np.dot(x, calibration.weights), -30, 30))))

    held = [confidence(x) for x, _, _ in fit[False]]
    ece, table = reliability(held, [y for _, y, _ in fit[False]])
    everything = fit[True] + fit[False]
    all_confidence, gains = [confidence(x) for x, _, _ in everything], [g for _, _, g in everything]
    sentences = [pieces.words(s) for s in clean_sentences(clean, 4000)]
    worst = []
    for cut, (_, answers) in zip(sentences, generator.answer(sentences), strict=True):
        scores = [confidence(features(a.detection, a.log_prob, a.n_pieces, cut.text[a.start : a.end], a.text))
                  for a in answers]  # fmt: skip
        if scores:
            worst.append(max(scores))
    points = {
        "minimal": choose_threshold(all_confidence, gains, worst, len(sentences), 0.005, 0.62),
        "fluent": choose_threshold(all_confidence, gains, worst, len(sentences), 0.03, 0.5),
    }
    manifest |= {"calibration": calibration.to_json(), "operating_points": points,
                 "calibration_error": round(ece, 4), "reliability": table,
                 "edits_on_held_out": {k: {"n": sum(c >= t for c in all_confidence),
                                           "right": sum(c >= t and g > 0 for c, g in zip(all_confidence, gains, strict=True)),
                                           "word_edits_saved": sum(g for c, g in zip(all_confidence, gains, strict=True) if c >= t),
                                           "clean_changed": sum(c >= t for c in worst), "clean": len(sentences)}
                                       for k, t in points.items()}}  # fmt: skip
    (out / "repair.json").write_text(json.dumps(manifest, indent=1) + "\n")
    typer.echo(json.dumps({k: v for k, v in manifest.items() if k not in ("calibration",)}, indent=1))


if __name__ == "__main__":
    typer.run(main)
