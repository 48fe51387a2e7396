"""What a clinic's patients are safe by: country, numbers and closed days. A number that nobody set is no number."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXTS = {"country": 2, "region": 8, "out_of_hours_name": None, "out_of_hours_telephone": None}
OBJECTS = {"other_telephones": "[]", "closed_days": "{}", "open_holidays": "[]"}


def upgrade() -> None:
    # Not in a batch: SQLite would make the tables anew, and rows of others point at them.
    for name, length in TEXTS.items():
        op.add_column("clinic", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    for name, empty in OBJECTS.items():
        op.add_column("clinic", sa.Column(name, sa.JSON(), nullable=False, server_default=empty))
    op.add_column("patient", sa.Column("country", sa.String(2), nullable=False, server_default=""))
    # Until now nobody could set it: 112 stood in every clinic, whatever its country.
    op.execute("UPDATE clinic SET emergency_telephone = '' WHERE emergency_telephone = '112' AND country = ''")


def downgrade() -> None:
    op.execute("UPDATE clinic SET emergency_telephone = '112' WHERE emergency_telephone = ''")
    op.drop_column("patient", "country")
    for name in (*OBJECTS, *TEXTS):
        op.drop_column("clinic", name)
