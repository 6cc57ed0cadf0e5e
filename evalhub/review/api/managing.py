"""Remove members, and change batches, with how far they are; here, because both are about work."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.accounts.queries import account_of_login
from evalhub.errors import NotFound
from evalhub.projects import service
from evalhub.projects.models import BatchState
from evalhub.projects.policies import manage_project, see_figures
from evalhub.projects.queries import project_named
from evalhub.projects.schema import MOST_URGENT
from evalhub.review.api.blueprint import api_bp
from evalhub.review.queries.batches import BatchProgress, batches_with_progress
from evalhub.review.queries.stuck import n_stuck
from evalhub.web.answers import json_response
from evalhub.web.api import documented, parse_body
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


class RemovalIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class Removed(BaseModel):
    stuck: int = Field(description="Items of the project that can no longer get all their reviewers")


class BatchIn(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=200)] = ""
    priority: Annotated[int, Field(ge=-MOST_URGENT, le=MOST_URGENT)] = 0
    due_on: date | None = None
    state: Literal["open", "closed"] = "open"


class BatchOut(BaseModel):
    id: int
    name: str
    state: str
    priority: int
    due_on: date | None
    items: int
    done: int = Field(description="Items with all their reviews")


class BatchesOut(BaseModel):
    batches: list[BatchOut]


@api_bp.delete("/projects/<p>/members/<login>")
@allowed(manage_project)
@documented(summary="End somebody's part; their work stays", request=RemovalIn, responses={200: Removed})
def remove_member(p: str, login: str) -> ResponseReturnValue:
    reason, by_id = parse_body(RemovalIn).reason, require_principal().account_id

    def remove(session: Session) -> Removed:
        account, project = account_of_login(session, login), project_named(session, p)
        if account is None:
            raise NotFound("This account is no member of the project.")
        by = session.get(Account, by_id)
        service.remove_member(session, project.id, account.id, reason=reason, by=by, now=utc_now())
        return Removed(stuck=n_stuck(session, project.id))

    return json_response(write(remove))


@api_bp.get("/projects/<p>/batches")
@allowed(see_figures)
@documented(summary="The batches of imported items, and how far they are", responses={200: BatchesOut})
def batches(p: str) -> ResponseReturnValue:
    with reading() as session:
        found = batches_with_progress(session, project_named(session, p).id)
    return json_response(BatchesOut(batches=[_shown(one) for one in found]))


@api_bp.patch("/projects/<p>/batches/<int:batch>")
@allowed(manage_project)
@documented(summary="Rename, hurry, close or open a batch", request=BatchIn, responses={200: BatchOut})
def change_batch(p: str, batch: int) -> ResponseReturnValue:
    changes, by_id = parse_body(BatchIn).model_dump(exclude_unset=True), require_principal().account_id
    state = changes.pop("state", None)

    def change(session: Session) -> BatchOut:
        by, project = session.get(Account, by_id), project_named(session, p)
        changed = service.change_batch(session, project.id, batch, changes, by=by, now=utc_now())
        if state is not None and changed.state != state:
            service.set_batch_state(session, project.id, batch, BatchState(state), by=by, now=utc_now())
        return next(_shown(one) for one in batches_with_progress(session, project.id) if one.batch.id == batch)

    return json_response(write(change))


def _shown(one: BatchProgress) -> BatchOut:
    batch = one.batch
    return BatchOut(
        id=batch.id,
        name=batch.name,
        state=batch.state,
        priority=batch.priority,
        due_on=batch.due_on,
        items=one.items,
        done=one.done,
    )
