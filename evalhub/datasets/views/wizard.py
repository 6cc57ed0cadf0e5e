"""Bring a file in: upload it, look at what was found in it, confirm; the work is done by jobs in between."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from evalhub import events
from evalhub.datasets import queries
from evalhub.datasets.forms import ImportForm, ReadingForm, filled_in, reading_form
from evalhub.datasets.models import Upload, UploadKind, UploadState
from evalhub.datasets.schema.characters import SLUG
from evalhub.datasets.schema.fields import fields_found
from evalhub.datasets.schema.formats import GUESS_BYTES, guess_format
from evalhub.datasets.schema.uploads import OWN_FORMATS, ItemOptions, Projected, Report
from evalhub.datasets.service import uploads
from evalhub.datasets.service.checking import first_items
from evalhub.datasets.views.blueprint import bp
from evalhub.datasets.views.preview import shown_item
from evalhub.datasets.views.receiving import keep_files, name_of, notes_file, upload_for
from evalhub.errors import NotFound
from evalhub.web.guard import large_body
from evalhub.web.policies import admin, allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/datasets/<d>/import")
@allowed(admin)
def import_page(d: str) -> ResponseReturnValue:
    _check_slug(d)
    return _upload_page(d, ImportForm())


@bp.post("/datasets/<d>/import")
@allowed(admin)
@large_body
def import_file(d: str) -> ResponseReturnValue:
    _check_slug(d)
    form = ImportForm.from_request()
    if not form.validate():
        return _upload_page(d, form), 422
    options = ItemOptions(format=form.format.data or _guessed(form.file.data), skip_failed=form.skip_failed.data)
    second = form.companion.data or None
    upload = keep_files(
        form.file.data, second, kind=UploadKind.ITEMS, target=d, options=options.model_dump(mode="json")
    )
    return redirect(url_for("datasets.upload", d=d, upload=upload.public_id), 303)


@bp.get("/datasets/<d>/imports/<upload>")
@allowed(admin)
def upload(d: str, upload: str) -> ResponseReturnValue:
    return _page(upload_for(upload, UploadKind.ITEMS, d))


@bp.post("/datasets/<d>/imports/<upload>")
@allowed(admin)
def read_otherwise(d: str, upload: str) -> ResponseReturnValue:
    """Have the file checked as the form says."""
    found = upload_for(upload, UploadKind.ITEMS, d)
    form = reading_form(_paths(found)).from_request()
    options = form.options() if form.validate() else None
    if options is None:
        return _page(found, form), 422
    how = options.model_dump(mode="json")
    write(partial(uploads.change_options, upload_id=found.id, options=how, project_id=None))
    return redirect(url_for("datasets.upload", d=d, upload=upload), 303)


@bp.post("/datasets/<d>/imports/<upload>/confirm")
@allowed(admin)
def confirm(d: str, upload: str) -> ResponseReturnValue:
    found, by_id = upload_for(upload, UploadKind.ITEMS, d), require_principal().account_id
    write(partial(uploads.confirm, upload_id=found.id, by_id=by_id, project_id=None))
    flash("The import has begun. You may leave this page; it goes on.")
    return redirect(url_for("datasets.upload", d=d, upload=upload), 303)


@bp.post("/datasets/<d>/imports/<upload>/discard")
@allowed(admin)
def discard(d: str, upload: str) -> ResponseReturnValue:
    found = upload_for(upload, UploadKind.ITEMS, d)
    write(partial(uploads.discard, upload_id=found.id))
    flash(f"{found.name} was thrown away; nothing of it was stored.")
    return redirect(url_for("datasets.import_page", d=d), 303)


@bp.get("/datasets/<d>/imports/<upload>/notes.<ending>")
@allowed(admin)
def notes(d: str, upload: str, ending: str) -> ResponseReturnValue:
    return notes_file(upload_for(upload, UploadKind.ITEMS, d), ending)


def _check_slug(name: str) -> None:
    if not SLUG.fullmatch(name):
        raise NotFound


def _guessed(file: FileStorage) -> str:
    head = file.stream.read(GUESS_BYTES)
    file.stream.seek(0)
    return guess_format(head, name_of(file))


def _upload_page(name: str, form: ImportForm) -> str:
    with reading() as session:
        waiting = queries.open_uploads(session, UploadKind.ITEMS, name)
    return render_template("datasets/import.html", name=name, form=form, uploads=waiting)


def _page(found: Upload, form: ReadingForm | None = None) -> str:
    """The page of an upload in whatever state it is; the form only as long as something can be changed."""
    with reading() as session:
        job = queries.job_of_upload(session, found)
        done = queries.import_of(session, found.public_id)
    report = None
    if found.state in (UploadState.REFUSED, UploadState.CHECKED):
        report = Report.model_validate(found.report)
    paths = _paths(found)
    if form is None and report is not None:
        options = ItemOptions.model_validate(found.options)
        form = filled_in(reading_form(paths), options, paths, proposes=found.state is UploadState.REFUSED)
    return render_template(
        "datasets/upload.html",
        upload=found,
        job=job,
        report=report,
        form=form,
        paths=paths,
        done=done,
        first=[shown_item(row) for row in first_items(found)] if report else [],
        projected=_projected(found, report) if report and not report.message else [],
    )


def _paths(found: Upload) -> dict[str, str]:
    """The fields of a file whose shape may be another than ours."""
    path = Path(found.path)
    if found.options["format"] not in OWN_FORMATS or not path.is_file():
        return {}
    with path.open("rb") as file:
        return fields_found(cast(BinaryIO, file).read(GUESS_BYTES), found.options["format"])


def _projected(found: Upload, report: Report) -> list[Projected]:
    """What the new items mean for each open project of the dataset; none before its first import."""
    share = report.added / max(report.added + report.unchanged, 1)
    with reading() as session:
        try:
            dataset = queries.dataset_named(session, found.target)
        except NotFound:
            return []
        answers: list[Any] = events.import_projected.send(
            session, dataset_id=dataset.id, n_items=report.added, n_words=round(report.words * share)
        )
    return [projected for _, listed in answers for projected in listed]
