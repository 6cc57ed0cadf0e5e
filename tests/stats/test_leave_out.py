"""The vectorised jackknife against a loop that leaves out one group at a time and starts again."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from evalhub.stats import PatternCounts, Ratings, Scale, alpha
from evalhub.stats.leave_out import alphas, without_each_group
from evalhub.stats.scale import distance


def simulated(seed: int, *, n_groups: int, per_group: int, n_levels: int = 4) -> Ratings:
    rng = np.random.default_rng(seed)
    unit, rater, level, group = [], [], [], []
    for g in range(n_groups):
        base = rng.normal()
        for item in range(per_group):
            truth = base + rng.normal()
            for r in rng.choice(7, size=rng.integers(1, 5), replace=False):
                unit.append(g * per_group + item)
                group.append(g)
                rater.append(int(r))
                level.append(int(np.clip(round(truth + rng.normal() + n_levels / 2), 0, n_levels - 1)))
    return Ratings(unit, rater, level, n_levels=n_levels, group=group)


@pytest.mark.parametrize("scale", list(Scale))
@pytest.mark.parametrize("per_group", [1, 4])
def test_left_out_alphas_equal_a_naive_loop(scale: Scale, per_group: int) -> None:
    ratings = simulated(11, n_groups=25, per_group=per_group)
    values = np.array([1.0, 2.0, 5.0, 9.0])
    counts = PatternCounts.of(ratings)
    left_out = alphas(counts, without_each_group(counts), distance(scale, 4, values))
    naive = []
    for group in np.unique(ratings.group):
        kept = ratings.only(ratings.group != group)
        if PatternCounts.of(kept).n_pairable < counts.n_pairable:
            naive.append(alpha(PatternCounts.of(kept), scale=scale, values=values).value)
    assert np.sort(np.repeat(left_out.value, left_out.weight)) == pytest.approx(np.sort(naive), abs=1e-12)


@pytest.mark.parametrize("per_group", [1, 3])
def test_the_interval_is_the_jackknife_t_on_the_log_scale(per_group: int) -> None:
    ratings = simulated(3, n_groups=30, per_group=per_group)
    counts = PatternCounts.of(ratings)
    figure = alpha(counts, scale=Scale.ORDINAL)
    logs = []
    for group in np.unique(ratings.group):
        kept = PatternCounts.of(ratings.only(ratings.group != group))
        if kept.n_pairable < counts.n_pairable:
            logs.append(math.log(1 - alpha(kept, scale=Scale.ORDINAL).value))  # type: ignore[operator]
    n = len(logs)
    se = math.sqrt((n - 1) / n * sum((y - np.mean(logs)) ** 2 for y in logs))
    reach = t.ppf(0.975, n - 1) * se
    assert figure.n_groups == n
    assert figure.value is not None
    assert figure.ci_low == pytest.approx(1 - (1 - figure.value) * math.exp(reach), abs=1e-9)
    assert figure.ci_high == pytest.approx(1 - (1 - figure.value) * math.exp(-reach), abs=1e-9)


def test_groups_of_one_item_equal_no_groups() -> None:
    ratings = simulated(8, n_groups=40, per_group=1)
    grouped = PatternCounts.from_ratings(ratings.unit, ratings.level, 4, group=ratings.unit * 3, rater=ratings.rater)
    alone = PatternCounts.from_ratings(ratings.unit, ratings.level, 4, rater=ratings.rater)
    assert alpha(grouped, scale=Scale.ORDINAL) == alpha(alone, scale=Scale.ORDINAL)


def test_a_large_set_is_left_out_in_chunks_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = PatternCounts.of(simulated(2, n_groups=50, per_group=3))
    whole = alpha(counts, scale=Scale.ORDINAL)
    monkeypatch.setattr("evalhub.stats.leave_out.CHUNK_CELLS", 28)
    assert alpha(counts, scale=Scale.ORDINAL).ci_low == pytest.approx(whole.ci_low, abs=1e-12)


def test_correlated_items_of_a_prompt_widen_the_interval() -> None:
    ratings = simulated(21, n_groups=30, per_group=6)
    by_prompt = alpha(PatternCounts.of(ratings), scale=Scale.ORDINAL)
    alone = PatternCounts.from_ratings(ratings.unit, ratings.level, 4, rater=ratings.rater)
    by_item = alpha(alone, scale=Scale.ORDINAL)
    assert by_prompt.value == pytest.approx(by_item.value)
    assert by_prompt.n_groups < by_item.n_groups
