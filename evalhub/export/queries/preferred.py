"""Which of two answers each reviewer preferred."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import groupby
from operator import attrgetter

from sqlalchemy.orm import Session

from evalhub.export.queries.scope import AT_ONCE, by_code_point
from evalhub.projects.models import Project
from evalhub.review.queries.pairs import StandingPreference, standing_preferences


def preferences_by_pair(
    session: Session, project: Project, task_ids: Collection[int]
) -> Iterator[list[StandingPreference]]:
    """What was last said about each pair of which both tasks are among these, by the code points of the items' ids."""
    if not project.pairs:
        return
    statement = standing_preferences(project.id)
    items = (statement.selected_columns[name] for name in ("first_item", "second_item"))
    in_order = statement.order_by(*(by_code_point(session, item) for item in items))
    rows = session.execute(in_order.execution_options(yield_per=AT_ONCE))
    for _, said in groupby((StandingPreference(*row) for row in rows), key=attrgetter("first_task_id")):
        kept = [one for one in said if one.first_task_id in task_ids and one.second_task_id in task_ids]
        if kept:
            yield kept
