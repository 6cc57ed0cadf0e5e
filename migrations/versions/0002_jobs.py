"""Background work

Revision: 0002
After: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from evalhub.db import CanonicalJson, UtcTime

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('job',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('project_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('kind', sa.String(length=64), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('arguments', CanonicalJson(), nullable=False),
    sa.Column('state', sa.Enum('queued', 'running', 'done', 'failed', 'cancelled', name='state', native_enum=False, create_constraint=True, length=32), nullable=False),
    sa.Column('done', sa.BigInteger(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=True),
    sa.Column('stage', sa.Text(), nullable=False),
    sa.Column('message', sa.Text(), nullable=True),
    sa.Column('result', CanonicalJson(), nullable=True),
    sa.Column('lease', sa.String(length=32), nullable=True),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('created_at', UtcTime(), nullable=False),
    sa.Column('created_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('started_at', UtcTime(), nullable=True),
    sa.Column('heard_at', UtcTime(), nullable=True),
    sa.Column('finished_at', UtcTime(), nullable=True),
    sa.CheckConstraint("(state = 'failed') = (message IS NOT NULL)", name=op.f('ck_job_failed_says_why')),
    sa.CheckConstraint("(state = 'running') = (lease IS NOT NULL)", name=op.f('ck_job_running_is_leased')),
    sa.CheckConstraint('lease IS NULL OR (started_at IS NOT NULL AND heard_at IS NOT NULL)', name=op.f('ck_job_leased_is_heard')),
    sa.CheckConstraint("(state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", name=op.f('ck_job_finished_has_a_time')),
    sa.CheckConstraint("state = 'done' OR result IS NULL", name=op.f('ck_job_only_done_has_a_result')),
    sa.CheckConstraint('attempts >= 0', name=op.f('ck_job_attempts')),
    sa.CheckConstraint('done >= 0 AND (total IS NULL OR done <= total)', name=op.f('ck_job_done_of_total')),
    sa.ForeignKeyConstraint(['created_by_id'], ['account.id'], name=op.f('fk_job_created_by_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_job_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_job')),
    sa.UniqueConstraint('public_id', name=op.f('uq_job_public_id'))
    )
    with op.batch_alter_table('job', schema=None) as batch_op:
        batch_op.create_index('ix_job_latest', ['project_id', 'kind', 'id'], unique=False)
        batch_op.create_index('uq_job_unfinished', ['key'], unique=True, sqlite_where=sa.text("state IN ('queued', 'running')"), postgresql_where=sa.text("state IN ('queued', 'running')"))


def downgrade() -> None:
    with op.batch_alter_table('job', schema=None) as batch_op:
        batch_op.drop_index('uq_job_unfinished', sqlite_where=sa.text("state IN ('queued', 'running')"), postgresql_where=sa.text("state IN ('queued', 'running')"))
        batch_op.drop_index('ix_job_latest')

    op.drop_table('job')
