"""Jobs: texts that are repaired while nobody waits, section by section, and outlive the process that took them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import token_hex
from typing import Any

from sqlalchemy import Engine, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.store.database import cut_log, open_engine
from app.store.models import JobPartRow, JobRow
from app.store.records import NotFoundError


class JobState(StrEnum):
    """How far a job has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands; times are UTC."""

    id: str
    owner: str
    state: JobState
    request: dict[str, Any]  # the options, without the text
    source: str
    done_chars: int
    reason: str
    created_at: datetime
    expires_at: datetime
    format: str = ""  # of the file that it came in; empty for JSON
    original: bytes | None = None  # that file, where it is more than its text


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job as it is brought."""

    owner: str
    request: dict[str, Any]
    source: str
    format: str = ""
    original: bytes | None = None
    idempotency_key: str | None = None
    body: bytes = b""  # all that the key stands for


class OtherBodyError(Exception):
    """The idempotency key was used for another body."""


class JobStore:
    """Keeps jobs and the parts of their answers. A worker takes a job for a while and has to say that it lives.

    Args:
        engine: From ``open_engine``.
        lease_s: How long a job is a worker's that says nothing more; then another may take it.
    """

    def __init__(self, engine: Engine, lease_s: float = 20.0) -> None:
        self._engine, self._lease = engine, timedelta(seconds=lease_s)
        self._writer = engine.execution_options(writes=True)

    @classmethod
    def open(cls, url: str, lease_s: float = 20.0) -> JobStore:
        """Open a database by its URL.

        Raises:
            ResourceError: It cannot be used.
        """
        return cls(open_engine(url), lease_s)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def add(self, new: NewJob, keep: timedelta, most: int) -> Job | None:
        """Take a job; None where the owner has ``most`` already. One that was taken under its key stands as it is.

        Raises:
            OtherBodyError: Its key was used for another body.
        """
        try:
            return self._add(new, keep, most)
        except IntegrityError:  # brought twice at the same time: the other one was first
            return self._add(new, keep, most)

    def _add(self, new: NewJob, keep: timedelta, most: int) -> Job | None:
        now = _now()
        key = None if new.idempotency_key is None else sha256(new.idempotency_key.encode()).hexdigest()
        body = sha256(new.body).hexdigest() if key is not None else ""
        with Session(self._writer) as session, session.begin():
            if key is not None:
                same = (JobRow.owner == new.owner, JobRow.idempotency_key == key)
                session.execute(delete(JobRow).where(*same, JobRow.expires_at <= now))
                known = session.scalar(select(JobRow).where(*same))
                if known is not None:
                    if known.body_sha256 != body:
                        raise OtherBodyError
                    return _job(known)
            count = session.scalar(
                select(func.count()).where(JobRow.owner == new.owner, JobRow.expires_at > now).select_from(JobRow)
            )
            if (count or 0) >= most:
                return None
            row = JobRow(
                id=token_hex(12), owner=new.owner, state=JobState.WAITING.value, request=new.request,
                source=new.source, done_chars=0, reason="", worker="", created_at=now, expires_at=now + keep,
                leased_until=None, format=new.format, original=new.original, idempotency_key=key, body_sha256=body,
            )  # fmt: skip
            session.add(row)
            session.flush()
            return _job(row)

    def get(self, owner: str, job_id: str) -> Job:
        """One job of an owner's.

        Raises:
            NotFoundError: It is not there, has expired, or is somebody else's.
        """
        with Session(self._engine) as session:
            row = session.get(JobRow, job_id)
            if row is None or row.owner != owner or row.expires_at <= _now():
                raise NotFoundError("the job")
            return _job(row)

    def parts(self, job_id: str) -> list[dict[str, Any]]:
        """The answers of its sections so far, in order."""
        wanted = select(JobPartRow.answer).where(JobPartRow.job_id == job_id).order_by(JobPartRow.end)
        with Session(self._engine) as session:
            return list(session.scalars(wanted))

    def delete(self, owner: str, job_id: str) -> None:
        """Delete a job and all of its text, whatever its state.

        Raises:
            NotFoundError: As ``get``.
        """
        self.get(owner, job_id)
        with Session(self._writer) as session, session.begin():
            session.execute(delete(JobRow).where(JobRow.id == job_id))
        cut_log(self._engine)

    def delete_expired(self) -> int:
        """Delete the jobs whose time is over; how many there were."""
        with Session(self._writer) as session, session.begin():
            gone = session.scalars(delete(JobRow).where(JobRow.expires_at <= _now()).returning(JobRow.id)).all()
        if gone:
            cut_log(self._engine)
        return len(gone)

    # --- for the worker ---

    def claim(self, worker: str) -> Job | None:
        """The oldest job that nobody works on, for this worker; None where there is none."""
        now = _now()
        free = (
            select(JobRow.id)
            .where(
                JobRow.state.in_((JobState.WAITING.value, JobState.RUNNING.value)),
                or_(JobRow.leased_until.is_(None), JobRow.leased_until <= now),
                JobRow.expires_at > now,
            )
            .order_by(JobRow.created_at, JobRow.id)
            .limit(1)
        )
        if self._engine.dialect.name == "postgresql":
            free = free.with_for_update(skip_locked=True)
        with Session(self._writer) as session, session.begin():
            job_id = session.scalar(free)
            if job_id is None:
                return None
            row = session.get_one(JobRow, job_id)
            row.state, row.worker, row.leased_until = JobState.RUNNING.value, worker, now + self._lease
            session.flush()
            return _job(row)

    def renew(self, worker: str, job_id: str) -> bool:
        """Say that the worker lives; False where the job is not its own any more."""
        with Session(self._writer) as session, session.begin():
            return self._touch(session, worker, job_id, leased_until=_now() + self._lease)

    def add_part(self, worker: str, job_id: str, end: int, answer: dict[str, Any]) -> bool:
        """Keep the answer of the section that ends at ``end``; False where the job is not the worker's any more."""
        with Session(self._writer) as session, session.begin():
            if not self._touch(session, worker, job_id, done_chars=end, leased_until=_now() + self._lease):
                return False
            session.add(JobPartRow(job_id=job_id, end=end, answer=answer))
            return True

    def finish(self, worker: str, job_id: str, state: JobState, reason: str = "") -> None:
        """End a job."""
        with Session(self._writer) as session, session.begin():
            self._touch(session, worker, job_id, state=state.value, reason=reason, leased_until=None)

    def release(self, worker: str) -> None:
        """Give back what the worker has: it is being stopped, and another goes on at once."""
        with Session(self._writer) as session, session.begin():
            session.execute(
                update(JobRow)
                .where(JobRow.worker == worker, JobRow.state == JobState.RUNNING.value)
                .values(leased_until=None, worker="")
            )

    @staticmethod
    def _touch(session: Session, worker: str, job_id: str, **values: Any) -> bool:
        mine = update(JobRow).where(
            JobRow.id == job_id, JobRow.worker == worker, JobRow.state == JobState.RUNNING.value
        )
        found: Sequence[str] = session.scalars(mine.values(**values).returning(JobRow.id)).all()
        return bool(found)


def _now() -> datetime:
    return datetime.now(UTC)


def _job(row: JobRow) -> Job:
    return Job(
        row.id, row.owner, JobState(row.state), row.request, row.source, row.done_chars, row.reason, row.created_at,
        row.expires_at, row.format, row.original,
    )  # fmt: skip
