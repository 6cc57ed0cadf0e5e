"""The goal that a reviewer set for a session, as the review page tells it."""

from __future__ import annotations

from typing import NamedTuple

from evalhub.accounts.identity import personal_settings
from evalhub.review.queries.work import work_session
from evalhub.web.context import utc_now
from evalhub.web.principal import require_principal
from evalhub.web.session import reading

SUMMARY = "/session"
"""Where a session that has met its goal leads to."""


class GoalProgress(NamedTuple):
    done: int
    amount: int
    unit: str
    """"min" of a goal in minutes; empty of one in items."""


def goal_progress() -> GoalProgress | None:
    """How far the session of whoever is signed in has come; None without a goal."""
    goal = personal_settings().goal
    if goal is None:
        return None
    with reading() as session:
        work = work_session(session, require_principal().account_id, at=utc_now())
    return GoalProgress(work.done(goal), goal.amount, "min" if goal.kind == "minutes" else "")


def meets_goal(assignment: str) -> bool:
    """Whether the submission of this assignment, just stored, was the one that met the goal."""
    goal = personal_settings().goal
    if goal is None:
        return False
    with reading() as session:
        return work_session(session, require_principal().account_id, at=utc_now()).was_met_by(assignment, goal)
