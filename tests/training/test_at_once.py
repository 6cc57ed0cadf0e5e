"""Many reviewers at once, with gold planted among their live work, qualifications ending and references changing."""

from __future__ import annotations

import random
import threading
from collections import Counter

import sqlalchemy as sa

from evalhub.db import Database, now
from evalhub.errors import Conflict
from evalhub.review.models import Assignment, AssignmentState, Purpose, Task
from evalhub.review.queries.invariants import broken_invariants
from evalhub.training import jobs
from evalhub.training.models import Certificate, Gold, Use
from evalhub.training.queries.references import golds_of
from evalhub.training.service.golds import retire_gold
from evalhub.web.session import write
from tests.review.test_queue import grade_at_once
from tests.training.worlds import RIGHT, WRONG, a_training, begin

SUBMITTED = Assignment.state == AssignmentState.SUBMITTED


def test_gold_among_the_work_of_many_leaves_the_overlap_exact(database: Database) -> None:
    logins = [f"r{i}" for i in range(6)]
    world = a_training(database, items=15, gold={Use.GOLD: 8}, gold_share=0.2, reviewers=logins, overlap=2)

    def retire_some() -> None:
        for _ in range(3):
            with database.reading() as session:
                gold = golds_of(session, world.project.id, use=Use.GOLD)[0].gold.id
            write(lambda s, gold=gold: retire_gold(s, s.get_one(Gold, gold), by=None, at=now(s)), on=database)

    retiring = threading.Thread(target=retire_some)
    retiring.start()
    grade_at_once(world, logins, lambda _: dict(RIGHT))
    retiring.join(60)
    while sum(world.review_all(login, RIGHT) for login in logins):
        pass
    with database.reading() as session:
        assert broken_invariants(session, world.project.id) == []
        live = session.execute(
            sa.select(Task.id, sa.func.count())
            .join(Assignment, sa.and_(Assignment.project_id == Task.project_id, Assignment.task_id == Task.id))
            .where(Task.purpose == Purpose.LIVE, ~Task.held, SUBMITTED)
            .group_by(Task.id)
        ).all()
        met = session.execute(
            sa.select(Task.item_id, Assignment.reviewer_id, sa.func.count())
            .join(Assignment, sa.and_(Assignment.project_id == Task.project_id, Assignment.task_id == Task.id))
            .where(SUBMITTED)
            .group_by(Task.item_id, Assignment.reviewer_id)
        ).all()
        planted = session.scalar(sa.select(sa.func.count()).where(Task.purpose == Purpose.GOLD))
    assert Counter(n for _, n in live) == {2: 18}, "fifteen live items, and three that went back"
    assert {n for _, _, n in met} == {1}, "nobody met an item twice"
    assert planted


def test_qualifications_that_end_at_once_leave_one_result_each(database: Database) -> None:
    logins = [f"r{i}" for i in range(6)]
    world = a_training(
        database, items=3, gold={Use.QUALIFICATION: 5}, reviewers=logins, overlap=6, requires_certificate=True
    )
    for login in logins:
        begin(world, login, Use.QUALIFICATION)
    failures: list[Exception] = []

    def work(login: str) -> None:
        dice = random.Random(login)
        try:
            while (lease := world.claim(login)) is not None:
                try:
                    world.submit(login, lease, RIGHT if dice.random() < 0.7 else WRONG)
                except Conflict:
                    continue
        except Exception as error:  # noqa: BLE001 -- reported by the thread that waits
            failures.append(error)

    threads = [threading.Thread(target=work, args=(login,)) for login in logins]
    for thread in threads:
        thread.start()
    for _ in range(5):
        jobs.sweep(database)
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    jobs.sweep(database)
    assert failures == []
    with database.reading() as session:
        results = session.execute(sa.select(Certificate.account_id, sa.func.count()).group_by(Certificate.account_id))
        assert [n for _, n in results] == [1] * 6
        assert broken_invariants(session, world.project.id) == []
