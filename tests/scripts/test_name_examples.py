"""Names are damaged for training: what stands around them stays, and only a right hint is an answer."""

from __future__ import annotations

import lzma
import random
from pathlib import Path

import pytest

from app.core.protocols import LinkResult, NameHint
from app.core.types import Edit, EditKind, Origin, Span
from app.names.normalise import normalise
from app.seq2seq.codec import hint_pieces
from app.seq2seq.tokenizer import Tokenizer
from scripts.name_examples import DamagedName, NameDamager, NamedSentence, all_told

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [
    f"{who} met the delegation in {where} and thanked {land} for its help."
    for who, where, land in zip(
        ("Angela Merkel", "Emmanuel Macron", "Jens Stoltenberg", "The minister") * 6,
        ("Bucharest", "Jerusalem", "Copenhagen", "Mogadishu", "Reykjavik", "Vilnius") * 4,
        ("Uzbekistan", "Lithuania", "Mozambique") * 8,
        strict=True,
    )
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[NamedSentence]:
    data = tmp_path_factory.mktemp("data")
    (data / "text").mkdir()
    with lzma.open(data / "text" / "news.txt.xz", "wt") as out:
        out.write("\n\n".join(TEXTS))
    return list(NameDamager(ROOT / "models" / "names-en", data).sentences(TEXTS, random.Random(5)))


def test_names_are_damaged_and_nothing_else(found: list[NamedSentence]) -> None:
    damaged = [name for sentence in found for name in sentence.damaged]
    assert len(damaged) > 5
    for sentence in found:
        at = there = 0
        for name in sentence.damaged:
            assert sentence.machine[at : name.span.start] == sentence.corrected[there : name.right.start]
            assert normalise(name.span.of(sentence.machine)) != normalise(name.right.of(sentence.corrected))
            at, there = name.span.end, name.right.end
        assert sentence.machine[at:] == sentence.corrected[there:]
        assert normalise(sentence.corrected) in {normalise(text) for text in TEXTS}  # diacritics as the base has them


def test_hints_are_right_and_wrong(found: list[NamedSentence]) -> None:
    told = [sentence.is_told(name) for sentence in found for name in sentence.damaged]
    assert 0 < sum(told) < sum(len(sentence.hints) for sentence in found)


def test_a_right_hint_is_the_answer_another_name_is_passed_over_and_a_wrong_hint_changes_nothing() -> None:
    tokenizer = Tokenizer(ROOT / "models" / "repair-en" / "tokenizer.model")
    sentence = NamedSentence(
        "Then Parus and Bukarst saw Milano.", "Then Paris and Bucharest saw Milano.",
        (DamagedName(Span(5, 10), Span(5, 10)), DamagedName(Span(15, 22), Span(15, 24))),
        (NameHint(Span(5, 10), "Paris", 0.9), NameHint(Span(27, 33), "Milan", 0.4)),
    )  # fmt: skip
    example = sentence.example(tokenizer)
    told, passed = example.edits
    assert tokenizer.decode(told.pieces or ()) == " Paris"
    assert passed.pieces is None
    assert [(h.mark.first, h.pieces) for h in example.hints] == [
        (1, hint_pieces("Paris", tokenizer)),
        (5, hint_pieces("Milan", tokenizer)),
    ]


def test_what_the_linker_is_sure_of_is_told_beside_what_it_doubts() -> None:
    sure = Edit(Span(0, 5), "Paris", EditKind.NAME, Origin.NAMES, 0.9, "MTR_NAME_ENTITY", "nearest in the base")
    doubt = NameHint(Span(10, 17), "Bucharest", 0.3)
    told = all_told(LinkResult(edits=(sure,), hints=(doubt,)))
    assert told == (NameHint(Span(0, 5), "Paris", 0.9, sure), doubt)
