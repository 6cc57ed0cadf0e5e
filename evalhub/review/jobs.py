"""What the sweep does for the queue, and what of reviewing takes longer than a page may."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from evalhub.datasets.jobs import progress_of
from evalhub.datasets.models import UploadState
from evalhub.datasets.queries import upload_of
from evalhub.datasets.service.upload_files import opened
from evalhub.datasets.service.uploads import note_check, note_import
from evalhub.db import Database
from evalhub.jobs.running import JobRun
from evalhub.projects.models import Project
from evalhub.review.queries.voidable import Span
from evalhub.review.service.adopt import finish_adoptions
from evalhub.review.service.one_more import stop_waiting
from evalhub.review.service.past_uploads import check_past_ratings, import_past_ratings
from evalhub.review.service.patterns import fold_patterns
from evalhub.review.service.sweep import sweep_leases
from evalhub.review.service.tasks import fill_leftovers
from evalhub.review.service.void import Act, void_reviews
from evalhub.web.session import reading, write

AT_ONCE = 200
FOLDED_AT_ONCE = 2000


def sweep(database: Database) -> None:
    """Take back lapsed leases and slots that nobody can fill, fold waiting counts, and fill batches left half-way."""
    for act in (sweep_leases, stop_waiting):
        while write(partial(act, limit=AT_ONCE), on=database) == AT_ONCE:
            pass
    fold(database)
    fill_leftovers(database)
    finish_adoptions(database)


def fold(database: Database) -> None:
    while write(partial(fold_patterns, limit=FOLDED_AT_ONCE), on=database) == FOLDED_AT_ONCE:
        pass


def void(database: Database, run: JobRun) -> dict[str, Any]:
    """Void somebody's reviews; a second run goes on where the first stopped."""
    assert run.project_id is not None
    asked = run.arguments
    span = Span(
        run.project_id,
        asked["reviewer"],
        until=datetime.fromisoformat(asked["until"]),
        since=datetime.fromisoformat(asked["since"]) if asked["since"] else None,
        assignment=asked["assignment"],
    )
    with reading(database) as session:
        project = session.get_one(Project, run.project_id).name

    def progress(done: int, total: int) -> None:
        run.progress(done, total, "voiding")

    n_voided = void_reviews(database, span, Act(asked["reason"], run.by_id), progress=progress)
    return {"path": f"/projects/{project}", "voided": n_voided}


def check_ratings(database: Database, run: JobRun) -> dict[str, Any]:
    """Check an uploaded file of past ratings; a second run finds the same."""
    assert run.project_id is not None
    with reading(database) as session:
        upload = upload_of(session, run.arguments["upload"])
    report = check_past_ratings(database, upload, run.project_id, progress=progress_of(run, upload.n_bytes))
    found = report.model_dump()
    write(partial(note_check, upload_id=upload.id, options=upload.options, report=found), on=database)
    return {"path": f"/projects/{upload.target}/ratings/imports/{upload.public_id}"}


def import_ratings(database: Database, run: JobRun) -> dict[str, Any]:
    """Store past ratings in one transaction; a second run finds them there and adds nothing.

    Raises:
        BadInput, Conflict: the project has changed since the check, and the file fits no longer.
    """
    assert run.project_id is not None
    with reading(database) as session:
        upload = upload_of(session, run.arguments["upload"])
    if upload.state is not UploadState.DONE:
        with opened(upload) as files:
            progress = progress_of(run, upload.n_bytes)
            found = import_past_ratings(database, files, upload, run.project_id, progress=progress)
        done = {"added": found.added, "unchanged": found.unchanged, "items": found.items, "reviewers": found.reviewers}
        write(partial(note_import, upload_id=upload.id, result=done), on=database)
    return {"path": f"/projects/{upload.target}/ratings/imports/{upload.public_id}"}
