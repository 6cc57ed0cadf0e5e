"""A case opens where reviewers differ, once the last planned review is in."""

from __future__ import annotations

import sqlalchemy as sa

from evalhub.adjudication.models import CaseCriterion, CaseState
from evalhub.audit.models import AuditEvent
from evalhub.db import Database
from evalhub.projects.schema import Flags, OverlapPlan, Rules
from evalhub.rubrics.models import Criterion
from tests.adjudication.worlds import cases_of, differing, the_case
from tests.world import World


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
