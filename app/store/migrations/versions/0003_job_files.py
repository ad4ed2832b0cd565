"""Jobs made of files, and jobs that are taken once however often they are sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    op.add_column("job", sa.Column("format", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("job", sa.Column("original", sa.LargeBinary(), nullable=True))
    op.add_column("job", sa.Column("idempotency_key", sa.String(length=64), nullable=True))
    op.add_column("job", sa.Column("body_sha256", sa.String(length=64), nullable=False, server_default=""))
    op.create_index("ix_job_owner_idempotency_key", "job", ["owner", "idempotency_key"], unique=True)


def downgrade() -> None:
    """Take them away, with the jobs that are files."""
    op.execute("DELETE FROM job WHERE format <> ''")
    op.drop_index("ix_job_owner_idempotency_key", "job")
    for name in ("format", "original", "idempotency_key", "body_sha256"):
        op.drop_column("job", name)
