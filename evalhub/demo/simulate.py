"""Ratings for the demo, drawn from the intended quality of each answer. Pure: same data, same ratings."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from evalhub.rubrics.schema.models import Criterion

BEST = 2.0
"""Intended levels run from 0 to this, whatever the number of levels of the rubric."""


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Reviewer(_Data):
    """How a simulated reviewer grades; severity lowers every rating, noise is a standard deviation, both in levels."""

    key: str
    name: str
    severity: float
    noise: Annotated[float, Field(ge=0)]
    note_share: Annotated[float, Field(ge=0, le=1)]


class ItemNote(_Data):
    """What a careful reader would say of this answer; the quote occurs in it exactly once."""

    criterion: str
    text: str
    quote: str = ""
    tag: str = ""


class ItemQuality(_Data):
    levels: dict[str, Annotated[float, Field(ge=0, le=BEST)]]
    notes: list[ItemNote] = []
    not_applicable: dict[str, Annotated[float, Field(ge=0, le=1)]] = {}


class DemoDecision(_Data):
    """How the demo's adjudicator settled one case."""

    item: str
    levels: dict[str, str]
    cause: str
    rationale: str


class Quality(_Data):
    about: str
    seed: int
    reviewers: list[Reviewer]
    noise_by_criterion: dict[str, float]
    default_tags: dict[str, str]
    items: dict[str, ItemQuality]
    notes: dict[str, dict[str, list[str]]]
    decision: DemoDecision
    training: dict[str, list[str]]
    """Items by their use as gold; their intended levels are the reference."""


@dataclass(frozen=True, slots=True)
class SimulatedRating:
    """A rank of None is "not applicable"."""

    criterion: str
    rank: int | None
    note: str = ""
    quote: str = ""
    tags: tuple[str, ...] = ()


@cache
def quality() -> Quality:
    text = resources.files("evalhub.demo").joinpath("data/quality.json").read_text("utf-8")
    return Quality.model_validate(json.loads(text))


def simulated_review(
    plan: Quality, reviewer: Reviewer, item_id: str, criteria: Sequence[Criterion]
) -> tuple[SimulatedRating, ...]:
    """What this reviewer says of the item; depends on the seed and on nothing that came before."""
    return tuple(_rating(plan, reviewer, item_id, criterion) for criterion in criteria)


def _rating(plan: Quality, reviewer: Reviewer, item_id: str, criterion: Criterion) -> SimulatedRating:
    rank = _rank(plan, reviewer, item_id, criterion)
    if rank is None:
        return SimulatedRating(criterion.key, None)
    dice = _dice(plan, reviewer.key, item_id, f"{criterion.key}:note")
    steps = _steps(criterion)
    own = own_note(plan, item_id, criterion)
    tag = (own.tag if own else "") or plan.default_tags.get(criterion.key, "")
    tags = (tag,) if tag and rank == 0 else ()
    if own is not None and _speaker(plan, item_id, criterion) == reviewer.key:
        return SimulatedRating(criterion.key, rank, own.text, own.quote, tags)
    note = dice.choice(plan.notes[criterion.key][str(round(rank / steps))])
    is_silent = dice.random() >= reviewer.note_share and not criterion.note.requires(rank=rank)
    return SimulatedRating(criterion.key, rank, "" if is_silent else note, "", tags)


def _rank(plan: Quality, reviewer: Reviewer, item_id: str, criterion: Criterion) -> int | None:
    dice = _dice(plan, reviewer.key, item_id, criterion.key)
    item = plan.items[item_id]
    if criterion.not_applicable and dice.random() < item.not_applicable.get(criterion.key, 0.0):
        return None
    steps = _steps(criterion)
    spread = reviewer.noise * plan.noise_by_criterion.get(criterion.key, 1.0) * steps
    seen = dice.gauss((item.levels[criterion.key] - reviewer.severity) * steps, spread)
    return min(max(round(seen), 0), len(criterion.levels) - 1)


def _speaker(plan: Quality, item_id: str, criterion: Criterion) -> str | None:
    """The one reviewer who writes the item's own note, among those who gave the intended level."""
    intended = intended_rank(plan, item_id, criterion)
    agreeing = [r.key for r in plan.reviewers if _rank(plan, r, item_id, criterion) == intended]
    return _dice(plan, "", item_id, criterion.key).choice(agreeing) if agreeing else None


def intended_rank(plan: Quality, item_id: str, criterion: Criterion) -> int:
    """The level nearest to the quality that the author of the answer intended."""
    return round(plan.items[item_id].levels[criterion.key] * _steps(criterion))


def own_note(plan: Quality, item_id: str, criterion: Criterion) -> ItemNote | None:
    """What a careful reader would say of this very answer, if the author wrote it down."""
    return next((note for note in plan.items[item_id].notes if note.criterion == criterion.key), None)


def _steps(criterion: Criterion) -> float:
    """Levels of the rubric to one of the intended quality."""
    return (len(criterion.levels) - 1) / BEST


def _dice(plan: Quality, who: str, item_id: str, purpose: str) -> random.Random:
    return random.Random(f"{plan.seed}:{who}:{item_id}:{purpose}")  # noqa: S311 -- a simulation, not a secret
