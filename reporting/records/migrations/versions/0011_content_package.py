"""Which clinical content a report, an outcome and a case were judged by, and the words that the patient read."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from reporting.records.tables.base import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = UtcDateTime(timezone=True)
_TEXT = sqlmodel.sql.sqltypes.AutoString
_PINNED = ("check_in", "outcome", "triage_case")


def upgrade() -> None:
    # Not in a batch: SQLite would write the largest tables anew. Earlier rows were not pinned: null.
    for table in _PINNED:
        op.add_column(table, sa.Column("package_version", _TEXT(length=64), nullable=True))
        op.add_column(table, sa.Column("package_hash", _TEXT(length=64), nullable=True))
    op.add_column("check_in", sa.Column("unexpected", sa.SmallInteger(), nullable=True))
    op.add_column("check_in", sa.Column("words_encrypted", _TEXT(), nullable=True))
    op.add_column("clinic", sa.Column("content_withdrawn", _TEXT(), nullable=False, server_default=""))
    op.create_table(
        "content_package",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", _TEXT(), nullable=False),
        sa.Column("version", _TEXT(length=64), nullable=False),
        sa.Column("hash", _TEXT(length=64), nullable=False),
        sa.Column("recorded_at", _MOMENT, nullable=False),
        sa.Column("recorded_by", BIG, nullable=True),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["recorded_by"], ["staff_account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("version", "hash", name="uq_content_package"),
    )
    op.create_table(
        "content_signature",
        sa.Column("id", BIG, nullable=False),
        sa.Column("package_id", BIG, nullable=False),
        sa.Column("staff_id", BIG, nullable=False),
        sa.Column("name", _TEXT(), nullable=False),
        sa.Column("role", _TEXT(), nullable=False),
        sa.Column("signed_at", _MOMENT, nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["content_package.id"]),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_content_signature_package_id", "content_signature", ["package_id"])
    op.create_table(
        "content_withdrawal",
        sa.Column("id", BIG, nullable=False),
        sa.Column("version", _TEXT(length=64), nullable=False),
        sa.Column("reason", _TEXT(), nullable=False),
        sa.Column("withdrawn_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("version"),
    )


def downgrade() -> None:
    op.drop_table("content_withdrawal")
    op.drop_index("ix_content_signature_package_id", "content_signature")
    op.drop_table("content_signature")
    op.drop_table("content_package")
    op.drop_column("clinic", "content_withdrawn")
    for column in ("words_encrypted", "unexpected"):
        op.drop_column("check_in", column)
    for table in reversed(_PINNED):
        for column in ("package_hash", "package_version"):
            op.drop_column(table, column)
