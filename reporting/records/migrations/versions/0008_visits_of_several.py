"""What else was done in a visit: its classes count for the course, the rules and the days of check-ins."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE treatment ADD COLUMN also_classes VARCHAR NOT NULL DEFAULT ''")


def downgrade() -> None:
    op.drop_column("treatment", "also_classes")
