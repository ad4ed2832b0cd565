"""What each part of the recipe brings: the same short training without it, and the calibration with fewer features.

    python -m scripts.ablate train OUT --start build/start --data-file build/data/train.npz [--steps 400]
    python -m scripts.ablate calibration models/repair-en

The first trains one network a row and asks each the same held-out sentences; OUT keeps what is done, and the command
goes on where it stopped. docs/models.md holds the tables.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import torch
import typer

from app.evaluation.report import markdown_table, write_whole
from app.seq2seq.calibrate import FEATURES, INFLECTIONS, PRODUCTS, READ_AGAIN, ScoredAnswer
from app.seq2seq.ctranslate import WORDS, CTranslateGenerator
from app.seq2seq.examples import Example
from app.seq2seq.export import (
    BOUNDS,
    Confidence,
    JudgedAnswer,
    TouchedSentence,
    calibration_error,
    choose_points,
    clean_answers,
    cross_fit,
    judge,
    surest,
)
from app.seq2seq.lexicon import read_lexicon
from app.seq2seq.network import RepairNetwork, bart_config
from app.seq2seq.scores import Scores, ask
from app.seq2seq.tokenizer import Tokenizer
from scripts import train as training
from scripts.calibrate import (
    CLEAN,
    DATA,
    SLIPS,
    VERDICTS,
    WINDOWS,
    Clean,
    Data,
    HeldOutText,
    Slips,
    VerdictsFile,
    Windows,
)
from scripts.held_out import HeldOutSets
from scripts.train import HINTS

SENTENCES = 400  # of each held-out set
cli = typer.Typer(add_completion=False, no_args_is_help=True)


@dataclass(frozen=True, slots=True)
class Variant:
    """A recipe with something left out."""

    name: str
    without: tuple[str, ...] = ()
    is_warm: bool = True


VARIANTS = (
    Variant("everything"),
    Variant("no pretrained encoder", is_warm=False),
    Variant("no hints", (HINTS,)),
    *(Variant(f"no {kind}", (kind,)) for kind in ("slips", "post-edit", "clean", "windows", "synthetic", "reverse")),
)


def random_start(warm: Path, out: Path) -> Path:
    """A network of the same shape with random weights, beside the same tokenizer."""
    tokenizer = Tokenizer(warm / "tokenizer.model")
    layers = RepairNetwork.load(warm).bart.config
    torch.manual_seed(1)
    config = bart_config(
        tokenizer, encoder_layers=int(layers.encoder_layers or 0), decoder_layers=int(layers.decoder_layers or 0)
    )
    RepairNetwork(config).save(out)
    (out / "tokenizer.model").write_bytes((warm / "tokenizer.model").read_bytes())
    return out


@cli.command("train")
def train_variants(
    out: Annotated[Path, typer.Argument(help="Folder for runs and figures.")],
    start: Annotated[Path, typer.Option(help="As scripts/warm_start writes it, without --shipped.")],
    data_file: Annotated[Path, typer.Option(help="train.npz of scripts/prepare_data.")],
    words: Annotated[Path, typer.Option(help="The word list.")] = Path("models/repair-en") / WORDS,
    data: Annotated[Path, typer.Option(help="Folder with mt/ and text/.")] = Path("../shared/data"),
    steps: Annotated[int, typer.Option(help="Of each run.")] = 400,
    batch_pieces: Annotated[int, typer.Option(help="Of a batch, padding counted.")] = 900,
    only: Annotated[list[str] | None, typer.Option(help='A variant, such as "no slips"; all if none is named.')] = None,
) -> None:
    """Train each variant for the same number of steps and write OUT/ablation.json and .md."""
    unknown = set(only or ()) - {variant.name for variant in VARIANTS}
    if unknown:
        raise typer.BadParameter(f"no variant {sorted(unknown)}; there are {[v.name for v in VARIANTS]}")
    out.mkdir(parents=True, exist_ok=True)
    figures = out / "ablation.json"
    done: dict[str, dict[str, dict[str, float]]] = json.loads(figures.read_text()) if figures.is_file() else {}
    tokenizer = Tokenizer(start / "tokenizer.model")
    held_out = HeldOutSets.read(
        data, tokenizer, clean=SENTENCES, slips=SENTENCES, windows=SENTENCES, post_edits=SENTENCES
    )
    sets = held_out.examples(tokenizer, read_lexicon(words))
    for variant in VARIANTS:
        if variant.name in done or (only and variant.name not in only):
            continue
        name = variant.name.replace(" ", "-")
        origin = start if variant.is_warm else random_start(start, out / "random")
        config = out / f"{name}.toml"
        values = {
            "start": str(origin), "data": str(data_file), "out": str(out / name), "steps": steps,
            "batch_pieces": batch_pieces, "warmup": min(100, steps // 4), "decoder_lr": 5e-4, "right_marks": 1,
            "freeze_embeddings": variant.is_warm, "freeze_layers": 2 if variant.is_warm else 0,
            "without": list(variant.without),
        }  # fmt: skip
        config.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))
        training.main(config)
        network = RepairNetwork.load(out / name / "checkpoint")
        done[variant.name] = {
            part: {field: getattr(scores, field) for field in Scores.__dataclass_fields__}
            for part, examples in sets.items()
            for scores in [ask(network, without_hints(examples) if HINTS in variant.without else examples, tokenizer)]
        }
        write_whole(figures, json.dumps(done, indent=1).encode())
        table = ablation_table(done)
        write_whole(figures.with_suffix(".md"), table.encode())
        typer.echo(table)


def without_hints(examples: Sequence[Example]) -> list[Example]:
    """The same examples, no hint beside a mark."""
    return [replace(example, hints=()) for example in examples]


def ablation_table(done: dict[str, dict[str, dict[str, float]]]) -> str:
    """Markdown: a row a variant, for each set detection and answers, and how many clean sentences are in doubt."""
    sets = ("post-edits", "slips", "windows")
    head = ["trained on", *(f"{name}, {what}" for name in sets for what in ("detection", "answers")), "clean in doubt"]
    rows = [
        [name, *(f"{scores[part][what]:.3f}" for part in sets for what in ("detection", "answers")),
         f"{scores['clean']['flagged']:.1%}"]
        for name, scores in done.items()
    ]  # fmt: skip
    return markdown_table("Recipe", head, rows)


# Features of the calibration, more of them from row to row.
_INFLECTED = tuple(n for n in READ_AGAIN if n.startswith(INFLECTIONS))
_WORD_RUNS = ("a_or_an", "article_logit", "unlikelier", "log_ratio", "log_fit")
_WORD_LIST = ("misspelt", "as_suggested", "as_listed", "strokes", "letters", "frequency", "misspelt_logit")
FEATURE_SETS = (
    ("probability of the answer", ("bias", "log_prob", "log_prob_per_piece")),
    ("and of the doubt", ("bias", "log_prob", "log_prob_per_piece", "detection_logit", "sentence_logit", "doubts")),
    ("and what the edit looks like", tuple(n for n in FEATURES if n not in (*_WORD_RUNS, *_WORD_LIST, *PRODUCTS))),
    ("and the word list", tuple(n for n in FEATURES if n not in (*_WORD_RUNS, *PRODUCTS))),
    ("and, by sort of edit, the answer's probability", tuple(n for n in FEATURES if n not in _WORD_RUNS)),
    ("and the second reading", tuple(n for n in READ_AGAIN if n not in (*_WORD_RUNS, *_INFLECTED))),
    ("and word runs", tuple(n for n in READ_AGAIN if n not in _INFLECTED)),
    ("and, by kind of inflection, both readings and word runs", READ_AGAIN),
)


def probability_of_answer(answer: ScoredAnswer, _text: str, _half: int) -> float:
    """What the decoder itself says."""
    return math.exp(answer.log_prob)


@cli.command()
def calibration(
    model: Annotated[Path, typer.Argument(help="An exported network.")],
    data: Data = DATA,
    clean: Clean = CLEAN,
    slips: Slips = SLIPS,
    windows: Windows = WINDOWS,
    verdicts: VerdictsFile = VERDICTS,
) -> None:
    """Fit the confidence on fewer features, and count what each could repair within the bounds of the modes."""
    generator, tokenizer = CTranslateGenerator(model), Tokenizer(model / "tokenizer.model")
    sets = HeldOutText(data, clean, slips, windows, None, verdicts).read(generator, tokenizer)
    judged = judge(generator, sets.pairs, tokenizer, sets.verdicts)
    touched = clean_answers(generator, sets.clean, tokenizer, sets.verdicts)
    unread = [replace(j, is_right=j.gain > 0) for j in judged], [replace(s, needless=s.answers) for s in touched]
    rows = []
    fits: list[tuple[str, Confidence, tuple[list[JudgedAnswer], list[TouchedSentence]]]] = [
        (name, cross_fit(unread[0], (), used).unseen, unread) for name, used in FEATURE_SETS
    ]
    fits.append(("and what is edited in clean sentences", cross_fit(*unread).unseen, unread))
    fits.append(("and what readers said", cross_fit(judged, touched).unseen, (judged, touched)))
    fits.insert(0, ("probability of the answer as it is", probability_of_answer, unread))
    for name, confidence, (answers, sentences) in fits:
        made = surest(confidence, answers)
        error, _ = calibration_error(confidence, made)
        points = choose_points(confidence, made, sentences, len(sets.clean), len(sets.real))
        counts = []
        for point in points.values():
            gains = [j.gain for j in made if j.by(confidence) >= point]
            counts.append(f"{sum(gain > 0 for gain in gains):,} of {len(gains):,}")
        rows.append([name, f"{error:.3f}", *counts])
    head = ["confidence from", "ECE", *(f"right edits, {mode.value}" for mode in BOUNDS)]
    typer.echo(markdown_table("Calibration", head, rows))


if __name__ == "__main__":
    cli()
