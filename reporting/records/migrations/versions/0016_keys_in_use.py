"""Which keys the database was written with, so that one that is still needed is missed at the start."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "encryption_key",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("name", sa.String(16), nullable=False, unique=True),
        sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("needless_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key_encrypted", sa.String(), nullable=True),
    )


def downgrade() -> None:
    op.drop_table("encryption_key")
