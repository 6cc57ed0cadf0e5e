"""Random ratings through evalhub and through the packages that share no line with it: the same to 1e-9.

2–7 levels, missing ratings, unequal panels; the packages get the reviewers × items matrix and not evalhub's counts.
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from evalhub.stats import (
    PatternCounts,
    Scale,
    Weights,
    alpha,
    alphas_without_each_rater,
    light_kappa,
    pairwise_kappas,
)
from tests.stats.tables import ratings_of

Table = list[list[int | None]]
SKLEARN = {Weights.IDENTITY: None, Weights.LINEAR: "linear", Weights.QUADRATIC: "quadratic"}


@st.composite
def tables(draw: st.DrawFn, *, missing: bool = True) -> tuple[int, Table]:
    """How many levels there are, and items × reviewers."""
    n_levels, n_raters = draw(st.integers(2, 7)), draw(st.integers(2, 6))
    level = st.integers(0, n_levels - 1)
    row = st.lists(st.one_of(st.none(), level) if missing else level, min_size=n_raters, max_size=n_raters)
    return n_levels, draw(st.lists(row, min_size=2, max_size=25))


def package_alpha(table: np.ndarray, scale: Scale, values: np.ndarray) -> float:
    """Alpha of items × reviewers of levels with NaN for missing; NaN where the package finds none."""
    given_values: Any = np.where(np.isnan(table), np.nan, values[np.nan_to_num(table).astype(int)])
    with np.errstate(all="ignore"):
        return float(krippendorff.alpha(given_values.T, value_domain=values, level_of_measurement=str(scale)))


@given(tables(), st.sampled_from(list(Scale)))
@settings(max_examples=150, deadline=None)
def test_alpha_of_the_long_form_equals_the_krippendorff_package(drawn: tuple[int, Table], scale: Scale) -> None:
    n_levels, table = drawn
    values = np.arange(1.0, n_levels + 1) ** 2
    figure = alpha(PatternCounts.of(ratings_of(table, list(range(n_levels)))), scale=scale, values=values)
    if figure.value is not None:
        assert figure.value == pytest.approx(package_alpha(np.array(table, dtype=float), scale, values), abs=1e-9)


@given(tables(), st.sampled_from(list(Scale)))
@settings(max_examples=80, deadline=None)
def test_alpha_without_each_reviewer_equals_the_krippendorff_package(drawn: tuple[int, Table], scale: Scale) -> None:
    n_levels, table = drawn
    values = np.arange(1.0, n_levels + 1) ** 2
    ratings = ratings_of(table, list(range(n_levels)))
    raters, left_out = alphas_without_each_rater(ratings, scale=scale, values=values)
    for rater, value in zip(raters, left_out.value, strict=True):
        rest = np.delete(np.array(table, dtype=float), rater, axis=1)
        if not np.isnan(value):
            assert value == pytest.approx(package_alpha(rest, scale, values), abs=1e-9)


@given(tables(), st.sampled_from(list(SKLEARN)), st.sampled_from([0, 10**9]))
@settings(max_examples=60, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_all_pairs_at_once_equal_scikit_learn_pair_by_pair(
    drawn: tuple[int, Table], weights: Weights, dense: int
) -> None:
    """By the sparse and by the dense product."""
    n_levels, table = drawn
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("evalhub.stats.pairs.DENSE", dense)
        patch.setattr("evalhub.stats.pairs.RANGE_ROWS", 9)
        pairs = pairwise_kappas(ratings_of(table, list(range(n_levels))), weights)
    for pair in pairs:
        both = [
            (row[pair.rater_a], row[pair.rater_b])
            for row in table
            if row[pair.rater_a] is not None and row[pair.rater_b] is not None
        ]
        assert pair.n_items == len(both)
        theirs = kappa(both, n_levels, weights)
        assert np.isnan(theirs) if pair.kappa is None else pair.kappa == pytest.approx(theirs, abs=1e-9)


@given(tables(missing=False), st.sampled_from(list(SKLEARN)))
@settings(max_examples=25, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_lights_kappa_is_the_mean_of_scikit_learns(drawn: tuple[int, Table], weights: Weights) -> None:
    n_levels, table = drawn
    figure = light_kappa(ratings_of(table, list(range(n_levels))), weights)
    theirs = [
        kappa([(row[one], row[other]) for row in table], n_levels, weights)
        for one, other in combinations(range(len(table[0])), 2)
    ]
    assert np.isnan(theirs).any() if figure.value is None else figure.value == pytest.approx(np.mean(theirs), abs=1e-9)


def kappa(both: list[tuple[int | None, int | None]], n_levels: int, weights: Weights) -> float:
    one, other = zip(*both, strict=True)
    return float(cohen_kappa_score(one, other, labels=list(range(n_levels)), weights=SKLEARN[weights]))
