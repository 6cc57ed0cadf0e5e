"""Taking and deciding cases, and what the criteria come to."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import CaseState, DecidedLevel, Decision
from evalhub.adjudication.queries import settled
from evalhub.adjudication.queries.cases import CasePlace, Standing, standing
from evalhub.adjudication.schema import Outcome
from evalhub.audit.models import AuditEvent
from evalhub.db import Database
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.projects.schema import OverlapPlan, ProjectRole
from evalhub.review.models import AssignmentState, Rating, Task
from evalhub.review.service.revise import reopen_review
from evalhub.review.service.submit import submit_review
from evalhub.rubrics.schema.review import ReviewBody
from evalhub.web.session import write
from tests.adjudication.worlds import a_decision, assignment_of, decided, differing, take, the_case
from tests.world import World, a_project, with_roles


def outcomes(world: World) -> dict[str, Outcome]:
    """Of the first item, by criterion key."""
    with world.database.reading() as session:
        case = the_case(world)
        return {one.criterion: one for one in settled(session, world.project.id, [case.task_id])[case.task_id].values()}


def ratings(world: World) -> list[tuple[int, int | None]]:
    with world.database.reading() as session:
        statement = sa.select(Rating.reviewer_id, Rating.level).order_by(Rating.reviewer_id, Rating.criterion_id)
        return [(row[0], row[1]) for row in session.execute(statement)]


def test_taking_a_case_excludes_from_its_task(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {})
    case = the_case(world)
    take(world, "judy", case)
    take(world, "judy", case)
    own = assignment_of(world, "judy", case)
    assert own is not None
    assert own.state is AssignmentState.EXCLUDED
    assert the_case(world).taken_by_id == world.people["judy"].id


def test_who_took_a_case_never_gets_its_item_from_the_queue(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {})
    case = the_case(world)
    with_roles(world, "rita", ProjectRole.REVIEWER, ProjectRole.ADJUDICATOR)
    take(world, "rita", case)
    with database.writing() as session:
        session.execute(sa.update(Task).values(slots=3, free_slots=4, is_open=True, ord=100))
        session.commit()
    assert world.claim("rita") is None


def test_a_grader_can_neither_take_nor_decide(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {})
    case = the_case(world)
    with pytest.raises(NotFound):
        take(world, "r1", case)
    with pytest.raises(NotFound):
        decided(world, "r1", case, a_decision({"accuracy": "adequate"}))
    assert the_case(world).state is CaseState.OPEN


def test_who_may_still_claim_is_blind_until_they_take_the_case(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {})
    case = the_case(world)
    place = CasePlace(case.project_id, case.task_id)
    with_roles(world, "rita", ProjectRole.REVIEWER, ProjectRole.ADJUDICATOR)
    with database.writing() as session:
        session.execute(sa.update(Task).values(slots=3, free_slots=4, is_open=True, ord=100))
        session.commit()
    with database.reading() as session:
        assert standing(session, place, world.people["rita"].id) is Standing.BLIND
        assert standing(session, place, world.people["r1"].id) is Standing.BLIND
        assert standing(session, place, world.people["judy"].id) is Standing.FREE
    take(world, "rita", case)
    with database.reading() as session:
        assert standing(session, place, world.people["rita"].id) is Standing.TAKEN


def test_who_holds_the_item_cannot_take_its_case(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {})
    case = the_case(world)
    with_roles(world, "rita", ProjectRole.REVIEWER, ProjectRole.ADJUDICATOR)
    with database.writing() as session:
        session.execute(sa.update(Task).values(slots=3, free_slots=4, is_open=True, ord=100))
        session.commit()
    assert world.claim("rita") is not None
    with pytest.raises(Conflict):
        take(world, "rita", case)


def test_a_decision_overrides_the_rule_and_leaves_the_ratings(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {"clarity": "adequate"}, {})
    before = ratings(world)
    case = the_case(world)
    assert outcomes(world)["accuracy"].state == "pending"
    assert outcomes(world)["clarity"].method == "median"
    assert outcomes(world)["clarity"].agreement == pytest.approx(1 / 3)
    result = decided(world, "judy", case, a_decision({"accuracy": "adequate"}))
    assert (result.revision, result.is_replay) == (1, False)
    accuracy = outcomes(world)["accuracy"]
    assert (accuracy.state, accuracy.level, accuracy.rank, accuracy.method) == ("rated", "adequate", 1, "adjudicated")
    assert (accuracy.n_decisions, accuracy.counts) == (1, (1, 0, 2))
    assert accuracy.adjudicator_id == world.people["judy"].id
    assert accuracy.rationale == "The second paragraph is wrong."
    assert ratings(world) == before
    with database.reading() as session:
        assert session.scalars(sa.select(Task.settled_at)).one() is not None
        actions = session.scalars(sa.select(AuditEvent.action).where(AuditEvent.subject_type == "case")).all()
        assert actions == ["case.opened", "case.decided"]


def test_a_decision_is_revised_by_a_further_one_and_all_are_kept(database: Database) -> None:
    world = differing(database, {"clarity": None}, {})
    case = the_case(world)
    decided(world, "judy", case, a_decision({"clarity": "adequate"}))
    decided(world, "judy", case, a_decision({"clarity": None}, revision=1, rationale="It has nothing to say here."))
    assert outcomes(world)["clarity"].state == "not_applicable"
    assert outcomes(world)["clarity"].n_decisions == 2
    with database.reading() as session:
        assert session.scalars(sa.select(Decision.revision).order_by(Decision.revision)).all() == [1, 2]
        assert session.scalars(sa.select(DecidedLevel.level).order_by(DecidedLevel.revision)).all() == [1, None]


def test_a_decision_on_what_somebody_decided_meanwhile_is_a_conflict(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {}, adjudicators=("judy", "jack"))
    case = the_case(world)
    decided(world, "judy", case, a_decision({"accuracy": "adequate"}))
    with pytest.raises(Conflict) as caught:
        decided(world, "jack", case, a_decision({"accuracy": "excellent"}))
    assert caught.value.code == "revision"


def test_a_decision_sent_twice_is_stored_once(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {})
    case = the_case(world)
    body = a_decision({"accuracy": "adequate"})
    decided(world, "judy", case, body)
    assert decided(world, "judy", case, body).is_replay
    other = a_decision({"accuracy": "excellent"}, idempotency_key=body.idempotency_key)
    with pytest.raises(BadInput) as caught:
        decided(world, "judy", case, other)
    assert caught.value.code == "idempotency_mismatch"
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Decision)) == 1


def test_a_decision_settles_every_disputed_criterion_and_nothing_else(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable", "clarity": None}, {})
    wrong = a_decision({"accuracy": "superb", "style": "good"}, rationale=" ")
    with pytest.raises(BadInput) as caught:
        decided(world, "judy", the_case(world), wrong)
    assert [fault.path for fault in caught.value.faults] == [
        "scores.accuracy",
        "scores.clarity",
        "scores.style",
        "rationale",
    ]
    assert the_case(world).state is CaseState.OPEN


def test_a_decided_item_can_no_longer_be_reopened(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {})
    case = the_case(world)
    decided(world, "judy", case, a_decision({"accuracy": "adequate"}))
    own = assignment_of(world, "r1", case)
    assert own is not None

    def reopen(session: Session) -> None:
        person = world.people["r1"]
        reopen_review(session, assignment=own.public_id, reviewer_id=person.id, reviewer=person.public_id)

    with pytest.raises(Conflict):
        write(reopen, on=database)


def test_a_review_changed_before_the_decision_closes_the_case_as_corrected(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {})
    case = the_case(world)
    person, own = world.people["r1"], assignment_of(world, "r1", case)
    assert own is not None
    write(
        lambda session: reopen_review(
            session, assignment=own.public_id, reviewer_id=person.id, reviewer=person.public_id
        ),
        on=database,
    )
    again = assignment_of(world, "r1", case)
    assert again is not None
    body = ReviewBody.model_validate(
        {
            "scores": {"accuracy": "excellent", "clarity": "excellent"},
            "rubric_version": 1,
            "lease": again.lease,
            "idempotency_key": str(uuid.uuid4()),
        }
    )
    submit_review(database, assignment=own.public_id, reviewer_id=person.id, reviewer=person.public_id, body=body)
    assert the_case(world).state is CaseState.CORRECTED
    assert outcomes(world)["accuracy"].method == "unanimous"
    with pytest.raises(Conflict) as caught:
        decided(world, "judy", case, a_decision({"accuracy": "adequate"}))
    assert caught.value.code == "corrected"


def test_a_task_without_ratings_has_no_outcome(database: Database) -> None:
    world = a_project(database, overlap=OverlapPlan(base=2))
    with database.reading() as session:
        ids = session.scalars(sa.select(Task.id)).all()
        assert settled(session, world.project.id, ids) == {}
