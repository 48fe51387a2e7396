"""What a clinic sets for itself, refused import rows, reports."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import reporting.records.tables.base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "erased_reference",
        sa.Column("id", BIG, nullable=False),
        sa.Column("clinic_id", BIG, nullable=False),
        sa.Column("reference_hash", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("erased_at", reporting.records.tables.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("clinic_id", "reference_hash", name="uq_erased_reference"),
    )
    with op.batch_alter_table("clinic") as table:
        table.add_column(sa.Column("content_version", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "content_change",
        sa.Column("id", BIG, nullable=False),
        sa.Column("clinic_id", BIG, nullable=False),
        sa.Column("content_table", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("row_key", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("changed_at", reporting.records.tables.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("staff_id", BIG, nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_content_change_clinic", "content_change", ["clinic_id", "id"])
    op.create_index("ix_audit_clinic", "audit_event", ["clinic_id", "at", "sequence"])

    op.create_table(
        "refused_row",
        sa.Column("id", BIG, nullable=False),
        sa.Column("clinic_id", BIG, nullable=True),
        sa.Column("run_id", BIG, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("content_encrypted", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reason_encrypted", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("worked_by", BIG, nullable=True),
        sa.Column("worked_at", reporting.records.tables.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", reporting.records.tables.base.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'mended', 'there', 'dismissed', 'replaced', 'over')", name="ck_refused_state"
        ),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"]),
        sa.ForeignKeyConstraint(["worked_by"], ["staff_account.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("run_id", "line", name="uq_refused_line"),
    )
    op.create_index(
        "ix_refused_waiting",
        "refused_row",
        ["clinic_id", "run_id"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    with op.batch_alter_table("clinic") as table:
        table.add_column(sa.Column("report_schedule", sa.JSON(), nullable=False, server_default="{}"))
    op.create_table(
        "patient_note",
        sa.Column("id", BIG, nullable=False),
        sa.Column("clinic_id", BIG, nullable=False),
        sa.Column("patient_id", BIG, nullable=False),
        sa.Column("staff_id", BIG, nullable=True),
        sa.Column("written_at", reporting.records.tables.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("note_encrypted", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"]),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"]),
        sa.ForeignKeyConstraint(["staff_id"], ["staff_account.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_patient_note_patient_id", "patient_note", ["patient_id"])
    op.create_index("ix_case_closed", "triage_case", ["clinic_id", "closed_at"])


def downgrade() -> None:
    op.drop_index("ix_case_closed", "triage_case")
    op.drop_table("patient_note")
    with op.batch_alter_table("clinic") as table:
        table.drop_column("report_schedule")
    op.drop_table("refused_row")
    op.drop_index("ix_audit_clinic", "audit_event")
    op.drop_table("content_change")
    with op.batch_alter_table("clinic") as table:
        table.drop_column("content_version")
    op.drop_table("erased_reference")
