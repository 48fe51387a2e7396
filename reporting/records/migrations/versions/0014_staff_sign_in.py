"""Staff: one-time links, a second factor with recovery codes, and where each session was begun."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "staff_link",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("clinic_id", KEY, sa.ForeignKey("clinic.id"), nullable=False),
        sa.Column("staff_id", KEY, sa.ForeignKey("staff_account.id"), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", KEY, sa.ForeignKey("staff_account.id"), nullable=True),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
        sa.CheckConstraint("purpose IN ('invitation', 'new_password')", name="ck_staff_link_purpose"),
    )
    op.create_index("ix_staff_link_staff_id", "staff_link", ["staff_id"])
    op.create_table(
        "recovery_code",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("clinic_id", KEY, sa.ForeignKey("clinic.id"), nullable=False),
        sa.Column("staff_id", KEY, sa.ForeignKey("staff_account.id"), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=True),
    )
    op.create_index("ix_recovery_code_staff_id", "recovery_code", ["staff_id"])
    op.add_column("staff_account", sa.Column("totp_encrypted", sa.String(), nullable=True))
    op.add_column("staff_account", sa.Column("totp_since", MOMENT, nullable=True))
    op.add_column("staff_account", sa.Column("totp_last_step", KEY, nullable=False, server_default="0"))
    op.add_column("clinic", sa.Column("staff_second_factor", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("sign_in_session", sa.Column("user_agent", sa.String(200), nullable=False, server_default=""))
    op.add_column("sign_in_session", sa.Column("address_encrypted", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("sign_in_session", "address_encrypted")
    op.drop_column("sign_in_session", "user_agent")
    op.drop_column("clinic", "staff_second_factor")
    op.drop_column("staff_account", "totp_last_step")
    op.drop_column("staff_account", "totp_since")
    op.drop_column("staff_account", "totp_encrypted")
    op.drop_table("recovery_code")
    op.drop_table("staff_link")
