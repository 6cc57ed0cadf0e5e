"""Projects in which models answered the same prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalhub.db import Database
from evalhub.projects.schema import ProjectRole
from tests.world import RUBRIC, World, a_project, with_roles

PASSING = RUBRIC + b"pass: {level_at_least: adequate}\n"
GOOD = ("excellent", "excellent", "excellent", "adequate")
BAD = ("unacceptable", "adequate")


def answers(model: str | None, at: int, prompts: int) -> list[dict[str, Any]]:
    named = {} if model is None else {"model": model}
    return [
        {"id": f"m{at}-{prompt}", "prompt": f"Question {prompt}?", "response": f"{at} says {prompt}.", **named}
        for prompt in range(prompts)
    ]


def graded(database: Database, levels: Mapping[str | None, Sequence[str]], *, prompts: int = 8, **more: Any) -> World:
    """Models whose answers got these levels in turn, from both of two reviewers; vera may see the figures."""
    items = [item for at, model in enumerate(levels) for item in answers(model, at, prompts)]
    world = a_project(database, items=items, **{"rubric": PASSING, **more})
    given = {
        f"m{at}-{prompt}": dict.fromkeys(("accuracy", "clarity"), of_model[prompt % len(of_model)])
        for at, of_model in enumerate(levels.values())
        for prompt in range(prompts)
    }
    for login in ("ann", "ben"):
        world.review_all(login, given)
    return with_viewer(world)


def with_viewer(world: World) -> World:
    return with_roles(world, "vera", ProjectRole.VIEWER)
