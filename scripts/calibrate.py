"""Fit the confidence of an exported network again: on other text, or when what confidence is made of has changed.

    python -m scripts.calibrate models/repair-en --version 0.12 [--data ../shared/data]

The weights stay. Calibration and operating points are fitted on ``DATA/mt/pe-dev.jsonl.xz`` (human post-edits held out
from training), on the held-out documents of ``DATA/mt/wmt-train.jsonl.xz``, and on held-out clean sentences with
grammatical slips. Other held-out clean sentences bound the harm. Calibration error, operating points and counts are
those of two fits on a half of the documents each, which tell of the other half; what is shipped is fitted on all. What
to think of a name that the linker tells, sure of it or not, is fitted on the translations that it was fitted on itself;
``--only-names`` fits nothing else.

All but names is fitted twice: for the network alone, and for the network with the language model of ``--lm-dir``, which
tells what is right from what is not, and so has operating points of its own (``--only-lm``: just that).

A reference shows one of many ways to put a sentence right, and clean text has errors of its own: what people who read
the edits of either said of them (``VERDICTS``) counts for the confidence, and for what is harm in clean text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from app.core.types import Mode
from app.seq2seq.ctranslate import WITH_LM, CTranslateGenerator
from app.seq2seq.export import HeldOutName, calibrate, calibrate_names, renew_card, write_manifest
from app.seq2seq.language_model import LanguageModel
from app.seq2seq.tokenizer import Tokenizer
from app.seq2seq.verdicts import Verdicts
from scripts.held_out import HeldOutSets
from scripts.name_examples import held_out_names

Data = Annotated[Path, typer.Option(help="Folder with mt/ and text/.")]
Clean = Annotated[int, typer.Option(help="Clean sentences that bound the harm.")]
Slips = Annotated[int, typer.Option(help="Clean sentences that are given slips for calibration.")]
Windows = Annotated[int, typer.Option(help="Neighbouring sentences as one, half of them with a false end.")]
NamesDir = Annotated[
    Path | None, typer.Option(help="Knowledge base that tells names; without one no name is ever sure.")
]
LmDir = Annotated[Path, typer.Option(help="Language model, as written by mt-repair lm build; nothing without one.")]
VerdictsFile = Annotated[Path, typer.Option("--verdicts", help="What people said of edits.")]
DATA, CLEAN, SLIPS, WINDOWS, NAMES_DIR = Path("../shared/data"), 6000, 3000, 1000, Path("models/names-en")
LM_DIR = Path("models/lm-en")
VERDICTS = Path(__file__).resolve().parent.parent / "tests" / "data" / "edits" / "verdicts.tsv"


@dataclass(frozen=True, slots=True)
class HeldOutText:
    """What a network is calibrated on; fields as the options say."""

    data: Path
    clean: int
    slips: int
    windows: int
    names_dir: Path | None
    verdicts: Path

    def read(self, generator: CTranslateGenerator, tokenizer: Tokenizer) -> HeldOutSets:
        """The sentences, with misspellings that people make among the slips."""
        return HeldOutSets.read(
            self.data, tokenizer, clean=self.clean, slips=self.slips, windows=self.windows,
            misspelt=generator.lexicon.misspelt, verdicts=Verdicts.read(self.verdicts),
        )  # fmt: skip

    def calibrate(self, generator: CTranslateGenerator, sets: HeldOutSets, tokenizer: Tokenizer) -> dict[str, Any]:
        """The fields of the manifest that ``app.seq2seq.export.calibrate`` gives."""
        return calibrate(generator, sets.pairs, sets.clean, self.names(), tokenizer, sets.verdicts)

    def names(self) -> list[HeldOutName]:
        """What a linker thinks of names; nothing without one."""
        return held_out_names(self.names_dir, self.data) if self.names_dir else []


def recalibrate_names(
    generator: CTranslateGenerator, names: Sequence[HeldOutName], tokenizer: Tokenizer, manifest: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields of a manifest that tell of names, fitted anew for its operating points."""
    points = {Mode(mode): float(least) for mode, least in manifest["operating_points"].items()}
    fitted, shown = calibrate_names(generator, names, tokenizer, points)
    held_out = {mode: {**counts, "names": shown[Mode(mode)]} for mode, counts in manifest["held_out"].items()}
    return {"calibration_of_names": fitted.to_json(), "held_out": held_out}


def calibrate_with_lm(
    folder: Path, lm_dir: Path, text: HeldOutText, tokenizer: Tokenizer, before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The field of the manifest for the network with a language model.

    Args:
        folder: The exported network.
        lm_dir: The language model.
        text: What it is calibrated on.
        tokenizer: Of the network.
        before: That field, of which all but what tells of names stays as it is; without it all is fitted.
    """
    language_model = LanguageModel(lm_dir)
    generator = CTranslateGenerator(folder, language_model=language_model, is_fitted_anew=True)
    if before is not None:
        fitted = {**before, **recalibrate_names(generator, text.names(), tokenizer, before)}
    else:
        fitted = text.calibrate(generator, text.read(generator, tokenizer), tokenizer)
    return {WITH_LM: {"name": language_model.name, "source_sha256": language_model.source_sha256} | fitted}


def main(
    folder: Annotated[Path, typer.Argument(help="An exported network.")],
    version: Annotated[str, typer.Option(help="Its version from now on.")],
    data: Data = DATA,
    clean: Clean = CLEAN,
    slips: Slips = SLIPS,
    windows: Windows = WINDOWS,
    names_dir: NamesDir = NAMES_DIR,
    verdicts: VerdictsFile = VERDICTS,
    lm_dir: LmDir = LM_DIR,
    only_lm: Annotated[bool, typer.Option("--only-lm", help="Fit what is used with the language model alone.")] = False,
    only_names: Annotated[
        bool, typer.Option("--only-names", help="Fit anew how sure told names are; all else stays as it is.")
    ] = False,
) -> None:
    """Calibrate, choose operating points, and renew manifest and card."""
    generator, tokenizer = CTranslateGenerator(folder), Tokenizer(folder / "tokenizer.model")
    manifest: dict[str, Any] = json.loads((folder / "repair.json").read_text("utf-8"))
    text = HeldOutText(data, clean, slips, windows, names_dir, verdicts)
    if only_names:
        manifest |= recalibrate_names(generator, text.names(), tokenizer, manifest)
    elif not only_lm:
        manifest |= text.calibrate(generator, text.read(generator, tokenizer), tokenizer)
    if lm_dir.is_dir():
        before = manifest.get(WITH_LM) if only_names else None
        manifest |= calibrate_with_lm(folder, lm_dir, text, tokenizer, before)
    manifest["version"] = version
    write_manifest(folder, manifest)
    renew_card(folder, manifest)
    for fitted in (manifest, manifest.get(WITH_LM, {})):
        typer.echo(json.dumps({name: fitted.get(name) for name in ("operating_points", "held_out")}, indent=1))


if __name__ == "__main__":
    typer.run(main)
