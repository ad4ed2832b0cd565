"""datatrove: a pipeline step that repairs the text of each document and keeps the answer in its metadata."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pyarrow as pa
from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from app.core.repairer import Repairer
from app.core.types import RepairOptions
from app.corpus.batch import REMEMBERED, BatchRepairer, RowOutcome, added_columns
from app.corpus.tally import Place, Tally

_BATCH_DOCUMENTS = 256
_FIELD = "text"


_loaded: dict[bytes, Repairer] = {}  # of this process, by the pickled function that made it


def _load(build: Callable[[], Repairer]) -> Repairer:
    key = pickle.dumps(build)
    if key not in _loaded:
        _loaded.clear()
        _loaded[key] = build()
    return _loaded[key]


class RepairStep(PipelineStep):  # type: ignore[misc]  # datatrove has no type information
    """Repairs ``Document.text``; what it was, status, confidence, edits and model go into ``Document.metadata``.

    Args:
        build: Makes the Repairer, once in each process, however many tasks it carries out.
        options: The same for every document.
        keep_original: Keep the text as it came as ``metadata["text_original"]``.
    """

    name = "🩹 mt-repair"
    type = "✂️ - FORMAT"

    def __init__(
        self, build: Callable[[], Repairer], options: RepairOptions | None = None, *, keep_original: bool = True
    ) -> None:
        super().__init__()
        self._build, self._options, self._keep_original = build, options, keep_original

    def run(self, data: Iterator[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """The documents in the same order, repaired."""
        repair = BatchRepairer(_load(self._build), options=self._options, remembered=REMEMBERED)
        names = added_columns(_FIELD).names
        while documents := list(islice(data, _BATCH_DOCUMENTS)):
            texts = pa.array([document.text for document in documents], pa.string())
            with self.track_time():
                batch, outcomes = repair(pa.RecordBatch.from_arrays([texts], [_FIELD]))
            self._count(outcomes)
            for document, row in zip(documents, batch.select(names).to_pylist(), strict=True):
                yield self._with_answer(document, row)

    def _with_answer(self, document: Document, row: dict[str, Any]) -> Document:
        repaired = row.pop(f"{_FIELD}_repaired")
        if self._keep_original and repaired != document.text:
            document.metadata["text_original"] = document.text
        document.text = repaired
        document.metadata.update(row)
        return document

    def _count(self, outcomes: list[RowOutcome]) -> None:
        tally = Tally()
        for outcome in outcomes:
            tally.add(outcome, Place("", 0, 0))
        self.stat_update("documents_changed", value=tally.rows_changed)
        self.stat_update("documents_failed", value=tally.rows_failed)
        self.stat_update("documents_repeated", value=tally.rows_repeated)
        self.stat_update("sentences", value=tally.segments)
        for kind, number in tally.kinds.items():
            self.stat_update(f"edits_{kind}", value=number)
