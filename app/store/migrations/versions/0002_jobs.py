"""Jobs and the parts of their answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.store.models import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "job",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("done_chars", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index(op.f("ix_job_expires_at"), "job", ["expires_at"])
    op.create_index(op.f("ix_job_owner"), "job", ["owner"])
    op.create_table(
        "job_part",
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("end_at", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_job_part_job_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("job_id", "end_at", name=op.f("pk_job_part")),
    )


def downgrade() -> None:
    """Take them away, with all jobs."""
    op.drop_table("job_part")
    op.drop_table("job")
