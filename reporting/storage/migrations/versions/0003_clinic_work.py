"""What a clinic sets for itself, refused import rows, reports."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import reporting.storage.types

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table(
        'erased_reference',
        sa.Column('id', BIG, nullable=False),
        sa.Column('clinic_id', BIG, nullable=False),
        sa.Column('reference_hash', sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column('erased_at', reporting.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['clinic_id'], ['clinic.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('clinic_id', 'reference_hash', name='uq_erased_reference'),
    )
    with op.batch_alter_table('clinic') as table:
        table.add_column(sa.Column('content_version', sa.Integer(), nullable=False, server_default='0'))
    op.create_table(
        'content_change',
        sa.Column('id', BIG, nullable=False),
        sa.Column('clinic_id', BIG, nullable=False),
        sa.Column('content_table', sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column('row_key', sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column('cells', sa.JSON(), nullable=False),
        sa.Column('from_day', sa.Date(), nullable=False),
        sa.Column('changed_at', reporting.storage.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column('staff_id', BIG, nullable=True),
        sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(['clinic_id'], ['clinic.id']),
        sa.ForeignKeyConstraint(['staff_id'], ['staff_account.id']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_content_change_clinic', 'content_change', ['clinic_id', 'id'])


def downgrade() -> None:
    op.drop_table('content_change')
    with op.batch_alter_table('clinic') as table:
        table.drop_column('content_version')
    op.drop_table('erased_reference')
