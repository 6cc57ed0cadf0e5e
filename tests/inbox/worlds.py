"""A project whose rubric Olga owns, and questions about it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, InstanceRole
from evalhub.db import Database
from evalhub.inbox.models import InboxEntry
from evalhub.inbox.schema import About, EntryKind
from evalhub.inbox.service import Answer, answer_entry, hand_on, send_entry
from evalhub.projects.schema import ProjectRole
from evalhub.projects.service import set_member
from evalhub.review.models import Task
from evalhub.review.schema import Lease
from evalhub.rubrics.service import add_rubric
from evalhub.web.session import write
from tests.web.client import Browser, app_for
from tests.world import MOMENT, RUBRIC, World, a_project, an_account


class Office(World):
    """A world with one app, in which its people may be signed in."""

    @cached_property
    def app(self) -> Flask:
        return app_for(self.database)

    def visit(self, login: str) -> Browser:
        return Browser(self.app).sign_in_as(self.people[login])


def owned(database: Database, **more: Any) -> Office:
    """The project `p` of `a_project`, the rubric's owner Olga, the admin Ada, and Sam, who has no part in anything."""
    made = a_project(database, **more)
    world = Office(made.database, made.project, made.people)

    def people(session: Session) -> None:
        world.people["ada"] = an_account(session, "ada", role=InstanceRole.ADMIN)
        world.people["olga"] = an_account(session, "olga")
        world.people["sam"] = an_account(session, "sam")
        hand_on(session, "answers", "olga", by=world.people["ada"], at=MOMENT)

    write(people, on=database)
    return world


def joins(world: Office, login: str, *roles: ProjectRole) -> None:
    account_id = world.people[login].id
    write(lambda s: set_member(s, world.project.id, account_id, set(roles), by=None, now=MOMENT), on=world.database)


def about(world: Office, lease: Lease) -> About:
    with world.database.reading() as session:
        task = session.get_one(Task, (lease.project_id, lease.task_id))
    return About(world.project.id, task.dataset_id, task.item_id, lease.assignment)


def asked(world: Office, login: str, text: str = "Does a missing source count?", **more: Any) -> InboxEntry:
    """A question about accuracy, unless said otherwise."""
    stated = {"kind": EntryKind.QUESTION, "criterion": "accuracy", "project_id": world.project.id, **more}
    sender_id, version_id = world.people[login].id, world.project.rubric_version_id

    def send(session: Session) -> InboxEntry:
        sender = session.get_one(Account, sender_id)
        return send_entry(session, rubric_version_id=version_id, text=text, sender=sender, at=MOMENT, **stated)

    return write(send, on=world.database)


def answered(world: Office, entry: InboxEntry, text: str = "Yes, it does.", **more: Any) -> InboxEntry:
    by = world.people["olga"]
    return write(lambda s: answer_entry(s, entry.public_id, Answer(text, **more), by=by, at=MOMENT), on=world.database)


def publish(world: Office, version: int, **words: str) -> int:
    """Another version of the rubric, with some of its words replaced."""
    yaml = RUBRIC.decode().replace("version: 1", f"version: {version}")
    for old, new in words.items():
        yaml = yaml.replace(old, new)
    add = lambda s: add_rubric(s, yaml.encode(), source_name="r.yaml", actor_id=None, now=MOMENT).version.id  # noqa: E731
    return write(add, on=world.database)
