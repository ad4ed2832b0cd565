"""A tiny network, exported and served: int8 and float32 agree, batches change nothing, damage is named."""

from __future__ import annotations

import json
import lzma
import math
import random
import re
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from app.core.errors import ResourceError
from app.core.protocols import GenerationTask, NameHint, ProposedEdit
from app.core.types import Mode, Span
from app.seq2seq import ctranslate
from app.seq2seq.batches import make_batch
from app.seq2seq.build_language_model import build_language_model
from app.seq2seq.calibrate import FEATURES, READ_AGAIN, Calibration, NameCalibration, ScoredAnswer
from app.seq2seq.codec import Mark, TextChange, decoder_prompt, read_answer
from app.seq2seq.ctranslate import (
    NGRAMS,
    WITH_LM,
    WORDS,
    CTranslateGenerator,
    Doubt,
    Reading,
    doubt_within,
    find_doubts,
    parts_of,
    told_names,
    with_alternatives,
    with_hints,
    without_rivals,
)
from app.seq2seq.examples import make_pair
from app.seq2seq.export import (
    HeldOut,
    HeldOutName,
    JudgedAnswer,
    agreement,
    calibrate,
    clean_answers,
    convert,
    fit_calibration,
    judge,
    judge_names,
    renew_card,
    torch_answers,
    write_card,
    write_manifest,
)
from app.seq2seq.language_model import LanguageModel
from app.seq2seq.lexicon import Lexicon, write_lexicon
from app.seq2seq.network import RepairNetwork
from app.seq2seq.ngrams import NGrams, count_runs, write_ngrams
from app.seq2seq.respelt import Respelt
from app.seq2seq.tokenizer import Tokenizer
from app.seq2seq.unpack import unpack
from app.seq2seq.verdicts import Verdicts, sentence_key
from scripts.calibrate import main as recalibrate
from scripts.calibrate import recalibrate_names
from scripts.train import TrainConfig, losses, make_optimizer
from tests.seq2seq import tiny_lm
from tests.seq2seq.tiny import SENTENCES, make_network, make_tokenizer
from tests.seq2seq.tiny_lm import write_gguf

PAIRS = list(zip(SENTENCES[::2], SENTENCES[1::2], strict=True))
CLEAN = list(SENTENCES[1::2])
WORD_COUNTS = {word.lower(): 100 for sentence in SENTENCES for word in re.findall("[A-Za-z]+", sentence)}


def trained_network(tokenizer: Tokenizer) -> RepairNetwork:
    """A network that has learned the three pairs by heart."""
    network = make_network(tokenizer).train()
    config = TrainConfig(Path(), Path(), Path(), encoder_lr=3e-3, decoder_lr=3e-3, head_lr=1e-2)
    optimizer = make_optimizer(network, config)
    examples = [make_pair(a, b, 1.0, 0, tokenizer) for a, b in PAIRS]
    examples += [make_pair(b, b, 1.0, 3, tokenizer) for _, b in PAIRS]
    batch = make_batch(examples, tokenizer, random.Random(1), right_marks=1)
    for _ in range(250):
        loss = sum(losses(network, batch), torch.zeros(()))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    assert float(loss.detach()) < 0.05
    return network.eval()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RepairNetwork, Tokenizer]:
    folder = tmp_path_factory.mktemp("export")
    tokenizer = make_tokenizer(folder)
    network = trained_network(tokenizer)
    convert(network, tokenizer, folder)
    write_lexicon(folder / WORDS, WORD_COUNTS, {})
    write_ngrams(folder / NGRAMS, count_runs(SENTENCES * 3))
    manifest = {
        "name": "tiny",
        "version": "0",
        "detect_threshold": 0.3,
        "training": {"steps": 250, "examples_seen": 1500},
        "operating_points": {"minimal": 0.5, "fluent": 0.4},
        "calibration": Calibration(
            (0.0, 1.0, *(0.0,) * (len(FEATURES) - 2)), (0.0, 1.0, *(0.0,) * (len(READ_AGAIN) - 2))
        ).to_json(),
        "calibration_of_names": NameCalibration((-2.0, 1.0, 0.0, 0.0)).to_json(),
    }
    write_manifest(folder, manifest)
    return folder, network, tokenizer


@pytest.fixture(scope="module")
def generator(made: tuple[Path, RepairNetwork, Tokenizer]) -> CTranslateGenerator:
    return CTranslateGenerator(made[0])


@pytest.fixture(scope="module")
def lm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("language-model")
    write_gguf(tiny_lm.make_network(), folder / "tiny.gguf")
    build_language_model(folder / "tiny.gguf", folder / "lm")
    return folder / "lm"


def repaired(generator: CTranslateGenerator, text: str) -> str:
    for edit in reversed(generator.generate([GenerationTask(text)])[0].edits):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


@pytest.mark.parametrize(("wrong", "right"), PAIRS)
def test_what_was_learned_is_repaired(generator: CTranslateGenerator, wrong: str, right: str) -> None:
    assert repaired(generator, wrong) == right


@pytest.mark.parametrize("text", CLEAN)
def test_what_is_right_gets_no_edit_and_a_high_quality(generator: CTranslateGenerator, text: str) -> None:
    proposal = generator.generate([GenerationTask(text)])[0]
    assert proposal.edits == ()
    assert proposal.quality > 0.7


def test_int8_agrees_with_float32_and_batches_change_nothing(
    made: tuple[Path, RepairNetwork, Tokenizer], generator: CTranslateGenerator
) -> None:
    _, network, tokenizer = made
    texts = [*SENTENCES, "He go.", "The minister have big grey sea, and they go to us today.", "sea", "", "  "]
    shares = agreement(generator, network, texts, tokenizer)
    assert shares["same_alone"] == 1.0
    assert shares["same_as_float32"] >= 0.8


def test_a_proposal_is_the_same_whatever_else_is_in_the_batch(generator: CTranslateGenerator) -> None:
    texts = [*SENTENCES, "He go.", "The minister have big grey sea, and they go to us today."]
    together = generator.generate([GenerationTask(t) for t in texts])
    assert together == [generator.generate([GenerationTask(t)])[0] for t in texts]
    assert together == generator.generate([GenerationTask(t) for t in reversed(texts)])[::-1]


def test_what_nobody_would_look_at_is_not_answered_and_the_rest_is_the_same(
    generator: CTranslateGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = []

    def spy(words: Any, mark: Mark, answer: Any, tokenizer: Tokenizer) -> Any:
        answered.append(mark)
        return read_answer(words, mark, answer, tokenizer)

    monkeypatch.setattr("app.seq2seq.ctranslate.read_answer", spy)
    texts = [*SENTENCES, "He go.", "The minister have big grey sea, and they go to us today."]
    counts = []
    for least in (0.0, 0.5, 0.7, 0.9, 0.99, 1.0):
        every, spared = ([GenerationTask(t, min_confidence=x) for t in texts] for x in (0.0, least))
        wanted = [[e for e in p.edits if e.confidence >= least] for p in generator.generate(every)]
        answered.clear()
        assert [[e for e in p.edits if e.confidence >= least] for p in generator.generate(spared)] == wanted
        counts.append(len(answered))
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


@pytest.mark.parametrize(("wrong", "right"), PAIRS)
def test_a_right_answer_is_read_again_without_doubt(
    made: tuple[Path, RepairNetwork, Tokenizer], generator: CTranslateGenerator, wrong: str, right: str
) -> None:
    _, _, tokenizer = made
    ((_, answers),) = generator.answer([tokenizer.words(wrong)])
    assert answers
    for answer in answers:
        assert wrong[: answer.start] + answer.text + wrong[answer.end :] == right
        assert answer.doubt_after < 0.5 < answer.detection


def test_the_doubt_within_a_place_is_that_of_its_words_and_gaps(
    made: tuple[Path, RepairNetwork, Tokenizer],
) -> None:
    words = made[2].words("He goes home.")  # four words, and the gap at the end
    doubts = np.zeros((5, 2), np.float32)
    doubts[1], doubts[2], doubts[3] = (0.2, 0.1), (0.9, 0.3), (0.4, 0.5)
    assert doubt_within(words, doubts, 3, 7) == pytest.approx(0.3)  # "goes", the gaps before and behind it
    assert doubt_within(words, doubts, 3, 12) == pytest.approx(0.9)
    assert doubt_within(words, doubts, 12, 12) == pytest.approx(0.5)  # nothing, before the full stop
    assert doubt_within(words, doubts, 13, 13) == 0.0
    assert doubt_within(made[2].words(""), np.zeros((1, 2), np.float32), 0, 0) == 1.0


def test_a_segment_too_long_for_the_network_is_left_with_its_reason(generator: CTranslateGenerator) -> None:
    proposal = generator.generate([GenerationTask("go " * 500)])[0]
    assert (proposal.edits, proposal.reason) == ((), "too_long")


def test_an_empty_segment_is_fine(generator: CTranslateGenerator) -> None:
    assert generator.generate([GenerationTask("")])[0].edits == ()


def test_a_hinted_span_is_asked_about_whatever_the_detector_thinks(
    generator: CTranslateGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def spy(pieces: Any, mark: Mark, tokenizer: Tokenizer, hint: Any = ()) -> list[int]:
        ids = decoder_prompt(pieces, mark, tokenizer, hint)
        asked.append([tokenizer.pieces[i] for i in ids])
        return ids

    monkeypatch.setattr("app.seq2seq.ctranslate.decoder_prompt", spy)
    generator.generate([GenerationTask(CLEAN[0], (NameHint(Span(0, 2), "She", 0.6),))])
    assert asked[0][:2] == ["<s>", "<edit>"]
    assert "<hint>" in asked[0]


def test_a_word_that_is_none_is_asked_about_with_what_it_was_meant_to_be(
    made: tuple[Path, RepairNetwork, Tokenizer], generator: CTranslateGenerator
) -> None:
    tokenizer = made[2]
    words = tokenizer.words("Schoool, the schol and school-yeer sckool.net Schol XY shcool .")
    doubts = generator.doubts(words, np.zeros((len(words) + 1, 2), np.float32))
    told = [(words.surfaces()[d.mark.first], d.suggestion, tokenizer.decode(d.hint).strip()) for d in doubts]
    assert told == [("Schoool", "school", "School"), ("schol", "school", "school"), ("shcool", "school", "school")]


def test_misspelt_words_side_by_side_are_each_asked_about_and_so_is_what_stands_beside_them(
    made: tuple[Path, RepairNetwork, Tokenizer], generator: CTranslateGenerator
) -> None:
    words = made[2].words("We schol shcool to the sea .")
    probabilities = np.full((len(words) + 1, 2), 0.1, np.float32)
    probabilities[:4, 0] = 0.9
    found = [(d.mark, d.suggestion) for d in generator.doubts(words, probabilities)]
    assert found == [(Mark(0, 1), ""), (Mark(1, 2), "school"), (Mark(2, 3), "school"), (Mark(3, 4), "")]


def test_no_word_is_written_that_nobody_knows(made: tuple[Path, RepairNetwork, Tokenizer]) -> None:
    generator, words = CTranslateGenerator(made[0]), made[2].words(PAIRS[0][0])
    ((_, answers),) = generator.answer([words])
    assert {a.text.strip() for a in answers} == {"goes"}
    generator.lexicon = Lexicon({word: n for word, n in generator.lexicon.counts.items() if word != "goes"})
    assert generator.answer([words])[0][1] == []


def test_an_article_that_right_english_does_not_write_there_is_asked_about(
    made: tuple[Path, RepairNetwork, Tokenizer], tmp_path: Path
) -> None:
    folder, _, tokenizer = made
    write_ngrams(tmp_path / "runs", count_runs(["He saw an hour."] * 9))
    generator = CTranslateGenerator(folder)
    generator._ngrams = NGrams(tmp_path / "runs")
    words = tokenizer.words("We saw a hour, and an hour.")
    (doubt,) = generator.doubts(words, np.zeros((len(words) + 1, 2), np.float32))
    assert doubt.mark == Mark(2, 3)
    assert doubt.probability == pytest.approx(0.3)  # the least that is a doubt
    assert tokenizer.decode(doubt.hint).strip() == "an"


def test_the_rest_of_a_segment_is_read_with_its_misspelt_words_put_right(
    made: tuple[Path, RepairNetwork, Tokenizer], generator: CTranslateGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network has learned what is wrong with the sentence, and would not know it with a word misspelt."""
    tokenizer = made[2]
    wrong = "He go to shcool with us today."
    network = CTranslateGenerator._correct

    def correct(self: CTranslateGenerator, readings: dict[int, Reading]) -> Any:
        spelling = {i: r for i, r in readings.items() if r.doubts and r.doubts[0].suggestion}
        for i, reading in spelling.items():  # the tiny network has not learned to take a hint
            (start, end), doubt = reading.words.bounds[reading.doubts[0].mark.first], reading.doubts[0]
            yield i, [ScoredAnswer(start, end, doubt.suggestion, 0.9, 0.0, 1, 0.1, 1, doubt.suggestion, 100)]
        yield from network(self, {i: r for i, r in readings.items() if i not in spelling})

    monkeypatch.setattr(CTranslateGenerator, "_correct", correct)
    ((_, answers),) = generator.answer([tokenizer.words(wrong)])
    for answer in reversed(answers):
        wrong = wrong[: answer.start] + answer.text + wrong[answer.end :]
    assert wrong == "He goes to school with us today."
    monkeypatch.delattr(Respelt, "of")  # what is not sure enough to be made is not built on
    generator.answer([tokenizer.words("He go to shcool with us today.")], least=[0.999])


def test_what_a_linker_hints_wins_over_the_lexicon(
    made: tuple[Path, RepairNetwork, Tokenizer], generator: CTranslateGenerator
) -> None:
    words = made[2].words("the schol")
    hint = Doubt(Mark(1, 2), 0.0, (7,), name="x", told=0.9)
    probabilities = np.full((len(words) + 1, 2), 0.25, np.float32)
    (doubt,) = generator.doubts(words, probabilities, [hint])
    assert doubt == replace(hint, probability=0.25)  # what the detector thinks of the words


def test_only_whole_words_are_told(made: tuple[Path, RepairNetwork, Tokenizer]) -> None:
    words = made[2].words("the sea-side school's")
    places = [(Span(4, 12), "lake-side", 0.5), (Span(4, 6), "x", 0.5), (Span(13, 19), "y", 0.5), (Span(3, 4), "z", 0.5)]
    (doubt,) = told_names(places, words, made[2])
    assert (doubt.mark, doubt.name, doubt.told) == (Mark(1, 4), "lake-side", 0.5)


def test_a_told_name_is_taken_as_it_was_told_and_no_other(
    generator: CTranslateGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(words: Any, mark: Mark, answer: Any, tokenizer: Tokenizer) -> TextChange | None:
        return TextChange(0, 2, "Ann") if mark == Mark(0, 1) else None

    monkeypatch.setattr("app.seq2seq.ctranslate.read_answer", change)
    told, other = (GenerationTask(CLEAN[0], (NameHint(Span(0, 2), name, 0.6),)) for name in ("Ann", "Anna"))
    (edit,) = generator.generate([told])[0].edits
    assert (edit.span, edit.text) == (Span(0, 2), "Ann")
    assert edit.confidence == NameCalibration((-2.0, 1.0, 0.0, 0.0)).probability([1.0, math.log(1.5), 0.0, 0.0])
    assert generator.generate([other])[0].edits == ()


def test_names_are_judged_one_by_one(
    made: tuple[Path, RepairNetwork, Tokenizer], generator: CTranslateGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.seq2seq.ctranslate.read_answer", lambda *_: TextChange(0, 2, "Ann"))
    names = [HeldOutName(f"doc{i}", CLEAN[0], Span(0, 2), "Ann" if i % 3 else "Bea", 0.6, i % 2 == 0) for i in range(9)]
    judged = judge_names(generator, names, made[2])
    assert [j.is_right for j in judged] == [name.is_right for name in names if name.name == "Ann"]


def test_names_can_be_calibrated_alone(
    made: tuple[Path, RepairNetwork, Tokenizer], generator: CTranslateGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.seq2seq.ctranslate.read_answer", lambda *_: TextChange(0, 2, "Ann"))
    names = [HeldOutName(f"doc{i}", CLEAN[0], Span(0, 2), "Ann", 0.9 if i % 4 else 0.3, bool(i % 4)) for i in range(60)]
    manifest = {
        "operating_points": {"minimal": 0.7, "fluent": 0.0},
        "held_out": {"minimal": {"clean_changed": 3, "names": {}}, "fluent": {"clean_changed": 9, "names": {}}},
    }
    found = recalibrate_names(generator, names, made[2], manifest)
    assert set(found) == {"calibration_of_names", "held_out"}
    minimal, fluent = found["held_out"]["minimal"], found["held_out"]["fluent"]
    assert (minimal["clean_changed"], fluent["clean_changed"]) == (3, 9)
    assert minimal["names"]["told"] == len(names)
    assert 0 < minimal["names"]["edits"] == minimal["names"]["right"] < minimal["names"]["held"]
    assert fluent["names"]["edits"] > minimal["names"]["edits"]
    assert found["calibration_of_names"]["told_logit"] > 0.5


def test_another_calibration_of_the_same_weights_is_another_model(
    made: tuple[Path, RepairNetwork, Tokenizer], generator: CTranslateGenerator, tmp_path: Path
) -> None:
    folder = tmp_path / "other"
    shutil.copytree(made[0], folder)
    assert CTranslateGenerator(folder).card == generator.card
    manifest = json.loads((folder / "repair.json").read_text())
    (folder / "repair.json").write_text(json.dumps(manifest | {"operating_points": {"minimal": 0.5, "fluent": 0.5}}))
    assert CTranslateGenerator(folder).card.sha256 != generator.card.sha256


def test_operating_points_are_those_of_the_manifest(generator: CTranslateGenerator) -> None:
    assert generator.operating_point(Mode.MINIMAL) == 0.5
    assert generator.operating_point(Mode.FLUENT) == 0.4
    assert generator.card.name == "tiny"
    assert len(generator.card.sha256) == 64


def test_calibration_gives_every_field_of_the_manifest_and_the_card(
    made: tuple[Path, RepairNetwork, Tokenizer], generator: CTranslateGenerator, tmp_path: Path
) -> None:
    folder, network, tokenizer = made
    pairs = [HeldOut(f"doc{i}", a, b) for i in range(12) for a, b in PAIRS]
    slips = [HeldOut(f"slip{i}", *PAIRS[0], is_real=False) for i in range(4)]
    fields = calibrate(generator, [*pairs, *slips], CLEAN, [], tokenizer)
    assert fields["held_out"]["minimal"]["translations"]["right"] == len(pairs)
    assert fields["held_out"]["minimal"]["slips"]["right"] == len(slips)
    assert fields["held_out"]["minimal"]["clean_changed"] == 0
    manifest = json.loads((folder / "repair.json").read_text()) | fields
    manifest["agreement"] = agreement(generator, network, CLEAN, tokenizer)
    write_card(tmp_path, manifest, {"examples": 6, "by_kind": {"clean": 3}})
    card = tmp_path / "README.md"
    assert "tiny" in card.read_text()
    card.write_text(card.read_text().replace("1,500 examples", "1,500 examples, told by hand,"))
    renew_card(tmp_path, manifest | {"version": "12.3", "calibration_error": 0.9876})
    assert card.read_text().startswith("# tiny 12.3\n")
    assert "told by hand" in card.read_text()
    assert "0.9876" in card.read_text()
    assert "with the language model" not in card.read_text()
    renew_card(tmp_path, manifest | {WITH_LM: manifest | {"calibration_error": 0.1234}})
    assert "0.1234 (with the language model)" in card.read_text()
    with pytest.raises(ResourceError, match="no model card"):
        renew_card(tmp_path / "nowhere", manifest)


def test_a_network_is_calibrated_again_on_the_same_weights(
    made: tuple[Path, RepairNetwork, Tokenizer], lm: Path, tmp_path: Path
) -> None:
    folder, data = tmp_path / "model", tmp_path / "data"
    shutil.copytree(made[0], folder)
    (folder / "README.md").write_text("# tiny 0\n\nBefore.\n\n## On held-out text\n\nOld figures.\n")
    manifest = json.loads((folder / "repair.json").read_text()) | {
        "agreement": {"sentences": 9, "same_as_float32": 1.0, "same_alone": 1.0}
    }
    write_manifest(folder, manifest)
    (data / "mt").mkdir(parents=True)
    (data / "text").mkdir()
    nothing = tmp_path / "verdicts.tsv"
    nothing.write_text("")
    rows = [{"doc": f"d{i}", "lang": "et", "mt": a, "ref": b} for i in range(12) for a, b in PAIRS]
    with lzma.open(data / "mt" / "pe-dev.jsonl.xz", "wt") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    fit = partial(recalibrate, folder, data=data, clean=6, slips=6, windows=2, names_dir=None, verdicts=nothing)
    fit("0.1", lm_dir=tmp_path / "none")
    found = json.loads((folder / "repair.json").read_text())
    assert (found["version"], found["sha256"]) == ("0.1", manifest["sha256"])
    assert found["calibration"] != manifest["calibration"]
    assert found["held_out"]["minimal"]["translations"]["right"] == len(rows)
    assert (folder / "README.md").read_text().startswith("# tiny 0.1\n\nBefore.\n")
    assert CTranslateGenerator(folder).card.version == "0.1"
    assert WITH_LM not in found

    fit("0.2", lm_dir=lm, only_lm=True)
    again = json.loads((folder / "repair.json").read_text())
    assert again["calibration"] == found["calibration"]
    assert again[WITH_LM]["name"] == "tiny"
    assert again[WITH_LM]["held_out"]["minimal"]["translations"]["right"] == len(rows)
    assert "0.2" in (folder / "README.md").read_text()
    fit("0.3", lm_dir=lm, only_names=True)
    names_alone = json.loads((folder / "repair.json").read_text())
    assert names_alone[WITH_LM] == again[WITH_LM]
    generator = CTranslateGenerator(folder, language_model=LanguageModel(lm))
    assert generator.card.version == "0.3+lm"
    assert generator.card.sha256 != CTranslateGenerator(folder).card.sha256
    assert repaired(generator, PAIRS[0][0]) == PAIRS[0][1]


def test_a_network_that_was_calibrated_with_another_language_model_is_refused(
    made: tuple[Path, RepairNetwork, Tokenizer], lm: Path, tmp_path: Path
) -> None:
    folder, language_model = tmp_path / "model", LanguageModel(lm)
    shutil.copytree(made[0], folder)
    with pytest.raises(ResourceError, match="calibrated with no language model, not with tiny"):
        CTranslateGenerator(folder, language_model=language_model)
    manifest = json.loads((folder / "repair.json").read_text())
    write_manifest(folder, manifest | {WITH_LM: {"name": "big", "source_sha256": "ab" * 32}})
    with pytest.raises(ResourceError, match=r"calibrated with big, not with tiny; build that one with mt-repair lm"):
        CTranslateGenerator(folder, language_model=language_model)


def test_every_answer_is_weighed_by_what_the_language_model_thinks_of_its_sentence(
    made: tuple[Path, RepairNetwork, Tokenizer], lm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctranslate, "_TENTH", -math.inf)  # this network has no doubts
    language_model, tokenizer = LanguageModel(lm), made[2]
    generator = CTranslateGenerator(made[0], language_model=language_model, is_fitted_anew=True)
    found = 0
    for wrong, _ in PAIRS:
        ((_, answers),) = generator.answer([tokenizer.words(wrong)])
        for a in answers:
            before, after = language_model.log_probs([wrong, wrong[: a.start] + a.text + wrong[a.end :]])
            assert a.lm_log_ratio == after - before
            found += 1
    assert found > len(PAIRS)  # several for a doubt
    together = generator.answer([tokenizer.words(wrong) for wrong, _ in PAIRS])
    assert together == [generator.answer([tokenizer.words(wrong)])[0] for wrong, _ in PAIRS]


def test_the_other_answers_for_a_place_are_alternatives_of_its_edit() -> None:
    edits = [
        ProposedEdit(Span(3, 5), "goes", 0.9), ProposedEdit(Span(3, 5), "went", 0.2),
        ProposedEdit(Span(3, 5), "go", 0.4), ProposedEdit(Span(3, 5), "gone", 0.01),
        ProposedEdit(Span(3, 10), "goes home", 0.5), ProposedEdit(Span(9, 12), "went", 0.6),
    ]  # fmt: skip
    assert with_alternatives(edits[0], edits).alternatives == (("go", 0.4), ("went", 0.2))
    assert with_alternatives(edits[4], edits).alternatives == ()


def test_without_a_language_model_there_is_one_answer_for_a_doubt(
    made: tuple[Path, RepairNetwork, Tokenizer], generator: CTranslateGenerator, lm: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def found(of: CTranslateGenerator) -> set[tuple[int, int, str]]:
        ((_, answers),) = of.answer([made[2].words(PAIRS[0][0])])
        assert all(a.lm_log_ratio == 0.0 for a in answers) is (of is generator)
        return {(a.start, a.end, a.text) for a in answers}

    with_lm = CTranslateGenerator(made[0], language_model=LanguageModel(lm), is_fitted_anew=True)
    assert found(with_lm) == found(generator)  # a tenth as likely as the likeliest is none
    monkeypatch.setattr(ctranslate, "_TENTH", -math.inf)
    assert found(with_lm) > found(generator)


@pytest.mark.parametrize("field", ["calibration", "calibration_of_names", "detect_threshold", "operating_points"])
def test_a_manifest_without_a_field_is_a_resource_error(
    made: tuple[Path, RepairNetwork, Tokenizer], tmp_path: Path, field: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(made[0], folder)
    manifest = json.loads((folder / "repair.json").read_text())
    del manifest[field]
    (folder / "repair.json").write_text(json.dumps(manifest))
    with pytest.raises(ResourceError, match="restore"):
        CTranslateGenerator(folder)


@pytest.mark.parametrize(
    "name",
    ["repair.json", "model.bin", "head.npz", "tokenizer.model", "words.xz", "ngrams.marisa", "shared_vocabulary.json"],
)
def test_a_missing_file_is_a_resource_error_that_names_a_remedy(
    made: tuple[Path, RepairNetwork, Tokenizer], tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(made[0], folder)
    (folder / name).unlink()
    with pytest.raises(ResourceError, match=r"restore|run scripts/export"):
        CTranslateGenerator(folder)


@pytest.mark.parametrize(
    ("asked", "remedy"),
    [({"compute_type": "int4"}, "MT_REPAIR_COMPUTE_TYPE to one of .*int8"), ({"device": "cuda"}, "MT_REPAIR_DEVICE")],
)
def test_what_the_machine_cannot_do_is_no_damage(
    made: tuple[Path, RepairNetwork, Tokenizer], asked: dict[str, str], remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ctranslate2.get_cuda_device_count", lambda: 0)
    with pytest.raises(ResourceError, match=remedy):
        CTranslateGenerator(made[0], **asked)  # type: ignore[arg-type]


def test_a_damaged_model_is_a_resource_error(made: tuple[Path, RepairNetwork, Tokenizer], tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(made[0], folder)
    (folder / "model.bin").write_bytes((folder / "model.bin").read_bytes()[:1000])
    with pytest.raises(ResourceError, match="damaged"):
        CTranslateGenerator(folder)


def test_a_network_that_differs_from_its_checksum_is_a_resource_error(
    made: tuple[Path, RepairNetwork, Tokenizer], tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(made[0], folder)
    weights = bytearray((folder / "model.bin").read_bytes())
    weights[len(weights) // 2] ^= 1
    (folder / "model.bin").write_bytes(weights)
    with pytest.raises(ResourceError, match="damaged"):
        CTranslateGenerator(folder)


def test_neighbouring_doubts_are_one_mark_and_a_gap_behind_them_belongs_to_it() -> None:
    scores = np.asarray([[0, 0.9], [0.8, 0], [0.7, 0.9], [0, 0.9], [0, 0], [0, 0.6]], np.float32)
    found = find_doubts(scores, 0.5)
    assert [d.mark for d in found] == [Mark(0, 0), Mark(1, 3), Mark(5, 5)]
    assert [d.probability for d in found] == pytest.approx([0.9, 0.8, 0.6])


def test_fewer_words_of_a_run_and_gaps_in_it_are_asked_about_too(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(tmp_path)
    scores = np.asarray([[0, 0], [0.8, 0.6], [0.7, 0.1], [0, 0.9], [0, 0]], np.float32)
    words = tokenizer.words("In regions is it")
    parts = parts_of(Doubt(Mark(1, 3), 0.8), words, scores, 0.5)
    assert [p.mark for p in parts] == [Mark(1, 2), Mark(2, 3), Mark(1, 1), Mark(3, 3)]
    assert [p.probability for p in parts] == pytest.approx([0.8, 0.7, 0.6, 0.9])
    assert all(p.is_part for p in parts)
    assert parts_of(Doubt(Mark(0, 1), 0.8), words, scores, 0.7) == []
    assert parts_of(Doubt(Mark(1, 1), 0.8), words, scores, 0.5) == []  # a gap has no parts
    assert parts_of(Doubt(Mark(0, 4), 0.8), words, scores, 1.0) == []  # too long


def test_parts_are_no_further_doubts_of_a_sentence(
    made: tuple[Path, RepairNetwork, Tokenizer], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _, tokenizer = made
    generator, words = CTranslateGenerator(folder), tokenizer.words("In regions is it")
    scores = np.asarray([[0, 0], [0.9, 0], [0.9, 0], [0, 0], [0, 0]], np.float32)
    told: list[int] = []

    def bound(self: Calibration, old: str, detection: float, quality: float, doubts: int, **_: object) -> float:
        told.append(doubts)
        return 1.0

    monkeypatch.setattr(Calibration, "bound", bound)
    found = generator.doubts(words, scores)
    assert [d.is_part for d in found] == [True, False, True]
    assert generator.worth_asking(found, words, 0.1, 0.5, 1) == found
    assert told == [1, 1, 1]


def test_a_full_stop_in_a_run_goes_with_the_word_behind_it(tmp_path: Path) -> None:
    tokenizer = make_tokenizer(tmp_path)
    words = tokenizer.words("It is the most. Important it is.")
    run = Doubt(Mark(3, 6), 0.9)
    marks = [p.mark for p in parts_of(run, words, np.zeros((len(words) + 1, 2), np.float32), 0.5)]
    assert words.surfaces()[3:6] == ["most", ".", "Important"]
    assert marks == [Mark(3, 4), Mark(4, 6), Mark(5, 6)]


def test_of_edits_with_no_word_between_them_the_surest_stays() -> None:
    text = "the regions is here"
    both = ProposedEdit(Span(4, 14), "region are", 0.5)
    one, other = ProposedEdit(Span(4, 11), "region", 0.3), ProposedEdit(Span(12, 14), "are", 0.9)
    far = ProposedEdit(Span(0, 3), "a", 0.2)
    assert without_rivals([one, other], text, {one.span}) == (one, other)
    assert without_rivals([both, one, other], text, {one.span}) == (one, other)
    assert without_rivals([both, one, other], text) == (other,)
    assert without_rivals([far, other], text) == (far, other)
    assert without_rivals([both, replace(other, confidence=0.5)], text) == (replace(other, confidence=0.5),)


def test_a_hint_takes_the_place_of_the_doubts_it_touches() -> None:
    doubts = [Doubt(Mark(0, 1), 0.9), Doubt(Mark(2, 3), 0.9), Doubt(Mark(5, 5), 0.9)]
    hint = Doubt(Mark(1, 2), 0.5, (7,))
    assert with_hints(doubts, [hint]) == [hint, doubts[2]]


def test_an_exported_network_can_be_trained_further(made: tuple[Path, RepairNetwork, Tokenizer]) -> None:
    folder, network, tokenizer = made
    again = unpack(folder).eval()
    before, after = network.state_dict(), again.state_dict()
    assert before.keys() == after.keys()
    for name, value in before.items():
        bound = value.abs().amax(-1, keepdim=True) / 250 if value.dim() == 2 else torch.tensor(1e-6)
        wrong = (after[name] - value).abs() > bound
        if "embed_positions" in name:
            wrong = wrong[2:]  # BART never reads the first two
        assert not wrong.any(), name
    words = [tokenizer.words(text) for text, _ in PAIRS]
    find = CTranslateGenerator(folder).doubts
    assert torch_answers(again, words, tokenizer, find) == torch_answers(network, words, tokenizer, find)


def test_a_network_that_cannot_be_read_is_a_resource_error(tmp_path: Path) -> None:
    make_tokenizer(tmp_path)
    (tmp_path / "model.bin").write_bytes(b"nothing")
    with pytest.raises(ResourceError, match="cannot be read"):
        unpack(tmp_path)


def test_what_is_rarer_in_text_than_among_held_out_pairs_counts_less() -> None:
    answer = ScoredAnswer(0, 1, "b", 0.5, -0.1, 1, 0.5, 1)
    judged = [
        JudgedAnswer(answer, HeldOut(f"{gain}/{i}", "a", "b", is_real=False, weight=weight), gain, gain > 0)
        for gain, weight in ((1, 0.2), (-1, 1.0))
        for i in range(400)
    ]
    assert fit_calibration(judged, []).confidence(answer, "a") == pytest.approx(0.2 / 1.2, abs=0.03)


def test_what_a_reader_said_of_an_edit_counts_for_confidence_and_harm_and_not_for_the_counts(
    made: tuple[Path, RepairNetwork, Tokenizer], generator: CTranslateGenerator
) -> None:
    tokenizer = made[2]
    (wrong, right), *_ = PAIRS
    words = tokenizer.words(wrong)
    ((_, answers),) = generator.answer([words])
    read = Verdicts({(sentence_key(wrong), a.start, a.end, a.text): True for a in answers})
    unread = judge(generator, [HeldOut("d", wrong, wrong)], tokenizer)
    judged = judge(generator, [HeldOut("d", wrong, wrong)], tokenizer, read)
    assert judged
    assert [j.gain for j in judged] == [j.gain for j in unread]
    assert all(j.gain < 0 and j.is_right for j in judged)
    assert not any(j.is_right for j in unread)
    (needless,) = clean_answers(generator, [wrong, right], tokenizer)
    (needed,) = clean_answers(generator, [wrong, right], tokenizer, read)
    assert len(needless.needless) == len(needless.answers) == len(needed.answers)
    assert not needed.needless

    def certain(_answer: ScoredAnswer, _text: str, _half: int) -> float:
        return 1.0

    assert needed.surest(certain) == needless.surest(certain, needless=True) == 1.0
    assert needed.surest(certain, needless=True) == 0.0
