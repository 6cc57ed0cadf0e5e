"""Reviews sent back to their reviewers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseState
from evalhub.adjudication.service.returning import send_back
from evalhub.db import Database
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.projects.models import Batch, BatchState
from evalhub.projects.schema import ProjectRole
from evalhub.review.models import Draft, Rating, ReturnedReview
from evalhub.review.queries.workload import begun_by
from evalhub.review.schema import Lease
from evalhub.web.session import write
from tests.adjudication.worlds import a_decision, assignment_of, decided, differing, show, the_case
from tests.world import MOMENT, World, with_roles

REASON = "Your note says nothing; name the sentence that is wrong."


@pytest.fixture
def world(database: Database) -> World:
    return differing(database, {"accuracy": "unacceptable"}, {})


def return_review(world: World, login: str, case: Case, *, by: str = "judy", reason: str = REASON) -> None:
    reviewer_id = world.people[login].id
    write(
        lambda s: send_back(s, case.public_id, reviewer_id, reason, by=world.people[by], at=MOMENT), on=world.database
    )


def returned(world: World, login: str) -> list[str]:
    with world.database.reading() as session:
        begun = begun_by(session, [world.project.id], world.people[login].id)
    return [one.returned_because for one in begun if one.returned_because]


def submit_again(world: World, login: str, case: Case, scores: dict[str, Any]) -> None:
    own = assignment_of(world, login, case)
    assert own is not None
    lease = Lease(own.project_id, own.task_id, own.reviewer_id, own.public_id, own.lease or "", MOMENT, is_new=False)
    world.submit(login, lease, scores)


def test_a_returned_review_is_a_draft_that_stands_until_it_is_submitted_again(world: World) -> None:
    case = the_case(world)
    return_review(world, "r1", case)
    with world.database.reading() as session:
        [draft] = session.scalars(sa.select(Draft))
        assert draft.body["scores"] == {"accuracy": "unacceptable", "clarity": "excellent"}
        assert session.scalar(sa.select(sa.func.count()).select_from(Rating)) == 4
    assert returned(world, "r1") == [REASON]
    assert returned(world, "r2") == []
    submit_again(world, "r1", case, {"accuracy": "excellent", "clarity": "excellent"})
    assert returned(world, "r1") == []
    assert the_case(world).state is CaseState.CORRECTED


def test_a_review_is_sent_back_once_until_it_comes_in_again(world: World) -> None:
    case = the_case(world)
    return_review(world, "r1", case)
    with pytest.raises(Conflict) as caught:
        return_review(world, "r1", case)
    assert caught.value.code == "returned"
    submit_again(world, "r1", case, {"accuracy": "adequate", "clarity": "adequate"})
    return_review(world, "r1", case, reason="Still no sentence.")
    assert returned(world, "r1") == ["Still no sentence."]


def test_nothing_is_sent_back_without_a_reason(world: World) -> None:
    with pytest.raises(BadInput):
        return_review(world, "r1", the_case(world), reason=" \n")


def test_nothing_is_sent_back_once_the_case_is_decided(world: World) -> None:
    case = the_case(world)
    decided(world, "judy", case, a_decision({"accuracy": "adequate"}))
    with pytest.raises(Conflict) as caught:
        return_review(world, "r1", case)
    assert caught.value.code == "not_revisable"


def test_nothing_is_sent_back_in_a_closed_batch(world: World) -> None:
    write(lambda session: session.execute(sa.update(Batch).values(state=BatchState.CLOSED)), on=world.database)
    with pytest.raises(Conflict, match="closed"):
        return_review(world, "r1", the_case(world))


def test_nothing_is_sent_back_to_somebody_who_has_seen_what_others_said(world: World) -> None:
    case = the_case(world)
    show(world, "r1", case)
    with pytest.raises(Conflict) as caught:
        return_review(world, "r1", case)
    assert caught.value.code == "not_revisable"


def test_a_decision_ends_a_return(world: World) -> None:
    case = the_case(world)
    return_review(world, "r1", case)
    decided(world, "judy", case, a_decision({"accuracy": "adequate"}))
    assert returned(world, "r1") == []
    with pytest.raises(Conflict) as caught:
        submit_again(world, "r1", case, {"accuracy": "excellent", "clarity": "excellent"})
    assert caught.value.code == "settled"


def test_a_grader_sends_nobody_s_review_of_the_item_back(world: World) -> None:
    with_roles(world, "r2", ProjectRole.REVIEWER, ProjectRole.ADJUDICATOR)
    with pytest.raises(NotFound):
        return_review(world, "r1", the_case(world), by="r2")


def test_a_review_of_another_item_is_not_in_the_case(world: World) -> None:
    with_roles(world, "r3", ProjectRole.REVIEWER)
    with pytest.raises(NotFound):
        return_review(world, "r3", the_case(world))


def test_a_return_and_a_decision_at_once_leave_one_order(world: World) -> None:
    """Either the review went back before the decision, or the decision came first and nothing went back."""
    case = the_case(world)

    def settle() -> str:
        decided(world, "judy", case, a_decision({"accuracy": "adequate"}))
        return "decided"

    def give_back() -> str:
        try:
            return_review(world, "r1", case)
        except Conflict as conflict:
            return conflict.code
        return "sent back"

    with ThreadPoolExecutor(2) as pool:
        ends = {future.result() for future in [pool.submit(settle), pool.submit(give_back)]}
    assert "decided" in ends
    with world.database.reading() as session:
        assert _n_returned(session) == (1 if "sent back" in ends else 0)
    assert the_case(world).state is CaseState.DECIDED
    assert returned(world, "r1") == []


def _n_returned(session: Session) -> int | None:
    return session.scalar(sa.select(sa.func.count()).select_from(ReturnedReview))
