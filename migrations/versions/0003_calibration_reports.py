"""Calibration reports

Revision: 0003
After: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from evalhub.db import UtcTime

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('calibration_report',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('project_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('rubric_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('made_at', UtcTime(), nullable=False),
    sa.Column('made_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('since', UtcTime(), nullable=True),
    sa.Column('until', UtcTime(), nullable=True),
    sa.Column('n_ratings', sa.BigInteger(), nullable=False),
    sa.Column('seed', sa.BigInteger(), nullable=False),
    sa.Column('document', sa.Text(), nullable=False),
    sa.CheckConstraint('n_ratings >= 0', name=op.f('ck_calibration_report_n_ratings_from_0')),
    sa.ForeignKeyConstraint(['made_by_id'], ['account.id'], name=op.f('fk_calibration_report_made_by_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_calibration_report_project_id')),
    sa.ForeignKeyConstraint(['rubric_version_id'], ['rubric_version.id'], name=op.f('fk_calibration_report_rubric_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calibration_report')),
    sa.UniqueConstraint('public_id', name=op.f('uq_calibration_report_public_id'))
    )
    with op.batch_alter_table('calibration_report', schema=None) as batch_op:
        batch_op.create_index('ix_calibration_report_project', ['project_id', 'id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('calibration_report', schema=None) as batch_op:
        batch_op.drop_index('ix_calibration_report_project')

    op.drop_table('calibration_report')
