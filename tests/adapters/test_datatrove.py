from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

pytest.importorskip("datatrove", reason="needs the extra 'datatrove'")

from datatrove.executor.local import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers.jsonl import JsonlWriter

from app.adapters.datatrove import RepairStep
from tests.corpus.building import build


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # those of datatrove and what it imports
def test_the_local_executor_repairs_every_document_once(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for part in range(4):
        rows = [{"id": f"{part}-{i}", "text": f"He goed home {i}.", "lang": "en"} for i in range(300)]
        (tmp_path / f"in/{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    executor = LocalPipelineExecutor(
        pipeline=[JsonlReader(str(tmp_path / "in")), RepairStep(build), JsonlWriter(str(tmp_path / "out"))],
        tasks=4,
        workers=2,
        logging_dir=str(tmp_path / "logs"),
    )
    executor.run()
    files = sorted((tmp_path / "out").iterdir())
    documents = [json.loads(line) for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]
    assert sorted(d["id"] for d in documents) == sorted(f"{p}-{i}" for p in range(4) for i in range(300))
    assert all(d["text"] == d["metadata"]["text_original"].replace("goed", "went") for d in documents)
    assert all(d["metadata"]["repair_status"] == "repaired" for d in documents)
    assert all(d["metadata"]["lang"] == "en" for d in documents)
    stats = json.loads((tmp_path / "logs/stats.json").read_text())
    (mine,) = [step["stats"] for step in stats if "mt-repair" in step["name"]]
    assert mine["documents_changed"]["total"] == 1200
