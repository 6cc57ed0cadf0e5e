"""What is done at every claim and every sweep goes by the indexes of what is open or leased."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from evalhub.db import Database
from evalhub.review.jobs import sweep
from evalhub.review.service.claim import claim_next
from tests.world import a_project

EXPLAIN = "EXPLAIN QUERY PLAN "


def plans_of(database: Database, act: Callable[[], object]) -> str:
    """How SQLite goes about every statement of an act."""
    found: list[str] = []

    def explain(
        connection: sa.Connection, _cursor: object, statement: str, parameters: Any, _context: object, many: bool
    ) -> None:
        if not many and statement.startswith(("SELECT", "UPDATE", "WITH")):
            found.extend(row[3] for row in connection.exec_driver_sql(EXPLAIN + statement, parameters))

    sa.event.listen(database.engine, "before_cursor_execute", explain)
    try:
        act()
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", explain)
    return "\n".join(found)


def test_a_claim_looks_for_open_tasks_and_for_its_own_leases_by_their_indexes(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=3, reviewers=["r1"])
    reviewer = world.people["r1"].id
    plans = plans_of(
        sqlite_database, lambda: claim_next(sqlite_database, project_id=world.project.id, reviewer_id=reviewer)
    )
    assert "task USING INDEX task_open" in plans
    assert "assignment USING INDEX assignment_one_lease" in plans


def test_a_sweep_looks_for_lapsed_leases_by_their_index(sqlite_database: Database) -> None:
    a_project(sqlite_database, items=3, reviewers=["r1"])
    assert "assignment USING INDEX assignment_lapsing" in plans_of(sqlite_database, lambda: sweep(sqlite_database))
