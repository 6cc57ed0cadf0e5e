"""What a viewer may still grade stays hidden from them, whatever their role."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from evalhub.adjudication.service.taking import exclude
from evalhub.calibration.service import full_report
from evalhub.db import Database
from evalhub.projects.models import Project, ProjectState
from evalhub.projects.schema import OverlapPlan, ProjectRole
from evalhub.projects.service import set_member
from evalhub.review.models import Assignment, Task
from evalhub.review.queries.hidden import hidden_tasks
from evalhub.web.session import write
from tests.adjudication.worlds import AGREED
from tests.web.client import Browser, app_for
from tests.world import MOMENT, World, a_project

DIFFERENT = {**AGREED, "accuracy": "unacceptable"}


def hidden(world: World, login: str) -> set[str]:
    """The items (ids of the source) whose answers the account may not see."""
    with world.database.reading() as session:
        tasks = {task.public_id: task.item_id - 1 for task in session.scalars(sa.select(Task))}
        found: Collection[str] = hidden_tasks(session, world.project.id, world.people[login].id, list(tasks))
    return {f"source-id-{tasks[task]}" for task in found}


def test_items_that_i_may_claim_or_hold_or_reopen_are_hidden(database: Database) -> None:
    world = a_project(database, items=3, reviewers=("ann", "ben"))
    everything = {"source-id-0", "source-id-1", "source-id-2"}
    assert hidden(world, "ann") == everything
    assert hidden(world, "judy") == set()
    lease = world.claim("ann")
    assert lease is not None
    assert hidden(world, "ann") == everything
    world.submit("ann", lease, AGREED)
    world.review_all("ben", AGREED)
    world.review_all("ann", AGREED)
    assert hidden(world, "ann") == everything
    shown = sa.update(Assignment).where(Assignment.reviewer_id == world.people["ann"].id, Assignment.task_id != 1)
    write(lambda session: session.execute(shown.values(others_shown_at=MOMENT)), on=database)
    assert hidden(world, "ann") == {"source-id-0"}
    write(lambda session: session.execute(sa.update(Task).values(settled_at=MOMENT)), on=database)
    assert hidden(world, "ann") == set()


def test_items_that_are_full_without_me_are_hidden_while_i_may_be_asked_about_them(database: Database) -> None:
    world = a_project(database, items=2, reviewers=("ann", "ben", "cid"), overlap=OverlapPlan(base=2))
    world.review_all("ben", DIFFERENT)
    world.review_all("cid", AGREED)
    assert hidden(world, "ann") == {"source-id-0", "source-id-1"}
    assert hidden(world, "judy") == set()
    settled = sa.update(Task).where(Task.id == 1).values(settled_at=MOMENT)
    write(lambda session: session.execute(settled), on=database)
    assert len(hidden(world, "ann")) == 1
    write(lambda session: session.execute(sa.update(Project).values(state=ProjectState.CLOSED)), on=database)
    assert hidden(world, "ann") == set()


def test_an_item_whose_last_slot_somebody_else_holds_is_hidden(database: Database) -> None:
    world = a_project(database, items=1, reviewers=("ann", "ben", "cid", "dan"), overlap=OverlapPlan(base=3))
    world.review_all("ben", DIFFERENT)
    world.review_all("cid", AGREED)
    assert world.claim("dan") is not None
    assert hidden(world, "ann") == {"source-id-0"}


def test_who_took_the_case_is_shown_what_others_gave(database: Database) -> None:
    world = a_project(database, items=1, reviewers=("ann", "ben", "cid"), overlap=OverlapPlan(base=2))
    world.review_all("ben", DIFFERENT)
    world.review_all("cid", AGREED)
    ann = world.people["ann"].id
    write(lambda session: exclude(session, world.project.id, 1, ann), on=database)
    assert hidden(world, "ann") == set()


def test_a_manager_who_also_reviews_sees_no_answer_to_what_they_may_still_grade(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=2, reviewers=("ann", "ben", "cid"), overlap=OverlapPlan(base=3))
    canary = {"source-id-0": {**AGREED, "clarity": "unacceptable"}, "source-id-1": AGREED}
    world.review_all("ben", canary)
    world.review_all("cid", {"source-id-0": AGREED, "source-id-1": {**AGREED, "accuracy": "unacceptable"}})
    both = {ProjectRole.MANAGER, ProjectRole.REVIEWER}
    write(
        lambda session: set_member(session, world.project.id, world.people["ann"].id, both, by=None, now=MOMENT),
        on=sqlite_database,
    )
    with sqlite_database.reading() as session:
        tasks = set(session.scalars(sa.select(Task.public_id)))
        report = full_report(session, world.project.id)
    assert any(boundary.items for section in report.criteria for boundary in section.boundaries)
    seen = report.without_answers(tasks)
    assert not any(boundary.items for section in seen.criteria for boundary in section.boundaries)
    assert not seen.triage
    assert not any(action.items for action in seen.actions)
    page = Browser(app_for(sqlite_database)).sign_in_as(world.people["ann"]).get("/projects/p/calibration")
    for word in ("source-id-0", "source-id-1", *tasks):
        assert word not in page.text
