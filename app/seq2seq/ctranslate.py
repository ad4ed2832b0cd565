"""The Generator that ships: the repair network on CTranslate2, int8, without torch.

Detection runs the encoder alone over all segments; the decoder answers only for the words and gaps in doubt: greedily,
or with several answers where a language model can say which is best. Both run from one set of weights on disk.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import numpy.typing as npt

from app.core.diff import Change
from app.core.errors import GenerationError, ResourceError
from app.core.protocols import GenerationTask, ModelCard, Proposal, ProposedEdit
from app.core.types import Mode, Span
from app.seq2seq.articles import article_odds, doubtful_articles
from app.seq2seq.calibrate import LEEWAY, LEEWAY_WITH_LM, Calibration, NameCalibration, ScoredAnswer
from app.seq2seq.codec import MAX_ANSWER, Mark, decoder_prompt, encoder_input, hint_pieces, mark_of, read_answer
from app.seq2seq.language_model import LanguageModel
from app.seq2seq.lexicon import read_lexicon, suggestions
from app.seq2seq.ngrams import NGrams
from app.seq2seq.respelt import Respelt
from app.seq2seq.tokenizer import EOS, Tokenizer, Words
from app.seq2seq.unfit import is_unfit

_EVEN = math.log(1 / 2)  # an answer likelier than all others together
_BEAM, _HYPOTHESES = 4, 3  # answers for a doubt, where a language model can tell which is best
_TENTH = math.log(1 / 10)  # of the likeliest answer: one that is less likely is none
_LEAST_ALTERNATIVE = 0.1  # confidence of an answer that an editor may want in place of the surest
_LONGEST_RUN = 3  # words of which fewer are asked about, too
MAX_PIECES = 400  # of one segment; the network has 512 positions, and a prompt may repeat it before the answer
WIDTHS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 512)  # padded lengths of a batch that is read
ANSWER_WIDTHS = (64, 128, 512)  # of one that is answered: a step of the decoder costs much the same for one or for many
FORMAT = 13
WORDS, NGRAMS = "words.xz", "ngrams.marisa"
WITH_LM = "with_language_model"  # the part of the manifest that holds what was fitted with one
WEIGHTS = ("model.bin", "head.npz", "tokenizer.model", WORDS, NGRAMS)  # what the checksum in the manifest is of

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A marked span with the detector's probability, and the pieces of a hint for it.

    ``suggestion`` is the hint where it comes from the lexicon, which has seen it ``count`` times and knows, if
    ``is_listed``, that people misspell it so; ``name`` where it comes from a linker, which thinks it right with the
    probability ``told``. ``is_part`` tells of one within another doubt, asked about because that may not be wrong as a
    whole.
    """

    mark: Mark
    probability: float
    hint: tuple[int, ...] = ()
    suggestion: str = ""
    count: int = 0
    is_listed: bool = False
    name: str = ""
    told: float = 0.0
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What is in doubt of a segment; ``quality`` and ``places`` are of all of it, whichever doubts stand here."""

    words: Words
    quality: float
    doubts: Sequence[Doubt]
    places: int = -1

    def __post_init__(self) -> None:
        if self.places < 0:
            object.__setattr__(self, "places", count_places(self.doubts))

    def of_misspelt(self, wanted: bool) -> Reading:
        """The same, with the doubts of misspelt words alone, or with the others."""
        return replace(self, doubts=[doubt for doubt in self.doubts if bool(doubt.suggestion) is wanted])


class CTranslateGenerator:
    """Proposes edits with an exported repair network.

    Args:
        folder: As written by scripts/export: ``model.bin``, ``tokenizer.model``, ``head.npz``, ``words.xz``,
            ``ngrams.marisa``, ``repair.json``.
        device: ``cpu`` or ``cuda``.
        compute_type: In CTranslate2's words; ``int8`` is what ships.
        threads: Of one forward pass; 0 lets CTranslate2 choose.
        batch_tokens: Most pieces in one forward pass, padding counted.
        language_model: Says how much likelier a sentence is with an edit than without; the network judges alone
            without one.
        is_fitted_anew: Whether its answers alone are wanted, to fit their confidence with another language model.

    Raises:
        ResourceError: A file is missing, damaged or of another version, the network was calibrated with another
            language model, or the device cannot do what is wanted.
    """

    def __init__(
        self, folder: Path, *, device: str = "cpu", compute_type: str = "int8", threads: int = 0,
        batch_tokens: int = 2048, language_model: LanguageModel | None = None, is_fitted_anew: bool = False,
    ) -> None:  # fmt: skip
        try:
            written = (folder / "repair.json").read_bytes()
            manifest: dict[str, Any] = json.loads(written)
        except (OSError, ValueError) as exc:
            raise ResourceError(
                f"no repair network in {folder} (repair.json); run scripts/export or set model_dir"
            ) from exc
        if manifest.get("format") != FORMAT:
            raise ResourceError(
                f"{folder} holds format {manifest.get('format')}, this program reads {FORMAT}; take the network of "
                "this release, or run scripts/export again"
            )
        _check_device(device, compute_type)
        self._language_model = language_model
        self._beam, self._hypotheses = (1, 1) if language_model is None else (_BEAM, _HYPOTHESES)
        judged: dict[str, Any] = manifest
        if language_model is not None and not is_fitted_anew:
            judged = manifest.get(WITH_LM) or {}
            if judged.get("source_sha256") != language_model.source_sha256:
                raise ResourceError(
                    f"the network in {folder} was calibrated with {judged.get('name', 'no language model')}, not with "
                    f"{language_model.name}; build that one with mt-repair lm build, run scripts/calibrate, or set "
                    "MT_REPAIR_USE_LM=false"
                )
        self._tokenizer = Tokenizer(folder / "tokenizer.model")
        self._ngrams = NGrams(folder / NGRAMS)
        self.lexicon = read_lexicon(folder / WORDS, self._ngrams)
        try:
            with np.load(folder / "head.npz") as head:
                self._weight, self._bias = head["weight"].astype(np.float32), head["bias"].astype(np.float32)
            self._calibration = Calibration.from_json(judged["calibration"])
            self._of_names = NameCalibration.from_json(judged["calibration_of_names"])
            self._detect_threshold = float(manifest["detect_threshold"])
            self._points = {Mode(k): float(v) for k, v in judged["operating_points"].items()}
            if weights_sha256(folder) != manifest["sha256"]:
                raise ValueError("the weights are not those of the manifest")
            model = (folder / "model.bin").read_bytes()
            vocabulary = (folder / "shared_vocabulary.json").read_bytes()
            kwargs: dict[str, Any] = {"device": device, "compute_type": compute_type, "intra_threads": threads}
            # Of files that it gets in memory CTranslate2 keeps a copy, beside the weights that it makes of them.
            self._translator = ctranslate2.Translator(str(folder), **kwargs)
            self._encoder = ctranslate2.Encoder(
                "repair-en-encoder", files=encoder_files(model, vocabulary), **kwargs)  # fmt: skip
        except (OSError, ValueError, KeyError, RuntimeError) as exc:
            raise ResourceError(f"the repair network in {folder} is damaged; restore it from a release") from exc
        self._batch_tokens = batch_tokens
        # The manifest holds the checksum of the weights; another calibration of the same weights is another model.
        suffix, source = ("+lm", language_model.source_sha256) if language_model is not None else ("", "")
        checksum = hashlib.sha256(written + source.encode()).hexdigest()
        self._card = ModelCard(manifest["name"], manifest["version"] + suffix, checksum)

    @property
    def card(self) -> ModelCard:
        """Name and version from the manifest, "+lm" with a language model, and a checksum of what answers hang on."""
        return self._card

    @property
    def leeway(self) -> float:
        """Of a calibration of its answers."""
        return LEEWAY if self._language_model is None else LEEWAY_WITH_LM

    def operating_point(self, mode: Mode) -> float:
        """Least confidence worth an edit, chosen on held-out data at export."""
        return self._points[Mode.FLUENT if mode is Mode.FLUENT else Mode.MINIMAL]

    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        """Propose edits for every task, in order."""
        words = [self._tokenizer.words(task.text) for task in tasks]
        results: list[Proposal] = []
        hints = [self._hints(task, cut) for task, cut in zip(tasks, words, strict=True)]
        least = [task.min_confidence for task in tasks]
        for (quality, answers), cut in zip(self.answer(words, hints, least), words, strict=True):
            if quality is None:
                results.append(Proposal(quality=0.0, reason="too_long"))
                continue
            edits = [ProposedEdit(Span(a.start, a.end), a.text, self._confidence(a, cut.text)) for a in answers]
            misspelt = {edit.span for edit, answer in zip(edits, answers, strict=True) if answer.suggestion}
            made = without_rivals(edits, cut.text, misspelt)
            results.append(Proposal(tuple(with_alternatives(edit, edits) for edit in made), quality))
        return results

    def _confidence(self, answer: ScoredAnswer, text: str) -> float:
        return self._of_names.confidence(answer) if answer.told else self._calibration.confidence(answer, text)

    def answer(
        self,
        segments: Sequence[Words],
        hints: Sequence[Sequence[Doubt]] | None = None,
        least: Sequence[float] | None = None,
        *,
        respell: bool = True,
    ) -> list[tuple[float | None, list[ScoredAnswer]]]:
        """Detect and correct: per segment the probability that it needs no edit, and the scored answers.

        Misspelt words are answered first. Where the decoder is sure of one, the rest of the segment is read with it put
        right: beside a misspelt word much looks wrong that is not, and little can be understood.

        Args:
            segments: Each answered by itself.
            hints: Of each segment; spans with a hint are corrected whatever the detector thinks of them.
            least: Of each segment, the least confidence that an answer is wanted with: doubts that cannot have one with
                it are not corrected.
            respell: Whether the rest is read so; otherwise all is answered as it stands.

        Returns:
            The probability is ``None`` for a segment that is too long for the network.
        """
        results: list[tuple[float | None, list[ScoredAnswer]]] = [
            (None, []) if len(words) else (1.0, []) for words in segments
        ]
        fits = [i for i, w in enumerate(segments) if len(w) and sum(map(len, w.pieces)) <= MAX_PIECES]
        readings: dict[int, Reading] = {}
        for i, probabilities in zip(fits, self._detect([segments[i] for i in fits]), strict=True):
            results[i] = (_quality(probabilities), [])
            if found := self.doubts(segments[i], probabilities, hints[i] if hints else ()):
                readings[i] = Reading(segments[i], _quality(probabilities), found)
        spelling = {i: only for i, reading in readings.items() if (only := reading.of_misspelt(True)).doubts}
        spelt = self._answered(spelling, least)
        respelt = {
            i: Respelt.of(segments[i].text, [Change(Span(a.start, a.end), a.text) for a in sure], self._tokenizer)
            for i, answers in spelt.items()
            if respell and (sure := [a for a in answers if self._is_sure(a, segments[i], least[i] if least else 0.0)])
        }
        rest = {i: reading.of_misspelt(False) for i, reading in readings.items()}
        for i, probabilities in zip(respelt, self._detect([r.words for r in respelt.values()]), strict=True):
            known = _without(probabilities, respelt[i].changed)
            found = self.doubts(respelt[i].words, known, _moved(hints[i] if hints else (), segments[i], respelt[i]))
            rest[i] = Reading(respelt[i].words, _quality(known), found).of_misspelt(False)
        for i, answers in self._answered(rest, least).items():
            if i in respelt:
                answers = list(_moved_back(answers, respelt[i]))
            results[i] = (results[i][0], sorted((*spelt.get(i, ()), *answers), key=lambda a: (a.start, a.end)))
        return results

    def _is_sure(self, answer: ScoredAnswer, words: Words, least: float) -> bool:
        """Whether the rest of a segment is read with a misspelt word put right so."""
        return answer.log_prob >= _EVEN and (not least or self._calibration.confidence(answer, words.text) >= least)

    def _answered(
        self, readings: Mapping[int, Reading], least: Sequence[float] | None
    ) -> dict[int, list[ScoredAnswer]]:
        """The answers for the doubts of each segment that can reach ``least`` and may be made, with what the detector
        thinks of each in its place, alone."""
        asked = {
            i: replace(r, doubts=self.worth_asking(r.doubts, r.words, r.quality, least[i], r.places)) if least else r
            for i, r in readings.items()
        }
        wanted = []
        for i, answers in self._correct(asked):
            words = readings[i].words
            for a in answers:
                if least and not a.told and self._calibration.at_first(a, words.text) < least[i]:
                    continue
                edited = self._tokenizer.words(words.text[: a.start] + a.text + words.text[a.end :])
                if a.told or not is_unfit(words, a.start, a.end, a.text, edited, self.lexicon):
                    wanted.append((i, a, edited))
        read: dict[int, list[ScoredAnswer]] = {i: [] for i in readings}
        detected = self._detect([edited for _, _, edited in wanted])
        likelier = self._likelier([(readings[i].words.text, edited.text, a.told) for i, a, edited in wanted])
        for (i, a, edited), probabilities, ratio in zip(wanted, detected, likelier, strict=True):
            doubt = doubt_within(edited, probabilities, a.start, a.start + len(a.text))
            read[i].append(replace(a, doubt_after=doubt, lm_log_ratio=ratio))
        return read

    def _likelier(self, edits: Sequence[tuple[str, str, float]]) -> list[float]:
        """``ScoredAnswer.lm_log_ratio`` of each sentence before and after; a name that a linker told is not judged."""
        if self._language_model is None:
            return [0.0] * len(edits)
        texts = list(dict.fromkeys(text for before, after, told in edits if not told for text in (before, after)))
        log_probs = dict(zip(texts, self._language_model.log_probs(texts), strict=True))
        return [0.0 if told else log_probs[after] - log_probs[before] for before, after, told in edits]

    def doubts(self, words: Words, probabilities: Floats, hints: Sequence[Doubt] = ()) -> list[Doubt]:
        """Every mark of a segment that asks for an answer: hinted ones, misspelt words, what the detector doubts, and
        the parts of that. An article that does not fit the next word comes with the other one as a hint.

        Args:
            words: The segment.
            probabilities: As ``find_doubts`` takes them.
            hints: Of the linker; they win.
        """
        hints = [replace(h, probability=float(probabilities[h.mark.first : h.mark.last, 0].max())) for h in hints]
        spelling = [
            Doubt(Mark(s.index, s.index + 1), float(probabilities[s.index, 0]), s.pieces, s.text,
                  self.lexicon.count(s.text), s.is_listed)
            for s in suggestions(words, self.lexicon, self._tokenizer)
        ]  # fmt: skip
        hints = with_hints((), hints)
        spelling = [s for s in spelling if not any(touches(s.mark, hint.mark) for hint in hints)]
        least = self._detect_threshold
        others = {i: hint_pieces(other, self._tokenizer) for i, other in doubtful_articles(words, self._ngrams)}
        if places := [*others]:
            probabilities = probabilities.copy()
            probabilities[places, 0] = np.maximum(probabilities[places, 0], least)
        # A misspelt word is wrong whatever stands beside it, and what is wrong there is asked about, too.
        known = _without(probabilities, [s.mark.first for s in spelling])
        found = [*with_hints(find_doubts(known, least), hints), *spelling]
        unhinted = (doubt for doubt in found if not doubt.hint)
        parts = [part for doubt in unhinted for part in parts_of(doubt, words, known, least)]
        articles = {Mark(i, i + 1): other for i, other in others.items()}
        asked = (replace(d, hint=d.hint or articles.get(d.mark, ())) for d in (*found, *parts))
        return sorted(asked, key=lambda d: d.mark)

    def asked(self, words: Words, probabilities: Floats, mode: Mode) -> list[Doubt]:
        """The doubts of a segment that ``mode`` has answered; arguments as of ``doubts``."""
        found = self.doubts(words, probabilities)
        return self.worth_asking(found, words, _quality(probabilities), self.operating_point(mode), count_places(found))

    def worth_asking(
        self, doubts: Sequence[Doubt], words: Words, quality: float, least: float, places: int
    ) -> list[Doubt]:
        """The doubts of a segment with so many doubtful ``places`` for which some answer could have the confidence
        ``least``."""

        def bound(doubt: Doubt) -> float:
            if doubt.name:
                return self._of_names.bound(doubt.told, doubt.probability)
            first, last = doubt.mark.first, doubt.mark.last
            old = words.text[words.bounds[first][0] : words.bounds[last - 1][1]] if last > first else ""
            return self._calibration.bound(
                old,
                doubt.probability,
                quality,
                places,
                at_start=first == 0,
                suggestion=doubt.suggestion,
                count=doubt.count,
                is_listed=doubt.is_listed,
            )

        return [doubt for doubt in doubts if bound(doubt) >= least]

    def _hints(self, task: GenerationTask, words: Words) -> list[Doubt]:
        return told_names([(hint.span, hint.text, hint.confidence) for hint in task.hints], words, self._tokenizer)

    def _detect(self, segments: Sequence[Words]) -> list[Floats]:
        """Per segment ``(words + 1, 2)`` probabilities: this word is wrong, something is missing before it."""
        inputs = [encoder_input(w.pieces, self._tokenizer) for w in segments]
        results: list[Floats] = [np.zeros((0, 2), np.float32)] * len(inputs)
        for width, batch in _batches([len(ids) for ids, _ in inputs], self._batch_tokens, WIDTHS):
            filler = [self._tokenizer.eos] * width
            output = self._encoder.forward_batch([*(inputs[i][0] for i in batch), filler])
            hidden = np.asarray(output.last_hidden_state)
            for row, i in enumerate(batch):
                logits = hidden[row, inputs[i][1]] @ self._weight.T + self._bias
                results[i] = 1.0 / (1.0 + np.exp(-logits))
        return results

    def _correct(self, readings: Mapping[int, Reading]) -> Iterator[tuple[int, list[ScoredAnswer]]]:
        pieces, tokenizer = self._tokenizer.pieces, self._tokenizer
        asked = [(i, doubt) for i, reading in readings.items() for doubt in reading.doubts]
        texts = {i: [pieces[p] for p in encoder_input(r.words.pieces, tokenizer)[0]] for i, r in readings.items()}
        prompts = [
            [pieces[p] for p in decoder_prompt(readings[i].words.pieces, doubt.mark, tokenizer, doubt.hint)[1:]]
            for i, doubt in asked
        ]
        answers: dict[int, list[ScoredAnswer]] = {i: [] for i in readings}
        order = sorted(range(len(asked)), key=lambda j: (len(prompts[j]), j))  # prompts of a length go in step
        lengths = [len(texts[asked[j][0]]) for j in order]
        for width, batch in _batches(lengths, self._batch_tokens, ANSWER_WIDTHS):
            chosen = [order[k] for k in batch]
            try:
                outputs = self._translator.translate_batch(
                    [*(texts[asked[j][0]] for j in chosen), [EOS] * width],
                    target_prefix=[*(prompts[j] for j in chosen), [EOS]],
                    beam_size=self._beam,
                    num_hypotheses=self._hypotheses,
                    max_decoding_length=max(len(prompts[j]) for j in chosen) + MAX_ANSWER,
                    max_input_length=0,
                    length_penalty=0,  # the score is the answer's log-probability: its sum, not its mean
                    return_scores=True,
                )
            except (ValueError, RuntimeError) as exc:
                raise GenerationError("the network failed on a batch") from exc
            for j, output in zip(chosen, outputs[:-1], strict=True):
                i, doubt = asked[j]
                reading = readings[i]
                for hypothesis, score in zip(output.hypotheses, output.scores, strict=True):
                    if score < output.scores[0] + _TENTH:
                        break
                    answer = [tokenizer.ids[p] for p in hypothesis[len(prompts[j]) :]]
                    change = read_answer(reading.words, doubt.mark, answer, tokenizer)
                    if change is None or (doubt.name and change.text != doubt.name):
                        continue  # for another name there is no ground
                    place = (reading.words.text, change.start, change.end, change.text)
                    answers[i].append(
                        ScoredAnswer(
                            change.start, change.end, change.text, doubt.probability, float(score), len(answer),
                            reading.quality, reading.places, doubt.suggestion, doubt.count, doubt.is_listed, doubt.told,
                            self._ngrams.log_fit(*place) if doubt.suggestion else self._ngrams.log_ratio(*place),
                            article_odds(self._ngrams, *place),
                        )
                    )  # fmt: skip
        for i, found in answers.items():
            yield i, sorted(found, key=lambda a: (a.start, a.end))


def _check_device(device: str, compute_type: str) -> None:
    """Raises: ResourceError: The device is missing, or has no such compute type."""
    if device == "cuda" and not ctranslate2.get_cuda_device_count():
        raise ResourceError("no CUDA device here; set MT_REPAIR_DEVICE to cpu or auto")
    if device == "auto":
        device = "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    able = sorted(ctranslate2.get_supported_compute_types(device))
    if compute_type not in {*able, "default", "auto"}:
        raise ResourceError(
            f"this {device} does not compute in {compute_type}; set MT_REPAIR_COMPUTE_TYPE to one of {', '.join(able)}"
        )


def _quality(probabilities: Floats) -> float:
    """Probability that a segment needs no edit."""
    return float(1.0 - probabilities.max())


def doubt_within(words: Words, probabilities: Floats, start: int, end: int) -> float:
    """The detector's highest probability that one of the words between two code points is wrong, or that something is
    missing before, between or behind them."""
    if not len(words):
        return 1.0
    inside = [k for k, (a, b) in enumerate(words.bounds) if a < end and b > start]
    first = inside[0] if inside else sum(b <= start for _, b in words.bounds)
    last = inside[-1] + 1 if inside else first
    return float(max(probabilities[first:last, 0].max(initial=0.0), probabilities[first : last + 1, 1].max()))


def weights_sha256(folder: Path) -> str:
    """The checksum of an exported network."""
    digest = hashlib.sha256()
    for name in WEIGHTS:
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def find_doubts(probabilities: Floats, threshold: float) -> list[Doubt]:
    """Runs of doubtful words, and doubtful gaps that touch none, in order.

    Args:
        probabilities: ``(words + 1, 2)``; the last row is the end of the segment, of which only the gap counts.
        threshold: Least probability of a doubt.
    """
    n = len(probabilities) - 1
    doubts: list[Doubt] = []
    i = 0
    while i <= n:
        if i < n and probabilities[i, 0] >= threshold:
            j = i
            while j < n and probabilities[j, 0] >= threshold:
                j += 1
            doubts.append(Doubt(Mark(i, j), float(probabilities[i:j, 0].max())))
            i = j + 1 if j < n else j  # the gap behind a doubtful run belongs to the run
            if j == n:
                break
            continue
        if probabilities[i, 1] >= threshold and not (doubts and doubts[-1].mark.last == i):
            doubts.append(Doubt(Mark(i, i), float(probabilities[i, 1])))
        i += 1
    return doubts


def parts_of(doubt: Doubt, words: Words, probabilities: Floats, threshold: float) -> list[Doubt]:
    """What else may be wrong where a run of words is in doubt: fewer of the words, or what a gap there lacks.

    In *the regions is* either word may be the wrong one, in *it has be shown* a word may be missing: the detector
    doubts all of them. A full stop within the run goes with the word behind it, whose capital hangs on it.

    Args:
        doubt: Of the segment.
        words: The segment.
        probabilities: As ``find_doubts`` takes them.
        threshold: Least probability of a gap.
    """
    first, last = doubt.mark.first, doubt.mark.last
    if first == last:
        return []
    runs = [
        Mark(i, j)
        for i in range(first, last)
        for j in range(i + 1, last + 1)
        if j - i < last - first <= _LONGEST_RUN and not (j < last and "." in words.text[slice(*words.bounds[j - 1])])
    ]
    gaps = [i for i in range(first, last + 1) if probabilities[i, 1] >= threshold]
    return [
        *(Doubt(m, float(probabilities[m.first : m.last, 0].max()), is_part=True) for m in runs),
        *(Doubt(Mark(i, i), float(probabilities[i, 1]), is_part=True) for i in gaps),
    ]


def count_places(doubts: Iterable[Doubt]) -> int:
    """How many places are in doubt; a part of one is none of its own."""
    return sum(not doubt.is_part for doubt in doubts)


def without_rivals(
    edits: Sequence[ProposedEdit], text: str, misspelt: Collection[Span] = ()
) -> tuple[ProposedEdit, ...]:
    """The edits in order; of those with no word between them only the surest, and of equally sure ones the shortest.

    Args:
        edits: Of a segment.
        text: The segment.
        misspelt: What is wrong whatever stands beside it, and so no rival of that.
    """

    def are_rivals(one: Span, other: Span) -> bool:
        if one in misspelt or other in misspelt:
            return one.start < other.end and other.start < one.end
        return not _has_word_between(one, other, text)

    kept: list[ProposedEdit] = []
    for edit in sorted(edits, key=lambda e: (-e.confidence, e.span.end - e.span.start, e.span.start)):
        if not any(are_rivals(edit.span, other.span) for other in kept):
            kept.append(edit)
    return tuple(sorted(kept, key=lambda e: (e.span.start, e.span.end)))


def with_alternatives(edit: ProposedEdit, edits: Iterable[ProposedEdit]) -> ProposedEdit:
    """The edit with what else there may be in its place, the surest first."""
    others = {
        (other.text, other.confidence)
        for other in edits
        if other.span == edit.span and other.text != edit.text and other.confidence >= _LEAST_ALTERNATIVE
    }
    return replace(edit, alternatives=tuple(sorted(others, key=lambda other: (-other[1], other[0]))))


def _has_word_between(one: Span, other: Span, text: str) -> bool:
    left, right = sorted((one, other), key=lambda span: (span.start, span.end))
    return bool(text[left.end : right.start].strip())


def told_names(hints: Iterable[tuple[Span, str, float]], words: Words, tokenizer: Tokenizer) -> list[Doubt]:
    """The doubts that a linker has: place in the segment, name, and how likely it thinks that right.

    A place that is not of whole words is left out.
    """
    found = []
    for span, name, told in hints:
        mark = mark_of(words, span.start, span.end)
        if mark is not None and (words.bounds[mark.first][0], words.bounds[mark.last - 1][1]) == (span.start, span.end):
            found.append(Doubt(mark, 0.0, hint_pieces(name, tokenizer), name=name, told=told))
    return found


def with_hints(doubts: Sequence[Doubt], hints: Sequence[Doubt]) -> list[Doubt]:
    """Doubts and hinted spans in order; a hint takes the place of every doubt, and later hint, that it touches.

    Args:
        doubts: Of the detector.
        hints: Of a linker.
    """
    chosen: list[Doubt] = []
    for candidate in (*hints, *doubts):
        if not any(touches(candidate.mark, other.mark) for other in chosen):
            chosen.append(candidate)
    return sorted(chosen, key=lambda d: d.mark)


def touches(one: Mark, other: Mark) -> bool:
    """Whether no word stands between two marks."""
    return one.first <= other.last and other.first <= one.last


def _without(probabilities: Floats, indices: Sequence[int]) -> Floats:
    """What the detector thinks of a segment, of which these words are known to be right."""
    left = probabilities.copy()
    left[indices, 0] = 0.0
    return left


def _moved(hints: Sequence[Doubt], words: Words, respelt: Respelt) -> list[Doubt]:
    """Hints for a segment as hints for what became of it."""
    moved = []
    for hint in hints:
        start, end = words.bounds[hint.mark.first][0], words.bounds[hint.mark.last - 1][1]
        span = respelt.offsets.to_patched(Span(start, end))
        if span and (mark := mark_of(respelt.words, span.start, span.end)):
            moved.append(replace(hint, mark=mark))
    return moved


def _moved_back(answers: Iterable[ScoredAnswer], respelt: Respelt) -> Iterator[ScoredAnswer]:
    """Answers for what became of a segment as answers for the segment."""
    for answer in answers:
        if span := respelt.offsets.to_source(Span(answer.start, answer.end)):
            yield replace(answer, start=span.start, end=span.end)


def encoder_files(model: bytes, vocabulary: bytes) -> dict[str, bytes]:
    """The encoder of a CTranslate2 encoder-decoder model as an encoder model of its own.

    The two formats hold the same variables; only the specification and what belongs to the decoder differ, so the
    encoder need not be shipped twice.
    """
    from app.seq2seq.model_file import encoder_only

    config = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "layer_norm_epsilon": 1e-12}
    return {"model.bin": encoder_only(model), "config.json": json.dumps(config).encode(), "vocabulary.json": vocabulary}


def _batches(lengths: Sequence[int], most: int, widths: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Padded length and indices of each batch: at most ``most`` tokens of one width (but for one too long by itself).

    A batch is padded to its width, not to its longest segment, by a filler row: rounding depends on the padded length,
    and an answer on the edge of a threshold must not depend on what else is in the batch.
    """
    by_width: dict[int, list[int]] = {}
    for i, length in enumerate(lengths):
        by_width.setdefault(next(width for width in widths if width >= length), []).append(i)
    for width, indices in sorted(by_width.items()):
        size = max(1, most // width - 1)
        for at in range(0, len(indices), size):
            yield width, indices[at : at + size]
