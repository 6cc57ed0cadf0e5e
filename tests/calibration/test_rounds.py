"""Calibration rounds: who grades what, and what it leaves alone."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from evalhub.adjudication.models import Case
from evalhub.audit.models import AuditEvent
from evalhub.calibration.models import CalibrationRound, RoundItem, RoundState
from evalhub.calibration.queries.rounds import panel_of, round_of, rounds_of
from evalhub.calibration.schema.rounds import Choosing, discussed_groups
from evalhub.db import Database
from evalhub.errors import BadInput, Conflict, Forbidden, NotFound
from evalhub.export.queries.scope import versions_in_use
from evalhub.projects.models import Member
from evalhub.projects.schema import OverlapPlan, ProjectRole
from evalhub.projects.service import close_project, remove_member, reopen_project
from evalhub.review.models import Assignment, AssignmentState, Purpose, Task
from evalhub.review.queries.invariants import broken_invariants
from evalhub.review.queries.patterns import pattern_counts
from evalhub.review.queries.progress import funnel
from evalhub.review.service.revise import reopen_review
from evalhub.web.session import write
from tests.calibration.rounds import GOOD, close, grade_round, items_in, second_version, start, task_of
from tests.world import MOMENT, World, a_project, some_items, with_roles

BAD = {"accuracy": "unacceptable", "clarity": None}


def assert_sound(world: World) -> None:
    with world.database.reading() as session:
        assert broken_invariants(session, world.project.id) == []


def test_a_round_comes_first_and_everybody_grades_every_item_of_it(database: Database) -> None:
    world = a_project(database, items=6, reviewers=["ann", "ben", "cem"], overlap=OverlapPlan(base=1))
    round_ = start(world, n=4)
    assert [grade_round(world, login) for login in ("ann", "ben", "cem")] == [4, 4, 4]
    with database.reading() as session:
        [line] = rounds_of(session, world.project.id)
        assert (line.n_items, line.n_reviewers, line.done, line.needed) == (4, 3, 12, 12)
        assert [(m.name, m.done) for m in panel_of(session, round_)] == [("Ann", 4), ("Ben", 4), ("Cem", 4)]
        tasks = session.scalars(sa.select(Task).where(Task.batch_id == round_.batch_id)).all()
        assert {(task.purpose, task.occasion, task.need, task.slots) for task in tasks} == {
            (Purpose.CALIBRATION, 1, 3, 3)
        }
    assert_sound(world)


def test_only_those_chosen_are_given_the_round_whoever_joins_later(database: Database) -> None:
    world = a_project(database, items=5, reviewers=["ann", "ben", "cem"], overlap=OverlapPlan(base=1))
    start(world, reviewers=(world.people["ann"].public_id, world.people["ben"].public_id))

    with_roles(world, "dan", ProjectRole.REVIEWER)
    for login in ("cem", "dan"):
        lease = world.claim(login)
        assert lease is not None
        assert task_of(world, lease).purpose is Purpose.LIVE
    assert grade_round(world, "ann") == 4
    assert_sound(world)


def test_nobody_waits_for_a_reviewer_whose_ratings_a_program_draws(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, reviewers=["ann", "ben", "bot"])

    def simulate(session: sa.orm.Session) -> None:
        session.get_one(Member, (world.project.id, world.people["bot"].id)).is_simulated = True

    write(simulate, on=sqlite_database)
    with sqlite_database.reading() as session:
        assert [member.name for member in panel_of(session, start(world, n=2))] == ["Ann", "Ben"]


def test_rounds_enter_no_figure_open_no_case_and_leave_the_funnel_alone(database: Database) -> None:
    world = a_project(database, items=5, reviewers=["ann", "ben"])
    second_version(world, lambda text: text.replace(b"title: Accuracy", b"title: Is it right"))
    start(world, n=5, rubric_version=2)
    grade_round(world, "ann", lambda *_: GOOD, version=2)
    grade_round(world, "ben", lambda *_: BAD, version=2)
    with database.reading() as session:
        assert pattern_counts(session, world.project.id) == {}
        assert session.scalar(sa.select(sa.func.count()).select_from(Case)) == 0
        now = funnel(session, world.project.id)
        assert (now.imported, now.scored, now.slots_done, now.slots_needed) == (5, 0, 0, 10)
        assert versions_in_use(session, world.project) == [world.project.rubric_version_id]


def test_items_are_graded_by_the_version_of_the_round(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=3)
    second_version(world, lambda text: text.replace(b"adequate, excellent", b"adequate, fine, excellent"))
    start(world, rubric_version=2, n=2)
    lease = world.claim("ann")
    assert lease is not None
    with pytest.raises(Conflict) as refused:
        world.submit("ann", lease, GOOD)
    assert refused.value.code == "rubric_version"
    world.submit("ann", lease, {"accuracy": "fine", "clarity": "fine"}, rubric_version=2)


def test_named_items_are_taken_as_they_are_named(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=6)
    round_ = start(world, choosing=Choosing.NAMED, items=("source-id-4", "source-id-1", "source-id-4"))
    assert items_in(world, round_) == {"source-id-1", "source-id-4"}


def test_items_on_which_reviewers_cross_a_boundary_can_be_chosen(database: Database) -> None:
    world = a_project(database, items=4)
    answers = {f"source-id-{i}": {"accuracy": level, "clarity": None} for i, level in enumerate(LEVELS)}
    world.review_all("ann", answers)
    world.review_all("ben", {f"source-id-{i}": {"accuracy": "adequate", "clarity": None} for i in range(4)})
    lower = start(world, choosing=Choosing.BOUNDARY, criterion="accuracy", boundary=0, n=10)
    upper = start(world, choosing=Choosing.BOUNDARY, criterion="accuracy", boundary=1, n=10)
    assert items_in(world, lower) == {"source-id-0", "source-id-3"}
    assert items_in(world, upper) == {"source-id-2"}
    with pytest.raises(BadInput, match="cannot be made"):
        start(world, choosing=Choosing.BOUNDARY, criterion="clarity", boundary=1)
    with pytest.raises(BadInput):
        start(world, choosing=Choosing.BOUNDARY, criterion="accuracy", boundary=2)


def test_the_most_urgent_disputed_items_can_be_chosen(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=4)
    answers = {f"source-id-{i}": GOOD for i in range(4)}
    world.review_all("ann", {**answers, "source-id-2": BAD, "source-id-0": {**GOOD, "clarity": None}})
    world.review_all("ben", GOOD)
    assert items_in(world, start(world, choosing=Choosing.TRIAGE, n=1)) == {"source-id-2"}
    assert items_in(world, start(world, choosing=Choosing.TRIAGE, n=9)) == {"source-id-2", "source-id-0"}


def test_a_round_that_is_closed_while_all_are_grading_takes_nothing_afterwards(database: Database) -> None:
    logins = [f"r{i}" for i in range(6)]
    world = a_project(database, items=12, reviewers=logins, overlap=OverlapPlan(base=1))
    round_ = start(world, n=12)
    failures: list[Exception] = []

    def work(act: Callable[[], object]) -> None:
        try:
            act()
        except Conflict:
            pass  # the lease that closing ended
        except Exception as error:  # noqa: BLE001 -- reported by the thread that waits
            failures.append(error)

    threads = [threading.Thread(target=work, args=(partial(grade_round, world, login),)) for login in logins]
    for thread in threads:
        thread.start()
    with database.reading() as session:
        while rounds_of(session, world.project.id)[0].done < 6 and threads[0].is_alive():
            session.rollback()
            time.sleep(0.01)
    close(world, round_)
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    assert failures == []
    with database.reading() as session:
        assert session.scalars(LATE.where(Task.batch_id == round_.batch_id)).all() == []
        done = rounds_of(session, world.project.id)[0].done
    assert 6 <= done <= 72
    assert_sound(world)


LATE = (
    sa.select(Assignment.public_id)
    .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
    .where(sa.or_(Assignment.state == AssignmentState.LEASED, Task.is_open))
)
"""Leases and open tasks."""


LEVELS = ("unacceptable", "adequate", "excellent", "unacceptable")


def test_the_same_seed_draws_the_same_items(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=20)
    first, second, other = start(world, seed=1), start(world, seed=1), start(world, seed=2)
    assert items_in(world, first) == items_in(world, second) != items_in(world, other)


IMPOSSIBLE: list[tuple[dict[str, object], str]] = [
    ({"name": " "}, "name"),
    ({"n": 0}, "n"),
    ({"n": 201}, "n"),
    ({"discussed_share": 1.5}, "discussed_share"),
    ({"rubric_version": 9}, "rubric_version"),
    ({"reviewers": ("nobody",)}, "reviewers"),
    ({"choosing": Choosing.NAMED, "items": ()}, "items"),
    ({"choosing": Choosing.NAMED, "items": ("source-id-0", "gone")}, "items"),
]


def test_a_round_that_cannot_be_is_refused_with_its_fault(sqlite_database: Database) -> None:
    world = a_project(sqlite_database)
    for stated, path in IMPOSSIBLE:
        with pytest.raises(BadInput) as refused:
            start(world, **stated)
        assert [fault.path for fault in refused.value.faults] == [path]
    with sqlite_database.reading() as session:
        assert rounds_of(session, world.project.id) == []


def test_a_second_click_hands_out_no_second_round(database: Database) -> None:
    world = a_project(database, items=6)
    first = start(world, name="Before we begin")
    with pytest.raises(Conflict, match="of this name is open"):
        start(world, name=" Before we begin ", seed=6)
    close(world, first)
    start(world, name="Before we begin")


def test_one_reviewer_alone_makes_no_round(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, reviewers=["ann"])
    with pytest.raises(BadInput) as refused:
        start(world)
    assert refused.value.faults[0].message == "a round needs 2 to 31 reviewers, these are 1"


def test_after_closing_nothing_more_is_taken_and_drafts_are_kept(database: Database) -> None:
    world = a_project(database, items=4)
    round_ = start(world, n=3)
    grade_round(world, "ben")
    first = world.claim("ann")
    assert first is not None
    submitted = world.submit("ann", first, GOOD)
    held = submitted.next
    close(world, round_)
    with pytest.raises(Conflict) as late:
        world.submit("ann", held, GOOD, note="too late")  # type: ignore[arg-type]
    assert late.value.code == "lease"
    ann = world.people["ann"]
    with pytest.raises(Conflict) as reopened:
        write(
            lambda s: (
                reopen_review(s, assignment=first.assignment, reviewer_id=ann.id, reviewer=ann.public_id).revision
            ),
            on=database,
        )
    assert reopened.value.code == "batch_closed"
    following = world.claim("ann")
    assert following is not None
    assert task_of(world, following).purpose is Purpose.LIVE
    with database.reading() as session:
        assert rounds_of(session, world.project.id)[0].done == 4
    with pytest.raises(Conflict):
        close(world, round_)
    assert_sound(world)


def test_a_round_stays_closed_when_the_project_is_closed_and_reopened(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=2)
    close(world, start(world, n=2))
    write(lambda s: close_project(s, world.project.id, by=None, now=MOMENT), on=sqlite_database)
    with pytest.raises(Conflict):
        start(world)
    write(lambda s: reopen_project(s, world.project.id, by=None, now=MOMENT), on=sqlite_database)
    lease = world.claim("ann")
    assert lease is not None
    assert task_of(world, lease).purpose is Purpose.LIVE
    assert_sound(world)


def test_an_import_after_a_round_still_becomes_a_batch(database: Database) -> None:
    """A batch without an import must not hide the imports that have none yet."""
    world = a_project(database, items=2)
    start(world, n=2)
    write(lambda s: close_project(s, world.project.id, by=None, now=MOMENT), on=database)
    import_more(world, some_items(4)[2:])
    write(lambda s: reopen_project(s, world.project.id, by=None, now=MOMENT), on=database)
    with database.reading() as session:
        purposes = Counter(session.scalars(sa.select(Task.purpose)))
    assert purposes == {Purpose.LIVE: 4, Purpose.CALIBRATION: 2}


def import_more(world: World, rows: list[dict[str, object]]) -> None:
    import io
    import json
    from functools import partial

    from evalhub.datasets.service import import_items

    lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    import_items(
        partial(write, on=world.database),
        io.BytesIO(lines),
        dataset_name="p-items",
        source_name="more.jsonl",
        actor_id=None,
    )


def test_who_leaves_is_named_and_the_round_can_still_be_closed(database: Database) -> None:
    world = a_project(database, items=3, reviewers=["ann", "ben", "cem"])
    round_ = start(world, n=3)
    ann, judy = world.people["ann"], world.people["judy"]
    world.claim("ann")
    write(lambda s: remove_member(s, world.project.id, ann.id, reason="left", by=judy, now=MOMENT), on=database)
    with pytest.raises(Forbidden):
        world.claim("ann")
    assert grade_round(world, "ben") == 3
    with database.reading() as session:
        assert [(m.name, m.has_left) for m in panel_of(session, round_)] == [
            ("Ann", True),
            ("Ben", False),
            ("Cem", False),
        ]
    close(world, round_)
    assert_sound(world)


def test_a_following_round_has_the_items_and_the_people_of_the_first(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=8, reviewers=["ann", "ben", "cem"])
    two = (world.people["ann"].public_id, world.people["ben"].public_id)
    first = start(world, n=5, reviewers=two)
    with pytest.raises(Conflict) as still_open:
        start(world, follows=first.public_id)
    assert still_open.value.code == "round_open"
    close(world, first)
    second = start(world, name="second", follows=first.public_id)
    assert items_in(world, second) == items_in(world, first)
    with sqlite_database.reading() as session:
        assert [m.name for m in panel_of(session, second)] == ["Ann", "Ben"]
        talked_about = {
            round_.number: set(
                session.scalars(
                    sa.select(Task.item_id)
                    .join(RoundItem, RoundItem.task_id == Task.id)
                    .where(RoundItem.round_id == round_.id, RoundItem.discussed)
                )
            )
            for round_ in (first, second)
        }
    assert talked_about[1] == talked_about[2]
    assert 0 < len(talked_about[1]) < 5
    with pytest.raises(NotFound):
        start(world, follows="99")


def test_rounds_are_numbered_within_their_project_and_named_by_number_or_id(database: Database) -> None:
    world = a_project(database)
    rounds = [start(world, n=1) for _ in range(2)]
    with database.reading() as session:
        assert [line.round.number for line in rounds_of(session, world.project.id)] == [2, 1]
        assert round_of(session, world.project.id, "2").id == rounds[1].id
        assert round_of(session, world.project.id, rounds[0].public_id).number == 1
        for wrong in ("3", "x", "٣", "9" * 30):
            with pytest.raises(NotFound):
                round_of(session, world.project.id, wrong)
        with pytest.raises(NotFound):
            round_of(session, world.project.id + 1, rounds[0].public_id)


def test_two_rounds_of_one_number_are_impossible_in_the_table(database: Database) -> None:
    world = a_project(database)
    round_ = start(world, n=1)

    def again(session: sa.orm.Session) -> None:
        columns = {column.key: getattr(round_, column.key) for column in sa.inspect(CalibrationRound).columns}
        del columns["id"]
        session.add(CalibrationRound(**{**columns, "public_id": "0" * 32, "state": RoundState.OPEN}))

    with pytest.raises(IntegrityError):
        write(again, on=database)


def test_the_log_tells_of_the_round_and_how_its_items_were_chosen(sqlite_database: Database) -> None:
    world = a_project(sqlite_database)
    round_ = start(world, n=2)
    close(world, round_)
    with sqlite_database.reading() as session:
        bodies = session.scalars(sa.select(AuditEvent.body).where(AuditEvent.action.startswith("round."))).all()
    assert '"payload":{"by":"random","items":2,"number":1,"reviewers":2,"seed":5}' in bodies[0]
    assert '"round.closed"' in bodies[1]


@given(
    groups=st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=30),
    share=st.floats(0, 1),
    seed=st.integers(0, 99),
)
def test_whole_prompts_are_discussed_and_a_real_share_leaves_some_on_either_side(
    groups: list[str], share: float, seed: int
) -> None:
    chosen, all_groups = discussed_groups(groups, share, seed), set(groups)
    assert chosen <= all_groups
    assert abs(len(chosen) - share * len(all_groups)) <= 1
    if len(all_groups) > 1:
        assert (len(chosen) > 0) == (share > 0)
        assert (len(chosen) < len(all_groups)) == (share < 1)
