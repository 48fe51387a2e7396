"""A row of the audit trail says which key its hash was made with; those of before were made with none."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit_event", sa.Column("sealed_with", sa.String(length=16), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("audit_event", "sealed_with")
