"""That an export was made: a row, an event, and what the receipt says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub import __version__
from evalhub.accounts.models import Account
from evalhub.audit.queries import head_of
from evalhub.audit.schema import GENESIS
from evalhub.audit.service import chain_all, record
from evalhub.db import Database
from evalhub.export.models import Export
from evalhub.export.schema.manifest import RECEIPT_SCHEMA
from evalhub.export.schema.options import Options, Shape
from evalhub.export.schema.text import rfc3339
from evalhub.projects.models import Project

Tell = Callable[[int], None]
"""Told how many items were written so far."""


def silent(n_items: int) -> None:
    """Tells nobody."""


@dataclass(frozen=True, slots=True)
class Made:
    """A finished export; `sha256` is the manifest's, or of a JSONL file its own."""

    shape: Shape
    options: Options
    sha256: str
    n_items: int
    by_id: int | None
    at: datetime
    n_unscored: int = 0
    n_ratings: int = 0


def chain_project(database: Database, project_id: int) -> None:
    """Chain all events of a project that wait, so that the head covers them."""
    with database.reading() as session:
        chain = session.get_one(Project, project_id).public_id
    chain_all(database, chain)


def record_export(session: Session, project_id: int, made: Made) -> dict[str, Any]:
    """Store that it was made.

    Returns:
        The receipt: what belongs to this run and not to the dataset.
    """
    project = session.get_one(Project, project_id)
    account = session.get(Account, made.by_id) if made.by_id is not None else None
    actor = account.public_id if account else ""
    previous = _previous(session, project_id, made.shape)
    head = head_of(session, project.public_id)
    export = Export(
        project_id=project_id,
        shape=made.shape.value,
        options=made.options.as_document(),
        manifest_sha256=made.sha256,
        n_items=made.n_items,
        counts={"unscored": made.n_unscored, "ratings": made.n_ratings} if made.shape is Shape.BUNDLE else {},
        made_at=made.at,
        made_by_id=made.by_id,
    )
    session.add(export)
    session.flush()
    record(
        session,
        action="export.made",
        subject=("export", export.public_id),
        actor=actor,
        at=made.at,
        chain=project.public_id,
        payload={"items": made.n_items, "manifest_sha256": made.sha256, "shape": made.shape.value},
    )
    return {
        "schema": RECEIPT_SCHEMA,
        "export": export.public_id,
        "manifest_sha256": made.sha256,
        "previous_manifest_sha256": previous,
        "made_at": rfc3339(made.at),
        "made_by": actor,
        "evalhub": __version__,
        "audit": {
            "chain": project.public_id,
            "events": head.seq if head else 0,
            "head": head.hash if head else GENESIS,
        },
    }


def _previous(session: Session, project_id: int, shape: Shape) -> str:
    last = session.scalar(
        sa.select(Export.manifest_sha256)
        .where(Export.project_id == project_id, Export.shape == shape.value)
        .order_by(Export.id.desc())
        .limit(1)
    )
    return last or ""
