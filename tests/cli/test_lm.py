"""``lm build``: the language model that judges edits, from a file of weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.seq2seq.language_model import LanguageModel
from tests.cli.conftest import Run
from tests.seq2seq.tiny_lm import make_network, write_gguf


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "tiny.gguf"
    write_gguf(make_network(), path)
    return path


def test_it_is_built_where_the_settings_look_for_it(
    run: Run, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MT_REPAIR_LM_DIR", str(tmp_path / "lm"))
    done = run("lm", "build", weights)
    assert (done.exit_code, done.stderr) == (0, f"tiny (apache-2.0) in {tmp_path / 'lm'}\n")
    assert LanguageModel(tmp_path / "lm").name == "tiny"


def test_or_where_it_is_wanted(run: Run, weights: Path, tmp_path: Path) -> None:
    assert run("lm", "build", weights, "--out", tmp_path / "other").exit_code == 0
    assert LanguageModel(tmp_path / "other").name == "tiny"


def test_what_is_no_such_file_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "text.gguf").write_text("no weights")
    done = run("lm", "build", tmp_path / "text.gguf", "--out", tmp_path / "lm")
    assert done.exit_code == 2
    assert "text.gguf is no GGUF file" in done.stderr
    assert not (tmp_path / "lm").exists()
