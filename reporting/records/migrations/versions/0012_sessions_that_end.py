"""A patient's session that was begun with a typed code ends with the browser, whatever it is raised to."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sign_in_session",
        sa.Column("ends_with_browser", sa.Boolean(), nullable=False, server_default=sa.false()),
    )


def downgrade() -> None:
    op.drop_column("sign_in_session", "ends_with_browser")
