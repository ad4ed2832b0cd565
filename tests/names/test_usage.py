"""How often words are used, in a file, and what it says of a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.core.errors import ResourceError
from app.names.attested import FILE as ATTESTED_FILE
from app.names.attested import Attested
from app.names.link import LinkModel
from app.names.linker import MODEL_FILE, NameLinker
from app.names.towns import Towns
from app.names.usage import Usage
from scripts.names_benchmark import one_segment
from tests.names.linking import SHIPPED, store

TEXT = "They moved to Valkeapuri in Finland in 2015."


def test_a_file_of_words_has_what_was_put_in(tmp_path: Path) -> None:
    Usage.of({"Bragança": 2.34, "braganca": 1.2, "the": 9.0, "two words": 3.0, "": 1.0}).save(tmp_path / "usage")
    usage = Usage(tmp_path / "usage")
    assert len(usage) == 2
    assert usage.zipf("braganca") == pytest.approx(2.3)
    assert usage.zipf("the") == pytest.approx(8.0)
    assert usage.zipf("two words") == usage.zipf("bragança") == 0.0


def test_a_file_that_is_damaged_is_refused(tmp_path: Path) -> None:
    (tmp_path / "usage").write_bytes(b"no trie")
    with pytest.raises(ResourceError, match="build_usage"):
        Usage(tmp_path / "usage")


def test_a_word_that_people_use_is_less_likely_a_damaged_name(tmp_path: Path) -> None:
    def probability(folder: str, words: dict[str, float]) -> float:
        names = NameLinker(
            store(tmp_path / folder),
            LinkModel.load(SHIPPED / MODEL_FILE),
            Attested(SHIPPED / ATTESTED_FILE),
            Towns(None),
            Usage.of(words),
        )
        (decision,) = (d for d in names.decide(TEXT, one_segment(TEXT))[1] if d.reading.text == "Valkeapuri")
        assert decision.best is not None
        return decision.best.probability

    found = [probability(str(i), words) for i, words in enumerate(({}, {"valkeapuri": 1.0}, {"valkeapuri": 4.0}))]
    assert found[0] > found[1] > found[2]
