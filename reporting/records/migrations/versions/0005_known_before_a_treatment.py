"""What the clinic knows before a treatment belongs to the treatment; what stood on the patient goes to all of theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_OF_PATIENT = {
    "is_tanned": sa.Boolean(),
    "isotretinoin_months_ago": sa.Integer(),
    "herpes_history": sa.Boolean(),
    "keloid_history": sa.Boolean(),
}
_NEW = {name: sa.Boolean() for name in ("is_immunosuppressed", "eczema_history", "lives_alone", "is_pregnant")}


def upgrade() -> None:
    with op.batch_alter_table("treatment") as table:
        for name, kind in (_OF_PATIENT | _NEW).items():
            table.add_column(sa.Column(name, kind, nullable=True))
    known = " OR ".join(f"{name} IS NOT NULL" for name in _OF_PATIENT)
    values = ", ".join(
        f"{name} = (SELECT patient.{name} FROM patient WHERE patient.id = treatment.patient_id)" for name in _OF_PATIENT
    )
    op.execute(f"UPDATE treatment SET {values} WHERE patient_id IN (SELECT id FROM patient WHERE {known})")
    # Not in a batch: SQLite would make the table anew, and rows of others point at it.
    for name in _OF_PATIENT:
        op.drop_column("patient", name)


def downgrade() -> None:
    with op.batch_alter_table("patient") as table:
        for name, kind in _OF_PATIENT.items():
            table.add_column(sa.Column(name, kind, nullable=True))
    last = "(SELECT max(id) FROM treatment WHERE treatment.patient_id = patient.id)"
    values = ", ".join(
        f"{name} = (SELECT treatment.{name} FROM treatment WHERE treatment.id = {last})" for name in _OF_PATIENT
    )
    op.execute(f"UPDATE patient SET {values}")
    for name in _OF_PATIENT | _NEW:
        op.drop_column("treatment", name)
