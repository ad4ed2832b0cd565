from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

pytest.importorskip("ray", reason="needs the extra 'ray'")

import ray

from app.adapters.ray import RayRepairer, repair_dataset
from app.core.protocols import Proposal
from app.core.repairer import Repairer
from tests.corpus import building
from tests.corpus.building import build

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # warnings of ray and what it imports


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    root = str(Path(__file__).parents[2])
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


def test_a_block_keeps_its_schema_even_when_it_is_empty() -> None:
    repair = RayRepairer(build)
    table = pa.table({"text": ["He goed."]})
    assert repair(table.slice(0, 0)).schema.equals(repair(table).schema)


class DyingBuilder:
    """Builds a Repairer whose first process dies in the middle of the work."""

    def __init__(self, flag: str) -> None:
        self.flag = flag

    def __call__(self) -> Repairer:
        flag = self.flag

        class Dying(building.WordGenerator):
            def _propose(self, text: str) -> Proposal:
                if "number 777 " in text:
                    try:
                        os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
                    except FileExistsError:
                        pass
                    else:
                        os.kill(os.getpid(), signal.SIGKILL)
                return super()._propose(text)

        repairer = build()
        repairer._generator = Dying()
        return repairer


def test_two_actors_repair_every_row_once_though_one_is_killed(cluster: None, tmp_path: Path) -> None:
    rows = 2000
    dataset = ray.data.from_arrow(
        pa.table({"id": list(range(rows)), "text": [f"He goed to number {i} ." for i in range(rows)]})
    ).repartition(20)
    flag = tmp_path / "died"
    repaired = repair_dataset(dataset, DyingBuilder(str(flag)), actors=2, batch_rows=50).to_pandas()
    assert flag.exists()
    assert sorted(repaired["id"]) == list(range(rows))
    assert (repaired["text"].str.replace("goed", "went") == repaired["text_repaired"]).all()
    assert set(repaired["repair_status"]) == {"repaired"}
