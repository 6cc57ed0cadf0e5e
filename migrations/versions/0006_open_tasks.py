"""Let SQLite use the index of open tasks

Its condition must read as the statements' own: `is_open = 1`.

Revision: 0006
After: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMNS = ["project_id", "queue_id", "ord"]


def upgrade() -> None:
    _index_anew("is_open = 1")


def downgrade() -> None:
    _index_anew("is_open")


def _index_anew(condition: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("task_open", table_name="task")
        op.create_index("task_open", "task", COLUMNS, sqlite_where=sa.text(condition))
