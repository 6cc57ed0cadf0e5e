"""The figures of a closed round, beside those of the round before, and what is talked about in between."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from evalhub.calibration.models import CalibrationRound
from evalhub.calibration.queries.discussion import discussion_of, own_discussed
from evalhub.calibration.schema.rounds import Comparison, Sameness
from evalhub.calibration.service.discussion import show_discussion
from evalhub.calibration.service.round_figures import comparison_of, figures_of_round
from evalhub.db import Database
from evalhub.errors import Conflict, NotFound
from evalhub.projects.schema import OverlapPlan
from evalhub.review.jobs import sweep
from evalhub.review.models import Assignment, AssignmentState, Task
from evalhub.review.queries.invariants import broken_invariants
from evalhub.web.session import write
from tests.adjudication.worlds import differing, take, the_case
from tests.calibration.rounds import GOOD, close, fill_round, grade_round, second_version, start, task_of
from tests.review.test_queue import let_lapse
from tests.world import MOMENT, World, a_project

LEVELS = ("unacceptable", "adequate", "excellent")


def noisy(slip: float) -> Any:
    """Answers that hold the item's own level but for a share of slips, the same whenever they are asked for."""

    def answers(login: str, number: int) -> Mapping[str, Any]:
        chance = random.Random(f"{login}/{number}/{slip}")
        place = number % 3
        if chance.random() < slip:
            place = chance.randrange(3)
        return {"accuracy": LEVELS[place], "clarity": LEVELS[(number + 1) % 3]}

    return answers


def two_rounds(database: Database, *, change: Any = None, items: int = 24, others: bool = False) -> World:
    """A round with many slips, and one that follows it with few, both closed."""
    logins = ["ann", "ben", "cem"]
    later = ["dan", "eve"] if others else logins
    world = a_project(database, items=items, reviewers={*logins, *later}, overlap=OverlapPlan(base=1))
    first = start(world, n=items, reviewers=tuple(world.people[login].public_id for login in logins))
    fill_round(world, first, logins, noisy(0.6))
    close(world, first)
    if change:
        second_version(world, change)
    version = 2 if change else 1
    panel = tuple(world.people[login].public_id for login in later)
    second = start(world, name="second", follows=first.public_id, rubric_version=version, reviewers=panel)
    fill_round(world, second, later, noisy(0.2))
    close(world, second)
    return world


def the_round(world: World, number: int) -> CalibrationRound:
    with world.database.reading() as session:
        return session.scalars(sa.select(CalibrationRound).where(CalibrationRound.number == number)).one()


def compared(world: World) -> Comparison:
    with world.database.reading() as session:
        found = comparison_of(session, the_round(world, 2))
    assert found is not None
    return found


def test_a_round_has_figures_of_its_own_ratings_alone(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=6, overlap=OverlapPlan(base=2))
    world.review_all("ann", {"accuracy": "unacceptable", "clarity": None})
    round_ = start(world, n=6)
    levels = dict(enumerate(["excellent", "adequate", "unacceptable"] * 2))
    fill_round(world, round_, ("ann", "ben"), lambda _, number: {"accuracy": levels[number], "clarity": None})
    close(world, round_)
    with sqlite_database.reading() as session:
        accuracy, clarity = figures_of_round(session, the_round(world, 1))
        assert comparison_of(session, the_round(world, 1)) is None
    assert accuracy.figures.alpha.value == 1
    assert accuracy.figures.distribution == (4, 4, 4)
    assert (clarity.n_ratings, clarity.n_not_applicable) == (12, 12)
    assert clarity.figures.alpha.undefined_because == "no_pairable_units"
    assert accuracy.as_dict()["criterion"] == "accuracy"


def test_a_revision_is_judged_on_the_items_that_nobody_talked_about(sqlite_database: Database) -> None:
    world = two_rounds(sqlite_database, change=lambda text: text.replace(b"title: Accuracy", b"title: Is it right"))
    found = compared(world)
    accuracy, clarity = found.criteria
    assert (found.before_version, found.after_version, found.n_items, found.n_discussed) == (1, 2, 24, 12)
    assert found.n_both_times == 3
    assert not found.is_by_others
    assert accuracy.sameness is Sameness.OTHER_WORDS
    assert clarity.sameness is Sameness.SAME_QUESTION
    assert accuracy.not_discussed is not None
    assert accuracy.all_items is not None
    assert (accuracy.not_discussed.n_shared_items, accuracy.all_items.n_shared_items) == (12, 24)
    difference = accuracy.all_items.difference
    assert difference.value is not None
    assert difference.ci_low is not None
    assert difference.ci_high is not None
    assert difference.ci_low < difference.value < difference.ci_high
    assert difference.value > 0.3
    assert clarity.all_items is not None
    assert clarity.all_items.difference.value == 0
    assert found.as_dict()["criteria"][0]["compared_as"] == "other_words"


def test_other_people_have_no_memory_of_the_first_round(sqlite_database: Database) -> None:
    found = compared(two_rounds(sqlite_database, others=True))
    assert (found.n_both_times, found.is_by_others) == (0, True)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda text: text.replace(b"unacceptable, adequate", b"unacceptable, poor, adequate"), Sameness.OTHER_LEVELS),
        (lambda text: text.replace(b"critical: true", b"scale: nominal"), Sameness.OTHER_SCALE),
        (lambda text: text.replace(b"{id: accuracy", b"{id: truth"), Sameness.NEW),
    ],
)
def test_what_cannot_be_compared_as_it_is_says_so(sqlite_database: Database, change: Any, expected: Sameness) -> None:
    world = a_project(sqlite_database, items=6)
    first = start(world, n=6)
    fill_round(world, first, ("ann", "ben"), noisy(0.3))
    close(world, first)
    second_version(world, change)
    second = start(world, name="second", follows=first.public_id, rubric_version=2)
    key = "truth" if expected is Sameness.NEW else "accuracy"
    fill_round(
        world, second, ("ann", "ben"), lambda _, number: {key: LEVELS[number % 2], "clarity": LEVELS[number % 3]}
    )
    close(world, second)
    changed = compared(world).criteria[0]
    assert changed.sameness is expected
    assert (changed.all_items is not None) == (expected is Sameness.OTHER_LEVELS)


def test_who_knew_what_others_said_about_an_item_is_left_out_of_it(database: Database) -> None:
    world = differing(database, {"accuracy": "unacceptable"}, {}, items=3)
    judy, case = world.people["judy"], the_case(world)
    take(world, "judy", case)

    def also_reviews(session: sa.orm.Session) -> None:
        from evalhub.projects.schema import ProjectRole
        from evalhub.projects.service import set_member

        roles = {ProjectRole.ADJUDICATOR, ProjectRole.REVIEWER}
        set_member(session, world.project.id, judy.id, roles, by=None, now=MOMENT)

    write(also_reviews, on=database)
    round_ = start(world, n=3)
    for login in ("judy", "r1", "r2"):
        grade_round(world, login)
    close(world, round_)
    with database.reading() as session:
        accuracy = figures_of_round(session, the_round(world, 1))[0]
    assert (accuracy.n_ratings, accuracy.n_left_out) == (8, 1)


def talked(database: Database) -> tuple[World, CalibrationRound]:
    """A closed round of three items, all to be talked about, that ann and ben graded and cem only in part."""
    world = a_project(database, items=4, reviewers=["ann", "ben", "cem"], overlap=OverlapPlan(base=2))
    round_ = start(world, n=3, discussed_share=1.0)
    grade_round(world, "ann", noisy(0))
    lease = world.claim("cem")
    assert lease is not None
    world.submit("cem", lease, GOOD)
    return world, round_


def shown_to(world: World, login: str) -> list[Any]:
    """What the page of the talk holds for somebody."""
    with world.database.reading() as session:
        round_ = the_round(world, 1)
        own = own_discussed(session, round_, world.people[login].id)
        return list(discussion_of(session, round_, own))


def show(world: World, login: str) -> None:
    write(
        lambda s: show_discussion(
            s, s.get_one(CalibrationRound, the_round(world, 1).id), by=world.people[login], at=MOMENT
        ),
        on=world.database,
    )


def test_only_who_graded_all_of_them_sees_what_is_talked_about_and_only_after_the_round(database: Database) -> None:
    world, round_ = talked(database)
    with pytest.raises(NotFound):
        show(world, "ann")
    assert shown_to(world, "ann") == []
    grade_round(world, "ben")
    let_lapse(database)
    sweep(database)
    close(world, round_)
    assert [shown_to(world, login) for login in ("cem", "judy")] == [[], []]
    for login in ("cem", "judy"):
        with pytest.raises(NotFound):
            show(world, login)
    show(world, "ann")
    items = shown_to(world, "ann")
    assert len(items) == 3
    assert {one.name for item in items for criterion in item.criteria for one in criterion.said} == {
        "Ann",
        "Ben",
        "Cem",
    }
    assert any(criterion.differs for item in items for criterion in item.criteria)


def test_who_talked_about_an_item_is_not_given_it_in_the_project_any_more(database: Database) -> None:
    world, round_ = talked(database)
    grade_round(world, "ben")
    let_lapse(database)
    sweep(database)
    close(world, round_)
    show(world, "ann")
    lease = world.claim("ann")
    assert lease is not None
    with database.reading() as session:
        talked_about = set(session.scalars(sa.select(Task.item_id).where(Task.batch_id == round_.batch_id)))
        rows = session.scalars(sa.select(Assignment).where(Assignment.state == AssignmentState.EXCLUDED)).all()
    assert {row.reviewer_id for row in rows} == {world.people["ann"].id}
    assert len(rows) == 3
    assert task_of(world, lease).item_id not in talked_about
    world.submit("ann", lease, GOOD)
    assert world.claim("ann") is None
    with database.reading() as session:
        assert broken_invariants(session, world.project.id) == []


def test_who_holds_one_of_the_items_must_finish_it_before_the_talk(sqlite_database: Database) -> None:
    world = a_project(sqlite_database, items=2, overlap=OverlapPlan(base=2))
    round_ = start(world, n=2, discussed_share=1.0)
    grade_round(world, "ann")
    grade_round(world, "ben")
    close(world, round_)
    assert world.claim("ann") is not None
    with pytest.raises(Conflict) as refused:
        show(world, "ann")
    assert refused.value.code == "lease"
    world.review_all("ann", GOOD)
    show(world, "ann")
    show(world, "ann")


def test_what_was_given_in_the_project_can_no_longer_be_changed_after_the_talk(sqlite_database: Database) -> None:
    from evalhub.review.service.revise import check_revisable

    world = a_project(sqlite_database, items=2, overlap=OverlapPlan(base=2))
    world.review_all("ann", GOOD)
    round_ = start(world, n=2, discussed_share=1.0)
    grade_round(world, "ann")
    grade_round(world, "ben")
    close(world, round_)
    show(world, "ann")
    with sqlite_database.reading() as session:
        live = session.scalars(sa.select(Assignment).where(Assignment.reviewer_id == world.people["ann"].id)).all()
        assert len(live) == 4
        for assignment in live:
            with pytest.raises(Conflict):
                check_revisable(session, session.get_one(Task, (1, assignment.task_id)), assignment)
