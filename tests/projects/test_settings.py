"""What may change of a project while it is graded, and what everybody then meets."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from evalhub.audit.models import AuditEvent
from evalhub.db import Database
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.projects.models import Batch, BatchState, Project
from evalhub.projects.queries import batches_of, rules_of, settings_of
from evalhub.projects.schema import OverlapPlan
from evalhub.projects.service import change_batch, change_settings, close_project, set_batch_state
from evalhub.review.models import Queue
from evalhub.web.session import write
from tests.world import MOMENT, World, a_project


def changed(world: World, **changes: object) -> None:
    write(lambda s: change_settings(s, world.project.id, changes, by=None, now=MOMENT), on=world.database)


def the_batch(world: World) -> Batch:
    with world.database.reading() as session:
        return batches_of(session, world.project.id)[0]


def test_what_is_named_changes_and_the_rest_stays_with_an_event_that_says_from_what_to_what(database: Database) -> None:
    world = a_project(database)
    changed(world, lease_minutes=20, one_more=True, title="A new title")
    with database.reading() as session:
        project = session.get_one(Project, world.project.id)
        assert (project.lease_minutes, project.title, project.due_on) == (20, "A new title", None)
        assert rules_of(project).one_more
        assert rules_of(project).flags == rules_of(world.project).flags
        event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "project.settings_changed")).one()
        assert '"before":{"lease_minutes":45,"one_more":false}' in event.body
        assert '"after":{"lease_minutes":20,"one_more":true}' in event.body
        assert "new title" not in event.body


def test_settings_that_stay_the_same_leave_no_event(sqlite_database: Database) -> None:
    world = a_project(sqlite_database)
    changed(world, lease_minutes=45)
    with sqlite_database.reading() as session:
        found = sa.select(AuditEvent).where(AuditEvent.action == "project.settings_changed")
        assert session.scalars(found).all() == []


def test_a_change_to_settings_that_somebody_has_changed_since_is_a_conflict(sqlite_database: Database) -> None:
    world = a_project(sqlite_database)
    seen = settings_of(world.project).tag
    changed(world, title="Theirs")
    with pytest.raises(Conflict, match="since you opened them"):
        write(
            lambda s: change_settings(s, world.project.id, {"title": "Mine"}, seen=seen, by=None, now=MOMENT),
            on=sqlite_database,
        )


@pytest.mark.parametrize("change", [{"lease_minutes": 0}, {"lease_minutes": 1441}, {"title": ""}, {"flags": {}}])
def test_a_setting_that_cannot_be_is_refused_by_its_name(sqlite_database: Database, change: dict[str, object]) -> None:
    world = a_project(sqlite_database)
    with pytest.raises(BadInput) as refused:
        changed(world, **change)
    assert [fault.path for fault in refused.value.faults] == list(change)


def test_a_batch_of_higher_priority_is_handed_out_first(database: Database) -> None:
    world = a_project(database)
    batch = the_batch(world)
    write(
        lambda s: change_batch(s, world.project.id, batch.id, {"priority": 7}, by=None, now=MOMENT), on=world.database
    )
    with database.reading() as session:
        assert session.scalars(sa.select(Queue.priority).where(Queue.batch_id == batch.id)).all() == [7]


def test_a_closed_batch_hands_out_nothing_and_what_is_in_work_may_be_finished(database: Database) -> None:
    world = a_project(database, overlap=OverlapPlan(base=1))
    batch, lease = the_batch(world), world.claim("ann")
    assert lease is not None
    write(lambda s: set_batch_state(s, world.project.id, batch.id, BatchState.CLOSED, by=None, now=MOMENT), on=database)
    assert world.claim("ben") is None
    assert world.submit("ann", lease, {"accuracy": "adequate", "clarity": "adequate"}).revision == 1
    with pytest.raises(Conflict, match="closed already"):
        write(
            lambda s: set_batch_state(s, world.project.id, batch.id, BatchState.CLOSED, by=None, now=MOMENT),
            on=database,
        )
    write(lambda s: set_batch_state(s, world.project.id, batch.id, BatchState.OPEN, by=None, now=MOMENT), on=database)
    assert world.claim("ben") is not None


def test_a_batch_opened_in_a_closed_project_waits_for_the_project(sqlite_database: Database) -> None:
    world = a_project(sqlite_database)
    batch = the_batch(world)

    def arrange(state: BatchState) -> None:
        write(lambda s: set_batch_state(s, world.project.id, batch.id, state, by=None, now=MOMENT), on=world.database)

    arrange(BatchState.CLOSED)
    write(lambda s: close_project(s, world.project.id, by=None, now=MOMENT), on=world.database)
    arrange(BatchState.OPEN)
    assert world.claim("ann") is None


def test_a_batch_of_another_project_does_not_exist(sqlite_database: Database) -> None:
    world = a_project(sqlite_database)
    other = a_project(sqlite_database, name="q", reviewers=[], adjudicators=[])
    with pytest.raises(NotFound):
        write(
            lambda s: change_batch(s, other.project.id, the_batch(world).id, {}, by=None, now=MOMENT),
            on=world.database,
        )
