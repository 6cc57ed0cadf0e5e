"""Projects whose reviewers are trained, through the services."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from evalhub.db import Database, now
from evalhub.projects.schema import OverlapPlan
from evalhub.review.schema import Lease
from evalhub.training.models import Attempt, Use
from evalhub.training.schema.rules import PlanSettings, Rule
from evalhub.training.service.attempts import start_practice, start_qualification
from evalhub.training.service.golds import NewGold, add_gold
from evalhub.training.service.settings import set_settings
from evalhub.web.session import write
from tests.world import RUBRIC, World, a_project, some_items

T = TypeVar("T")
RIGHT = {"accuracy": "adequate", "clarity": "adequate"}
WRONG = {"accuracy": "excellent", "clarity": "adequate"}
GOLD = {"accuracy": {"level": "adequate", "why": "One slip."}, "clarity": {"level": "adequate"}}
FIVE = Rule(p_low=0.4, p_high=0.9, alpha=0.1, beta=0.1)
"""Four right of five pass."""


def a_training(
    database: Database,
    *,
    items: int = 4,
    gold: Mapping[Use, int] | None = None,
    reviewers: Iterable[str] = ("ann", "ben"),
    overlap: int = 1,
    rubric: bytes = RUBRIC,
    **settings: Any,
) -> World:
    """A project of live items and gold items by use, whose known answer is `RIGHT`."""
    uses = [use for use, n in (gold or {}).items() for _ in range(n)]
    rows = some_items(items + len(uses))
    for row in rows[items:]:
        row["gold"] = GOLD
    world = a_project(database, items=rows, reviewers=reviewers, overlap=OverlapPlan(base=overlap), rubric=rubric)
    asked = PlanSettings(**{"rule": FIVE, **settings})

    def prepare(session: Session) -> None:
        set_settings(session, world.project.id, asked, by=None, at=now(session))
        for row, use in zip(rows[items:], uses, strict=True):
            add_gold(session, world.project.id, NewGold(row["id"], use), by=None, at=now(session))

    write(prepare, on=database)
    return world


def begin(world: World, login: str, use: Use, *, later: timedelta = timedelta()) -> Attempt:
    start: Callable[..., Attempt] = start_practice if use is Use.PRACTICE else start_qualification
    account_id = world.people[login].id
    return write(lambda s: start(s, world.project.id, account_id, at=now(s) + later), on=world.database)


def grade(world: World, login: str, answers: Iterable[Mapping[str, Any]]) -> list[Lease]:
    """Claim and grade an item for each of the answers, until nothing is left."""
    leases = []
    for scores in answers:
        lease = world.claim(login)
        if lease is None:
            break
        world.submit(login, lease, scores)
        leases.append(lease)
    return leases


def certify(world: World, login: str) -> None:
    begin(world, login, Use.QUALIFICATION)
    grade(world, login, [RIGHT] * 4)
