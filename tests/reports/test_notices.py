"""Notices: each is told until its page was seen or it is put away, and to nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from evalhub.accounts.models import Account
from evalhub.adjudication.models import Correction, CorrectionState
from evalhub.adjudication.service.corrections import show_resolution
from evalhub.db import Database
from evalhub.inbox.models import InboxEntry
from evalhub.inbox.schema import EntryKind, EntryState
from evalhub.projects.models import Member
from evalhub.reports.models import EVERYTHING, NoticeSeen
from evalhub.reports.queries.notices import notices_for
from evalhub.reports.schema.notices import KEPT, Notice, NoticeKind
from evalhub.reports.service.notices import put_all_away, put_away
from evalhub.rubrics.models import Criterion, RubricVersion
from evalhub.training.models import Certificate, CertificateState, LapseReason
from evalhub.web.session import write
from tests.adjudication.worlds import a_decision, assignment_of, decided, differing, take, the_case
from tests.web.client import Browser, app_for
from tests.world import MOMENT, World, a_project

LATER = MOMENT + timedelta(hours=1)


def settled_world(database: Database) -> World:
    """One item that two reviewers graded apart and an adjudicator decided."""
    world = differing(database, {"accuracy": "unacceptable"}, {"accuracy": "excellent"})
    case = the_case(world)
    take(world, "judy", case)
    decided(world, "judy", case, a_decision({"accuracy": "adequate"}))
    return world


def told(world: World, login: str, *, at: object = None) -> list[Notice]:
    with world.database.reading() as session:
        return notices_for(session, world.people[login].id, at=at or LATER)  # type: ignore[arg-type]


def test_a_decision_is_told_to_those_who_graded_the_item_until_they_look(database: Database) -> None:
    world = settled_world(database)
    [notice] = told(world, "r1")
    own = assignment_of(world, "r1", the_case(world))
    assert own is not None
    assert (notice.kind, notice.subject) == (NoticeKind.RESOLUTION, own.public_id)
    assert told(world, "judy") == []
    by = world.people["r1"].id

    def look(session: sa.orm.Session) -> None:
        show_resolution(session, own.public_id, by=session.get_one(Account, by), at=LATER)

    write(look, on=database)
    assert told(world, "r1") == []
    assert [one.kind for one in told(world, "r2")] == [NoticeKind.RESOLUTION]


def test_a_notice_that_was_put_away_comes_back_for_a_new_decision_only(database: Database) -> None:
    world = settled_world(database)
    [notice] = told(world, "r1")
    account_id = world.people["r1"].id
    for _ in range(2):  # twice: a second click does nothing
        write(lambda session: put_away(session, account_id, notice.key, at=LATER), on=database)
    assert told(world, "r1") == []
    again = sa.update(type(the_case(world))).values(closed_at=MOMENT + timedelta(minutes=5))
    write(lambda session: session.execute(again), on=database)
    assert [one.kind for one in told(world, "r1")] == [NoticeKind.RESOLUTION]


def test_putting_all_away_spares_what_came_after_the_page_was_made(database: Database) -> None:
    world = settled_world(database)
    account_id = world.people["r1"].id

    def all_away(minutes: float) -> None:
        until = MOMENT + timedelta(minutes=minutes)
        write(lambda session: put_all_away(session, account_id, until=until, at=LATER), on=database)

    all_away(-1)
    assert len(told(world, "r1")) == 1
    all_away(0)
    assert told(world, "r1") == []
    all_away(-1)  # an older page changes nothing
    assert told(world, "r1") == []
    all_away(10**6)
    with database.reading() as session:
        [mark] = session.scalars(sa.select(NoticeSeen)).all()
    assert (mark.notice, mark.at) == (EVERYTHING, LATER)


def test_what_is_no_notice_of_mine_leaves_no_mark(database: Database) -> None:
    world = settled_world(database)
    [of_another] = told(world, "r2")
    account_id = world.people["r1"].id
    for key in (of_another.key, "resolution:nothing:1", EVERYTHING):
        write(lambda session, key=key: put_away(session, account_id, key, at=LATER), on=database)
    with database.reading() as session:
        assert session.scalars(sa.select(NoticeSeen)).all() == []


def test_a_notice_ends_by_itself_after_a_month(database: Database) -> None:
    world = settled_world(database)
    assert len(told(world, "r1", at=MOMENT + KEPT)) == 1
    assert told(world, "r1", at=MOMENT + KEPT + timedelta(seconds=1)) == []


def test_the_answer_to_a_correction_is_told_to_its_sender(database: Database) -> None:
    world = settled_world(database)
    own = assignment_of(world, "r1", the_case(world))
    assert own is not None

    def settle(session: sa.orm.Session) -> None:
        criterion_id = session.scalars(sa.select(Criterion.id).where(Criterion.key == "accuracy")).one()
        for reviewer, state in (("r1", CorrectionState.DECLINED), ("r2", CorrectionState.OPEN)):
            session.add(
                Correction(
                    project_id=own.project_id,
                    task_id=own.task_id,
                    reviewer_id=world.people[reviewer].id,
                    criterion_id=criterion_id,
                    level=1,
                    reason="I misread it.",
                    state=state,
                    sent_at=MOMENT,
                    settled_at=MOMENT if state is CorrectionState.DECLINED else None,
                )
            )

    write(settle, on=database)
    [correction] = [one for one in told(world, "r1") if one.kind is NoticeKind.CORRECTION]
    assert correction.detail.endswith("declined")
    assert [one.kind for one in told(world, "r2")] == [NoticeKind.RESOLUTION]


def test_a_lapsed_certificate_is_told_to_its_holder_and_to_the_managers(database: Database) -> None:
    world = a_project(database)

    def lapse(session: sa.orm.Session) -> None:
        judy = session.get_one(Member, (world.project.id, world.people["judy"].id))
        judy.is_manager = True
        for login in ("ann", "ben"):
            session.add(
                Certificate(
                    project_id=world.project.id,
                    account_id=world.people[login].id,
                    rubric_version_id=world.project.rubric_version_id,
                    state=CertificateState.LAPSED,
                    issued_at=MOMENT,
                    rule={},
                    n=0,
                    right=0,
                    by_criterion={},
                    granted_reason="Known to be good.",
                    lapsed_at=MOMENT,
                    lapsed_reason=LapseReason.DRIFT,
                    lapsed_note="Six of the last ten differ.",
                )
            )

    write(lapse, on=database)
    [mine] = told(world, "ann")
    assert (mine.kind, mine.subject, mine.detail) == (NoticeKind.CERTIFICATE, "p", "Six of the last ten differ.")
    [managed] = told(world, "judy")
    assert (managed.kind, managed.detail) == (NoticeKind.CERTIFICATES, "2")


def test_an_answer_of_the_rubric_s_owner_is_told_to_who_asked(database: Database) -> None:
    world = a_project(database)

    def ask(session: sa.orm.Session) -> None:
        version = session.get_one(RubricVersion, world.project.rubric_version_id)
        session.add(
            InboxEntry(
                rubric_id=version.rubric_id,
                rubric_version_id=version.id,
                kind=EntryKind.QUESTION,
                text="Is a wrong unit a slip?",
                sender_id=world.people["ann"].id,
                sent_at=MOMENT,
                state=EntryState.ANSWERED,
                answer="Yes.",
                answered_by_id=world.people["judy"].id,
                answered_at=MOMENT,
            )
        )

    write(ask, on=database)
    assert [one.kind for one in told(world, "ann")] == [NoticeKind.ANSWER]
    assert told(world, "ben") == []


@pytest.fixture
def browser(sqlite_database: Database) -> Browser:
    """That of somebody with one notice, made just now."""
    world = settled_world(sqlite_database)
    now = sa.func.strftime("%s", "now") * 1_000_000
    write(lambda session: session.execute(sa.update(type(the_case(world))).values(closed_at=now)), on=sqlite_database)
    return Browser(app_for(sqlite_database)).sign_in_as(world.people["r1"])


def test_the_page_puts_one_notice_away(browser: Browser) -> None:
    page = browser.get("/")
    assert "was settled" in page.text
    browser.post("/notices/seen", page.form("/notices/seen"))
    assert "was settled" not in browser.get("/").text


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/notices/seen", {}),
        ("/notices/all-seen", {"until": "yesterday"}),
        ("/notices/all-seen", {"until": "2026-03-01"}),
    ],
)
def test_a_form_that_names_no_notice_is_refused(browser: Browser, path: str, sent: dict[str, str]) -> None:
    browser.get("/")
    browser.post(path, sent, status=422)
    assert "was settled" in browser.get("/").text


def test_all_are_put_away_up_to_the_time_of_the_page(browser: Browser) -> None:
    browser.get("/")
    browser.post("/notices/all-seen", {"until": "2999-01-01T00:00:00.000000+00:00"})
    page = browser.get("/")
    assert "was settled" not in page.text
