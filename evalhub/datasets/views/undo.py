"""Undo an import until somebody has worked on it."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.datasets import queries
from evalhub.datasets.models import ItemImport
from evalhub.datasets.service import undoing
from evalhub.datasets.views.blueprint import bp
from evalhub.errors import Conflict
from evalhub.web.policies import admin, allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/datasets/<d>/undo/<int:import_id>")
@allowed(admin)
def undo_page(d: str, import_id: int) -> ResponseReturnValue:
    """What an undo would remove, or why it cannot be done."""
    return _page(d, import_id)


@bp.post("/datasets/<d>/undo/<int:import_id>")
@allowed(admin)
def undo(d: str, import_id: int) -> ResponseReturnValue:
    by_id = require_principal().account_id

    def act(session: Session) -> tuple[ItemImport, bool]:
        dataset = queries.dataset_named(session, d)
        undone = undoing.undo_import(session, dataset, import_id, by=session.get(Account, by_id))
        undoing.remove_rows(session, undone, by_id=by_id)
        return undone, bool(queries.imports_of(session, dataset.id))

    try:
        undone, has_others = write(act)
    except Conflict as error:
        flash(error.message, "error")
        return redirect(url_for("datasets.undo_page", d=d, import_id=import_id), 303)
    flash(f"{undone.source} is undone: its {undone.n_items:,} items are gone from every list and queue.")
    return redirect(url_for("datasets.dataset", d=d) if has_others else url_for("datasets.index"), 303)


def _page(d: str, import_id: int) -> str:
    with reading() as session:
        dataset = queries.dataset_named(session, d)
        found = queries.complete_import(session, dataset.id, import_id)
        reasons = undoing.uses_of(session, dataset.id, import_id)
        is_only = len(queries.imports_of(session, dataset.id)) == 1
    return render_template("datasets/undo.html", dataset=dataset, found=found, reasons=reasons, is_only=is_only)
