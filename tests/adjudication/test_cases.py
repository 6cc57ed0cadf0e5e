"""A case opens where reviewers differ, once the last planned review is in."""

from __future__ import annotations

import io
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseBacklog, CaseCriterion, CaseState
from evalhub.adjudication.service.cases import BACKLOG_AFTER, finish_backlog
from evalhub.audit.models import AuditEvent
from evalhub.db import Database, now
from evalhub.projects.schema import Flags, OverlapPlan, Rules
from evalhub.review.models import Assignment, AssignmentState
from evalhub.review.service.past_ratings import import_ratings
from evalhub.rubrics.models import Criterion
from evalhub.web.session import write
from tests.adjudication.worlds import cases_of, differing, the_case
from tests.world import World, a_project


def flags_of(world: World) -> dict[str, list[str]]:
    with world.database.reading() as session:
        rows = session.execute(
            sa.select(Criterion.key, CaseCriterion.flags)
            .join(Criterion, Criterion.id == CaseCriterion.criterion_id)
            .where(CaseCriterion.project_id == world.project.id)
        )
        return {row.key: row.flags for row in rows}


def test_a_case_lists_the_disputed_criteria_and_their_flags(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable", "clarity": None}, {}, items=3)
    case = the_case(world)
    assert case.state is CaseState.OPEN
    assert flags_of(world) == {
        "accuracy": ["span", "critical", "no_consensus"],
        "clarity": ["applicability", "no_consensus"],
    }
    assert case.triage > 14
    with database.reading() as session:
        assert session.scalars(sa.select(AuditEvent.action).where(AuditEvent.subject_type == "case")).all() == [
            "case.opened"
        ]


def test_no_case_opens_before_the_last_planned_review(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {}, overlap=OverlapPlan(base=3))
    assert cases_of(world) == []


def test_agreement_makes_no_case(database: Database) -> None:
    assert cases_of(differing(database, {}, {})) == []


def test_a_project_opens_cases_by_its_own_rules(database: Database) -> None:
    rules = Rules(flags=Flags(no_consensus=False))
    world = differing(database, {"clarity": "adequate"}, {}, rules=rules)
    assert cases_of(world) == []


def test_a_review_that_differs_from_past_ratings_makes_a_case_before_the_last_one_is_in(database: Database) -> None:
    """The item is complete for every figure by then, so it would be undecided with nobody to decide it."""
    world = a_project(database, items=1, overlap=OverlapPlan(base=3))
    line = b'{"item_id": "source-id-0", "reviewer": "past", "criterion": "accuracy", "level": "unacceptable"}'
    import_ratings(database, io.BytesIO(line), project_id=world.project.id, source_name="past.jsonl", actor_id=None)
    assert cases_of(world) == []
    world.review_all("ann", {"accuracy": "excellent", "clarity": "adequate"})
    assert the_case(world).state is CaseState.OPEN


def test_cases_that_a_stopped_import_left_unopened_are_opened_by_the_sweep(database: Database) -> None:
    world = a_project(database, items=1)
    for login, level in (("ann", "excellent"), ("ben", "unacceptable")):
        world.review_all(login, {"accuracy": level, "clarity": "adequate"})

    def as_if_stopped(session: Session) -> None:
        session.execute(sa.update(Assignment).values(state=AssignmentState.IMPORTED))
        session.execute(sa.delete(CaseCriterion))
        session.execute(sa.delete(Case))
        since = now(session) - BACKLOG_AFTER - timedelta(seconds=1)
        session.add(CaseBacklog(project_id=world.project.id, since=since))

    write(as_if_stopped, on=database)
    finish_backlog(database)
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Case)) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(CaseBacklog)) == 0
