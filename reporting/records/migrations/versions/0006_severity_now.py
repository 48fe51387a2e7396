"""How a symptom is now, beside the worst since the last answer. Earlier check-ins were asked for one severity: null."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SYMPTOMS = ("burning", "bumps", "swelling", "infection", "scarring", "hyperpigmentation")


def upgrade() -> None:
    # Not in a batch: SQLite would write the largest table anew.
    for symptom in SYMPTOMS:
        column, name = f"now_{symptom}", f"ck_check_in_now_{symptom}"
        op.execute(f"ALTER TABLE check_in ADD COLUMN {column} SMALLINT CONSTRAINT {name} CHECK ({column} BETWEEN 0 AND 4)")


def downgrade() -> None:
    for symptom in SYMPTOMS:
        op.drop_column("check_in", f"now_{symptom}")
