"""Change what may change while a project is graded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import BaseModel, ValidationError
from sqlalchemy.orm import Session

from evalhub import events
from evalhub.accounts.models import Account
from evalhub.audit.service import before_and_after, record
from evalhub.db import locked
from evalhub.errors import Conflict, NotFound
from evalhub.projects.models import Batch, BatchState, Project
from evalhub.projects.queries import batch_settings_of, rules_of, settings_of
from evalhub.projects.schema import ProjectSettings
from evalhub.web.api import invalid

S = TypeVar("S", bound=BaseModel)


def change_settings(
    session: Session,
    project_id: int,
    changes: Mapping[str, Any],
    *,
    seen: str | None = None,
    by: Account | None,
    now: datetime,
) -> ProjectSettings:
    """Set the fields of `ProjectSettings` that are named; the others stay as they are.

    Args:
        seen: the `tag` of the settings that the changes were made to; None where it does not matter.

    Raises:
        BadInput: a value that does not fit.
        Conflict: somebody has changed the settings since they were seen (`settings_changed`).
    """
    project = session.scalars(locked(sa.select(Project).where(Project.id == project_id))).one()
    before = settings_of(project)
    after = _changed(before, changes)
    if seen is not None and seen != before.tag:
        raise Conflict("Somebody has changed these settings since you opened them.", code="settings_changed")
    if after == before:
        return before
    project.title, project.due_on, project.lease_minutes = after.title, after.due_on, after.lease_minutes
    project.rules = rules_of(project).model_copy(update={"one_more": after.one_more}).model_dump(mode="json")
    session.flush()
    record(
        session,
        action="project.settings_changed",
        subject=("project", project.public_id),
        actor=by.public_id if by else "",
        at=now,
        chain=project.public_id,
        payload=_difference(before, after, but="title"),
    )
    return after


def change_batch(
    session: Session, project_id: int, batch_id: int, changes: Mapping[str, Any], *, by: Account | None, now: datetime
) -> Batch:
    """Set the fields of `BatchSettings` that are named.

    Raises:
        BadInput: a value that does not fit.
        NotFound: the project has no such batch of imported items.
    """
    project, batch = _locked_batch(session, project_id, batch_id)
    before = batch_settings_of(batch)
    after = _changed(before, changes)
    if after == before:
        return batch
    batch.name, batch.priority, batch.due_on = after.name, after.priority, after.due_on
    session.flush()
    changed = _difference(before, after, but="name")
    _record_batch(session, "batch.changed", project, batch, by=by, now=now, payload=changed)
    events.batch_changed.send(session, project_id=project_id, batch_id=batch_id)
    return batch


def set_batch_state(
    session: Session, project_id: int, batch_id: int, state: BatchState, *, by: Account | None, now: datetime
) -> Batch:
    """Hand out no more items of a batch, or hand them out again; what is in work may be finished.

    Raises:
        Conflict: it is so already, or its items are still being put in (`batch_state`).
        NotFound: the project has no such batch of imported items.
    """
    project, batch = _locked_batch(session, project_id, batch_id)
    if batch.state is BatchState.FILLING:
        raise Conflict("The items of this batch are still being put in; try again in a moment.", code="batch_state")
    if batch.state is state:
        raise Conflict(f"The batch is {state} already.", code="batch_state")
    batch.state = state
    session.flush()
    action = "batch.closed" if state is BatchState.CLOSED else "batch.reopened"
    _record_batch(session, action, project, batch, by=by, now=now, payload={})
    events.batch_changed.send(session, project_id=project_id, batch_id=batch_id)
    return batch


def _locked_batch(session: Session, project_id: int, batch_id: int) -> tuple[Project, Batch]:
    project = session.scalars(locked(sa.select(Project).where(Project.id == project_id))).one()
    batch = session.get(Batch, batch_id, populate_existing=True)
    if batch is None or batch.project_id != project_id or batch.import_id is None:
        raise NotFound("The project has no such batch.")
    return project, batch


def _changed(before: S, changes: Mapping[str, Any]) -> S:
    """The settings with the changes.

    Raises:
        BadInput: with every value that does not fit.
    """
    try:
        return type(before).model_validate({**before.model_dump(), **changes})
    except ValidationError as error:
        raise invalid("These settings cannot be.", error) from error


def _difference(before: BaseModel, after: BaseModel, *, but: str) -> dict[str, Any]:
    """What was and what is of every field that differs; of the text that somebody wrote only that it differs."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    retitled = {f"{but}_changed": True} if old.pop(but) != new.pop(but) else {}
    return before_and_after(old, new) | retitled


def _record_batch(
    session: Session,
    action: str,
    project: Project,
    batch: Batch,
    *,
    by: Account | None,
    now: datetime,
    payload: dict[str, Any],
) -> None:
    record(
        session,
        action=action,
        subject=("batch", str(batch.id)),
        actor=by.public_id if by else "",
        at=now,
        chain=project.public_id,
        payload=payload,
    )
