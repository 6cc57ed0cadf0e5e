"""Full reports that are made in the background and kept."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.calibration.jobs import make_report
from evalhub.calibration.models import StoredReport
from evalhub.calibration.queries import size
from evalhub.calibration.service import full_report, latest_report, report_named, request_report, shown_report
from evalhub.calibration.service.stored import KEPT, keep_report
from evalhub.db import Database
from evalhub.errors import NotFound
from evalhub.jobs.models import Job
from evalhub.jobs.running import JobRun
from evalhub.projects.models import Project
from evalhub.review.models import AssignmentState
from evalhub.review.service.patterns import PatternWatch, level_counts
from evalhub.web.session import write
from evalhub.wiring import JOBS
from tests import rows
from tests.calibration.test_live import count_patterns
from tests.calibration.test_report import graded

LEVELS = ["wrong right", "right right", "wrong wrong", "partly partly", "partly na"]


def a_graded_project(session: Session) -> Project:
    project = graded(session, LEVELS)
    count_patterns(session, project)
    return project


def make(database: Database, project_id: int, by_id: int | None = None) -> JobRun:
    job = write(lambda session: request_report(session, project_id, by_id), on=database)
    run = JobRun(project_id=project_id, by_id=by_id, arguments=job.arguments)
    assert JOBS[job.kind] is make_report
    make_report(database, run)
    return run


def test_a_report_made_in_the_background_is_the_report_that_a_request_would_make(database: Database) -> None:
    project = write(a_graded_project, on=database)
    person = write(rows.account, on=database)
    run = make(database, project.id, person.id)
    with database.reading() as session:
        direct, kept = full_report(session, project.id), latest_report(session, project.id)
        stored = session.scalars(sa.select(StoredReport)).one()
    assert kept.report is not None
    assert kept.report.as_dict() | {"made_at": ""} == direct.as_dict() | {"made_at": ""}
    assert (kept.is_fresh, kept.n_since, kept.public_id) == (True, 0, run.arguments["report"])
    assert (stored.made_by_id, stored.n_ratings, stored.made_at) == (person.id, 19, kept.report.made_at)
    assert run.said.done == run.said.total == 2


def test_a_second_run_keeps_no_second_report(database: Database) -> None:
    project = write(a_graded_project, on=database)
    run = make(database, project.id)
    make_report(database, run)
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(StoredReport)) == 1


def test_asking_twice_makes_one_job(database: Database) -> None:
    project, other = (write(a_graded_project, on=database) for _ in range(2))

    def ask(session: Session) -> list[int]:
        return [request_report(session, id_, None).id for id_ in (project.id, project.id, other.id)]

    first, second, of_other = write(ask, on=database)
    assert first == second != of_other
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == 2


def test_only_the_newest_twenty_of_a_project_are_kept(database: Database) -> None:
    project, other = (write(a_graded_project, on=database) for _ in range(2))

    def keep_many(session: Session) -> None:
        for project_id, n in ((other.id, 1), (project.id, KEPT + 2)):
            report = full_report(session, project_id)
            for number in range(n):
                public_id = f"{project_id}-{number}"
                keep_report(session, project_id, report, public_id=public_id, n_ratings=number, by_id=None)

    write(keep_many, on=database)
    with database.reading() as session:
        left = session.scalars(sa.select(StoredReport.public_id).order_by(StoredReport.id)).all()
        assert left == [f"{other.id}-0", *(f"{project.id}-{number}" for number in range(2, KEPT + 2))]
        with pytest.raises(NotFound):
            report_named(session, project.id, f"{project.id}-0")
        with pytest.raises(NotFound):
            report_named(session, project.id, f"{other.id}-0")
        assert report_named(session, project.id, f"{project.id}-2").report is not None


def test_a_kept_report_says_how_many_levels_came_since(database: Database) -> None:
    project = write(a_graded_project, on=database)
    make(database, project.id)

    def one_more(session: Session) -> None:
        task = rows.tasks_of(session, project)[0]
        watch = PatternWatch(session, task, level_counts(session, task.rubric_version_id))
        scores = {"accuracy": "right", "style": "good"}
        rows.reviewed(session, task, rows.account(session), scores, state=AssignmentState.IMPORTED)
        watch.record()

    write(one_more, on=database)
    with database.reading() as session:
        kept = latest_report(session, project.id)
    assert (kept.is_fresh, kept.n_since) == (False, 2)


def test_a_large_project_shows_the_newest_kept_report_and_computes_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = write(a_graded_project, on=database)
    with database.reading() as session:
        small = shown_report(session, project.id)
    monkeypatch.setattr(size, "SMALL", 19)
    with database.reading() as session:
        before = shown_report(session, project.id)
    run = make(database, project.id)
    with database.reading() as session:
        after = shown_report(session, project.id)
    assert (small.report is not None, small.public_id, small.is_fresh) == (True, None, True)
    assert (before.report, before.is_fresh) == (None, False)
    assert (after.public_id, after.is_fresh) == (run.arguments["report"], True)
