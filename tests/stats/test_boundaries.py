from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.boundaries import shifted, vague
from benchmarks.worlds import Latent, cuts_at
from evalhub.stats import Boundary, PatternCounts, Scale, boundaries, ranked
from evalhub.stats.scale import distance
from tests.stats.tables import ratings_of

Table = list[list[int | None]]


def of(counts: PatternCounts, scale: Scale = Scale.ORDINAL) -> tuple[Boundary, ...]:
    return boundaries(counts, distance(scale, counts.n_levels))


@given(
    st.lists(st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=3, max_size=3), min_size=1, max_size=25),
    st.sampled_from([Scale.ORDINAL, Scale.INTERVAL]),
)
@settings(max_examples=80, deadline=None)
def test_a_boundary_is_crossed_by_the_pairs_of_ratings_on_its_two_sides(table: Table, scale: Scale) -> None:
    found = of(PatternCounts.of(ratings_of(table, [0, 1, 2, 3])), scale)
    items = [[level for level in row if level is not None] for row in table]
    pairable = [levels for levels in items if len(levels) > 1]
    n = sum(map(len, pairable))
    for boundary in found:
        crossing = sum(
            sum((a > boundary.lower) != (b > boundary.lower) for a in levels for b in levels) / (len(levels) - 1)
            for levels in pairable
        )
        assert boundary.crossing == pytest.approx(crossing / n)
    assert sum(boundary.excess for boundary in found) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("plant", [shifted, vague])
@pytest.mark.parametrize(
    ("shares", "k"), [([0.25, 0.5, 0.25], 1), ([0.1, 0.3, 0.6], 0), ([0.1, 0.2, 0.4, 0.2, 0.1], 2)]
)
def test_the_boundary_that_is_read_differently_comes_first(plant: object, shares: list[float], k: int) -> None:
    """In 57 of 60 worlds of 150 items and four reviewers."""
    rng = np.random.default_rng(17)
    cuts = cuts_at(shares, 4)
    worlds = [plant(cuts, k, 1.0, rng).draw(rng, 150) for _ in range(60)]  # type: ignore[operator]
    assert sum(ranked(of(world.counts()))[0].lower == k for world in worlds) >= 57


def test_with_equal_care_no_boundary_is_named_for_where_it_stands() -> None:
    """α_k and w_k depend on how the levels are used; the excess is near 0 everywhere."""
    world = Latent(cuts_at([0.05, 0.15, 0.3, 0.5], 3), np.full(3, 0.3))
    found = of(world.draw(np.random.default_rng(1), 200_000).counts())
    assert [boundary.excess for boundary in found] == pytest.approx([0, 0, 0], abs=0.005)
    assert found[2].alpha < found[0].alpha - 0.1  # type: ignore[operator]


def test_a_single_boundary_has_no_excess_and_all_the_points() -> None:
    (only,) = of(PatternCounts.of(ratings_of([[0, 1], [1, 1], [0, 0], [1, 0]])))
    assert (only.excess, only.share, only.weight) == (0, 1, 1)
    assert only.points > 0


def test_levels_that_nobody_used_have_boundaries_without_crossings() -> None:
    found = of(PatternCounts.of(ratings_of([[1, 2], [2, 2], [1, 1], [2, 1]], [0, 1, 2, 3])))
    assert [boundary.crossing for boundary in found] == [0, 0.5, 0]
    assert [boundary.alpha is None for boundary in found] == [True, False, True]
    assert [boundary.excess for boundary in found] == [0, 0, 0]


@pytest.mark.parametrize("scale", [Scale.NOMINAL, Scale.RATIO])
def test_a_scale_without_scores_has_no_boundaries(scale: Scale) -> None:
    assert of(PatternCounts.of(ratings_of([[0, 1], [1, 1]])), scale) == ()


def test_without_variation_there_are_no_boundaries() -> None:
    assert of(PatternCounts.of(ratings_of([[1, 1], [1, 1]], [0, 1, 2]))) == ()
