"""Gold items: what they do to the live queue, how they are planted, and what they end."""

from __future__ import annotations

import itertools
import math
import re
import secrets
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from evalhub.adjudication.schema import CorrectionBody
from evalhub.adjudication.service.corrections import send_correction
from evalhub.datasets.queries import item_of
from evalhub.datasets.service.revisions import replacement_of
from evalhub.db import Database, now
from evalhub.errors import BadInput, Conflict
from evalhub.review.models import Assignment, AssignmentState, Purpose, Task
from evalhub.review.queries.invariants import broken_invariants
from evalhub.review.queries.life import item_plan
from evalhub.review.queries.progress import funnel, loads, my_progress
from evalhub.review.queries.voidable import Span
from evalhub.review.schema import Lease
from evalhub.review.service.replace import replace_item
from evalhub.review.service.void import Act, void_reviews
from evalhub.training.models import CertificateState, Gold, LapseReason, Trial, Use
from evalhub.training.queries.attempts import open_attempt, trials_of
from evalhub.training.queries.certificates import certificate_of
from evalhub.training.queries.hits import gold_hits
from evalhub.training.queries.references import gold_named, golds_of
from evalhub.training.schema.judging import Known
from evalhub.training.schema.reference import ReferenceAnswer
from evalhub.training.service.certificates import grant_certificate
from evalhub.training.service.golds import NewGold, add_gold, replace_reference, retire_gold
from evalhub.training.service.planting import is_due, plant
from evalhub.web.session import write
from tests.training.worlds import RIGHT, WRONG, a_training, begin, grade
from tests.web.client import Browser, app_for
from tests.world import World


def purpose_of(world: World, lease: Lease) -> Purpose:
    with world.database.reading() as session:
        return session.get_one(Task, (lease.project_id, lease.task_id)).purpose


def planted(world: World, login: str) -> bool:
    return write(lambda s: plant(s, world.project.id, world.people[login].id), on=world.database)


def add(world: World, item: str, use: Use, **more: Any) -> str:
    new = NewGold(item, use, **more)
    return write(lambda s: add_gold(s, world.project.id, new, by=None, at=now(s)).public_id, on=world.database)


def test_an_item_in_use_leaves_the_live_queue(database: Database) -> None:
    world = a_training(database, items=2, gold={Use.GOLD: 1})
    met = {world.item_of(lease) for lease in grade(world, "ann", [RIGHT] * 5)}
    assert met == {"source-id-0", "source-id-1"}
    with database.reading() as session:
        assert funnel(session, world.project.id).held == 1
        assert broken_invariants(session, world.project.id) == []


def test_an_item_that_somebody_holds_stays_live_and_is_no_gold_for_them(database: Database) -> None:
    world = a_training(database, items=1, gold={})
    lease = world.claim("ann")
    assert lease is not None
    add(world, "source-id-0", Use.GOLD, reference={"accuracy": ReferenceAnswer(Known(1))})
    assert not planted(world, "ben"), "the live review may yet be ben's to give"
    world.submit("ann", lease, RIGHT)
    assert not planted(world, "ann")
    assert planted(world, "ben")
    gold = world.claim("ben")
    assert gold is not None
    assert purpose_of(world, gold) is Purpose.GOLD
    world.submit("ben", gold, RIGHT)
    assert world.claim("ben") is None, "ben must not meet the item again in the live queue"


def retire_one(world: World) -> None:
    """Take the first item out of training."""

    def retire(session: sa.orm.Session) -> None:
        line = golds_of(session, world.project.id)[0]
        retire_gold(session, gold_named(session, world.project.id, line.gold.public_id), by=None, at=now(session))

    write(retire, on=world.database)


def test_a_retired_item_goes_back_to_those_who_have_not_met_it(database: Database) -> None:
    world = a_training(database, items=0, gold={Use.GOLD: 1}, reviewers=("ann", "ben", "cal"), overlap=2)
    assert planted(world, "ann")
    grade(world, "ann", [RIGHT])

    retire_one(world)
    assert world.claim("ann") is None
    lease = world.claim("ben")
    assert lease is not None
    assert purpose_of(world, lease) is Purpose.LIVE
    with database.reading() as session:
        assert broken_invariants(session, world.project.id) == []


def test_an_item_is_not_kept_from_those_whose_live_reviews_it_still_wants(database: Database) -> None:
    world = a_training(database, items=1, gold={}, reviewers=("ann", "ben", "cal"), overlap=2)
    grade(world, "ann", [RIGHT])
    add(world, "source-id-0", Use.GOLD, reference={"accuracy": ReferenceAnswer(Known(1))})
    assert not any(planted(world, login) for login in ("ann", "ben", "cal"))
    assert [purpose_of(world, lease) for lease in grade(world, "ben", [RIGHT] * 2)] == [Purpose.LIVE]
    assert [planted(world, login) for login in ("ann", "ben", "cal")] == [False, False, True]


def test_a_retired_item_that_too_few_are_left_for_does_not_wait_for_ever(database: Database) -> None:
    world = a_training(database, items=0, gold={Use.GOLD: 1}, overlap=2)
    assert planted(world, "ann")
    grade(world, "ann", [RIGHT])

    retire_one(world)
    assert world.claim("ben") is None
    with database.reading() as session:
        far = funnel(session, world.project.id)
    assert (far.waiting, far.held) == (0, 1)


def test_nobody_meets_a_gold_item_twice(database: Database) -> None:
    world = a_training(database, items=0, gold={Use.GOLD: 2})
    assert [planted(world, "ann") for _ in range(4)] == [True, True, False, False]
    assert len({world.item_of(lease) for lease in grade(world, "ann", [RIGHT] * 4)}) == 2


def test_gold_comes_among_live_work_at_the_share_and_without_a_trace(database: Database) -> None:
    world = a_training(database, items=30, gold={Use.GOLD: 12}, gold_share=0.2, reviewers=("ann",))
    leases = grade(world, "ann", [RIGHT] * 60)
    kinds = [purpose_of(world, lease) for lease in leases]
    with database.reading() as session:
        key = session.get_one(type(world.project), world.project.id).pseudonym_key
        due = sum(
            is_due(key, world.people["ann"].id, lease.task_id, 0.2)
            for lease, kind in zip(leases, kinds, strict=True)
            if kind is Purpose.LIVE
        )
        assert broken_invariants(session, world.project.id) == []
        assert funnel(session, world.project.id).slots_done == 30
    assert kinds.count(Purpose.LIVE) == 30
    assert min(due, 12) - kinds.count(Purpose.GOLD) in (0, 1), "none follows on the last live item"


def test_gold_is_not_planted_again_for_a_review_that_is_revised(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evalhub.training.service.listening.is_due", lambda *_: True)
    world = a_training(database, items=3, gold={Use.GOLD: 3}, gold_share=0.1, reviewers=("ann",))
    lease = world.claim("ann")
    assert lease is not None
    world.submit("ann", lease, RIGHT)
    from evalhub.review.service.revise import reopen_review

    ann = world.people["ann"]
    write(
        lambda s: reopen_review(s, assignment=lease.assignment, reviewer_id=ann.id, reviewer=ann.public_id),
        on=database,
    )
    with database.reading() as session:
        token = session.scalars(sa.select(Assignment.lease).where(Assignment.public_id == lease.assignment)).one()
    again = Lease(lease.project_id, lease.task_id, ann.id, lease.assignment, token or "", lease.leased_until, False)
    world.submit("ann", again, WRONG)
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Trial)) == 1


def test_a_failure_to_plant_never_turns_a_stored_review_into_an_error(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Conflict("no")

    monkeypatch.setattr("evalhub.training.service.listening.is_due", lambda *_: True)
    monkeypatch.setattr("evalhub.training.service.listening.plant_under_cover", fail)
    world = a_training(database, items=1, gold={Use.GOLD: 1}, gold_share=0.1)
    lease = world.claim("ann")
    assert lease is not None
    assert world.submit("ann", lease, RIGHT).revision == 1


def test_drift_ends_the_certificate(database: Database) -> None:
    world = a_training(database, items=0, gold={Use.GOLD: 5})
    ann = world.people["ann"].id
    write(lambda s: grant_certificate(s, world.project.id, ann, reason="Expert.", by=None, at=now(s)), on=database)
    states = []
    for _ in range(4):
        planted(world, "ann")
        grade(world, "ann", [WRONG])
        with database.reading() as session:
            found = certificate_of(session, world.project.id, ann)
            assert found is not None
            states.append(found.state)
    assert states == [CertificateState.VALID] * 3 + [CertificateState.LAPSED], "two points each, seven are the limit"
    assert found.lapsed_reason is LapseReason.DRIFT
    assert found.lapsed_note == "4 of 4 gold items since the certificate was issued were not right."


def test_a_voided_gold_review_tells_nothing_and_is_nobodys_to_grade_again(sqlite_database: Database) -> None:
    world = a_training(sqlite_database, items=0, gold={Use.GOLD: 1})
    planted(world, "ann")
    [lease] = grade(world, "ann", [WRONG])
    with sqlite_database.reading() as session:
        assert [one.items.n for one in gold_hits(session, world.project.id)] == [1]
        span = Span(world.project.id, world.people["ann"].id, until=now(session) + timedelta(seconds=1))
    assert void_reviews(sqlite_database, span, Act("ill", by_id=None)) == 1
    with sqlite_database.reading() as session:
        assert gold_hits(session, world.project.id) == []
        assert not session.get_one(Task, (world.project.id, lease.task_id)).is_open
        assert broken_invariants(session, world.project.id) == []


def test_the_reference_of_a_replaced_item_is_retired(sqlite_database: Database) -> None:
    world = a_training(sqlite_database, items=1, gold={Use.PRACTICE: 1})
    dataset_id = world.project.dataset_id
    row = replacement_of("source-id-1", {"id": "source-id-1", "prompt": "Question 1?", "response": "Better."})
    with sqlite_database.reading() as session:
        [sentence] = item_plan(session, item_of(session, dataset_id, "source-id-1")).also
    assert "serves as practice item" in sentence
    write(lambda s: replace_item(s, dataset_id, row, reason="cut off", by=None), on=sqlite_database)
    with sqlite_database.reading() as session:
        assert golds_of(session, world.project.id) == []
        assert funnel(session, world.project.id).waiting == 2
        assert broken_invariants(session, world.project.id) == []


def test_a_changed_reference_leaves_what_was_judged_by_the_old_one(database: Database) -> None:
    world = a_training(database, items=0, gold={Use.GOLD: 1}, reviewers=("ann", "ben"))
    planted(world, "ann")
    planted(world, "ben")
    grade(world, "ann", [RIGHT])

    def change(session: sa.orm.Session) -> None:
        old = golds_of(session, world.project.id)[0].gold
        reference = {"accuracy": ReferenceAnswer(Known(2)), "clarity": ReferenceAnswer(Known(1))}
        replace_reference(session, old, reference, note="", by=None, at=now(session))

    write(change, on=database)
    grade(world, "ben", [RIGHT])
    with database.reading() as session:
        right = {}
        for login in ("ann", "ben"):
            attempt = open_attempt(session, world.project.id, world.people[login].id, Use.GOLD)
            assert attempt is not None
            judged = trials_of(session, attempt)[0].judged
            assert judged is not None
            right[login] = judged.is_right
    assert right == {"ann": True, "ben": False}


def test_importing_known_levels_alone_changes_nothing(database: Database) -> None:
    world = a_training(database, items=1)
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Gold)) == 0
        assert funnel(session, world.project.id).held == 0


def test_an_item_without_known_levels_needs_a_reference(database: Database) -> None:
    world = a_training(database, items=1)
    with pytest.raises(BadInput, match="no reference"):
        add(world, "source-id-0", Use.GOLD)
    with pytest.raises(BadInput):
        add(world, "source-id-0", Use.GOLD, reference={"clarity": ReferenceAnswer(Known(1))})


def test_an_item_has_one_use(database: Database) -> None:
    world = a_training(database, items=0, gold={Use.GOLD: 1})
    with pytest.raises(Conflict, match="in use"):
        add(world, "source-id-0", Use.PRACTICE)


def test_training_opens_no_case(database: Database) -> None:
    world = a_training(database, items=0, gold={Use.PRACTICE: 1, Use.GOLD: 1})
    begin(world, "ann", Use.PRACTICE)
    planted(world, "ann")
    grade(world, "ann", [{"accuracy": "unacceptable", "clarity": None}] * 2)
    from evalhub.adjudication.models import Case

    with database.reading() as session:
        done = sa.select(sa.func.count()).where(Assignment.state == AssignmentState.SUBMITTED)
        assert session.scalar(done) == 2
        assert session.scalar(sa.select(sa.func.count()).select_from(Case)) == 0


@given(share=st.floats(0.02, 0.2))
def test_the_share_is_kept_and_the_gaps_are_memoryless(share: float) -> None:
    key, n = "5e" * 32, 4000
    due = [is_due(key, 7, task_id, share) for task_id in range(n)]
    spread = math.sqrt(n * share * (1 - share))
    assert abs(sum(due) - n * share) < 5 * spread
    after = [later for earlier, later in itertools.pairwise(due) if earlier]
    assert abs(sum(after) - len(after) * share) < 6 * math.sqrt(len(after) * share) + 1


def test_without_the_key_nobody_can_foresee_the_next() -> None:
    draws = {tuple(is_due(secrets.token_hex(32), 1, task, 0.5) for task in range(32)) for _ in range(20)}
    assert len(draws) == 20


def test_training_is_in_no_count_of_the_project_and_gold_in_those_of_its_reviewer(database: Database) -> None:
    world = a_training(database, items=1, gold={Use.PRACTICE: 1, Use.GOLD: 1})
    begin(world, "ann", Use.PRACTICE)
    planted(world, "ann")
    grade(world, "ann", [RIGHT] * 3)
    with database.reading() as session:
        mine = my_progress(session, world.project.id, world.people["ann"].id)
        load = loads(session, world.project.id)[0]
        found = funnel(session, world.project.id)
    assert mine.done == 2, "the live item and the gold item, which must look alike"
    assert (load.submitted, found.slots_done) == (1, 1)


def test_gold_looks_like_live_work_among_ones_own_reviews(database: Database) -> None:
    world = a_training(database, items=1, gold={Use.GOLD: 1})
    planted(world, "ann")
    grade(world, "ann", [RIGHT] * 2)
    browser = Browser(app_for(database)).sign_in_as(world.people["ann"])
    with database.reading() as session:
        tasks = session.execute(
            sa.select(Task.purpose, Assignment.public_id)
            .join(Assignment, Assignment.task_id == Task.id)
            .where(Assignment.state == AssignmentState.SUBMITTED)
        )
        assignments: dict[Purpose, str] = dict(tasks.all())
    assert set(assignments) == {Purpose.LIVE, Purpose.GOLD}
    pages = {}
    for purpose, public_id in assignments.items():
        shown = browser.get(f"/assignments/{public_id}").text + browser.get(f"/assignments/{public_id}/resolution").text
        pages[purpose] = re.sub(r"[0-9a-f]{6,}|[A-F0-9]{6}|number \d|Question \d|\d\d:\d\d", "", shown)
    listed = browser.get("/reviews").text
    assert pages[Purpose.LIVE] == pages[Purpose.GOLD]
    assert "gold" not in (listed + pages[Purpose.GOLD]).lower()


def test_gold_never_comes_after_nothing_was_left(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evalhub.training.service.listening.is_due", lambda *_: True)
    world = a_training(database, items=1, gold={Use.GOLD: 5}, gold_share=0.1, reviewers=("ann",))
    assert [purpose_of(world, lease) for lease in grade(world, "ann", [RIGHT] * 3)] == [Purpose.LIVE]


@pytest.mark.parametrize("overlap", [1, 2])
def test_gold_is_settled_no_sooner_than_live_work(database: Database, overlap: int) -> None:
    world = a_training(database, items=1, gold={Use.GOLD: 1}, overlap=overlap)
    planted(world, "ann")
    words = {purpose_of(world, lease): said_of(world, "ann", lease) for lease in grade(world, "ann", [RIGHT] * 2)}
    assert words[Purpose.GOLD] == words[Purpose.LIVE]


def said_of(world: World, login: str, lease: Lease) -> str:
    """What a reviewer is told that their item came to."""
    browser = Browser(app_for(world.database)).sign_in_as(world.people[login])
    browser.post(f"/assignments/{lease.assignment}/resolution")
    shown = browser.get(f"/assignments/{lease.assignment}/resolution").text
    return re.sub(r"[0-9a-f]{32}|[A-F0-9]{6}", "", shown)


def test_a_correction_is_refused_of_gold_as_of_work_that_others_are_still_to_grade(database: Database) -> None:
    world = a_training(database, items=1, gold={Use.GOLD: 1}, overlap=2)
    planted(world, "ann")
    body = CorrectionBody(criterion="accuracy", score="excellent", reason="I misread the table.")

    def corrected(session: sa.orm.Session, assignment: str) -> None:
        send_correction(session, assignment, body, by=world.people["ann"], at=now(session))

    answers = {}
    for lease in grade(world, "ann", [RIGHT] * 2):
        said_of(world, "ann", lease)
        with pytest.raises(Conflict, match="still outstanding") as caught:
            write(partial(corrected, assignment=lease.assignment), on=database)
        answers[purpose_of(world, lease)] = (caught.value.code, caught.value.message)
    assert answers[Purpose.GOLD] == answers[Purpose.LIVE]
