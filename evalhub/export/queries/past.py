"""The exports that were made."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.export.models import Export
from evalhub.export.schema.options import Options, Shape

SHOWN = 100


@dataclass(frozen=True, slots=True)
class PastExport:
    """One export in the list; `by` is empty for the command line."""

    export: Export
    by: str
    command: str


def past_exports(session: Session, project_id: int, project: str) -> list[PastExport]:
    """The last exports of a project, the newest first."""
    rows = session.execute(
        sa.select(Export, Account.display_name)
        .outerjoin(Account, Account.id == Export.made_by_id)
        .where(Export.project_id == project_id)
        .order_by(Export.id.desc())
        .limit(SHOWN)
    )
    return [PastExport(export, name or "", _command(project, export)) for export, name in rows]


def _command(project: str, export: Export) -> str:
    """What makes the same on the command line."""
    output = "out.jsonl" if export.shape == Shape.JSONL else f"{project}-export"
    shape = ["--format", export.shape] if export.shape != Shape.BUNDLE else []
    return shlex.join(["evalhub", "export", project, "-o", output, *shape, *options_of(export.options).as_arguments()])


def options_of(document: dict[str, Any]) -> Options:
    """The options that a row of the table keeps."""
    return Options.model_validate(document)
