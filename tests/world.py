"""Small worlds through the services: a project with members, items and whatever a test needs beside."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind, InstanceRole
from evalhub.datasets.models import Dataset, Item
from evalhub.datasets.service import import_items
from evalhub.db import Database
from evalhub.projects.models import Project
from evalhub.projects.schema import OverlapPlan, ProjectRole
from evalhub.projects.service import NewProject, create_project, set_member
from evalhub.review.models import Task
from evalhub.review.schema import Lease, Submitted
from evalhub.review.service.claim import claim_next
from evalhub.review.service.submit import submit_review
from evalhub.rubrics.schema.review import ReviewBody
from evalhub.rubrics.service import add_rubric
from evalhub.web.session import write
from evalhub.wiring import connect_handlers

MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)

RUBRIC = b"""
name: answers
version: 1
levels: [unacceptable, adequate, excellent]
criteria:
  - {id: accuracy, title: Accuracy, critical: true}
  - {id: clarity, title: Clarity, not_applicable: true, failure_tags: [wordy, vague]}
"""


def an_account(
    session: Session, login: str, *, role: InstanceRole = InstanceRole.MEMBER, kind: AccountKind = AccountKind.HUMAN
) -> Account:
    account = Account(
        login=login if kind is AccountKind.HUMAN else None,
        display_name=login.title(),
        kind=kind,
        role=role,
        created_at=MOMENT,
    )
    session.add(account)
    session.flush()
    return account


def some_items(n: int, *, groups: int | None = None) -> list[dict[str, Any]]:
    """Items whose ids and models must never reach a reviewer."""
    return [
        {
            "id": f"source-id-{i}",
            "prompt": f"Question {i % (groups or n)}?",
            "response": f"Answer number {i}.",
            "model": f"hidden-model-{i % 3}",
            "metadata": {"secret": f"canary-{i}"},
        }
        for i in range(n)
    ]


@dataclass
class World:
    """A project on one database, with its people by login."""

    database: Database
    project: Project
    people: dict[str, Account] = field(default_factory=dict)

    def claim(self, login: str) -> Lease | None:
        return claim_next(self.database, project_id=self.project.id, reviewer_id=self.people[login].id)

    def submit(self, login: str, lease: Lease, scores: Mapping[str, Any], **more: Any) -> Submitted:
        account = self.people[login]
        body = ReviewBody.model_validate(
            {
                "scores": dict(scores),
                "rubric_version": 1,
                "lease": lease.token,
                "idempotency_key": str(uuid.uuid4()),
                **more,
            }
        )
        return submit_review(
            self.database, assignment=lease.assignment, reviewer_id=account.id, reviewer=account.public_id, body=body
        )

    def review_all(self, login: str, scores: Mapping[str, Mapping[str, Any]] | Mapping[str, Any]) -> int:
        """Grade everything that is left for one reviewer; `scores` is one answer for all, or one by item id."""
        n = 0
        while (lease := self.claim(login)) is not None:
            given = scores.get(self.item_of(lease), scores)
            self.submit(login, lease, given)
            n += 1
        return n

    def item_of(self, lease: Lease) -> str:
        with self.database.reading() as session:
            return session.scalars(
                sa.select(Item.external_id)
                .join(Task, sa.and_(Task.dataset_id == Item.dataset_id, Task.item_id == Item.id))
                .where(Task.project_id == lease.project_id, Task.id == lease.task_id)
            ).one()


def with_roles(world: World, login: str, *roles: ProjectRole) -> World:
    """Give somebody these roles in the project, making the account where there is none."""

    def add(session: Session) -> None:
        if login not in world.people:
            world.people[login] = an_account(session, login)
        set_member(session, world.project.id, world.people[login].id, set(roles), by=None, now=MOMENT)

    write(add, on=world.database)
    return world


def a_project(
    database: Database,
    *,
    items: Sequence[Mapping[str, Any]] | int = 3,
    reviewers: Iterable[str] = ("ann", "ben"),
    adjudicators: Iterable[str] = ("judy",),
    overlap: OverlapPlan | None = None,
    rubric: bytes = RUBRIC,
    name: str = "p",
    **more: Any,
) -> World:
    """A dataset, a rubric and an open project with its tasks."""
    connect_handlers()
    rows = some_items(items) if isinstance(items, int) else items
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    import_items(
        partial(write, on=database),
        io.BytesIO(lines),
        dataset_name=f"{name}-items",
        source_name="items.jsonl",
        actor_id=None,
    )

    def make(session: Session) -> World:
        version = add_rubric(session, rubric, source_name="rubric.yaml", actor_id=None, now=MOMENT).version
        dataset_id = session.scalars(sa.select(Dataset.id).where(Dataset.name == f"{name}-items")).one()
        new = NewProject(
            name=name,
            dataset_id=dataset_id,
            rubric_version_id=version.id,
            overlap=overlap or OverlapPlan(base=2),
            **more,
        )
        project = create_project(session, new, by=None, now=MOMENT)
        world = World(database, project)
        for logins, role in ((reviewers, ProjectRole.REVIEWER), (adjudicators, ProjectRole.ADJUDICATOR)):
            for login in logins:
                account = world.people[login] = an_account(session, login)
                set_member(session, project.id, account.id, {role}, by=None, now=MOMENT)
        return world

    return write(make, on=database)
