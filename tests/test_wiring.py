"""Settings in, Repairer out; what is missing stops the start and names the remedy."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from app.core.errors import ResourceError
from app.core.protocols import ModelCard
from app.names.unknown import NoNames
from app.seq2seq.cache import CachingGenerator
from app.seq2seq.echo import EchoGenerator
from app.seq2seq.shared_cache import SharedCachingGenerator
from app.settings import GeneratorKind, Settings
from app.wiring import _build_prepared, build_generator, build_linker, build_repairer


def test_without_a_network_the_rules_still_repair() -> None:
    repairer = build_repairer(Settings(generator=GeneratorKind.ECHO))
    assert repairer.repair("The the plan is ready.").text == "The plan is ready."
    assert repairer.card == ModelCard("echo", "1", "")


def test_a_process_sets_up_its_log_before_anything_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    monkeypatch.setattr("app.wiring.build_engine", lambda _settings: done.append("engine"))
    _build_prepared(Settings(), partial(done.append, "log"))
    _build_prepared(Settings(), None)
    assert done == ["log", "engine", "engine"]


def test_a_missing_network_names_the_folder_and_the_remedies(tmp_path: Path) -> None:
    folder = tmp_path / "nowhere"
    with pytest.raises(ResourceError, match=r"nowhere; .*MT_REPAIR_MODEL_DIR.*MT_REPAIR_GENERATOR=echo"):
        build_generator(Settings(model_dir=folder))


def test_a_folder_that_holds_no_network_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match=str(tmp_path)):
        build_generator(Settings(model_dir=tmp_path))


def test_a_checkpoint_has_to_be_named() -> None:
    with pytest.raises(ResourceError, match="MT_REPAIR_CHECKPOINT"):
        build_generator(Settings(generator=GeneratorKind.TRANSFORMERS))


def test_the_checkpoint_of_the_settings_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("transformers")
    asked: list[tuple[str, dict[str, object]]] = []

    def load(checkpoint: str, **options: object) -> EchoGenerator:
        asked.append((checkpoint, options))
        return EchoGenerator()

    monkeypatch.setattr("app.seq2seq.checkpoint.CheckpointGenerator.load", load)
    settings = Settings(generator=GeneratorKind.TRANSFORMERS, checkpoint="some/folder", device="auto", batch_tokens=7)
    assert isinstance(build_generator(settings), CachingGenerator)
    assert isinstance(build_generator(settings.model_copy(update={"cache_sentences": 0})), EchoGenerator)
    shared = build_generator(settings, shared_cache=tmp_path / "cache")
    assert isinstance(shared, SharedCachingGenerator)
    assert asked[0] == ("some/folder", {"device": "auto", "batch_tokens": 7})


def test_without_a_knowledge_base_no_name_is_repaired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings()
    monkeypatch.setitem(settings.__dict__, "names_dir", tmp_path / "nowhere")
    linker, version = build_linker(settings)
    assert isinstance(linker, NoNames)
    assert version == ""


def test_a_knowledge_base_that_was_asked_for_and_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="MT_REPAIR_NAMES_DIR"):
        build_linker(Settings(names_dir=tmp_path / "nowhere"))


def test_a_language_model_judges_beside_the_network_only_where_that_is_wanted(tmp_path: Path) -> None:
    assert not build_generator(Settings(lm_dir=tmp_path / "nowhere")).card.version.endswith("+lm")
    with pytest.raises(ResourceError, match="MT_REPAIR_LM_DIR"):
        build_generator(Settings(use_lm=True, lm_dir=tmp_path / "nowhere"))
