"""The list of datasets, and one of them."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from evalhub.datasets import queries
from evalhub.datasets.forms import NewDatasetForm
from evalhub.datasets.models import UploadKind
from evalhub.datasets.views.blueprint import bp
from evalhub.web.listing import listing_of
from evalhub.web.policies import admin, allowed
from evalhub.web.session import reading


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
        uploads = queries.open_uploads(session, UploadKind.ITEMS, d)
    return render_template("datasets/dataset.html", dataset=found, imports=imports, n_items=n_items, uploads=uploads)


def _index_page(form: NewDatasetForm) -> str:
    sorts = ("name", "-items", "-made")
    listing = listing_of(request.args, at=url_for("datasets.index"), sorts=sorts, filters=("q",))
    with reading() as session:
        page = queries.dataset_page(session, listing)
        uploads = queries.open_uploads(session, UploadKind.ITEMS)
    return render_template("datasets/index.html", page=page, uploads=uploads, listing=listing, form=form)
