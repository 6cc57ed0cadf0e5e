from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhub.stats import PatternCounts, Ratings, Scale, boundaries, crossings, main_culprit
from evalhub.stats.merge import merged
from tests.stats.tables import KRIPPENDORFF_C, ratings_of


@st.composite
def random_ratings(draw: st.DrawFn) -> Ratings:
    n_levels, n_raters = draw(st.integers(2, 6)), draw(st.integers(2, 5))
    cell = st.one_of(st.none(), st.integers(0, n_levels - 1))
    table = draw(st.lists(st.lists(cell, min_size=n_raters, max_size=n_raters), min_size=1, max_size=25))
    return ratings_of(table, list(range(n_levels)))


@given(random_ratings(), st.sampled_from(list(Scale)), st.lists(st.integers(0, 9), min_size=6, max_size=6))
@settings(max_examples=150, deadline=None)
def test_the_parts_of_items_and_reviewers_are_those_of_the_boundaries(
    ratings: Ratings, scale: Scale, scores: list[int]
) -> None:
    values = np.array(sorted(scores)[: ratings.n_levels], dtype=np.float64)
    counts, metric = merged(PatternCounts.of(ratings), scale, values)
    expected = boundaries(counts, metric)
    found = crossings(ratings, scale=scale, values=values)
    assert [(crossing.lower, crossing.upper) for crossing in found] == [(b.lower, b.upper) for b in expected]
    for crossing, boundary in zip(found, expected, strict=True):
        assert crossing.part.sum() == pytest.approx(boundary.share or 0.0, abs=1e-9)
        assert (np.diff(crossing.part) <= 0).all()
        assert sum(rater.share for rater in crossing.raters) == pytest.approx(2 if len(crossing.units) else 0)
        for rater in crossing.raters:
            assert rater.below + rater.above == rater.n_crossing <= rater.n_pairs


def test_a_pair_counts_for_both_and_says_who_stood_below() -> None:
    """Item 0: rater 0 below the other two. Item 1: nobody differs. Item 2 has one rating."""
    (found,) = crossings(ratings_of([[0, 1, 1], [1, 1, None], [None, None, 0]], [0, 1]), scale=Scale.ORDINAL)
    assert found.units.tolist() == [0]
    assert found.part.tolist() == [1.0]
    assert [(r.rater, r.n_pairs, r.n_crossing, r.share, r.below, r.above) for r in found.raters] == [
        (0, 3, 2, 1.0, 2, 0), (1, 3, 1, 0.5, 0, 1), (2, 2, 1, 0.5, 0, 1),
    ]  # fmt: skip


def test_the_items_that_carry_most_of_a_boundary_come_first() -> None:
    lowest = crossings(ratings_of(KRIPPENDORFF_C), scale=Scale.INTERVAL)[0]
    assert lowest.units.tolist() == [5, 7]
    assert lowest.part[0] > lowest.part[1]


def test_a_boundary_that_nobody_crosses_has_no_items_and_no_reviewers() -> None:
    never, crossed = crossings(ratings_of([[0, 0], [1, 2], [2, 2]], [0, 1, 2]), scale=Scale.ORDINAL)
    assert (len(never.units), len(never.part), never.raters) == (0, 0, ())
    assert main_culprit(never) is None
    assert crossed.units.tolist() == [1]


@pytest.mark.parametrize("scale", [Scale.NOMINAL, Scale.RATIO])
def test_scales_without_scores_have_no_boundaries_to_cross(scale: Scale) -> None:
    assert crossings(ratings_of(KRIPPENDORFF_C), scale=scale, values=np.arange(1.0, 6.0)) == ()


def test_ratings_without_variation_cross_nothing() -> None:
    assert crossings(ratings_of([[1, 1], [1, 1]], [0, 1]), scale=Scale.ORDINAL) == ()
    assert crossings(ratings_of([], [0, 1]), scale=Scale.ORDINAL) == ()


def world(seed: int, *, panel: int, per_item: int, threshold: float = 0.7, vague: float = 0.0) -> Ratings:
    """Three levels of a normal quality; reviewer 0 has another upper threshold, or everybody reads it vaguely."""
    rng = np.random.default_rng(seed)
    who = np.array([rng.choice(panel, per_item, replace=False) for _ in range(300)])
    seen = rng.normal(size=(300, 1)) + rng.normal(0, 0.25, who.shape)
    upper = np.where(who == 0, threshold, 0.7) + rng.normal(0, 1, who.shape) * vague
    level = (seen > -0.7).astype(int) + ((seen > -0.7) & (seen > upper))
    return Ratings(np.repeat(np.arange(300), per_item), who.ravel(), level.ravel(), n_levels=3)


def named(panel: int, per_item: int, *, threshold: float = 0.7, vague: float = 0.0) -> Counter[int | None]:
    worlds = (world(seed, panel=panel, per_item=per_item, threshold=threshold, vague=vague) for seed in range(60))
    return Counter(main_culprit(crossings(ratings, scale=Scale.ORDINAL)[1]) for ratings in worlds)


@pytest.mark.parametrize(("panel", "per_item"), [(3, 3), (4, 4), (5, 3)])
@pytest.mark.parametrize("threshold", [2.2, -0.5])
def test_a_reviewer_with_a_threshold_of_their_own_is_named(panel: int, per_item: int, threshold: float) -> None:
    assert named(panel, per_item, threshold=threshold)[0] >= 54


@pytest.mark.parametrize(("panel", "per_item"), [(2, 2), (3, 3), (5, 3), (8, 2)])
@pytest.mark.parametrize("vague", [0.0, 0.8])
def test_a_boundary_that_everybody_reads_vaguely_names_nobody(panel: int, per_item: int, vague: float) -> None:
    assert named(panel, per_item, vague=vague)[None] >= 58


def test_of_two_reviewers_nobody_can_be_named() -> None:
    assert named(2, 2, threshold=2.2) == {None: 60}


def test_two_who_only_rate_with_each_other_cannot_be_told_apart() -> None:
    alike = [[0, 0, None, None], [1, 1, None, None]] * 60
    apart = [[None, None, 0, 1]] * 60
    assert main_culprit(crossings(ratings_of(alike + apart, [0, 1]), scale=Scale.ORDINAL)[0]) is None


def test_a_handful_of_items_names_nobody() -> None:
    few = ratings_of([[0, 1, 1]] * 3 + [[1, 1, 1], [0, 0, 0]] * 20, [0, 1])
    many = ratings_of([[0, 1, 1]] * 30 + [[1, 1, 1], [0, 0, 0]] * 20, [0, 1])
    assert main_culprit(crossings(few, scale=Scale.ORDINAL)[0]) is None
    assert main_culprit(crossings(many, scale=Scale.ORDINAL)[0]) == 0
