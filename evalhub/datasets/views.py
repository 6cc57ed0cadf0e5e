"""Pages of datasets, for admins alone: names of files and items can tell which model answered."""

from __future__ import annotations

from typing import BinaryIO, TypedDict, cast

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from evalhub.datasets import queries
from evalhub.datasets.forms import ImportForm, NewDatasetForm
from evalhub.datasets.schema.characters import SLUG
from evalhub.datasets.schema.formats import GUESS_BYTES, Companion, guess_format
from evalhub.datasets.schema.items import CHECKS
from evalhub.datasets.schema.mapping import parse_field_map
from evalhub.datasets.schema.reading import FileShape
from evalhub.datasets.service import ImportResult, check_items, import_items
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.web.guard import large_body
from evalhub.web.listing import listing_of
from evalhub.web.policies import admin, allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


class FileOptions(TypedDict):
    source_name: str
    shape: FileShape


bp = Blueprint("datasets", __name__, template_folder="templates")


@bp.get("/datasets")
@allowed(admin)
def index() -> ResponseReturnValue:
    return _index_page(NewDatasetForm())


@bp.post("/datasets")
@allowed(admin)
def name_dataset() -> ResponseReturnValue:
    """Lead on to the import into a dataset of that name, which is made by its first import."""
    form = NewDatasetForm.from_request()
    if not form.validate():
        return _index_page(form), 422
    return redirect(url_for("datasets.import_page", d=form.name.data), 303)


@bp.get("/datasets/<d>")
@allowed(admin)
def dataset(d: str) -> ResponseReturnValue:
    with reading() as session:
        found = queries.dataset_named(session, d)
        imports = queries.imports_of(session, found.id)
        n_items = queries.n_items_of(session, found.id)
    return render_template("datasets/dataset.html", dataset=found, imports=imports, n_items=n_items)


@bp.get("/datasets/<d>/import")
@allowed(admin)
def import_page(d: str) -> ResponseReturnValue:
    _check_slug(d)
    return render_template("datasets/import.html", name=d, form=ImportForm())


@bp.post("/datasets/<d>/import")
@allowed(admin)
@large_body
def import_file(d: str) -> ResponseReturnValue:
    _check_slug(d)
    form = ImportForm.from_request()
    if not form.validate():
        return render_template("datasets/import.html", name=d, form=form), 422
    try:
        result = _check(d, form) if form.check_only.data else _import(d, form)
    except (BadInput, Conflict) as error:
        return render_template("datasets/import.html", name=d, form=form, error=error), error.http_status
    if form.check_only.data:
        return render_template("datasets/import.html", name=d, form=form, checked=result)
    flash(f"{result.added:,} items added, {result.unchanged:,} were there already.")
    if result.left_out.total:
        flash(f"{result.left_out.total:,} records without prompt or response were left out.", "error")
    if result.warnings.total:
        flash(f"{result.warnings.total:,} responses name their own model; see the file's check for the lines.", "error")
    return redirect(url_for("datasets.dataset", d=d), 303)


def _check_slug(name: str) -> None:
    if not SLUG.fullmatch(name):
        raise NotFound


def _import(name: str, form: ImportForm) -> ImportResult:
    stream, by_id = cast(BinaryIO, form.file.data.stream), require_principal().account_id
    return import_items(write, stream, dataset_name=name, actor_id=by_id, **_file_options(form))


def _check(name: str, form: ImportForm) -> ImportResult:
    return check_items(reading, cast(BinaryIO, form.file.data.stream), dataset_name=name, **_file_options(form))


def _file_options(form: ImportForm) -> FileOptions:
    file: FileStorage = form.file.data
    source = (file.filename or "upload")[-200:]
    given = [line.strip() for line in (form.field_map.data or "").splitlines() if line.strip()]
    field_map = parse_field_map(given, CHECKS)
    second: FileStorage | None = form.companion.data or None
    companions = (
        (Companion((second.filename or "second file")[-200:], cast(BinaryIO, second.stream)),) if second else ()
    )
    file_format = form.format.data or _guessed(file, source, is_mapped=field_map is not None)
    return {
        "source_name": source,
        "shape": FileShape(file_format, field_map, companions, form.skip_failed.data),
    }


def _guessed(file: FileStorage, source: str, *, is_mapped: bool) -> str:
    """What the file looks like; with a mapping only whether it is CSV, because its fields have names of their own."""
    if is_mapped:
        return "csv" if source.lower().endswith(".csv") else "jsonl"
    head = file.stream.read(GUESS_BYTES)
    file.stream.seek(0)
    return guess_format(head, source)


def _index_page(form: NewDatasetForm) -> str:
    sorts = ("name", "-items", "-made")
    listing = listing_of(request.args, at=url_for("datasets.index"), sorts=sorts, filters=("q",))
    with reading() as session:
        page = queries.dataset_page(session, listing)
    return render_template("datasets/index.html", page=page, listing=listing, form=form)
