"""Bring past ratings in: upload them, look at what was found, confirm; the work is done by jobs in between."""

from __future__ import annotations

from functools import partial

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.datasets.forms import PastRatingsForm, RatingsReadingForm
from evalhub.datasets.models import Upload, UploadKind, UploadState
from evalhub.datasets.queries import job_of_upload, open_uploads
from evalhub.datasets.schema.uploads import RatingOptions, Report
from evalhub.datasets.service import uploads
from evalhub.datasets.views.receiving import keep_files, name_of, notes_file, upload_for
from evalhub.projects.models import Project
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import members_of, project_named
from evalhub.review.views.blueprint import bp
from evalhub.web.guard import large_body
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/projects/<p>/ratings/import")
@allowed(manage_project)
def ratings_page(p: str) -> ResponseReturnValue:
    return _upload_page(p, PastRatingsForm())


@bp.post("/projects/<p>/ratings/import")
@allowed(manage_project)
@large_body
def upload_ratings(p: str) -> ResponseReturnValue:
    form = PastRatingsForm.from_request()
    if not form.validate():
        return _upload_page(p, form), 422
    options = RatingOptions(is_csv=name_of(form.file.data).lower().endswith(".csv"))
    upload = keep_files(
        form.file.data,
        None,
        kind=UploadKind.RATINGS,
        target=p,
        options=options.model_dump(mode="json"),
        project_id=_project(p).id,
    )
    return redirect(url_for("review.ratings_upload", p=p, upload=upload.public_id), 303)


@bp.get("/projects/<p>/ratings/imports/<upload>")
@allowed(manage_project)
def ratings_upload(p: str, upload: str) -> ResponseReturnValue:
    return _page(upload_for(upload, UploadKind.RATINGS, p))


@bp.post("/projects/<p>/ratings/imports/<upload>")
@allowed(manage_project)
def read_ratings_otherwise(p: str, upload: str) -> ResponseReturnValue:
    """Have the file checked as the form says."""
    found = upload_for(upload, UploadKind.RATINGS, p)
    form = RatingsReadingForm.from_request()
    options = form.options() if form.validate() else None
    if options is None:
        return _page(found, form), 422
    how = options.model_dump(mode="json")
    write(partial(uploads.change_options, upload_id=found.id, options=how, project_id=_project(p).id))
    return redirect(url_for("review.ratings_upload", p=p, upload=upload), 303)


@bp.post("/projects/<p>/ratings/imports/<upload>/confirm")
@allowed(manage_project)
def confirm_ratings(p: str, upload: str) -> ResponseReturnValue:
    found, by_id = upload_for(upload, UploadKind.RATINGS, p), require_principal().account_id
    write(partial(uploads.confirm, upload_id=found.id, by_id=by_id, project_id=_project(p).id))
    flash("The import has begun. You may leave this page; it goes on.")
    return redirect(url_for("review.ratings_upload", p=p, upload=upload), 303)


@bp.post("/projects/<p>/ratings/imports/<upload>/discard")
@allowed(manage_project)
def discard_ratings(p: str, upload: str) -> ResponseReturnValue:
    found = upload_for(upload, UploadKind.RATINGS, p)
    write(partial(uploads.discard, upload_id=found.id))
    flash(f"{found.name} was thrown away; nothing of it was stored.")
    return redirect(url_for("review.ratings_page", p=p), 303)


@bp.get("/projects/<p>/ratings/imports/<upload>/notes.<ending>")
@allowed(manage_project)
def ratings_notes(p: str, upload: str, ending: str) -> ResponseReturnValue:
    return notes_file(upload_for(upload, UploadKind.RATINGS, p), ending)


def _project(name: str) -> Project:
    with reading() as session:
        return project_named(session, name)


def _upload_page(name: str, form: PastRatingsForm) -> str:
    with reading() as session:
        project = project_named(session, name)
        waiting = open_uploads(session, UploadKind.RATINGS, name)
    return render_template("review/ratings_import.html", project=project, form=form, uploads=waiting)


def _page(found: Upload, form: RatingsReadingForm | None = None) -> str:
    with reading() as session:
        project = project_named(session, found.target)
        job = job_of_upload(session, found)
        logins = [line.account.login for line in members_of(session, project.id) if line.account.login]
    report = None
    if found.state in (UploadState.REFUSED, UploadState.CHECKED):
        report = Report.model_validate(found.report)
        form = form or RatingsReadingForm.of(RatingOptions.model_validate(found.options))
    return render_template(
        "review/ratings_upload.html", project=project, upload=found, job=job, report=report, form=form, logins=logins
    )
