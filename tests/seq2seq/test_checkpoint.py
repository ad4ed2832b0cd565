"""CheckpointGenerator: real architectures of transformers, tiny, made here; one of them trained to make an edit."""

from __future__ import annotations

import builtins
import importlib
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from app.core.diff import apply_changes, diff
from app.core.errors import GenerationError, ResourceError
from app.core.protocols import GenerationTask, Generator
from app.core.types import Mode, Span
from app.seq2seq.checkpoint import Calibration, CheckpointGenerator, _batches, _carry_over, _tokens_of

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

# One wrong word, a missing one, one too many, and two sentences to leave alone.
PAIRS = {
    "He go home.": "He goes home.",
    "She is doctor.": "She is a doctor.",
    "We saw the the sea.": "We saw the sea.",
    "They are well.": "They are well.",
    "It was cold there.": "It was cold there.",
}
CORPUS = [*PAIRS, *PAIRS.values(), "The minister said on Monday that talks would go on.", "No one knew why."]


def tiny_t5(folder: Path, vocabulary: int, pad: int, eos: int) -> Any:
    config = transformers.T5Config(
        vocab_size=vocabulary, d_model=48, d_kv=12, d_ff=96, num_layers=2, num_decoder_layers=2, num_heads=4,
        dropout_rate=0.0, pad_token_id=pad, eos_token_id=eos, decoder_start_token_id=pad,
    )  # fmt: skip
    return transformers.T5ForConditionalGeneration(config)


def train(model: Any, tokenizer: Any, steps: int, prefix: str = "") -> None:
    """Teach the pairs by heart."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3)
    batch = tokenizer([prefix + s for s in PAIRS], padding=True, return_tensors="pt")
    labels = tokenizer(list(PAIRS.values()), padding=True, return_tensors="pt").input_ids
    labels[labels == tokenizer.pad_token_id] = -100
    model.train()
    for _ in range(steps):
        optimiser.zero_grad()
        model(input_ids=batch.input_ids, attention_mask=batch.attention_mask, labels=labels).loss.backward()
        optimiser.step()
    model.eval()


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def byt5(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Path:
    """A ByT5 that knows the pairs."""
    torch.manual_seed(7)
    folder = tmp_path_factory.mktemp("byt5")
    tokenizer = transformers.ByT5Tokenizer()
    model = tiny_t5(folder, len(tokenizer), tokenizer.pad_token_id, tokenizer.eos_token_id)
    train(model, tokenizer, steps=250, prefix="fix: ")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def byte_level_tokenizer(eos: str = "</s>") -> Any:
    """A lossless BPE tokenizer trained on the corpus, which ends every text with ``eos``."""
    from tokenizers import ByteLevelBPETokenizer
    from tokenizers.processors import TemplateProcessing

    raw = ByteLevelBPETokenizer()
    raw.train_from_iterator(CORPUS, vocab_size=320, special_tokens=["<pad>", eos, "<s>"], show_progress=False)
    raw._tokenizer.post_processor = TemplateProcessing(single=f"$A {eos}", special_tokens=[(eos, raw.token_to_id(eos))])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw._tokenizer, pad_token="<pad>", eos_token=eos, bos_token="<s>", unk_token="<pad>"
    )


def save_t5(folder: Path) -> None:
    tokenizer = byte_level_tokenizer()
    tiny_t5(folder, len(tokenizer), tokenizer.pad_token_id, tokenizer.eos_token_id).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def save_bart(folder: Path) -> None:
    tokenizer = byte_level_tokenizer()
    config = transformers.BartConfig(
        vocab_size=len(tokenizer), d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=128,
        pad_token_id=tokenizer.pad_token_id, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.eos_token_id, forced_eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    model = transformers.BartForConditionalGeneration(config)
    # as checkpoints for summaries have it: none of this may rule a repair
    model.generation_config.update(num_beams=4, min_length=56, no_repeat_ngram_size=3, length_penalty=2.0)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def save_marian(folder: Path) -> None:
    import sentencepiece

    (folder / "corpus.txt").write_text("\n".join(CORPUS))
    sentencepiece.SentencePieceTrainer.train(
        input=str(folder / "corpus.txt"), model_prefix=str(folder / "source"), vocab_size=70, hard_vocab_limit=False,
        bos_id=-1, minloglevel=2,
    )  # fmt: skip
    (folder / "target.spm").write_bytes((folder / "source.model").read_bytes())
    (folder / "source.model").rename(folder / "source.spm")
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    words = ["</s>", "<unk>", *(p for p in map(pieces.id_to_piece, range(len(pieces))) if p not in ("</s>", "<unk>"))]
    vocabulary = {word: i for i, word in enumerate([*words, "<pad>"])}
    (folder / "vocab.json").write_bytes(orjson.dumps(vocabulary))
    with warnings.catch_warnings():  # sacremoses only normalises punctuation
        warnings.simplefilter("ignore")
        tokenizer = transformers.MarianTokenizer(
            str(folder / "source.spm"), str(folder / "target.spm"), str(folder / "vocab.json")
        )
    config = transformers.MarianConfig(
        vocab_size=len(vocabulary), d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=128,
        pad_token_id=vocabulary["<pad>"], eos_token_id=0, decoder_start_token_id=vocabulary["<pad>"],
        forced_eos_token_id=None,
    )  # fmt: skip
    transformers.MarianMTModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def tasks(*texts: str) -> list[GenerationTask]:
    return [GenerationTask(text) for text in texts]


def rewritten(text: str, generator: CheckpointGenerator) -> str:
    from app.core.diff import Change

    edits = generator.generate(tasks(text))[0].edits
    return apply_changes(text, [Change(e.span, e.text) for e in edits])


@pytest.mark.parametrize(("source", "target"), PAIRS.items())
def test_a_trained_network_proposes_the_edits_it_learned(byt5: Path, source: str, target: str) -> None:
    generator = CheckpointGenerator.load(byt5, prefix="fix: ")
    (proposal,) = generator.generate(tasks(source))
    assert [(e.span, e.text) for e in proposal.edits] == [(c.span, c.text) for c in diff(source, target)]
    assert all(0.5 < e.confidence <= 1.0 for e in proposal.edits)
    assert rewritten(source, generator) == target


def test_quality_is_higher_where_the_network_leaves_the_text_alone(byt5: Path) -> None:
    proposals = CheckpointGenerator.load(byt5, prefix="fix: ").generate(tasks(*PAIRS))
    wrong, sound = proposals[:3], proposals[3:]
    assert max(p.quality for p in wrong) < min(p.quality for p in sound)
    assert all(not p.edits and not p.reason for p in sound)


@pytest.mark.parametrize("batch_tokens", [1, 60, 4096])
def test_edits_do_not_depend_on_the_batch(byt5: Path, batch_tokens: int) -> None:
    texts = ["It was cold there.", *PAIRS, "", "He go home.", "He", "Something that it never saw before; 日本 🙂."]
    alone = CheckpointGenerator.load(byt5, prefix="fix: ", batch_tokens=1)
    together = CheckpointGenerator.load(byt5, prefix="fix: ", batch_tokens=batch_tokens)
    expected = [alone.generate(tasks(t))[0] for t in texts]
    for order in (texts, texts[::-1]):
        found = dict(zip(order, together.generate(tasks(*order)), strict=True))
        for text, want in zip(texts, expected, strict=True):
            assert (found[text].edits, found[text].reason) == (want.edits, want.reason)
            assert found[text].quality == pytest.approx(want.quality, abs=2e-4)


def test_edits_do_not_depend_on_the_number_of_threads(byt5: Path, one_thread: None) -> None:
    generator = CheckpointGenerator.load(byt5, prefix="fix: ")
    single = generator.generate(tasks(*PAIRS))
    torch.set_num_threads(2)
    try:
        double = generator.generate(tasks(*PAIRS))
    finally:
        torch.set_num_threads(1)
    assert [p.edits for p in double] == [p.edits for p in single]


@pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")
@pytest.mark.parametrize("save", [save_t5, save_bart, save_marian], ids=["t5", "bart", "marian"])
def test_every_architecture_loads_and_its_edits_lie_in_the_text(
    save: Callable[[Path], None], tmp_path: Path, one_thread: None
) -> None:
    torch.manual_seed(3)
    save(tmp_path)
    generator: Generator = CheckpointGenerator.load(tmp_path)
    texts = ["He go home.", "", "  ", "It was cold there, they said, and no one knew why."]
    proposals = generator.generate(tasks(*texts))
    assert len(proposals) == len(texts)
    for text, proposal in zip(texts, proposals, strict=True):
        assert 0 <= proposal.quality <= 1
        assert not (proposal.edits and proposal.reason)
        spans = [e.span for e in proposal.edits]
        assert spans == sorted(spans)
        assert all(s.end <= len(text) for s in spans)
    assert generator.card.name == str(tmp_path)
    assert len(generator.card.sha256) == 64


@pytest.mark.parametrize("save", [save_t5, save_bart], ids=["t5", "bart"])
def test_padding_does_not_change_what_an_architecture_writes(
    save: Callable[[Path], None], tmp_path: Path, one_thread: None
) -> None:
    torch.manual_seed(4)
    save(tmp_path)
    generator = CheckpointGenerator.load(tmp_path)
    short, long = (list(generator._tokenizer(t).input_ids) for t in ("He go.", "It was cold there, they said. " * 3))
    (alone,), (padded, _) = generator._rewrite([short]), generator._rewrite([short, long])
    assert padded.ids == alone.ids
    assert padded.log_probs == pytest.approx(alone.log_probs, abs=1e-4)


def test_an_output_without_an_end_is_no_proposal(tmp_path: Path, one_thread: None) -> None:
    torch.manual_seed(5)
    save_bart(tmp_path)
    model = transformers.BartForConditionalGeneration.from_pretrained(tmp_path)
    for symbol in (model.config.eos_token_id, model.config.pad_token_id, model.config.bos_token_id):
        model.final_logits_bias[0, symbol] = -1e9  # it can write anything but an end
    model.save_pretrained(tmp_path)
    (proposal,) = CheckpointGenerator.load(tmp_path).generate(tasks("He go home."))
    assert (proposal.edits, proposal.reason) == ((), "truncated")


def test_a_longer_neighbour_does_not_let_a_sentence_run_on(byt5: Path) -> None:
    generator = CheckpointGenerator.load(byt5, prefix="fix: ")
    short = list(generator._tokenizer("fix: He go home.").input_ids)
    (whole,) = generator._rewrite([short])
    assert whole.is_complete
    # the limit of a sentence of one token is 17 tokens, fewer than any of the pairs needs to be known by heart
    (alone,), together = generator._rewrite([short[:1]]), generator._rewrite([short[:1], short * 4])
    assert (alone.ids, alone.is_complete) == (together[0].ids, together[0].is_complete)
    assert len(together[0].ids) <= 17


def test_a_sentence_that_is_too_long_is_left_alone(byt5: Path) -> None:
    generator = CheckpointGenerator.load(byt5, prefix="fix: ", max_source_tokens=20)
    long, short = generator.generate(tasks("We saw the the sea.", "He go home."))
    assert (long.edits, long.reason) == ((), "too_long")
    assert short.edits


def test_what_only_the_tokenizer_changes_is_not_proposed(byt5: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = CheckpointGenerator.load(byt5, prefix="fix: ")
    decode = generator._decode_raw
    # a tokenizer that loses letter case, as uncased checkpoints do
    monkeypatch.setattr(generator, "_decode_raw", lambda ids: decode(ids).lower())
    assert generator.generate(tasks("They are well."))[0].edits == ()
    edits = generator.generate(tasks("He go home."))[0].edits
    assert [e.text for e in edits] == ["goes"]


def test_running_out_of_memory_costs_the_batch_and_not_the_sentences(
    byt5: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = CheckpointGenerator.load(byt5, prefix="fix: ")
    expected = generator.generate(tasks(*PAIRS))
    rewrite = generator._rewrite

    def refuse_batches(sources: list[list[int]]) -> Any:
        if len(sources) > 1:
            raise torch.cuda.OutOfMemoryError("out of memory")
        return rewrite(sources)

    monkeypatch.setattr(generator, "_rewrite", refuse_batches)
    assert [p.edits for p in generator.generate(tasks(*PAIRS))] == [p.edits for p in expected]

    def refuse_all(sources: list[list[int]]) -> Any:
        raise torch.cuda.OutOfMemoryError("out of memory")

    monkeypatch.setattr(generator, "_rewrite", refuse_all)
    with pytest.raises(GenerationError) as caught:
        generator.generate(tasks("He go home."))
    assert "go" not in str(caught.value)


def test_bfloat16_finds_the_same_edits(byt5: Path) -> None:
    half = CheckpointGenerator.load(byt5, prefix="fix: ", dtype="bfloat16").generate(tasks(*PAIRS))
    full = CheckpointGenerator.load(byt5, prefix="fix: ").generate(tasks(*PAIRS))
    assert [[(e.span, e.text) for e in p.edits] for p in half] == [[(e.span, e.text) for e in p.edits] for p in full]


@pytest.mark.parametrize(
    ("checkpoint", "message"),
    [("./no/such/folder", "no such folder"), ("nobody/no-such-checkpoint", "local cache of the hub")],
)
def test_a_missing_checkpoint_is_named(checkpoint: str, message: str) -> None:
    with pytest.raises(ResourceError, match=message) as caught:
        CheckpointGenerator.load(checkpoint, offline=True)
    assert checkpoint in str(caught.value)


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "t5"}')
    with pytest.raises(ResourceError, match="not a usable seq2seq checkpoint"):
        CheckpointGenerator.load(tmp_path)


def test_without_torch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "torch":
            raise ImportError("No module named 'torch'")
        return real(name, *args, **kwargs)

    module = importlib.import_module("app.seq2seq.checkpoint")
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ResourceError, match=r"mt-repair\[torch\]"):
        module.CheckpointGenerator.load(tmp_path)


def test_a_calibration_file_rules_confidence_and_operating_points(byt5: Path) -> None:
    path = byt5 / "calibration.json"
    path.write_bytes(orjson.dumps({"knots": [[0.0, 0.0], [1.0, 0.5]], "operating_points": {"minimal": 0.4}}))
    try:
        generator = CheckpointGenerator.load(byt5, prefix="fix: ")
    finally:
        path.unlink()
    (edit,) = generator.generate(tasks("He go home."))[0].edits
    (raw,) = CheckpointGenerator.load(byt5, prefix="fix: ").generate(tasks("He go home."))[0].edits
    assert edit.confidence == pytest.approx(raw.confidence / 2, abs=1e-4)
    assert [generator.operating_point(m) for m in (Mode.MINIMAL, Mode.FLUENT, Mode.NAMES_ONLY)] == [0.4, 0.8, 1.0]


@pytest.mark.parametrize(
    "stored",
    [b"{", b"[]", b'{"knots": [[0, 0.5], [1, 0.2]], "operating_points": {}}', b'{"knots": [], "operating_points": {}}',
     b'{"knots": [[0, 0], [1, 1]], "operating_points": {"minimal": 2}}',
     b'{"knots": [[0, 0], [1, 1]], "operating_points": {"bold": 0.1}}'],
)  # fmt: skip
def test_a_damaged_calibration_stops_the_start(tmp_path: Path, stored: bytes) -> None:
    (tmp_path / "calibration.json").write_bytes(stored)
    with pytest.raises(ResourceError, match="not a calibration"):
        Calibration.read(tmp_path)


@pytest.mark.parametrize(("raw", "expected"), [(0.0, 0.1), (0.2, 0.1), (0.4, 0.3), (0.6, 0.5), (1.0, 0.5)])
def test_confidence_is_linear_between_knots_and_level_outside(raw: float, expected: float) -> None:
    assert Calibration(((0.2, 0.1), (0.6, 0.5))).confidence(raw) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 3, [0]), (3, 5, [1]), (2, 4, [0, 1]), (3, 3, [1]), (5, 9, [2, 3]), (9, 9, [4])],
)
def test_an_edit_is_scored_by_the_tokens_that_wrote_it(start: int, end: int, expected: list[int]) -> None:
    assert list(_tokens_of(start, end, [3, 5, 7, 9, 9])) == expected


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [("abc def ghi", "abc def ghi", "def"), ("x  abc", "x abc", "abc"), ("a 日 b c", "a  b c", "c"),
     ("abc def", "zzzz abc def", "def"), ("one two", "one 2", "one")],
)  # fmt: skip
def test_a_span_is_carried_over_changes_beside_it(before: str, after: str, word: str) -> None:
    at = after.index(word)
    carried = _carry_over(Span(at, at + len(word)), diff(before, after))
    assert carried is not None
    assert carried.of(before) == word


def test_a_span_under_a_change_is_not_carried_over() -> None:
    assert _carry_over(Span(4, 5), diff("one two three", "one 2 three")) is None


def test_batches_keep_their_padded_size() -> None:
    sources = {i: [0] * n for i, n in enumerate([5, 1, 9, 3, 3, 40])}
    batches = list(_batches(sources, 12))
    assert sorted(i for b in batches for i in b) == list(sources)
    assert all(len(b) == 1 or len(b) * max(len(sources[i]) for i in b) <= 12 for b in batches)
    assert [len(sources[i]) for b in batches for i in b] == [1, 3, 3, 5, 9, 40]
