"""What is learned of the words around names: from whom, and from which documents."""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np
import pytest

from app.core.types import Span
from app.evaluation.splits import is_held_out_text
from app.names.store import EntityKind, EntityStore
from app.names.surroundings import Surroundings
from scripts.build_surroundings import NONE, Names, collect, learn
from tests.names.linking import store

STEM = "federal-reserve"
DOCUMENTS = 120
KNOWN = "They travelled to Valkeapori on the ferry."
UNKNOWN = "The goalkeeper was Ottokar Mustamets then."


@pytest.fixture
def base(tmp_path: Path) -> EntityStore:
    return store(tmp_path / "base")


@pytest.fixture
def names(tmp_path: Path, base: EntityStore) -> Names:
    """Documents of two sentences, one about a place of the base and one about nobody in it."""
    (tmp_path / "text").mkdir()
    text = "\n\n".join(f"{KNOWN}\n{UNKNOWN}" for _ in range(DOCUMENTS))
    (tmp_path / "text" / f"{STEM}.txt.xz").write_bytes(lzma.compress(text.encode()))
    return collect(base, tmp_path)


def speak(learned: Surroundings, text: str) -> float:
    start = text.index("Ottela")
    return learned.speak_for(text, [(Span(start, start + 6), Span(0, len(text)))])[EntityKind.PLACE]


def test_every_name_of_documents_that_are_not_held_out_is_collected(names: Names) -> None:
    read = [i for i in range(DOCUMENTS) if not is_held_out_text(STEM, i)]
    assert len(read) < DOCUMENTS
    assert list(names.ids) == [f"{STEM}/{i}" for i in read]
    assert len(names.classes) == 2 * len(read)
    assert np.count_nonzero(names.classes == NONE) == len(read)
    first = {names.signs[i] for i in names.numbers[names.starts[0] : names.starts[1]]}
    assert {"l1:to", "n:travelled", "rr:on the"} <= first
    assert not any("valkeapori" in sign for sign in names.signs)


def test_what_ends_a_longer_name_teaches_nothing_and_initials_do_not_matter(tmp_path: Path, base: EntityStore) -> None:
    read = next(i for i in range(DOCUMENTS) if not is_held_out_text(STEM, i))
    (tmp_path / "text").mkdir()
    text = "They saw that Ottokar Mustamets won.\nThey saw that Mustamets won.\nThey saw that Tauno K. Vaherpuu won."
    (tmp_path / "text" / f"{STEM}.txt.xz").write_bytes(lzma.compress("\n\n".join([text] * (read + 1)).encode()))
    found = collect(base, tmp_path)
    per_document = len(found.classes) / len(found.ids)
    assert per_document == 2
    assert np.count_nonzero(found.classes == NONE) == len(found.ids)


def test_what_ends_the_name_of_a_body_is_a_name_of_its_own(tmp_path: Path, base: EntityStore) -> None:
    read = next(i for i in range(DOCUMENTS) if not is_held_out_text(STEM, i))
    (tmp_path / "text").mkdir()
    text = "They saw the Bank of Estonia close.\nThey travelled to Estonia on the ferry."
    (tmp_path / "text" / f"{STEM}.txt.xz").write_bytes(lzma.compress("\n\n".join([text] * (read + 1)).encode()))
    assert len((found := collect(base, tmp_path)).classes) == 2 * len(found.ids)


def test_the_words_around_names_of_the_base_speak_for_it(names: Names) -> None:
    learned = learn(names)
    assert speak(learned, "They travelled to Ottela on the ferry.") > 0.5
    assert speak(learned, "The goalkeeper was Ottela then.") < -0.5


def test_documents_that_are_left_out_teach_nothing(names: Names) -> None:
    some = set(names.ids[:10])
    assert len(learn(names, some)) > 0
    kept = Names(
        names.signs,
        names.numbers,
        names.starts,
        np.where(np.isin(names.documents, range(10)), NONE, names.classes),
        names.weights,
        names.documents,
        names.ids,
    )
    text = "They travelled to Ottela on the ferry."
    # Whatever they say, it is not heard.
    assert speak(learn(kept, some), text) == speak(learn(names, some), text) != speak(learn(kept), text)
