"""Find the tasks that wait for one more reviewer

Revision: 0005
After: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BEYOND = sa.text("slots > need")


def upgrade() -> None:
    op.create_index("task_one_more", "task", ["project_id", "id"], sqlite_where=BEYOND, postgresql_where=BEYOND)


def downgrade() -> None:
    op.drop_index("task_one_more", table_name="task")
