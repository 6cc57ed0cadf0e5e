"""Practice, qualification, certificates and the gate, through the services."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from evalhub.db import Database, now
from evalhub.errors import BadInput, Conflict
from evalhub.projects.models import Member, Project
from evalhub.review.models import AssignmentState, Purpose, SkipReason, Task
from evalhub.review.queries.invariants import broken_invariants
from evalhub.review.service.skip import skip_item
from evalhub.training import jobs
from evalhub.training.models import Attempt, Certificate, CertificateState, LapseReason, Use
from evalhub.training.queries.attempts import tally, trials_of
from evalhub.training.queries.certificates import certificate_of, certificates_of
from evalhub.training.schema.rules import PlanSettings
from evalhub.training.service.attempts import start_qualification
from evalhub.training.service.certificates import grant_certificate, waive_wait, withdraw_certificate
from evalhub.training.service.settings import set_settings
from evalhub.web.session import write
from tests.training.worlds import FIVE, RIGHT, WRONG, a_training, begin, certify, grade
from tests.world import World, an_account


def the_certificate(world: World, login: str) -> Certificate | None:
    with world.database.reading() as session:
        return certificate_of(session, world.project.id, world.people[login].id)


def purposes(world: World, leases: list[object]) -> list[Purpose]:
    with world.database.reading() as session:
        return [session.get_one(Task, (lease.project_id, lease.task_id)).purpose for lease in leases]


def test_practice_comes_before_live_work_and_ends_when_it_is_done(database: Database) -> None:
    world = a_training(database, items=1, gold={Use.PRACTICE: 3}, practice_items=2)
    attempt = begin(world, "ann", Use.PRACTICE)
    leases = grade(world, "ann", [RIGHT, WRONG, RIGHT, RIGHT])
    assert purposes(world, leases) == [Purpose.PRACTICE, Purpose.PRACTICE, Purpose.LIVE]
    with database.reading() as session:
        ended = session.get_one(Attempt, attempt.id)
        found = tally(trials_of(session, ended))
        assert ended.ended_at is not None
        assert broken_invariants(session, world.project.id) == []
    assert (found.right, found.wrong, found.left) == (1, 1, 0)
    assert the_certificate(world, "ann") is None


def test_practising_again_brings_items_not_met_first(database: Database) -> None:
    world = a_training(database, items=0, gold={Use.PRACTICE: 3}, practice_items=2)
    begin(world, "ann", Use.PRACTICE)
    first = {world.item_of(lease) for lease in grade(world, "ann", [RIGHT] * 2)}
    begin(world, "ann", Use.PRACTICE)
    second = {world.item_of(lease) for lease in grade(world, "ann", [RIGHT] * 2)}
    assert len(first | second) == 3


def test_beginning_twice_gives_one_attempt(database: Database) -> None:
    world = a_training(database, gold={Use.QUALIFICATION: 5})
    assert begin(world, "ann", Use.QUALIFICATION).id == begin(world, "ann", Use.QUALIFICATION).id


def test_a_qualification_ends_as_soon_as_it_is_passed(database: Database) -> None:
    world = a_training(database, items=1, gold={Use.QUALIFICATION: 5})
    attempt = begin(world, "ann", Use.QUALIFICATION)
    leases = grade(world, "ann", [RIGHT] * 9)
    assert purposes(world, leases) == [Purpose.QUALIFICATION] * 4 + [Purpose.LIVE]
    certificate = the_certificate(world, "ann")
    assert certificate is not None
    assert (certificate.state, certificate.n, certificate.right) == (CertificateState.VALID, 4, 4)
    assert certificate.by_criterion == {"accuracy": [4, 4], "clarity": [4, 4]}
    with database.reading() as session:
        assert session.get_one(Attempt, attempt.id).passed
        left_over = trials_of(session, session.get_one(Attempt, attempt.id))[-1]
        assert left_over.state in (None, AssignmentState.EXCLUDED)
        assert broken_invariants(session, world.project.id) == []


def test_a_qualification_ends_as_soon_as_it_is_failed_and_another_has_to_wait(database: Database) -> None:
    world = a_training(database, gold={Use.QUALIFICATION: 5}, items=0)
    begin(world, "ann", Use.QUALIFICATION)
    assert len(grade(world, "ann", [WRONG] * 9)) == 2
    certificate = the_certificate(world, "ann")
    assert certificate is not None
    assert (certificate.state, certificate.n, certificate.right) == (CertificateState.FAILED, 2, 0)
    with pytest.raises(Conflict, match="again from"):
        begin(world, "ann", Use.QUALIFICATION)
    again = begin(world, "ann", Use.QUALIFICATION, later=timedelta(hours=25))
    assert again.number == 2


def test_a_manager_may_waive_the_wait(database: Database) -> None:
    world = a_training(database, gold={Use.QUALIFICATION: 5}, items=0)
    begin(world, "ann", Use.QUALIFICATION)
    grade(world, "ann", [WRONG] * 2)
    ann = world.people["ann"].id
    write(lambda s: waive_wait(s, world.project.id, ann, reason="A cold.", by=None, at=now(s)), on=database)
    assert begin(world, "ann", Use.QUALIFICATION).number == 2


def test_a_retake_brings_items_not_met_where_there_are_any(database: Database) -> None:
    world = a_training(database, gold={Use.QUALIFICATION: 7}, items=0, retake_hours=0)
    begin(world, "ann", Use.QUALIFICATION)
    first = {world.item_of(lease) for lease in grade(world, "ann", [WRONG] * 2)}
    begin(world, "ann", Use.QUALIFICATION)
    second = {world.item_of(lease) for lease in grade(world, "ann", [RIGHT] * 4)}
    assert len(first) == 2
    assert len(second) == 4
    with database.reading() as session:
        last = session.scalars(sa.select(Attempt).where(Attempt.number == 2)).one()
        given = {trial.item_id for trial in trials_of(session, last)}
        other = session.scalars(sa.select(Attempt).where(Attempt.number == 1)).one()
        assert len(given - {trial.item_id for trial in trials_of(session, other)}) == 2


def test_an_item_passed_on_is_not_right(database: Database) -> None:
    world = a_training(database, gold={Use.QUALIFICATION: 5}, items=0)
    begin(world, "ann", Use.QUALIFICATION)
    account = world.people["ann"]
    for _ in range(2):
        lease = world.claim("ann")
        assert lease is not None
        skip_item(
            database,
            assignment=lease.assignment,
            reviewer_id=account.id,
            reviewer=account.public_id,
            lease=lease.token,
            reason=SkipReason.OUTSIDE_MY_FIELD,
            note="",
        )
    certificate = the_certificate(world, "ann")
    assert certificate is not None
    assert (certificate.state, certificate.n, certificate.right) == (CertificateState.FAILED, 2, 0)


def test_too_few_gold_items_are_told(database: Database) -> None:
    world = a_training(database, gold={Use.QUALIFICATION: 4})
    with pytest.raises(Conflict, match="takes 5 and 4 are there"):
        begin(world, "ann", Use.QUALIFICATION)


def test_only_the_certified_are_handed_work_where_a_certificate_is_required(database: Database) -> None:
    world = a_training(database, items=2, gold={Use.QUALIFICATION: 5}, requires_certificate=True)
    assert world.claim("ann") is None
    certify(world, "ann")
    assert world.claim("ann") is not None
    assert world.claim("ben") is None


def test_no_longer_requiring_a_certificate_hands_work_to_all(database: Database) -> None:
    world = a_training(database, items=2, gold={Use.QUALIFICATION: 5}, requires_certificate=True)
    off = PlanSettings(rule=FIVE)
    write(lambda s: set_settings(s, world.project.id, off, by=None, at=now(s)), on=database)
    assert world.claim("ben") is not None


def test_a_certificate_lapses_on_a_new_version_but_the_lease_in_hand_may_be_finished(database: Database) -> None:
    world = a_training(database, items=3, gold={Use.QUALIFICATION: 5}, requires_certificate=True)
    certify(world, "ann")
    lease = world.claim("ann")
    assert lease is not None
    ann = world.people["ann"].id
    reason = "Two complaints."
    write(lambda s: withdraw_certificate(s, world.project.id, ann, reason=reason, by=None, at=now(s)), on=database)
    again = world.claim("ann")
    assert again is not None
    assert again.token == lease.token
    world.submit("ann", lease, RIGHT)
    assert world.claim("ann") is None


def test_the_sweep_lapses_certificates_of_a_version_no_longer_in_use(database: Database) -> None:
    world = a_training(database, gold={Use.QUALIFICATION: 5})
    certify(world, "ann")
    begin(world, "ben", Use.QUALIFICATION)

    def adopt(session: sa.orm.Session) -> None:
        from evalhub.rubrics.service import add_rubric
        from tests.world import MOMENT, RUBRIC

        new = add_rubric(
            session, RUBRIC.replace(b"version: 1", b"version: 2"), source_name="r", actor_id=None, now=MOMENT
        )
        session.get_one(Project, world.project.id).rubric_version_id = new.version.id

    write(adopt, on=database)
    jobs.sweep(database)
    certificate = the_certificate(world, "ann")
    assert certificate is not None
    assert (certificate.state, certificate.lapsed_reason) == (CertificateState.LAPSED, LapseReason.NEW_VERSION)
    with database.reading() as session:
        assert session.get_one(Member, (world.project.id, world.people["ann"].id)).certified_for_id is None
        assert session.scalar(sa.select(sa.func.count()).where(Attempt.ended_at.is_(None))) == 0


def test_a_granted_certificate_needs_a_reason_and_certifies(database: Database) -> None:
    world = a_training(database, items=1, requires_certificate=True)
    ann = world.people["ann"].id
    with pytest.raises(BadInput):
        write(lambda s: grant_certificate(s, world.project.id, ann, reason=" ", by=None, at=now(s)), on=database)
    write(lambda s: grant_certificate(s, world.project.id, ann, reason="Our expert.", by=None, at=now(s)), on=database)
    assert world.claim("ann") is not None
    with pytest.raises(Conflict, match="already"):
        begin(world, "ann", Use.QUALIFICATION)


def test_a_granted_certificate_ends_the_qualification_under_way(database: Database) -> None:
    world = a_training(
        database, items=1, gold={Use.QUALIFICATION: 5}, overlap=2, requires_certificate=True, retake_hours=0
    )
    attempt = begin(world, "ann", Use.QUALIFICATION)
    grade(world, "ann", [WRONG])
    account_id = world.people["ann"].id
    held = world.claim("ann")
    assert held is not None
    write(
        lambda s: grant_certificate(s, world.project.id, account_id, reason="Wrote it.", by=None, at=now(s)),
        on=database,
    )
    with pytest.raises(Conflict):
        world.submit("ann", held, WRONG)
    jobs.sweep(database)
    found = the_certificate(world, "ann")
    assert found is not None
    assert (found.state, found.attempt_id) == (CertificateState.VALID, None)
    assert purposes(world, grade(world, "ann", [RIGHT] * 5)) == [Purpose.LIVE]
    with database.reading() as session:
        ended = session.get_one(Attempt, attempt.id)
        assert (ended.ended_at is not None, ended.passed) == (True, None)
        assert broken_invariants(session, world.project.id) == []


def test_the_sweep_ends_what_a_stopped_process_left_open(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    world = a_training(database, gold={Use.QUALIFICATION: 5})
    begin(world, "ann", Use.QUALIFICATION)
    with monkeypatch.context() as patch:
        patch.setattr("evalhub.web.session.AFTER_COMMIT", "nobody_looks_here")
        patch.setattr("evalhub.training.service.listening.after_commit", lambda session, effect: None)
        grade(world, "ann", [RIGHT] * 4)
    assert the_certificate(world, "ann") is None
    jobs.sweep(database)
    found = the_certificate(world, "ann")
    assert found is not None
    assert found.state is CertificateState.VALID


def test_one_person_has_one_valid_certificate(database: Database) -> None:
    world = a_training(database, gold={Use.QUALIFICATION: 5})
    certify(world, "ann")

    def second(session: sa.orm.Session) -> None:
        first = certificates_of(session, world.project.id, world.people["ann"].id)[0]
        session.add(
            Certificate(
                project_id=first.project_id,
                account_id=first.account_id,
                rubric_version_id=first.rubric_version_id,
                state=CertificateState.VALID,
                issued_at=now(session),
                rule=first.rule,
                n=0,
                right=0,
                by_criterion={},
                granted_reason="again",
            )
        )

    with pytest.raises(sa.exc.IntegrityError):
        write(second, on=database)


def test_a_stranger_cannot_begin(database: Database) -> None:
    from evalhub.errors import Forbidden

    world = a_training(database, gold={Use.QUALIFICATION: 5})
    stranger = write(lambda s: an_account(s, "sam").id, on=database)
    with pytest.raises(Forbidden):
        write(lambda s: start_qualification(s, world.project.id, stranger, at=now(s)), on=database)
