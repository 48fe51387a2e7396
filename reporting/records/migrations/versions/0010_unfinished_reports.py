"""A report that was begun with an urgent answer and not sent; which one the answers kept so far belong to."""

import sqlalchemy as sa
from alembic import op

from reporting.records.tables.base import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # Not in a batch: SQLite would make the table anew, and rows of others point at it.
    op.add_column("check_in", sa.Column("begun_at", UtcDateTime(timezone=True), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE draft ADD COLUMN check_in_id INTEGER REFERENCES check_in (id)")
    else:
        op.add_column("draft", sa.Column("check_in_id", BIG, sa.ForeignKey("check_in.id"), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("draft") as table:
        table.drop_column("check_in_id")
    op.drop_column("check_in", "begun_at")
