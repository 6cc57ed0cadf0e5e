"""The demo project, loaded through the services."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
import sqlalchemy as sa

from evalhub.accounts.models import Account
from evalhub.accounts.queries import account_of_login, live_link
from evalhub.adjudication.models import Case, CaseState, Decision
from evalhub.calibration.service import full_report
from evalhub.db import Database, now
from evalhub.demo import load
from evalhub.demo.load import FIRST_DELIVERY, OVERLAP, PROJECT, is_loaded, load_demo
from evalhub.demo.people import sign_in_links
from evalhub.projects.models import Member, Project
from evalhub.projects.queries import members_of
from evalhub.review.models import Assignment, AssignmentState, Review, Task
from evalhub.review.queries.invariants import broken_invariants
from evalhub.review.schema import Lease
from evalhub.review.service.claim import claim_next
from evalhub.wiring import connect_handlers


@pytest.fixture(scope="module", autouse=True)
def handlers() -> None:
    connect_handlers()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    path = tmp_path_factory.mktemp("demo") / "evalhub.db"
    copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    load_demo(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture
def demo(template: Path, tmp_path: Path) -> Database:
    copyfile(template, tmp_path / "evalhub.db")
    return Database(f"sqlite:///{tmp_path / 'evalhub.db'}")


def test_a_loaded_demo_is_noticed(database: Database) -> None:
    assert not is_loaded(database)
    load_demo(database)
    assert is_loaded(database)


@pytest.mark.parametrize("stopped_at", ["_deliver", "_grade_all", "_decide_one"])
def test_loading_goes_on_where_it_stopped(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch, stopped_at: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(load, stopped_at, _once_then_stop(getattr(load, stopped_at)))
        with pytest.raises(InterruptedError):
            load_demo(sqlite_database)
    assert not is_loaded(sqlite_database)
    load_demo(sqlite_database)
    assert is_loaded(sqlite_database)
    with sqlite_database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Review)) == 3 * FIRST_DELIVERY + 2 * 9
        assert session.scalar(sa.select(sa.func.count()).select_from(Case).having(sa.func.count() > 4))


def test_the_first_delivery_is_complete_and_the_second_waits_for_one_more_reviewer(demo: Database) -> None:
    with demo.reading() as session:
        reviews = sa.select(sa.func.count(Review.reviewer_id)).where(
            Review.project_id == Task.project_id, Review.task_id == Task.id
        )
        counts = sorted(session.scalars(sa.select(reviews.scalar_subquery()).select_from(Task)))
        open_tasks = session.scalar(sa.select(sa.func.count()).where(Task.is_open))
    rest = len(counts) - FIRST_DELIVERY
    assert counts == [OVERLAP - 1] * rest + [OVERLAP] * FIRST_DELIVERY
    assert open_tasks == rest > 0


def test_no_simulated_reviewer_holds_work_back(demo: Database) -> None:
    with demo.reading() as session:
        assert set(session.scalars(sa.select(Assignment.state))) <= {
            AssignmentState.SUBMITTED,
            AssignmentState.EXCLUDED,
        }


def test_every_reviewer_with_ratings_is_called_simulated(demo: Database) -> None:
    with demo.reading() as session:
        graders = set(session.scalars(sa.select(Review.reviewer_id)))
        project = session.scalars(sa.select(Project).where(Project.name == PROJECT)).one()
        shown = {line.account.id: line.shown_name for line in members_of(session, project.id)}
        simulated = set(session.scalars(sa.select(Member.account_id).where(Member.is_simulated)))
        notes = set(session.scalars(sa.select(Review.note)))
    assert graders == simulated
    assert all("(simulated)" in shown[grader] for grader in graders)
    assert all("imulated" in note for note in notes)
    assert "simulated" in project.title


def test_the_demo_reviewer_has_work(demo: Database) -> None:
    with demo.reading() as session:
        project = session.scalars(sa.select(Project).where(Project.name == PROJECT)).one()
        account = account_of_login(session, "reviewer")
    assert account is not None
    assert isinstance(claim_next(demo, project_id=project.id, reviewer_id=account.id), Lease)


def test_fresh_links_sign_in_three_people_and_end_the_earlier_ones(demo: Database) -> None:
    first = sign_in_links(demo, "http://127.0.0.1:8000")
    second = sign_in_links(demo, "http://127.0.0.1:8000")
    with demo.reading() as session:
        moment = now(session)
        ended = [live_link(session, link.url.rsplit("/", 1)[1], now=moment) for link in first]
        found = [live_link(session, link.url.rsplit("/", 1)[1], now=moment) for link in second]
    assert ended == [None, None, None]
    people: list[Account] = [account for row in found if row is not None for account in row[1:]]
    assert {account.login for account in people} == {"reviewer", "adjudicator", "admin"}


def test_some_cases_are_open_and_one_is_decided(demo: Database) -> None:
    with demo.reading() as session:
        states = list(session.scalars(sa.select(Case.state)))
        rationale = session.scalars(sa.select(Decision.rationale)).one()
    assert states.count(CaseState.DECIDED) == 1
    assert states.count(CaseState.OPEN) >= 4
    assert "simulated" in rationale


def test_the_calibration_report_says_whose_ratings_are_simulated(demo: Database) -> None:
    with demo.reading() as session:
        project = session.scalars(sa.select(Project).where(Project.name == PROJECT)).one()
        found = full_report(session, project.id)
    assert (found.n_reviewers, found.n_simulated) == (3, 3)
    assert len({line.figures.verdict.code for line in found.criteria}) > 1


def test_the_demo_breaks_no_invariant(demo: Database) -> None:
    with demo.reading() as session:
        project = session.scalars(sa.select(Project).where(Project.name == PROJECT)).one()
        assert broken_invariants(session, project.id) == []


def _once_then_stop(step: Callable[..., Any]) -> Callable[..., Any]:
    """The step's first call works, if it is called more than once; the last stands for a process that is killed."""
    calls = count(1 if step.__name__ in ("_deliver", "_grade_all") else 2)

    def stopping(*args: Any, **named: Any) -> Any:
        if next(calls) > 1:
            raise InterruptedError(step.__name__)
        return step(*args, **named)

    return stopping
