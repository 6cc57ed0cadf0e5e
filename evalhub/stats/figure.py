"""What every statistic answers with: a number with its evidence, or the reason why there is none."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Reason(StrEnum):
    """Why a value, or only its interval, is missing."""

    NO_PAIRABLE_UNITS = "no_pairable_units"
    NO_VARIATION = "no_variation"
    SINGLE_UNIT = "single_unit"
    SINGLE_GROUP = "single_group"
    PERFECT_AGREEMENT = "perfect_agreement"
    LOW_VARIATION = "low_variation"
    UNSTABLE_REPLICATES = "unstable_replicates"
    NEEDS_COMPLETE_PANEL = "needs_complete_panel"
    NEEDS_SHARED_PAIRS = "needs_shared_pairs"
    NEEDS_EQUAL_RATINGS = "needs_equal_ratings"
    NEEDS_TWO_REVIEWERS = "needs_two_reviewers"
    NEEDS_REVIEWERS = "needs_reviewers"
    NEEDS_NUMBERS = "needs_numbers"
    LEVEL_NEVER_GIVEN = "level_never_given"
    RESTS_ON_ONE_ITEM = "rests_on_one_item"
    TOO_MANY_VALUES = "too_many_values"
    NO_SHARED_ITEMS = "no_shared_items"
    ONE_ROUND_PERFECT = "one_round_perfect"
    NOTHING_SCORED = "nothing_scored"
    NO_SHARED_GROUPS = "no_shared_groups"
    NO_SPREAD = "no_spread"
    TOO_FEW_GROUPS = "too_few_groups"
    NO_PREFERENCE = "no_preference"
    TOO_FEW_DAYS = "too_few_days"
    NO_WORK = "no_work"


REASON_WORDS: dict[Reason, str] = {
    Reason.NO_PAIRABLE_UNITS: "no item was rated by two reviewers",
    Reason.NO_VARIATION: "only one level occurs, so nothing shows that reviewers can tell levels apart",
    Reason.SINGLE_UNIT: "only one item was rated by two reviewers; no interval",
    Reason.SINGLE_GROUP: "all items answer one prompt; no interval",
    Reason.PERFECT_AGREEMENT: "no disagreement was seen; the interval is a one-sided bound",
    Reason.LOW_VARIATION: "one level has over 85 % of the ratings and fewer than 30 items carry another; no interval",
    Reason.UNSTABLE_REPLICATES: "more than 5 % of the bootstrap replicates are undefined; no interval",
    Reason.NEEDS_COMPLETE_PANEL: "every reviewer must have rated every item",
    Reason.NEEDS_SHARED_PAIRS: "every two reviewers must have rated an item in common",
    Reason.NEEDS_EQUAL_RATINGS: "every item must have the same number of ratings",
    Reason.NEEDS_TWO_REVIEWERS: "needs exactly two reviewers",
    Reason.NEEDS_REVIEWERS: "needs to know who gave each rating, of at least two reviewers with shared items",
    Reason.NEEDS_NUMBERS: "needs numbers, not nominal levels",
    Reason.LEVEL_NEVER_GIVEN: "nobody gave this level to an item with two ratings",
    Reason.RESTS_ON_ONE_ITEM: "one item carries all disagreement or all variation",
    Reason.TOO_MANY_VALUES: "more than 50 distinct values occur; nothing is drawn anew from them",
    Reason.NO_SHARED_ITEMS: "no item was rated by two reviewers both before and after",
    Reason.ONE_ROUND_PERFECT: "no disagreement was seen in one of the rounds; no interval of the difference",
    Reason.NOTHING_SCORED: "no item has a score",
    Reason.NO_SHARED_GROUPS: "the two models have no scored prompt in common",
    Reason.NO_SPREAD: "the same number for every prompt; no interval",
    Reason.TOO_FEW_GROUPS: "fewer than six prompts; no interval",
    Reason.NO_PREFERENCE: "nobody preferred one answer to the other",
    Reason.TOO_FEW_DAYS: "fewer than five working days lie behind",
    Reason.NO_WORK: "nothing was sent in on the last working days",
}


class Method(StrEnum):
    """How an interval was made; all of them hold the reviewers fixed unless they say otherwise."""

    NONE = "none"
    JACKKNIFE = "group_jackknife_t_log"
    JACKKNIFE_RANDOM_REVIEWERS = "group_and_reviewer_jackknife_t_log"
    BOUND = "clopper_pearson_bound"
    PROPORTION = "group_jackknife_wilson"
    BOOTSTRAP = "group_bootstrap_bca"
    JOINT_BOOTSTRAP = "joint_group_bootstrap"
    GROUP_BOOTSTRAP = "group_bootstrap_percentile"
    GWET = "gwet_t"
    F_TEST = "f_distribution"


METHOD_WORDS: dict[Method, str] = {
    Method.NONE: "no interval",
    Method.JACKKNIFE: "95 %, delete-one-group jackknife t on log(1 − value), reviewers fixed",
    Method.JACKKNIFE_RANDOM_REVIEWERS: "95 %, jackknife t over groups and reviewers on log(1 − value)",
    Method.BOUND: "one-sided 97.5 % bound from the share of disagreeing items, reviewers fixed",
    Method.PROPORTION: "95 %, Wilson with the effective size of the group jackknife, reviewers fixed",
    Method.BOOTSTRAP: "95 %, group bootstrap BCa, 2,000 replicates, reviewers fixed",
    Method.JOINT_BOOTSTRAP: "95 %, bootstrap of the same groups in both, expanded percentiles, reviewers fixed",
    Method.GROUP_BOOTSTRAP: "95 %, group bootstrap, expanded percentiles, reviewers fixed",
    Method.GWET: "95 %, Gwet's standard error by item, reviewers fixed",
    Method.F_TEST: "95 %, from the F distribution, which assumes normal scores",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95 % interval and what it rests on.

    `value` is None where the figure is undefined, and `undefined_because` says why; with a value,
    `undefined_because` says what the interval lacks.
    """

    value: float | None
    ci_low: float | None
    ci_high: float | None
    n_items: int
    n_pairable: int
    n_groups: int
    n_reviewers: int | None
    method: Method = Method.NONE
    undefined_because: Reason | None = None

    def as_dict(self) -> dict[str, float | int | str | None]:
        return {key: str(value) if isinstance(value, StrEnum) else value for key, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Interval:
    low: float
    high: float
    method: Method
