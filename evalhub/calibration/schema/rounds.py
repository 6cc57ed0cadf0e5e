"""Values of calibration rounds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from evalhub.projects.schema import seeded
from evalhub.rubrics.schema.models import Criterion
from evalhub.stats import CriterionReport
from evalhub.stats.report import plain
from evalhub.stats.rounds import Change

MOST_ITEMS = 200
FEWEST_REVIEWERS = 2


class Choosing(StrEnum):
    """How the items of a round are chosen."""

    RANDOM = "random"
    NAMED = "named"
    BOUNDARY = "boundary"
    TRIAGE = "triage"
    FOLLOWED = "followed"


CHOOSING_WORDS = {
    Choosing.RANDOM: "drawn at random, spread over models and tags",
    Choosing.NAMED: "named one by one",
    Choosing.BOUNDARY: "drawn from those on which reviewers differ at a boundary",
    Choosing.TRIAGE: "the most urgent disputed ones",
    Choosing.FOLLOWED: "those of the round before",
}


@dataclass(frozen=True, slots=True)
class NewRound:
    """What a round is made of.

    `choosing` says which of the next four count: `items` are ids of the dataset, `n` how many to take, `boundary` the
    lower of two neighbouring ranks of `criterion`. `follows` is the public id of the round whose items are graded
    again. `reviewers` are public ids, all reviewers of the project where it is empty; `rubric_version` is the number
    of a published version, the project's own where it is None.
    """

    name: str
    seed: int
    choosing: Choosing = Choosing.RANDOM
    items: tuple[str, ...] = ()
    n: int = 20
    criterion: str = ""
    boundary: int = 0
    follows: str = ""
    reviewers: tuple[str, ...] = ()
    rubric_version: int | None = None
    discussed_share: float = 0.5

    def as_chosen(self) -> dict[str, Any]:
        """How the items were chosen, for the round's page and the log."""
        if self.follows:
            return {"by": Choosing.FOLLOWED.value}
        chosen: dict[str, Any] = {"by": self.choosing.value}
        if self.choosing is Choosing.BOUNDARY:
            chosen |= {"criterion": self.criterion, "boundary": self.boundary}
        return chosen


def discussed_groups(groups: Iterable[str], share: float, seed: int) -> set[str]:
    """The prompts whose items are talked about: a share of them at random.

    Whole prompts, because who talks about one answer to a prompt no longer reads the others afresh. Where there are
    two or more, any share between 0 and 1 leaves at least one on either side.
    """
    laid_out = sorted(set(groups), key=lambda group: seeded(seed, "discuss", group))
    n = int(share * len(laid_out) + 0.5)
    if 0 < share < 1 and len(laid_out) > 1:
        n = min(max(n, 1), len(laid_out) - 1)
    return set(laid_out[:n])


@dataclass(frozen=True, slots=True)
class RoundCriterion:
    """One criterion in a closed round; `n_left_out` ratings rest on others' answers and enter no figure."""

    criterion: Criterion
    figures: CriterionReport
    n_ratings: int
    n_not_applicable: int
    n_left_out: int

    def as_dict(self) -> dict[str, Any]:
        return {
            "criterion": self.criterion.key,
            "title": self.criterion.title,
            **self.figures.as_dict(),
            "n_ratings": self.n_ratings,
            "n_not_applicable": self.n_not_applicable,
            "n_left_out": self.n_left_out,
        }


class Sameness(StrEnum):
    """What a criterion was in the round before."""

    SAME_QUESTION = "same_question"
    OTHER_WORDS = "other_words"
    OTHER_LEVELS = "other_levels"
    OTHER_SCALE = "other_scale"
    NEW = "new"


SAMENESS_WORDS = {
    Sameness.SAME_QUESTION: "The question did not change: a difference here is not the wording's, but shows how much"
    " grading again alone does.",
    Sameness.OTHER_WORDS: "The words changed, the levels did not.",
    Sameness.OTHER_LEVELS: "The levels changed in number or order: these are the alphas of two different scales, and"
    " their difference is not that of the words alone.",
    Sameness.OTHER_SCALE: "The scale changed, so that no difference can be taken: each alpha is on its own scale.",
    Sameness.NEW: "Not asked in the round before.",
}


def sameness(before: Criterion | None, after: Criterion) -> Sameness:
    if before is None:
        return Sameness.NEW
    if before.fingerprint == after.fingerprint:
        return Sameness.SAME_QUESTION
    if before.scale is not after.scale or (before.range is None) != (after.range is None):
        return Sameness.OTHER_SCALE
    if [level.key for level in before.levels] != [level.key for level in after.levels] or before.range != after.range:
        return Sameness.OTHER_LEVELS
    return Sameness.OTHER_WORDS


@dataclass(frozen=True, slots=True)
class CriterionChange:
    """A criterion before and after, on the items not discussed and on all; None where no difference can be taken."""

    criterion: Criterion
    sameness: Sameness
    not_discussed: Change | None
    all_items: Change | None

    def as_dict(self) -> dict[str, Any]:
        return {
            "criterion": self.criterion.key,
            "compared_as": self.sameness.value,
            "not_discussed": plain(self.not_discussed),
            "all_items": plain(self.all_items),
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """A closed round beside the one that it follows.

    `n_both_times` reviewers graded in both. Where there is none, what was talked about in the first round is no memory
    of those who graded the second, and the figures over all items can be read like the others.
    """

    before: str
    before_version: int
    after_version: int
    n_items: int
    n_discussed: int
    n_both_times: int
    criteria: tuple[CriterionChange, ...]

    @property
    def is_by_others(self) -> bool:
        return self.n_both_times == 0

    def as_dict(self) -> dict[str, Any]:
        return {
            "follows": self.before,
            "rubric_versions": [self.before_version, self.after_version],
            "n_items": self.n_items,
            "n_discussed": self.n_discussed,
            "n_reviewers_in_both": self.n_both_times,
            "criteria": [criterion.as_dict() for criterion in self.criteria],
        }
