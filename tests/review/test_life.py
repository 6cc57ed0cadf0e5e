"""What becomes of work afterwards: items taken out, put back and replaced, and reviews voided."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseState
from evalhub.adjudication.queries import settled
from evalhub.datasets.models import ChangeKind, Item, ItemChange
from evalhub.datasets.queries import current_contents, item_of
from evalhub.datasets.service.revisions import replacement_of
from evalhub.db import Database, now
from evalhub.errors import BadInput, Conflict
from evalhub.projects.schema import OverlapPlan
from evalhub.review.jobs import fold
from evalhub.review.models import (
    SKIPPED_TWICE,
    WITHDRAWN,
    Assignment,
    AssignmentState,
    RatingHistory,
    Review,
    SkipReason,
    Task,
)
from evalhub.review.queries.batches import batches_with_progress
from evalhub.review.queries.invariants import broken_invariants
from evalhub.review.queries.patterns import pattern_counts
from evalhub.review.queries.progress import funnel
from evalhub.review.queries.voidable import Span, void_plan
from evalhub.review.service.replace import Replaced, replace_item
from evalhub.review.service.void import Act, void_reviews
from evalhub.review.service.withdraw import Moved, put_back, restore_item, withdraw_item
from evalhub.web.session import write
from tests.adjudication.worlds import a_decision, decided, the_case
from tests.review.test_queue import GOOD, assert_sound, let_lapse, skip_by
from tests.world import World, a_project, some_items

BAD = {"accuracy": "unacceptable", "clarity": "adequate"}
FIRST = "source-id-0"
SLIP = Act("graded while ill", by_id=None)


def withdraw(world: World, item: str = FIRST) -> Moved:
    dataset_id = world.project.dataset_id
    return write(lambda s: withdraw_item(s, dataset_id, item, reason="broken", by=None), on=world.database)


def restore(world: World, item: str = FIRST) -> Moved:
    dataset_id = world.project.dataset_id
    return write(lambda s: restore_item(s, dataset_id, item, reason="mended", by=None), on=world.database)


def replace(world: World, item: str = FIRST, **fields: Any) -> Replaced:
    content = {"id": item, "prompt": "Question 0?", "response": "A better answer.", **fields}
    row = replacement_of(item, content)
    dataset_id = world.project.dataset_id
    return write(lambda s: replace_item(s, dataset_id, row, reason="cut off", by=None), on=world.database)


def span_of(world: World, login: str, **limits: Any) -> Span:
    with world.database.reading() as session:
        return Span(world.project.id, world.people[login].id, until=now(session) + timedelta(seconds=1), **limits)


def task_of(world: World, item: str = FIRST, revision: int = 1) -> Task:
    with world.database.reading() as session:
        return session.scalars(
            sa.select(Task)
            .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
            .where(Task.project_id == world.project.id, Item.external_id == item, Item.revision == revision)
        ).one()


def n_rated(world: World) -> int:
    """Levels that the figures of the first criterion count."""
    with world.database.reading() as session:
        counts = pattern_counts(session, world.project.id)
        first = min(counts, default=0)
        return sum(sum(pattern) * n for pattern, n in counts.get(first, Counter[tuple[int, ...]]()).items())


def case_state(world: World, item: str = FIRST) -> CaseState | None:
    with world.database.reading() as session:
        return session.scalar(sa.select(Case.state).where(Case.task_id == task_of(world, item).id))


def states_of(world: World, task_id: int) -> dict[str, AssignmentState]:
    with world.database.reading() as session:
        rows = session.execute(
            sa.select(Assignment.reviewer_id, Assignment.state).where(
                Assignment.project_id == world.project.id, Assignment.task_id == task_id
            )
        )
        names = {account.id: login for login, account in world.people.items()}
        return {names[reviewer]: state for reviewer, state in rows}


def a_disputed_project(database: Database) -> World:
    """Ann and Ben differ on the first of two items; Cem is there to come."""
    world = a_project(database, items=2, reviewers=["ann", "ben", "cem"])
    world.review_all("ann", {FIRST: GOOD, "source-id-1": GOOD})
    world.review_all("ben", {FIRST: BAD, "source-id-1": GOOD})
    return world


def test_a_withdrawn_item_leaves_queue_figures_and_cases_and_comes_back_with_all_of_it(database: Database) -> None:
    world = a_disputed_project(database)
    assert (n_rated(world), case_state(world)) == (4, CaseState.OPEN)
    assert withdraw(world) == Moved(n_tasks=1)
    fold(database)
    assert (n_rated(world), case_state(world)) == (2, CaseState.SET_ASIDE)
    assert task_of(world).held_reason == f"{WITHDRAWN}broken"
    assert states_of(world, task_of(world).id)["ann"] is AssignmentState.SUBMITTED
    assert_sound(world)
    restore(world)
    assert (n_rated(world), case_state(world)) == (4, CaseState.OPEN)
    assert not task_of(world).held
    assert_sound(world)


def test_what_is_taken_out_is_neither_done_nor_left_to_do(sqlite_database: Database) -> None:
    world = a_disputed_project(sqlite_database)
    withdraw(world)
    with sqlite_database.reading() as session:
        far = funnel(session, world.project.id)
    assert (far.slots_done, far.slots_needed) == (2, 2)


def test_whoever_is_at_a_withdrawn_item_loses_the_lease_and_no_one_is_given_it(database: Database) -> None:
    world = a_project(database, items=1, overlap=OverlapPlan(base=2))
    lease = world.claim("ann")
    assert lease is not None
    assert withdraw(world) == Moved(n_tasks=1, n_leases=1)
    assert world.claim("ben") is None
    with pytest.raises(Conflict):
        world.submit("ann", lease, GOOD)
    restore(world)
    assert_sound(world)
    for login in ("ann", "ben"):
        assert world.review_all(login, GOOD) == 1
    assert_sound(world)


def test_an_item_is_withdrawn_in_every_project_of_its_dataset_and_in_those_made_later(
    sqlite_database: Database,
) -> None:
    world = a_project(sqlite_database, items=3)
    withdraw(world)
    with pytest.raises(Conflict):
        withdraw(world)
    from evalhub.projects.service import NewProject, create_project

    def make(session: Session) -> int:
        new = NewProject(
            name="later",
            dataset_id=world.project.dataset_id,
            rubric_version_id=world.project.rubric_version_id,
            overlap=OverlapPlan(base=1),
        )
        return create_project(session, new, by=None, now=now(session)).id

    later = write(make, on=sqlite_database)
    with sqlite_database.reading() as session:
        assert (funnel(session, later).imported, funnel(session, later).held) == (3, 1)
    restore(world)
    with sqlite_database.reading() as session:
        assert funnel(session, later).held == 0
        assert broken_invariants(session, later) == []
        kinds = session.scalars(sa.select(ItemChange.kind).order_by(ItemChange.id)).all()
    assert kinds == [ChangeKind.WITHDRAWN, ChangeKind.RESTORED]


def test_only_what_is_withdrawn_can_be_restored(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=1)
    with pytest.raises(Conflict):
        restore(world)


def test_an_item_that_two_passed_on_as_unreadable_is_handed_out_again_when_it_is_put_back(database: Database) -> None:
    world = a_project(database, items=1, reviewers=["ann", "ben", "cem", "dan"])
    for login in ("ann", "ben"):
        lease = world.claim(login)
        assert lease is not None
        skip_by(world, login, lease, reason=SkipReason.UNREADABLE)
    task = task_of(world)
    assert task.held_reason == SKIPPED_TWICE
    withdraw(world)
    act = partial(put_back, project_id=world.project.id, task=task.public_id, by=None)
    with pytest.raises(Conflict):
        write(act, on=database)
    restore(world)
    assert task_of(world).held_reason == SKIPPED_TWICE
    write(act, on=database)
    assert_sound(world)
    assert [world.review_all(login, GOOD) for login in ("ann", "cem", "dan")] == [0, 1, 1]


def test_a_replaced_item_is_graded_anew_by_as_many_and_the_old_work_counts_no_more(database: Database) -> None:
    world = a_disputed_project(database)
    assert replace(world) == Replaced(revision=2, n_tasks=1, is_new=True)
    assert (n_rated(world), case_state(world)) == (2, CaseState.SET_ASIDE)
    assert task_of(world).held
    new = task_of(world, revision=2)
    assert (new.need, new.batch_id, new.rubric_version_id) == (2, task_of(world).batch_id, 1)
    assert [world.review_all(login, GOOD) for login in ("ann", "ben", "cem")] == [1, 1, 0]
    assert n_rated(world) == 4
    assert_sound(world)
    with database.reading() as session:
        assert item_of(session, world.project.dataset_id, FIRST).response == "A better answer."
        assert (funnel(session, world.project.id).imported, funnel(session, world.project.id).scored) == (2, 2)
        [batch] = batches_with_progress(session, world.project.id)
        assert (batch.items, batch.done) == (2, 2)


def test_the_same_content_again_replaces_nothing(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=1)
    replace(world)
    assert replace(world) == Replaced(revision=2, n_tasks=0, is_new=False)


def test_a_replacement_keeps_the_id_and_must_be_an_item() -> None:
    with pytest.raises(BadInput) as caught:
        replacement_of("a", {"id": "b", "prompt": "?", "response": "!"})
    assert caught.value.faults[0].path == "id"
    with pytest.raises(BadInput):
        replacement_of("a", {"id": "a", "prompt": "?"})


def test_a_withdrawn_item_comes_back_by_being_replaced(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=1)
    withdraw(world)
    replace(world)
    assert world.review_all("ann", GOOD) == 1
    with pytest.raises(Conflict):
        restore(world)


def test_a_replacement_with_other_skills_waits_for_those_who_have_them(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=1)
    replace(world, skills=["law"])
    assert world.claim("ann") is None
    assert task_of(world, revision=2).is_open
    assert_sound(world)


@pytest.mark.parametrize(("prompt", "is_pair"), [("Question 0?", True), ("Another question?", False)])
def test_a_pair_stays_one_where_the_replacement_answers_the_same_prompt(
    sqlite_database: Database, prompt: str, is_pair: bool
) -> None:
    items = [{**item, "pair_id": "x"} for item in some_items(2, groups=1)]
    world = a_project(sqlite_database, items=items, pairs=True, overlap=OverlapPlan(base=1))
    lease = world.claim("ann")
    assert lease is not None
    replace(world, prompt=prompt, pair_id="x")
    new, other = task_of(world, revision=2), task_of(world, "source-id-1")
    assert (new.partner_id == other.id) == (other.partner_id == new.id) == is_pair
    assert task_of(world).partner_id is None
    assert_sound(world)


def test_voided_reviews_leave_figures_and_consensus_and_others_fill_their_slots(database: Database) -> None:
    world = a_disputed_project(database)
    with database.reading() as session:
        plan = void_plan(session, span_of(world, "ben"))
    assert (plan.reviews, plan.to_queue, plan.nobody_left, plan.decided) == (2, 2, 0, 0)
    assert plan.criteria == ("Accuracy", "Clarity")
    assert void_reviews(database, span_of(world, "ben"), SLIP) == 2
    assert void_reviews(database, span_of(world, "ben"), SLIP) == 0
    assert (n_rated(world), case_state(world)) == (2, CaseState.SET_ASIDE)
    assert_sound(world)
    assert world.claim("ben") is None
    assert world.review_all("cem", {FIRST: BAD, "source-id-1": GOOD}) == 2
    assert (n_rated(world), case_state(world)) == (4, CaseState.OPEN)
    assert_sound(world)
    task_id = task_of(world).id
    with database.reading() as session:
        answers = settled(session, world.project.id, [task_id])[task_id]
        assert {outcome.n_ratings for outcome in answers.values()} == {2}
        assert session.scalar(sa.select(sa.func.count()).select_from(RatingHistory)) == 4
        reasons = session.scalars(sa.select(Review.void_reason).where(Review.voided_at.is_not(None))).all()
    assert reasons == ["graded while ill"] * 2


def test_what_is_disputed_anew_after_a_void_opens_the_decided_case_again(database: Database) -> None:
    """Its first decision stands in it: whoever decides anew answers that question with the other."""
    world = a_disputed_project(database)
    decided(world, "judy", the_case(world), a_decision({"accuracy": "adequate"}))
    void_reviews(database, span_of(world, "ben"), SLIP)
    assert case_state(world) is CaseState.DECIDED
    world.review_all("cem", {FIRST: {"accuracy": "excellent", "clarity": None}, "source-id-1": GOOD})
    assert case_state(world) is CaseState.OPEN
    scores = {"accuracy": "adequate", "clarity": "adequate"}
    decided(world, "judy", the_case(world), a_decision(scores, revision=1))
    task_id = task_of(world).id
    with database.reading() as session:
        answers = settled(session, world.project.id, [task_id])[task_id]
        assert {(one.method, one.level) for one in answers.values()} == {("adjudicated", "adequate")}
    assert_sound(world)


def test_a_void_reaches_its_span_alone(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=3)
    world.review_all("ann", GOOD)
    with sqlite_database.reading() as session:
        rows = session.scalars(sa.select(Assignment).order_by(Assignment.submitted_at)).all()
    one = span_of(world, "ann", assignment=rows[0].public_id)
    assert void_reviews(sqlite_database, one, SLIP) == 1
    late = span_of(world, "ann", since=rows[2].submitted_at)
    assert void_reviews(sqlite_database, late, SLIP) == 1
    states = [states_of(world, row.task_id)["ann"] for row in rows]
    assert states == [AssignmentState.VOIDED, AssignmentState.SUBMITTED, AssignmentState.VOIDED]


def test_an_extra_review_takes_the_slot_of_a_voided_one(database: Database) -> None:
    world = a_project(database, items=1, overlap=OverlapPlan(base=1))
    late = world.claim("ann")
    assert late is not None
    let_lapse(database)
    world.review_all("ben", GOOD)
    assert world.submit("ann", late, BAD).is_extra
    void_reviews(database, span_of(world, "ben"), SLIP)
    assert states_of(world, task_of(world).id) == {"ann": AssignmentState.SUBMITTED, "ben": AssignmentState.VOIDED}
    assert n_rated(world) == 1
    assert_sound(world)


def test_a_plan_tells_what_nobody_is_left_for(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=2)
    for login in ("ann", "ben"):
        world.review_all(login, GOOD)
    with sqlite_database.reading() as session:
        plan = void_plan(session, span_of(world, "ben"))
    assert (plan.to_queue, plan.nobody_left) == (2, 2)


def test_overlap_stays_exact_while_reviews_are_voided_and_items_withdrawn_among_claims(database: Database) -> None:
    people = ["ann", "ben", "cem", "dan", "eve"]
    world = a_project(database, items=12, reviewers=people, overlap=OverlapPlan(base=2))
    world.review_all("ann", GOOD)
    span = span_of(world, "ann")

    def review_all(login: str) -> None:
        with suppress(Conflict):  # the item was taken away just now
            world.review_all(login, GOOD)

    def withdraw_and_restore() -> None:
        withdraw(world)
        restore(world)

    acts: list[Callable[[], object]] = [partial(review_all, login) for login in people[1:]]
    acts += [partial(void_reviews, database, span, SLIP), withdraw_and_restore, partial(replace, world, "source-id-1")]
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for login in people[1:]:
        world.review_all(login, GOOD)
    assert_sound(world)
    with database.reading() as session:
        rows = session.execute(
            sa.select(Task.id, sa.func.count())
            .join(Assignment, sa.and_(Assignment.project_id == Task.project_id, Assignment.task_id == Task.id))
            .where(Assignment.state == AssignmentState.SUBMITTED, ~Task.held)
            .group_by(Task.id)
        ).all()
    assert Counter(n for _, n in rows) == {2: 12}


def test_the_file_an_item_came_in_is_known_after_it_was_replaced(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=1)
    replace(world)
    with sqlite_database.reading() as session:
        held = current_contents(session, world.project.dataset_id, [FIRST])[FIRST]
        first = session.scalars(sa.select(Item).where(Item.revision == 1)).one()
    assert held.revision == 2
    assert held.holds(first.content_sha256)
    assert held.holds(held.sha256)
    assert not held.holds("0" * 64)
