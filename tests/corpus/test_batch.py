from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import InputError
from app.core.protocols import GenerationTask, Proposal
from app.core.types import Mode, RepairOptions, Status
from app.corpus.batch import EDIT_TYPE, BatchRepairer, added_columns, model_name, near_hash, repair_batch, text_hash
from app.formats.base import PLACES, PROTECT, SEAMS, SPANS
from tests.corpus.building import WordGenerator, build

REPAIRER = build()


def make_batch(texts: list[str | None]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(
        {"id": pa.array(range(len(texts)), pa.int8()), "text": pa.array(texts, pa.string())}
    )


def test_rows_and_columns_stay_and_the_answer_stands_behind_them() -> None:
    batch = make_batch(["He goed home.", "Fine.", None, "  "])
    after = repair_batch(batch, REPAIRER)
    assert after.select(["id", "text"]).equals(batch)
    assert after.schema.names == ["id", "text", *added_columns("text").names]
    assert after.column("text_repaired").to_pylist() == ["He went home.", "Fine.", None, "  "]
    assert after.column("repair_status").to_pylist() == ["repaired", "unchanged", "unchanged", "unchanged"]
    assert after.column("repair_model").to_pylist() == [model_name(REPAIRER)] * 4
    (edit,) = after.column("repair_edits").to_pylist()[0]
    assert (edit["start"], edit["end"], edit["original"], edit["replacement"]) == (3, 7, "goed", "went")


def test_the_schema_does_not_hang_on_what_was_found() -> None:
    some, none = repair_batch(make_batch(["He goed."]), REPAIRER), repair_batch(make_batch([None]), REPAIRER)
    assert some.schema.equals(none.schema)
    assert some.schema.field("repair_edits").type == pa.list_(EDIT_TYPE)
    assert repair_batch(make_batch([]), REPAIRER).schema.equals(some.schema)


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_in_place_the_column_keeps_its_type(kind: pa.DataType) -> None:
    batch = pa.RecordBatch.from_pydict({"t": pa.array(["He goed.", None], pa.string()).cast(kind)})
    after = repair_batch(batch, REPAIRER, field="t", in_place=True)
    assert after.schema.equals(batch.schema)
    assert after.column("t").to_pylist() == ["He went.", None]


def test_detection_alone_reports_and_changes_nothing() -> None:
    after = repair_batch(make_batch(["He goed."]), REPAIRER, options=RepairOptions(mode=Mode.DETECT_ONLY))
    assert after.column("text_repaired").to_pylist() == ["He goed."]
    assert len(after.column("repair_edits").to_pylist()[0]) == 1


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (pa.RecordBatch.from_pydict({"body": ["x"]}), "no column `text`; there are body"),
        (pa.RecordBatch.from_pydict({"text": [1]}), "column `text` is int64, no text"),
        (pa.RecordBatch.from_pydict({"text": ["x"], "text_repaired": ["x"]}), "has already the column text_repaired"),
    ],
)
def test_a_batch_that_cannot_be_repaired_is_refused(batch: pa.RecordBatch, message: str) -> None:
    with pytest.raises(InputError, match=message):
        repair_batch(batch, REPAIRER)


def test_a_row_that_fails_or_is_too_long_is_labelled_and_takes_no_other_with_it() -> None:
    repair = BatchRepairer(REPAIRER, max_chars=100)
    after, outcomes = repair(make_batch(["RAISE", "He goed.", "He goed. " * 50]))
    assert after.column("text_repaired").to_pylist() == ["RAISE", "He went.", "He goed. " * 50]
    assert after.column("repair_status").to_pylist() == ["error", "repaired", "abstained"]
    assert "ValueError" in outcomes[0].problem
    assert "450 characters, the most is 100" in outcomes[2].problem
    assert after.column("repair_confidence").to_pylist()[0] == 0.0


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(st.sampled_from(["He goed.", "Fine.", "goed goed", "They goed home. It rained."]), max_size=30))
def test_a_text_that_comes_again_gets_the_same_answer_as_without_a_memory(texts: list[str | None]) -> None:
    remembering = BatchRepairer(REPAIRER, remembered=2)
    batch = make_batch(texts)
    after, outcomes = remembering(batch)
    assert after.equals(repair_batch(batch, REPAIRER))
    assert all(
        o.is_repeat for o, text, i in zip(outcomes, texts, range(99), strict=False) if i and texts[i - 1] == text
    )
    assert all(o.status in Status for o in outcomes)


def test_a_remembered_answer_is_the_answer_itself() -> None:
    remembering = BatchRepairer(REPAIRER, remembered=10)
    first, again = (remembering(make_batch(["They goed home. It rained."]))[1][0] for _ in range(2))
    assert again.is_repeat
    assert not first.is_repeat
    assert again.repair == first.repair


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(st.sampled_from(["He goed.", "Fine.", "RAISE", "They goed home. It rained.\n\nHe goed."])))
def test_rows_that_share_batches_get_the_answer_that_each_gets_alone(texts: list[str | None]) -> None:
    together = repair_batch(make_batch(texts), REPAIRER)
    alone = [repair_batch(make_batch([text]), REPAIRER).drop_columns("id") for text in texts]
    assert together.drop_columns("id").to_pylist() == [row for one in alone for row in one.to_pylist()]


def test_the_network_is_shown_the_sentences_of_all_rows_at_once() -> None:
    class Batches(WordGenerator):
        def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
            sizes.append(len(tasks))
            return super().generate(tasks)

    sizes: list[int] = []
    repair_batch(make_batch([f"He goed to house {i}. It rained." for i in range(20)]), build(Batches()))
    first, again = sizes  # what was changed is read a second time, all of it at once, too
    assert first >= 40
    assert again == 20


def test_processes_share_their_answers_in_a_file(tmp_path: Path) -> None:
    batch, path = make_batch(["They goed home. It rained.", "Fine."]), tmp_path / "answers"
    first, _ = BatchRepairer(REPAIRER, remembered=10, shared_answers=path)(batch)
    after, outcomes = BatchRepairer(build(Silent()), remembered=10, shared_answers=path)(batch)
    assert after.equals(first)
    assert all(o.is_repeat for o in outcomes)
    careful = BatchRepairer(REPAIRER, options=RepairOptions(mode=Mode.DETECT_ONLY), remembered=10, shared_answers=path)
    assert not any(o.is_repeat for o in careful(batch)[1])


def test_what_another_process_finds_out_meanwhile_is_not_worked_out_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rows, shown = tmp_path / "answers", 12, 0
    batch = make_batch([f"He goed to house {i}." for i in range(rows)])

    class Meanwhile(WordGenerator):
        def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
            nonlocal shown
            if not shown:  # the other one does all of it while this one is at its first texts
                BatchRepairer(REPAIRER, remembered=rows, shared_answers=path)(batch)
            shown += sum("goed" in task.text for task in tasks)  # and not what became of it, read again
            return super().generate(tasks)

    monkeypatch.setattr("app.corpus.batch._CHARS_AT_ONCE", 2 * len("He goed to house 1."))
    after, outcomes = BatchRepairer(build(Meanwhile()), remembered=rows, shared_answers=path)(batch)
    assert after.equals(repair_batch(batch, REPAIRER))
    assert sum(o.is_repeat for o in outcomes) == rows - shown
    assert shown == 2


class Silent(WordGenerator):
    def generate(self, tasks: Sequence[GenerationTask]) -> list[Proposal]:
        raise AssertionError("asked again")


def test_texts_with_other_protected_spans_are_other_texts() -> None:
    spans = pa.array([[], [{"start": 3, "end": 7}]], SPANS)
    batch = pa.RecordBatch.from_pydict({"text": ["He goed."] * 2, PROTECT: spans})
    after, outcomes = BatchRepairer(REPAIRER, remembered=10)(batch)
    assert after.column("text_repaired").to_pylist() == ["He went.", "He goed."]
    assert not any(o.is_repeat for o in outcomes)


@pytest.mark.parametrize(
    ("mode", "document", "sentences"),
    [
        (Mode.MINIMAL, "partial", ["partial", "repaired", "abstained"]),
        (Mode.DETECT_ONLY, "abstained", ["abstained", "abstained", "abstained"]),
    ],
)
def test_without_an_edit_across_a_tag_the_status_says_what_was_changed(
    mode: Mode, document: str, sentences: list[str]
) -> None:
    text = "He goed and goed. She goed. They goed."
    seams = pa.array([[5, text.rindex("goed") + 1]], PLACES)  # in the first goed and in the last
    batch = pa.RecordBatch.from_pydict({"text": [text], SEAMS: seams})
    after, (outcome,) = BatchRepairer(REPAIRER, options=RepairOptions(mode=mode))(batch)
    assert outcome.repair is not None
    assert [str(s.status) for s in outcome.repair.segments] == sentences
    assert after.column("repair_status").to_pylist() == [document]
    changed = "He goed and went. She went. They goed."
    assert outcome.repair.text == (text if mode is Mode.DETECT_ONLY else changed)
    assert [e.span.start for e in outcome.repair.edits] == [12, 22]


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("He went home.", "he went  HOME", True),
        ("On 3 May, 12 people came.", "On 4 May, 13 people came!", True),
        ("Café Zürich", "Cafe\u0301 Zurich", True),
        ("He went home.", "She went home.", False),
    ],
)
def test_nearly_equal_texts_have_the_same_near_hash(one: str, other: str, near: bool) -> None:
    assert text_hash(one) != text_hash(other)
    assert (near_hash(one) == near_hash(other)) is near


def test_hashes_are_of_the_repaired_text_and_only_on_request() -> None:
    batch = make_batch(["He goed home.", "HE WENT HOME", None])
    after, _ = BatchRepairer(REPAIRER, hashes=True)(batch)
    assert after.schema.names == [*batch.schema.names, *added_columns("text", hashes=True).names]
    assert after.column("repair_hash").to_pylist() == [text_hash("He went home."), text_hash("HE WENT HOME"), None]
    first, second, none = after.column("repair_near_hash").to_pylist()
    assert first == second
    assert none is None
    assert "repair_hash" not in repair_batch(batch, REPAIRER).schema.names
