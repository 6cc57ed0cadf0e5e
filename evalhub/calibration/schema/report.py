"""The calibration report: how far a project's grades can be trusted, and what to do about it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from evalhub.calibration.schema.flags import Flag
from evalhub.calibration.schema.section import CriterionSection, GivenLevel, MeanReliability
from evalhub.stats import Figure
from evalhub.stats.report import plain

TRIAGE_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Person:
    """A reviewer, by the name that members' pages show; `n_items` counts items with a rating of theirs that counts."""

    name: str
    is_simulated: bool
    n_items: int


class OverallKind(StrEnum):
    SCORE = "score"
    LEVEL = "level"
    PASSED = "passed"


@dataclass(frozen=True, slots=True)
class OverallReliability:
    """Alpha of what is trained on, from each reviewer's own totals; `means` only for the score."""

    kind: OverallKind
    figure: Figure
    means: tuple[MeanReliability, ...]


@dataclass(frozen=True, slots=True)
class TriageLine:
    """A disputed item: `criteria` holds of each disputed one its key, its flags and what each reviewer gave."""

    task: str
    item: str
    triage: float
    criteria: tuple[tuple[str, tuple[Flag, ...], tuple[GivenLevel, ...]], ...]


class ActionKind(StrEnum):
    RETRAIN = "retrain"
    REWRITE = "rewrite"
    MORE_ITEMS = "more_items"
    ADD_VARIED = "add_varied"
    SETTLE_SCOPE = "settle_scope"
    WATCH_DRIFT = "watch_drift"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Action:
    """What to do next, in one sentence.

    `criterion` is a key; `reviewer` a place in the report's `people`; `boundary` a place in the criterion's
    `boundaries`; `n_items` how many more items to hand out twice; `items` the public ids of tasks to look at.
    """

    kind: ActionKind
    words: str
    criterion: str | None = None
    reviewer: int | None = None
    boundary: int | None = None
    n_items: int | None = None
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """All that is said about the agreement of a project's reviewers.

    Reviewers are named by their place in `people`. `n_flagged_items` counts the items with at least one flag: the cases
    that these ratings make. `n_simulated` counts the reviewers whose ratings a program drew; wherever the figures are
    shown it says so. Criteria are never pooled into one alpha: `median_alpha` and `minimum_alpha` are of those whose
    alpha is defined, None where there is none. `triage` holds the most urgent of `n_triage` items first, `actions` the
    most useful act first.
    """

    project: str
    title: str
    rubric: str
    rubric_version: int
    made_at: datetime
    since: datetime | None
    until: datetime | None
    seed: int
    people: tuple[Person, ...]
    criteria: tuple[CriterionSection, ...]
    n_items: int
    n_reviewers: int
    n_simulated: int
    n_flagged_items: int
    overall: tuple[OverallReliability, ...]
    median_alpha: float | None
    minimum_alpha: float | None
    triage: tuple[TriageLine, ...]
    n_triage: int
    actions: tuple[Action, ...]
    notes: tuple[str, ...]

    @property
    def n_flagged(self) -> int:
        """Pairs of item and criterion."""
        return sum(section.n_flagged for section in self.criteria)

    def without_answers(self, tasks: Collection[str]) -> CalibrationReport:
        """The report for somebody who may not yet see what others gave to these tasks (public ids)."""
        return replace(
            self,
            criteria=tuple(section.without_answers(tasks) for section in self.criteria),
            triage=tuple(line for line in self.triage if line.task not in tasks),
            actions=tuple(
                replace(action, items=tuple(task for task in action.items if task not in tasks))
                for action in self.actions
            ),
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        by_flag = {str(flag): sum(section.flagged.get(flag, 0) for section in self.criteria) for flag in Flag}
        return {
            "schema": "evalhub.calibration/2",
            "project": self.project,
            "title": self.title,
            "rubric": self.rubric,
            "rubric_version": self.rubric_version,
            "made_at": self.made_at.isoformat(),
            "since": self.since.isoformat() if self.since else None,
            "until": self.until.isoformat() if self.until else None,
            "seed": self.seed,
            "n_items": self.n_items,
            "n_reviewers": self.n_reviewers,
            "n_simulated": self.n_simulated,
            "reviewers": plain(self.people),
            "median_alpha": self.median_alpha,
            "minimum_alpha": self.minimum_alpha,
            "criteria": [section.as_dict() for section in self.criteria],
            "overall": plain(self.overall),
            "flags": {"n_item_criteria": self.n_flagged, "n_cases": self.n_flagged_items, "by_flag": by_flag},
            "triage": {"n_items": self.n_triage, "items": [_triage_dict(line) for line in self.triage]},
            "actions": plain(self.actions),
            "notes": list(self.notes),
        }


def _triage_dict(line: TriageLine) -> dict[str, Any]:
    return {
        "task": line.task,
        "item": line.item,
        "triage": line.triage,
        "criteria": [
            {"criterion": key, "flags": plain(flags), "answers": plain(answers)}
            for key, flags, answers in line.criteria
        ],
    }
