"""Ray Data: ``dataset.map_batches(RayRepairer, …)``, one Repairer in each actor of the pool."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from app.core.repairer import Repairer
from app.core.types import RepairOptions
from app.corpus.batch import REMEMBERED, BatchRepairer

if TYPE_CHECKING:
    from ray.data import Dataset

_BATCH_ROWS = 256
_MAX_RESTARTS = 4


class RayRepairer:
    """A callable class for ``map_batches`` with ``batch_format="pyarrow"``.

    Args:
        build: Makes the Repairer, once per actor.
        field: Column with the text.
        options: The same for every row.
        in_place: Replace the column, and add none.
    """

    def __init__(
        self,
        build: Callable[[], Repairer],
        field: str = "text",
        options: RepairOptions | None = None,
        in_place: bool = False,
    ) -> None:
        self._repair = BatchRepairer(build(), field=field, options=options, in_place=in_place, remembered=REMEMBERED)

    def __call__(self, table: pa.Table) -> pa.Table:
        """The repaired rows; the schema is the same for every block, also for an empty one."""
        batches = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]
        return pa.Table.from_batches([self._repair(batch)[0] for batch in batches])


def repair_dataset(
    dataset: Dataset,
    build: Callable[[], Repairer],
    *,
    actors: int | tuple[int, int],
    field: str = "text",
    options: RepairOptions | None = None,
    in_place: bool = False,
    gpus_per_actor: float = 0,
    batch_rows: int = _BATCH_ROWS,
) -> Dataset:
    """A dataset whose texts are repaired on a pool of actors, each of which loads the Repairer once.

    Args:
        dataset: Any Ray dataset with a column of text.
        build: Makes the Repairer; importable on every node, as ``functools.partial(build_repairer, Settings())``.
        actors: Size of the pool, or its least and greatest.
        field: Column with the text.
        options: The same for every row.
        in_place: Replace the column, and add none.
        gpus_per_actor: 0 where the network runs on CPUs.
        batch_rows: Rows in one call.
    """
    from ray.data import ActorPoolStrategy

    least, most = actors if isinstance(actors, tuple) else (actors, actors)
    settings: dict[str, Any] = {"num_gpus": gpus_per_actor} if gpus_per_actor else {"num_cpus": 1}
    return dataset.map_batches(
        RayRepairer,
        fn_constructor_args=(build, field, options, in_place),
        compute=ActorPoolStrategy(min_size=least, max_size=most),
        batch_format="pyarrow",
        batch_size=batch_rows,
        max_restarts=_MAX_RESTARTS,
        max_task_retries=-1,  # a batch of an actor that died goes to another
        **settings,
    )
