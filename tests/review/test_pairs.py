"""Two answers side by side: one reviewer grades both, and says which is better."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from evalhub import events
from evalhub.adjudication.models import Case
from evalhub.adjudication.queries.cases import is_blind
from evalhub.adjudication.service.taking import exclude
from evalhub.calibration.queries import is_complete
from evalhub.db import Database
from evalhub.errors import BadInput, Conflict
from evalhub.projects.models import QueueOrder
from evalhub.projects.schema import OverlapPlan
from evalhub.projects.service import remove_member
from evalhub.review.jobs import sweep
from evalhub.review.models import Assignment, AssignmentState, Preference, Review, SkipReason, Task
from evalhub.review.queries.hidden import hidden_tasks
from evalhub.review.queries.invariants import broken_invariants
from evalhub.review.schema import LEANINGS, Lease, left_of
from evalhub.review.service.revise import reopen_review
from evalhub.web.session import write
from tests.review.test_queue import GOOD, assert_sound, grade_at_once, let_lapse, reviews_by_task, skip_by
from tests.world import MOMENT, World, a_project

BETTER = {"preference": {"choice": "left_better"}}


def paired_items(n_pairs: int, *, alone: int = 0) -> list[dict[str, Any]]:
    """Two models answer each prompt; then some items without a partner."""
    pairs = [
        {
            "id": f"q{i}:{model}",
            "prompt": f"Question {i}?",
            "response": f"{model} says {i}.",
            "model": model,
            "pair_id": f"p{i}",
        }
        for i in range(n_pairs)
        for model in ("alpha", "beta")
    ]
    return pairs + [{"id": f"s{i}", "prompt": f"Single {i}?", "response": "Just one."} for i in range(alone)]


def a_world(database: Database, *, n_pairs: int = 1, alone: int = 0, overlap: int = 1, **more: Any) -> World:
    plan = OverlapPlan(base=overlap)
    return a_project(database, items=paired_items(n_pairs, alone=alone), overlap=plan, pairs=True, **more)


def claimed(world: World, login: str) -> Lease:
    lease = world.claim(login)
    assert lease is not None
    return lease


def begun(world: World, login: str) -> tuple[Lease, Lease]:
    """Both leases of a pair, the first submitted."""
    first = claimed(world, login)
    following = world.submit(login, first, GOOD).next
    assert isinstance(following, Lease)
    return first, following


def states_of(world: World, login: str) -> dict[int, str]:
    with world.database.reading() as session:
        own = Assignment.reviewer_id == world.people[login].id
        return {
            task: state.value
            for task, state in session.execute(sa.select(Assignment.task_id, Assignment.state).where(own))
        }


def preferences(world: World) -> list[Preference]:
    with world.database.reading() as session:
        return list(session.scalars(sa.select(Preference).order_by(Preference.first_task_id, Preference.revision)))


def review_pairs(world: World, login: str) -> None:
    """Grade all that is left, always preferring the left answer."""
    while (lease := world.claim(login)) is not None:
        submit_as_asked(world, login, lease, GOOD)


def submit_as_asked(world: World, login: str, lease: Lease, scores: dict[str, str]) -> None:
    """With a preference where one is missing."""
    try:
        world.submit(login, lease, scores)
    except BadInput:
        world.submit(login, lease, scores, **BETTER)


def test_tasks_of_a_pair_stand_next_to_each_other_and_get_as_many_reviewers(database: Database) -> None:
    world = a_project(
        database,
        items=paired_items(10, alone=5),
        overlap=OverlapPlan(base=1, share=0.4, need=2),
        pairs=True,
    )
    with database.reading() as session:
        tasks = {task.id: task for task in session.scalars(sa.select(Task))}
    paired = [task for task in tasks.values() if task.partner_id is not None]
    assert len(paired) == 20
    for task in paired:
        partner = tasks[task.partner_id or 0]
        assert (partner.partner_id, partner.need, partner.queue_id) == (task.id, task.need, task.queue_id)
        assert abs(partner.ord - task.ord) == 1
    assert sorted(task.ord for task in tasks.values()) == list(range(1, 26))
    more = [task for task in tasks.values() if task.need == 2]
    assert len({min(task.id, task.partner_id or task.id) for task in more}) == 6  # of 15 pairs and single answers
    assert_sound(world)


def test_only_two_answers_to_one_prompt_are_a_pair(sqlite_database: Database) -> None:
    items = paired_items(1, alone=1)
    items += [{**items[0], "id": f"three{i}", "pair_id": "three"} for i in range(3)]
    items += [{**items[0], "id": f"other{i}", "prompt": f"Another {i}?", "pair_id": "other"} for i in range(2)]
    items += [{**items[0], "id": f"skill{i}", "skills": ["law"] * i, "pair_id": "skill"} for i in range(2)]
    items += [{**items[0], "id": "lonely", "pair_id": "lonely"}]
    a_project(sqlite_database, items=items, pairs=True, order=QueueOrder.AS_IMPORTED)
    with sqlite_database.reading() as session:
        assert session.scalars(sa.select(Task.id).where(Task.partner_id.is_not(None)).order_by(Task.id)).all() == [1, 2]


def test_without_the_setting_pairs_are_graded_one_by_one(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=paired_items(2), overlap=OverlapPlan(base=1))
    lease = claimed(world, "ann")
    assert states_of(world, "ann") == {lease.task_id: "leased"}


def test_who_claims_one_answer_gets_the_other_next(database: Database) -> None:
    world = a_world(database, n_pairs=3)
    lease = claimed(world, "ann")
    other = claimed(world, "ben")
    with database.reading() as session:
        partner = session.get_one(Task, (lease.project_id, lease.task_id)).partner_id
    assert partner is not None
    assert states_of(world, "ann") == {lease.task_id: "leased", partner: "paired"}
    assert other.task_id not in (lease.task_id, partner)
    following = world.submit("ann", lease, GOOD).next
    assert isinstance(following, Lease)
    assert (following.task_id, following.is_new) == (partner, True)
    assert states_of(world, "ann") == {lease.task_id: "submitted", partner: "leased"}
    assert_sound(world)


def test_the_answer_on_the_left_comes_first_and_either_may_stand_there(sqlite_database: Database) -> None:
    world = a_world(sqlite_database, n_pairs=12)
    lefts = []
    for _ in range(12):
        first, second = begun(world, "ann")
        seed, reviewer = world.project.seed, world.people["ann"].public_id
        assert left_of((first.task_id, second.task_id), seed=seed, reviewer=reviewer) == first.task_id
        lefts.append(first.task_id < second.task_id)
        world.submit("ann", second, GOOD, **BETTER)
    assert {True, False} == set(lefts)


@given(seed=st.integers(0, 2**62), reviewer=st.text(max_size=20), low=st.integers(1, 10**6), gap=st.integers(1, 10**6))
def test_which_answer_stands_left_depends_on_nothing_but_who_and_what(
    seed: int, reviewer: str, low: int, gap: int
) -> None:
    pair = (low, low + gap)
    left = left_of(pair, seed=seed, reviewer=reviewer)
    assert left in pair
    assert left == left_of(pair[::-1], seed=seed, reviewer=reviewer)


@pytest.mark.parametrize("choice", list(LEANINGS))
def test_a_preference_is_kept_by_answer_whichever_side_it_stood_on(sqlite_database: Database, choice: str) -> None:
    world = a_world(sqlite_database)
    first, second = begun(world, "ann")
    world.submit("ann", second, GOOD, preference={"choice": choice, "reason": " Shorter. "})
    [kept] = preferences(world)
    expected = {-1: first.task_id, 0: None, 1: second.task_id}[max(-1, min(1, LEANINGS[choice]))]  # type: ignore[index]
    assert (kept.left_task_id, kept.preferred_task_id, kept.strength) == (
        first.task_id,
        expected,
        abs(LEANINGS[choice]),
    )  # type: ignore[index]
    assert (kept.reason, kept.revision) == ("Shorter.", 1)
    assert (kept.first_task_id, kept.second_task_id) == tuple(sorted((first.task_id, second.task_id)))


def test_the_second_review_needs_a_preference_and_the_first_takes_none(database: Database) -> None:
    world = a_world(database)
    first = claimed(world, "ann")
    with pytest.raises(BadInput) as refused:
        world.submit("ann", first, GOOD, **BETTER)
    assert [fault.path for fault in refused.value.faults] == ["preference"]
    second = world.submit("ann", first, GOOD).next
    assert isinstance(second, Lease)
    with pytest.raises(BadInput) as missing:
        world.submit("ann", second, GOOD)
    assert [(fault.code, fault.path) for fault in missing.value.faults] == [("schema", "preference")]
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Review)) == 1
    world.submit("ann", second, GOOD, **BETTER)
    assert len(preferences(world)) == 1
    assert_sound(world)


def test_an_answer_alone_takes_no_preference(sqlite_database: Database) -> None:
    world = a_world(sqlite_database, n_pairs=0, alone=1)
    with pytest.raises(BadInput):
        world.submit("ann", claimed(world, "ann"), GOOD, **BETTER)


def test_the_same_submission_again_keeps_one_preference(sqlite_database: Database) -> None:
    world = a_world(sqlite_database)
    key = "00000000-0000-4000-8000-000000000001"
    first = claimed(world, "ann")
    second = world.submit("ann", first, GOOD, idempotency_key=key).next
    assert isinstance(second, Lease)
    assert world.submit("ann", first, GOOD, idempotency_key=key).is_replay
    world.submit("ann", second, GOOD, idempotency_key=key[:-1] + "2", **BETTER)
    assert world.submit("ann", second, GOOD, idempotency_key=key[:-1] + "2", **BETTER).is_replay
    assert world.submit("ann", first, GOOD, idempotency_key=key).is_replay
    assert len(preferences(world)) == 1


def test_a_lapsed_lease_gives_both_answers_back(database: Database) -> None:
    world = a_world(database)
    lapsed = claimed(world, "ann")
    let_lapse(database)
    sweep(database)
    assert set(states_of(world, "ann").values()) == {"expired"}
    assert_sound(world)
    begun(world, "ben")
    assert set(states_of(world, "ben").values()) == {"submitted", "leased"}
    assert world.submit("ann", lapsed, GOOD).is_extra
    assert_sound(world)


def test_who_let_a_pair_lapse_gets_back_the_answer_that_they_had_begun(database: Database) -> None:
    world = a_world(database, n_pairs=8)
    lapsed = claimed(world, "ann")
    let_lapse(database)
    sweep(database)
    again = claimed(world, "ann")
    assert again.task_id == lapsed.task_id
    assert sorted(states_of(world, "ann").values()) == ["leased", "paired"]
    assert_sound(world)


def test_a_second_answer_that_lapses_alone_still_completes_its_pair(sqlite_database: Database) -> None:
    world = a_world(sqlite_database)
    _, second = begun(world, "ann")
    let_lapse(sqlite_database)
    sweep(sqlite_database)
    again = claimed(world, "ann")
    assert again.task_id == second.task_id
    world.submit("ann", again, GOOD, **BETTER)
    assert len(preferences(world)) == 1


def test_skipping_the_first_answer_gives_both_back(database: Database) -> None:
    world = a_world(database)
    skip_by(world, "ann", claimed(world, "ann"))
    assert sorted(states_of(world, "ann").values()) == ["expired", "skipped"]
    begun(world, "ben")
    assert_sound(world)


def test_an_answer_whose_partner_is_taken_is_graded_alone(database: Database) -> None:
    world = a_world(database)
    skip_by(world, "ann", claimed(world, "ann"))
    alone = claimed(world, "ann")
    assert sorted(states_of(world, "ann").values()) == ["leased", "skipped"]
    assert world.submit("ann", alone, GOOD).is_extra is False
    left_over = claimed(world, "ben")
    assert states_of(world, "ben") == {left_over.task_id: "leased"}
    world.submit("ben", left_over, GOOD)
    assert preferences(world) == []
    assert_sound(world)


def test_two_skips_as_unreadable_end_the_pair_of_whoever_is_at_it(database: Database) -> None:
    world = a_world(database, overlap=3, reviewers=["ann", "ben", "cem", "dan"])
    broken = claimed(world, "cem").task_id
    for login in ("ann", "ben"):
        lease = claimed(world, login)
        if lease.task_id != broken:
            following = world.submit(login, lease, GOOD).next
            assert isinstance(following, Lease)
            lease = following
        skip_by(world, login, lease, reason=SkipReason.UNREADABLE)
    with database.reading() as session:
        assert session.get_one(Task, (world.project.id, broken)).held
    assert set(states_of(world, "cem").values()) == {"expired"}
    assert_sound(world)
    for login in ("cem", "dan", "ann", "ben"):
        review_pairs(world, login)
    assert reviews_by_task(database)[3 - broken] == 3
    assert_sound(world)


def test_a_task_is_not_complete_while_it_is_reserved(database: Database) -> None:
    """Else its case would open, and be decided, before the third review."""
    world = a_world(database, overlap=3, reviewers=["ann", "ben", "cem"])
    lead = claimed(world, "ann")
    reserved = 3 - lead.task_id
    told: list[int] = []
    with events.task_completed.connected_to(lambda _, **of: told.append(of["task_id"])):
        finish_a_pair_beside(world, lead, reserved)
    assert sorted(told) == [1, 2]
    assert_sound(world)


def finish_a_pair_beside(world: World, lead: Lease, reserved: int) -> None:
    """Two others grade both answers, and differ; then ann does."""
    for login, level in (("ben", "unacceptable"), ("cem", "excellent")):
        first = claimed(world, login)
        second = world.submit(login, first, {**GOOD, "accuracy": level}).next
        assert isinstance(second, Lease)
        world.submit(login, second, {**GOOD, "accuracy": level}, **BETTER)

    def is_done() -> bool:
        with world.database.reading() as session:
            done = session.scalars(sa.select(is_complete()).where(Task.id == reserved)).one()
            assert done is bool(session.scalar(sa.select(sa.func.count()).where(Case.task_id == reserved)))
            return done

    assert not is_done()
    following = world.submit("ann", lead, GOOD).next
    assert isinstance(following, Lease)
    assert not is_done()
    world.submit("ann", following, GOOD, **BETTER)
    assert is_done()


def test_whoever_an_answer_is_reserved_for_cannot_take_its_case(sqlite_database: Database) -> None:
    world = a_world(sqlite_database)
    lead = claimed(world, "ann")
    project_id, ann = world.project.id, world.people["ann"].id
    with pytest.raises(Conflict):
        write(lambda s: exclude(s, project_id, 3 - lead.task_id, ann), on=sqlite_database)
    with sqlite_database.reading() as session:
        public_ids = session.scalars(sa.select(Task.public_id)).all()
        assert hidden_tasks(session, project_id, ann, public_ids) == set(public_ids)
        assert all(session.scalars(sa.select(is_blind(ann)).select_from(Task)))


def test_who_leaves_the_project_gives_both_answers_back(database: Database) -> None:
    world = a_world(database)
    claimed(world, "ann")
    judy, ann = world.people["judy"], world.people["ann"]
    write(lambda s: remove_member(s, world.project.id, ann.id, reason="left", by=judy, now=MOMENT), on=database)
    assert set(states_of(world, "ann").values()) == {"expired"}
    assert_sound(world)
    review_pairs(world, "ben")
    assert reviews_by_task(database) == {1: 1, 2: 1}


@pytest.mark.parametrize("which", [0, 1])
def test_a_reopened_review_may_change_the_preference(sqlite_database: Database, which: int) -> None:
    world = a_world(sqlite_database)
    leases = begun(world, "ann")
    world.submit("ann", leases[1], GOOD, **BETTER)
    reopened = reopen(world, leases[which])
    world.submit("ann", reopened, GOOD, **BETTER)
    assert [one.revision for one in preferences(world)] == [1]
    world.submit("ann", reopen(world, leases[which]), GOOD, preference={"choice": "right_much_better"})
    before, after = preferences(world)
    assert (after.revision, after.strength) == (2, 2)
    assert {before.preferred_task_id, after.preferred_task_id} == {lease.task_id for lease in leases}


def reopen(world: World, lease: Lease) -> Lease:
    ann = world.people["ann"]
    draft = write(
        lambda s: reopen_review(s, assignment=lease.assignment, reviewer_id=ann.id, reviewer=ann.public_id).body,
        on=world.database,
    )
    assert draft["scores"]["_preference"] in LEANINGS
    with world.database.reading() as session:
        token = session.scalars(sa.select(Assignment.lease).where(Assignment.public_id == lease.assignment)).one()
    return Lease(lease.project_id, lease.task_id, lease.reviewer_id, lease.assignment, token or "", MOMENT, False)


def test_a_page_left_open_may_still_submit_what_is_only_reserved_by_now(sqlite_database: Database) -> None:
    """Its lease lapsed once; then the reviewer claimed the other answer, which reserved this one for them again."""
    world = a_world(sqlite_database)
    lead = claimed(world, "ann")
    reserved = sa.update(Assignment).where(Assignment.state == AssignmentState.PAIRED).values(lease="of-old")
    public_id = write(lambda s: s.scalar(reserved.returning(Assignment.public_id)), on=sqlite_database)
    old = Lease(lead.project_id, 3 - lead.task_id, lead.reviewer_id, public_id or "", "of-old", MOMENT, False)
    following = world.submit("ann", old, GOOD).next
    assert isinstance(following, Lease)
    assert following.task_id == lead.task_id
    assert_sound(world)
    world.submit("ann", following, GOOD, **BETTER)
    assert len(preferences(world)) == 1


def test_a_reservation_without_its_lease_is_reported(sqlite_database: Database) -> None:
    world = a_world(sqlite_database)
    claimed(world, "ann")
    write(
        lambda s: s.execute(
            sa.update(Assignment)
            .where(Assignment.state == AssignmentState.LEASED)
            .values(state=AssignmentState.SUBMITTED, leased_until=None)
        ),
        on=sqlite_database,
    )
    with sqlite_database.reading() as session:
        [found] = broken_invariants(session, world.project.id)
    assert "holds no partner" in found


@pytest.mark.parametrize("overlap", [1, 2])
def test_many_at_once_reach_the_exact_overlap_on_both_answers(database: Database, overlap: int) -> None:
    logins = [f"r{i}" for i in range(8)]
    world = a_world(database, n_pairs=12, alone=3, overlap=overlap, reviewers=logins)
    grade_at_once(world, logins, lambda _: GOOD, submit=submit_as_asked)
    assert reviews_by_task(database) == Counter(dict.fromkeys(range(1, 28), overlap))
    assert preferences(world)
    assert_sound(world)
