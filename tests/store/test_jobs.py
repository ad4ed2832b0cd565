from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from app.store.jobs import JobState, JobStore, NewJob

CANARY = "CANARY-1234567890 " * 40
_KEEP = timedelta(days=1)


def _delete(jobs: JobStore) -> None:
    job = jobs.add(NewJob("Anna", {}, CANARY), _KEEP, 9)
    assert job is not None
    jobs.claim("worker")
    assert jobs.add_part("worker", job.id, len(CANARY), {"text": CANARY})
    jobs.finish("worker", job.id, JobState.DONE)
    jobs.delete("Anna", job.id)


def _delete_expired(jobs: JobStore) -> None:
    jobs.add(NewJob("Anna", {}, CANARY), -_KEEP, 9)
    assert jobs.delete_expired() == 1


@pytest.mark.parametrize("put_and_delete", [_delete, _delete_expired])
def test_a_deleted_job_is_gone_from_the_files_of_sqlite(
    tmp_path: Path, put_and_delete: Callable[[JobStore], None]
) -> None:
    jobs = JobStore.open(f"sqlite:///{tmp_path / 'd.sqlite3'}")
    put_and_delete(jobs)
    assert not any(b"CANARY" in file.read_bytes() for file in tmp_path.iterdir())
    jobs.close()
