"""The exports that were made."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.errors import NotFound
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
    return [
        PastExport(export, name or "", command_of(project, Shape(export.shape), options_of(export.options)))
        for export, name in rows
    ]


def export_of(session: Session, project_id: int, public_id: str) -> Export:
    """The export of that public id.

    Raises:
        NotFound: the project has none.
    """
    found = session.scalar(sa.select(Export).where(Export.project_id == project_id, Export.public_id == public_id))
    if found is None:
        raise NotFound
    return found


def kept_exports(session: Session) -> list[Export]:
    """Those whose file should still be there."""
    return list(session.scalars(sa.select(Export).where(Export.path.is_not(None)).order_by(Export.id)))


def command_of(project: str, shape: Shape, options: Options) -> str:
    """What makes the same on the command line."""
    output = "out.jsonl" if shape is Shape.JSONL else f"{project}-export"
    given = ["--format", shape] if shape is not Shape.BUNDLE else []
    return shlex.join(["evalhub", "export", project, "-o", output, *given, *options.as_arguments()])


def options_of(document: dict[str, Any]) -> Options:
    """The options that a row of the table keeps."""
    return Options.model_validate(document)
