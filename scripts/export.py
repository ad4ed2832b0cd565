"""Export a trained repair network for serving: CTranslate2 int8, tokenizer, detection head, calibration, card.

    python -m scripts.export CHECKPOINT OUT --tokenizer tokenizer.model --words words.xz --ngrams ngrams.marisa

It is calibrated as ``scripts.calibrate`` says. OUT is complete or not there.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from app.seq2seq.calibrate import Calibration, NameCalibration
from app.seq2seq.ctranslate import NGRAMS, WORDS, CTranslateGenerator
from app.seq2seq.export import agreement, convert, write_card, write_manifest
from app.seq2seq.network import RepairNetwork
from app.seq2seq.tokenizer import Tokenizer
from scripts.calibrate import (
    CLEAN,
    DATA,
    LM_DIR,
    NAMES_DIR,
    SLIPS,
    VERDICTS,
    WINDOWS,
    Clean,
    Data,
    HeldOutText,
    LmDir,
    NamesDir,
    Slips,
    VerdictsFile,
    Windows,
    calibrate_with_lm,
)
from scripts.train import AVERAGE


def main(
    checkpoint: Annotated[Path, typer.Argument(help="As written by scripts/train.")],
    out: Annotated[Path, typer.Argument(help="Folder of the exported model; replaced.")],
    tokenizer: Annotated[Path, typer.Option(help="tokenizer.model of the network.")],
    words: Annotated[Path, typer.Option(help="The word list, as written by scripts/build_lexicon.")],
    ngrams: Annotated[Path, typer.Option(help="Counts of word runs, as written by scripts/build_ngrams.")],
    version: Annotated[str, typer.Option(help="Version for the manifest.")] = "0.1",
    data: Data = DATA,
    data_manifest: Annotated[Path | None, typer.Option(help="manifest.json of the training data.")] = None,
    clean: Clean = CLEAN,
    slips: Slips = SLIPS,
    windows: Windows = WINDOWS,
    detect_threshold: Annotated[float, typer.Option(help="Least probability for a doubt to be corrected.")] = 0.3,
    names_dir: NamesDir = NAMES_DIR,
    lm_dir: LmDir = LM_DIR,
    average: Annotated[
        bool, typer.Option("--average", help="The mean of the last weights, not the last ones.")
    ] = False,
    agree: Annotated[int, typer.Option(help="Sentences on which int8 is compared with float32.")] = 500,
    verdicts: VerdictsFile = VERDICTS,
) -> None:
    """Export, calibrate, choose operating points, check against float32, and write manifest and card."""
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    shutil.copyfile(tokenizer, part / "tokenizer.model")
    shutil.copyfile(words, part / WORDS)
    shutil.copyfile(ngrams, part / NGRAMS)
    network = RepairNetwork.load(checkpoint / AVERAGE if average else checkpoint).eval()
    pieces = Tokenizer(tokenizer)
    convert(network, pieces, part)
    state = torch.load(checkpoint / "trainer.pt", weights_only=True, map_location="cpu")["state"]
    manifest: dict[str, Any] = {
        "name": "repair-en",
        "version": version,
        "detect_threshold": detect_threshold,
        "training": {"steps": int(state["step"]), "examples_seen": int(state["seen"])},
        "operating_points": {"minimal": 1.01, "fluent": 1.01},
        "calibration": Calibration.never().to_json(),
        "calibration_of_names": NameCalibration.never().to_json(),
    }
    write_manifest(part, manifest)
    generator = CTranslateGenerator(part)
    text = HeldOutText(data, clean, slips, windows, names_dir, verdicts)
    sets = text.read(generator, pieces)
    manifest |= text.calibrate(generator, sets, pieces)
    real = sets.real
    sample = [pair.machine for pair in real[:: max(1, len(real) // agree)]][:agree]
    if lm_dir.is_dir():
        manifest |= calibrate_with_lm(part, lm_dir, text, pieces)
    manifest["agreement"] = agreement(generator, network, sample, pieces)
    write_manifest(part, manifest)
    write_card(part, manifest, json.loads(data_manifest.read_text()) if data_manifest else {})
    shutil.rmtree(out, ignore_errors=True)
    part.replace(out)
    typer.echo(json.dumps({k: v for k, v in manifest.items() if k not in ("calibration", "reliability")}, indent=1))


if __name__ == "__main__":
    typer.run(main)
