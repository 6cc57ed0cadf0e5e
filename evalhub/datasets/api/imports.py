"""Imports for programs: which there were, and undoing one that nobody has worked on."""

from __future__ import annotations

from datetime import datetime

from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.datasets import queries
from evalhub.datasets.api.blueprint import api_bp
from evalhub.datasets.service import undoing
from evalhub.web.api import documented, json_response
from evalhub.web.policies import admin, allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


class ImportLineOut(BaseModel):
    id: int
    source: str = Field(description="Name of the file")
    sha256: str
    items: int = Field(description="Items that it added")
    by: str = Field(description="Empty for the command line")
    completed_at: datetime | None


class ImportsOut(BaseModel):
    imports: list[ImportLineOut]


class UndoneOut(BaseModel):
    id: int
    items: int = Field(description="Items that are gone from every list and queue")
    job: str = Field(description="The background work that removes their rows")


@api_bp.get("/datasets/<d>/imports")
@allowed(admin)
@documented(summary="The imports of a dataset, the last one first", responses={200: ImportsOut})
def list_imports(d: str) -> ResponseReturnValue:
    with reading() as session:
        lines = queries.imports_of(session, queries.dataset_named(session, d).id)
    return json_response(ImportsOut(imports=[_line_out(line) for line in lines]))


@api_bp.delete("/datasets/<d>/imports/<int:import_id>")
@allowed(admin)
@documented(
    summary="Undo an import, as long as nobody has worked on its items: its rows are removed in the background",
    responses={202: UndoneOut},
)
def undo_import(d: str, import_id: int) -> ResponseReturnValue:
    by_id = require_principal().account_id

    def undo(session: Session) -> UndoneOut:
        dataset = queries.dataset_named(session, d)
        undone = undoing.undo_import(session, dataset, import_id, by=session.get(Account, by_id))
        job = undoing.remove_rows(session, undone, by_id=by_id)
        return UndoneOut(id=undone.id, items=undone.n_items, job=job.public_id)

    return json_response(write(undo), 202)


def _line_out(line: queries.ImportLine) -> ImportLineOut:
    found = line.item_import
    return ImportLineOut(
        id=found.id,
        source=found.source,
        sha256=found.sha256,
        items=found.n_items,
        by=line.by,
        completed_at=found.completed_at,
    )
