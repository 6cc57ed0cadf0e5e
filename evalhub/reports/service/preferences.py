"""Which models the reviewers of a project prefer, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from evalhub.projects.models import Project
from evalhub.review.queries.pairs import StandingPreference, standing_preferences
from evalhub.stats import PreferenceFigures, preference_figures
from evalhub.stats.preferences import UNNAMED


@dataclass(frozen=True, slots=True)
class Preferences:
    """The figures name models by their place in `models`; `n` preferences of planned reviews went into them."""

    models: tuple[str, ...]
    n: int
    n_reviewers: int
    figures: PreferenceFigures


def preferences_of(session: Session, project: Project) -> Preferences | None:
    """What planned reviews prefer; None where nobody has compared anything.

    The first of two answers is that of the model whose name comes first, so that the steps mean the same in each pair.
    """
    if not project.pairs:
        return None
    rows = session.execute(standing_preferences(project.id))
    given = [one for one in (StandingPreference(*row) for row in rows) if one.is_planned]
    if not given:
        return None
    models = tuple(sorted({model for one in given for model in (one.first_model, one.second_model) if model}))
    sides = [_in_order(one) for one in given]
    groups = {one.group: place for place, one in enumerate(given)}
    figures = preference_figures(
        pair=[one.first_task_id for one in given],
        group=[groups[one.group] for one in given],
        rater=[one.reviewer_id for one in given],
        first=[_place(models, one, side) for one, side in zip(given, sides, strict=True)],
        second=[_place(models, one, 1 - side) for one, side in zip(given, sides, strict=True)],
        leaning=[_leaning(one, side) for one, side in zip(given, sides, strict=True)],
        first_is_left=[one.left_task_id == _tasks(one)[side] for one, side in zip(given, sides, strict=True)],
    )
    return Preferences(models, len(given), len({one.reviewer_id for one in given}), figures)


def _tasks(one: StandingPreference) -> tuple[int, int]:
    return one.first_task_id, one.second_task_id


def _in_order(one: StandingPreference) -> int:
    """Which of the two tasks is the first by the name of its model, else by the id of its item."""
    names = ((one.first_model or "", one.first_item), (one.second_model or "", one.second_item))
    return 0 if names[0] <= names[1] else 1


def _place(models: tuple[str, ...], one: StandingPreference, side: int) -> int:
    """The model's place among the names; unnamed where the two answers are not by two named models."""
    first, second = one.first_model, one.second_model
    if not first or not second or first == second:
        return UNNAMED
    return models.index((first, second)[side])


def _leaning(one: StandingPreference, side: int) -> int:
    return -one.strength if one.preferred_task_id == _tasks(one)[side] else one.strength
