"""Second factor, photos, reminders and rights of patients; escalation; signals."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import reporting.records.tables.base


revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def _outbox(statuses: tuple[str, ...], *, more: bool) -> None:
    """The outbox with these statuses. Nothing wrote to it before, so the table is simply made anew."""
    words = ", ".join(f"'{status}'" for status in statuses)
    big = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
    text = sqlmodel.sql.sqltypes.AutoString
    moment = reporting.records.tables.base.UtcDateTime(timezone=True)
    added = [sa.Column('claimed_at', moment, nullable=True), sa.Column('provider_id', text(), nullable=False)]
    op.drop_table('outbox_message')
    op.create_table(
        'outbox_message',
        sa.Column('id', big, nullable=False),
        sa.Column('clinic_id', big, nullable=False),
        sa.Column('patient_id', big, nullable=True),
        sa.Column('staff_id', big, nullable=True),
        sa.Column('channel', text(), nullable=False),
        sa.Column('kind', text(), nullable=False),
        sa.Column('due_on', sa.Date(), nullable=True),
        sa.Column('payload', sa.JSON(), nullable=False),
        sa.Column('idempotency_key', text(length=128), nullable=False),
        sa.Column('status', text(), nullable=False),
        sa.Column('attempts', sa.Integer(), nullable=False),
        *(added if more else []),
        sa.Column('next_attempt_at', moment, nullable=False),
        sa.Column('sent_at', moment, nullable=True),
        sa.Column('last_error', text(), nullable=False),
        sa.Column('created_at', moment, nullable=False),
        sa.CheckConstraint(f"status IN ({words})", name='ck_outbox_status'),
        sa.ForeignKeyConstraint(['clinic_id'], ['clinic.id']),
        sa.ForeignKeyConstraint(['patient_id'], ['patient.id']),
        sa.ForeignKeyConstraint(['staff_id'], ['staff_account.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('idempotency_key', name='uq_outbox_key'),
    )
    op.create_index('ix_outbox_waiting', 'outbox_message', ['next_attempt_at'],
                    sqlite_where=sa.text("status = 'waiting'"), postgresql_where=sa.text("status = 'waiting'"))


def upgrade() -> None:
    op.create_table('inbound_message',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('provider_id', sqlmodel.sql.sqltypes.AutoString(length=128), nullable=False),
    sa.Column('phone_hash', sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
    sa.Column('word', sqlmodel.sql.sqltypes.AutoString(length=16), nullable=False),
    sa.Column('received_at', reporting.records.tables.base.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('provider_id')
    )
    op.create_table('signal_run',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('as_of', sa.Date(), nullable=False),
    sa.Column('ran_at', reporting.records.tables.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('cells_tested', sa.Integer(), nullable=False),
    sa.Column('expected_false_per_clinic_year', sa.Float(), nullable=False),
    sa.Column('seconds', sa.Float(), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('signal',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('clinic_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('unit_type', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('unit_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('symptom', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('skin_group', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('since', sa.Date(), nullable=True),
    sa.Column('first_flagged_on', sa.Date(), nullable=False),
    sa.Column('last_seen_on', sa.Date(), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('card', sa.JSON(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("state IN ('new', 'reviewing', 'explained', 'action_taken', 're_measured')", name='ck_signal_state'),
    sa.ForeignKeyConstraint(['clinic_id'], ['clinic.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('clinic_id', 'code', name='uq_signal_code')
    )
    with op.batch_alter_table('signal', schema=None) as batch_op:
        batch_op.create_index('ix_signal_clinic_state', ['clinic_id', 'state'], unique=False)

    op.create_table('erasure_request',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('clinic_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('patient_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('requested_at', reporting.records.tables.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('worked_by', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('worked_at', reporting.records.tables.base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('reason', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.CheckConstraint("state IN ('open', 'done', 'refused')", name='ck_erasure_state'),
    sa.ForeignKeyConstraint(['clinic_id'], ['clinic.id'], ),
    sa.ForeignKeyConstraint(['patient_id'], ['patient.id'], ),
    sa.ForeignKeyConstraint(['worked_by'], ['staff_account.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('erasure_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_erasure_request_clinic_id'), ['clinic_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_erasure_request_patient_id'), ['patient_id'], unique=False)

    op.create_table('signal_event',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('clinic_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('signal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', reporting.records.tables.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('staff_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('happened_on', sa.Date(), nullable=True),
    sa.Column('note', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['clinic_id'], ['clinic.id'], ),
    sa.ForeignKeyConstraint(['signal_id'], ['signal.id'], ),
    sa.ForeignKeyConstraint(['staff_id'], ['staff_account.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('signal_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_signal_event_signal_id'), ['signal_id'], unique=False)

    op.create_table('one_time_code',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('clinic_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('patient_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('session_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code_hash', sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('created_at', reporting.records.tables.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', reporting.records.tables.base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('used_at', reporting.records.tables.base.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['clinic_id'], ['clinic.id'], ),
    sa.ForeignKeyConstraint(['patient_id'], ['patient.id'], ),
    sa.ForeignKeyConstraint(['session_id'], ['sign_in_session.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    with op.batch_alter_table('one_time_code', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_one_time_code_session_id'), ['session_id'], unique=False)

    with op.batch_alter_table('check_in', schema=None) as batch_op:
        batch_op.add_column(sa.Column('answered_by', sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('language', sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default='en'))

    with op.batch_alter_table('clinic', schema=None) as batch_op:
        batch_op.add_column(sa.Column('second_factor', sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default='code'))
        batch_op.add_column(sa.Column('reminders_from', sqlmodel.sql.sqltypes.AutoString(length=5), nullable=False, server_default='08:00'))
        batch_op.add_column(sa.Column('reminders_until', sqlmodel.sql.sqltypes.AutoString(length=5), nullable=False, server_default='20:00'))
        batch_op.add_column(sa.Column('message_name', sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('retention', sa.JSON(), nullable=False, server_default='{}'))

    with op.batch_alter_table('consent', schema=None) as batch_op:
        batch_op.add_column(sa.Column('source', sqlmodel.sql.sqltypes.AutoString(), nullable=False, server_default='patient'))

    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.add_column(sa.Column('reminder_hash', sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
        batch_op.create_unique_constraint('uq_invitation_reminder_hash', ['reminder_hash'])

    _outbox(('waiting', 'sending', 'sent', 'dead', 'unsure', 'cancelled'), more=True)

    with op.batch_alter_table('outcome', schema=None) as batch_op:
        batch_op.add_column(sa.Column('trail', sa.LargeBinary(), nullable=True))

    with op.batch_alter_table('patient', schema=None) as batch_op:
        batch_op.add_column(sa.Column('phone_hash', sqlmodel.sql.sqltypes.AutoString(length=64), nullable=True))
        batch_op.add_column(sa.Column('erased_at', reporting.records.tables.base.UtcDateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f('ix_patient_phone_hash'), ['phone_hash'], unique=False)

    with op.batch_alter_table('photo', schema=None) as batch_op:
        batch_op.add_column(sa.Column('size_bytes', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('submission_key', sqlmodel.sql.sqltypes.AutoString(length=96), nullable=True))
        batch_op.add_column(sa.Column('removed_at', reporting.records.tables.base.UtcDateTime(timezone=True), nullable=True))
        batch_op.create_index('uq_photo_submission_key', ['submission_key'], unique=True)

    with op.batch_alter_table('triage_case', schema=None) as batch_op:
        batch_op.add_column(sa.Column('escalations', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('escalated_at', reporting.records.tables.base.UtcDateTime(timezone=True), nullable=True))



def downgrade() -> None:
    with op.batch_alter_table('triage_case', schema=None) as batch_op:
        batch_op.drop_column('escalated_at')
        batch_op.drop_column('escalations')

    with op.batch_alter_table('photo', schema=None) as batch_op:
        batch_op.drop_index('uq_photo_submission_key')
        batch_op.drop_column('removed_at')
        batch_op.drop_column('submission_key')
        batch_op.drop_column('size_bytes')

    with op.batch_alter_table('patient', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_patient_phone_hash'))
        batch_op.drop_column('erased_at')
        batch_op.drop_column('phone_hash')

    with op.batch_alter_table('outcome', schema=None) as batch_op:
        batch_op.drop_column('trail')

    _outbox(('waiting', 'sending', 'sent', 'failed', 'dead'), more=False)

    with op.batch_alter_table('invitation', schema=None) as batch_op:
        batch_op.drop_constraint('uq_invitation_reminder_hash', type_='unique')
        batch_op.drop_column('reminder_hash')

    with op.batch_alter_table('consent', schema=None) as batch_op:
        batch_op.drop_column('source')

    with op.batch_alter_table('clinic', schema=None) as batch_op:
        batch_op.drop_column('retention')
        batch_op.drop_column('message_name')
        batch_op.drop_column('reminders_until')
        batch_op.drop_column('reminders_from')
        batch_op.drop_column('second_factor')

    with op.batch_alter_table('check_in', schema=None) as batch_op:
        batch_op.drop_column('language')
        batch_op.drop_column('answered_by')

    with op.batch_alter_table('one_time_code', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_one_time_code_session_id'))

    op.drop_table('one_time_code')
    with op.batch_alter_table('signal_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_signal_event_signal_id'))

    op.drop_table('signal_event')
    with op.batch_alter_table('erasure_request', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_erasure_request_patient_id'))
        batch_op.drop_index(batch_op.f('ix_erasure_request_clinic_id'))

    op.drop_table('erasure_request')
    with op.batch_alter_table('signal', schema=None) as batch_op:
        batch_op.drop_index('ix_signal_clinic_state')

    op.drop_table('signal')
    op.drop_table('signal_run')
    op.drop_table('inbound_message')
