"""Worlds with calibration rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.calibration.models import CalibrationRound
from evalhub.calibration.queries.rounds import rounds_of
from evalhub.calibration.schema.rounds import NewRound
from evalhub.calibration.service.rounds import close_round, create_round
from evalhub.datasets.models import Item
from evalhub.review.models import Purpose, Task
from evalhub.review.schema import Lease
from evalhub.rubrics.service import add_rubric
from evalhub.web.session import write
from tests import rows
from tests.world import MOMENT, RUBRIC, World

GOOD = {"accuracy": "excellent", "clarity": "adequate"}
Answers = Callable[[str, int], Mapping[str, Any]]
"""From login and item number to the scores."""


def start(world: World, **stated: Any) -> CalibrationRound:
    """A round, all reviewers and items drawn at random unless stated."""
    with world.database.reading() as session:
        name = f"round {len(rounds_of(session, world.project.id)) + 1}"
    new = NewRound(**{"name": name, "seed": 5, "n": 4, **stated})
    public_id = create_round(world.database, world.project.name, new)
    with world.database.reading() as session:
        return session.scalars(sa.select(CalibrationRound).where(CalibrationRound.public_id == public_id)).one()


def close(world: World, round_: CalibrationRound) -> None:
    write(lambda s: close_round(s, world.project.id, round_.public_id, by=None, at=MOMENT), on=world.database)


def task_of(world: World, lease: Lease) -> Task:
    with world.database.reading() as session:
        return session.get_one(Task, (lease.project_id, lease.task_id))


def grade_round(world: World, login: str, answers: Answers | None = None, *, version: int = 1) -> int:
    """Grade everything of the rounds that is left for one reviewer, after the item of the project that they hold."""
    held = world.claim(login)
    if held is not None and not held.is_new and task_of(world, held).purpose is Purpose.LIVE:
        world.submit(login, held, GOOD)
    n = 0
    while (lease := world.claim(login)) is not None and task_of(world, lease).purpose is Purpose.CALIBRATION:
        number = int(world.item_of(lease).rsplit("-", 1)[1])
        scores = answers(login, number) if answers else GOOD
        world.submit(login, lease, scores, rubric_version=version)
        n += 1
    return n


def fill_round(world: World, round_: CalibrationRound, logins: Iterable[str], answers: Answers) -> None:
    """The same put straight into the tables, for tests of what is read from it."""

    def fill(session: Session) -> None:
        of_round = sa.select(Task, Item.external_id).where(Task.batch_id == round_.batch_id)
        of_item = sa.and_(Task.dataset_id == Item.dataset_id, Task.item_id == Item.id)
        for task, name in session.execute(of_round.join(Item, of_item).order_by(Task.id)).all():
            for login in logins:
                rows.reviewed(session, task, world.people[login], answers(login, int(name.rsplit("-", 1)[1])))

    write(fill, on=world.database)


def second_version(world: World, change: Callable[[bytes], bytes]) -> None:
    """Publish version 2 of the world's rubric."""
    text = change(RUBRIC.replace(b"version: 1", b"version: 2"))
    write(
        lambda s: add_rubric(s, text, source_name="rubric.yaml", actor_id=None, now=MOMENT).version.id,
        on=world.database,
    )


def items_in(world: World, round_: CalibrationRound) -> set[str]:
    with world.database.reading() as session:
        return set(
            session.scalars(
                sa.select(Item.external_id)
                .join(Task, sa.and_(Task.dataset_id == Item.dataset_id, Task.item_id == Item.id))
                .where(Task.batch_id == round_.batch_id)
            )
        )
