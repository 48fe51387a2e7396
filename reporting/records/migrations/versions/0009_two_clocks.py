"""A case is taken by and contacted by; whom an urgent one is told; which case a message is about."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from reporting.records.tables.base import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = UtcDateTime(timezone=True)
_OF_CASE = (
    sa.Column("contact_due_at", _MOMENT, nullable=False, server_default="1970-01-01 00:00:00"),
    sa.Column("promised_at", _MOMENT, nullable=True),
    sa.Column("contacted_at", _MOMENT, nullable=True),
    sa.Column("notices", sa.Integer(), nullable=False, server_default="0"),
    sa.Column("next_notice_at", _MOMENT, nullable=True),
)


def upgrade() -> None:
    # Not in a batch: SQLite would make the table anew, and rows of others point at it.
    for column in _OF_CASE:
        op.add_column("triage_case", column)
    # Nobody was told a second deadline: that of taking the case is the one that was known.
    op.execute("UPDATE triage_case SET contact_due_at = due_at")
    spoken = "(SELECT max(at) FROM case_event WHERE case_id = triage_case.id AND kind = 'contacted')"
    op.execute(
        f"UPDATE triage_case SET contacted_at = coalesce({spoken}, closed_at, acknowledged_at, opened_at)"
        " WHERE state NOT IN ('new', 'acknowledged')"
    )
    op.create_table(
        "on_call_entry",
        sa.Column("id", BIG, nullable=False),
        sa.Column("clinic_id", BIG, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(length=120), nullable=False),
        sa.Column("phone_encrypted", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("email_encrypted", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("wait_minutes", sa.Integer(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_on_call_entry_clinic_id", "on_call_entry", ["clinic_id"])
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE outbox_message ADD COLUMN case_id INTEGER REFERENCES triage_case (id)")
    else:
        op.add_column("outbox_message", sa.Column("case_id", BIG, sa.ForeignKey("triage_case.id"), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("outbox_message") as table:
        table.drop_column("case_id")
    op.drop_index("ix_on_call_entry_clinic_id", "on_call_entry")
    op.drop_table("on_call_entry")
    for column in reversed(_OF_CASE):
        op.drop_column("triage_case", column.name)
