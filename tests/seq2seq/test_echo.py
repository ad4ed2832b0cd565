"""EchoGenerator: nothing in, nothing out, but one answer per question."""

import pytest

from app.core.protocols import GenerationTask, Generator, NameHint
from app.core.types import Mode, Span
from app.seq2seq.echo import EchoGenerator


@pytest.mark.parametrize("texts", [[], ["One sentence."], ["He go.", "", "日本 🙂"]])
def test_every_task_gets_one_empty_proposal(texts: list[str]) -> None:
    generator: Generator = EchoGenerator()
    proposals = generator.generate([GenerationTask(t, (NameHint(Span(0, 0), "Anna", 0.9),)) for t in texts])
    assert [(p.edits, p.quality, p.reason) for p in proposals] == [((), 1.0, "")] * len(texts)


def test_no_confidence_short_of_certainty_passes_in_any_mode() -> None:
    assert {EchoGenerator().operating_point(mode) for mode in Mode} == {1.0}
