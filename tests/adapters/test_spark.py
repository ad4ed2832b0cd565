"""The recipe of docs/scale.md, as it stands there."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

pytest.importorskip("pyspark", reason="needs pyspark")

from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from app.corpus.batch import BatchRepairer, added_columns
from tests.corpus.building import build

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # warnings of pyspark


def repair_partition(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    repair = BatchRepairer(build())
    for batch in batches:
        yield repair(batch)[0]


def test_map_in_arrow_repairs_every_row_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    root = str(Path(__file__).parents[2])
    spark = (
        SparkSession.builder.master("local[2]").config("spark.executorEnv.PYTHONPATH", root)
        .config("spark.ui.enabled", "false").getOrCreate()
    )  # fmt: skip
    try:
        frame = spark.createDataFrame([(i, f"He goed {i}.") for i in range(1000)], "id long, text string").repartition(
            4
        )
        schema = StructType([*frame.schema, *from_arrow_schema(added_columns("text"))])
        frame.mapInArrow(repair_partition, schema).write.parquet(str(tmp_path / "out"))
        rows = spark.read.parquet(str(tmp_path / "out")).collect()
        assert sorted(row.id for row in rows) == list(range(1000))
        assert all(row.text_repaired == row.text.replace("goed", "went") for row in rows)
    finally:
        spark.stop()
