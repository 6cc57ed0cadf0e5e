"""Projects in which models answered the same prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from evalhub.db import Database
from evalhub.projects.schema import ProjectRole
from evalhub.projects.service import set_member
from evalhub.web.session import write
from tests.world import MOMENT, RUBRIC, World, a_project, an_account

PASSING = RUBRIC + b"pass: {level_at_least: adequate}\n"
LEVELS = ("unacceptable", "adequate", "excellent")
GOOD = ("excellent", "excellent", "adequate")
BAD = ("unacceptable", "adequate", "unacceptable")


def answers(model: str | None, prompts: int) -> list[dict[str, Any]]:
    named = {} if model is None else {"model": model}
    return [
        {"id": f"{model}-{at}", "prompt": f"Question {at}?", "response": f"{model} says {at}.", **named}
        for at in range(prompts)
    ]


def graded(database: Database, levels: Mapping[str | None, Sequence[str]], *, prompts: int = 12, **more: Any) -> World:
    """Models whose answers got these levels in turn, from both of two reviewers; vera may see the figures."""
    items = [item for model in levels for item in answers(model, prompts)]
    world = a_project(database, items=items, **{"rubric": PASSING, **more})
    given = {
        f"{model}-{at}": dict.fromkeys(("accuracy", "clarity"), of_model[at % len(of_model)])
        for model, of_model in levels.items()
        for at in range(prompts)
    }
    for login in ("ann", "ben"):
        world.review_all(login, given)
    return with_viewer(world)


def with_viewer(world: World) -> World:
    def add(session: Session) -> None:
        world.people["vera"] = an_account(session, "vera")
        set_member(session, world.project.id, world.people["vera"].id, {ProjectRole.VIEWER}, by=None, now=MOMENT)

    write(add, on=world.database)
    return world
