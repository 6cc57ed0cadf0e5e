from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhub.stats import Change, Method, PatternCounts, Ratings, Reason, Scale, alpha, change_of_alpha
from tests.stats.worlds import latent_levels, ratings_of_levels


def two_rounds(
    seed: int, noise: tuple[float, float], items: int = 40, raters: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """The levels of the same items before and after, shape (items, raters) each."""
    rng = np.random.default_rng(seed)
    quality = rng.normal(size=items)
    return latent_levels(rng, quality, raters, noise[0]), latent_levels(rng, quality, raters, noise[1])


def change(before: np.ndarray, after: np.ndarray, replicates: int = 2_000) -> Change:
    return change_of_alpha(
        ratings_of_levels(before), ratings_of_levels(after), scale=Scale.ORDINAL, replicates=replicates
    )


def true_change(noise: tuple[float, float]) -> float:
    found = change(*two_rounds(0, noise, items=200_000), replicates=20).difference.value
    assert found is not None
    return found


@pytest.mark.parametrize("noise", [(0.9, 0.5), (0.6, 0.6)])
def test_the_interval_of_the_difference_covers_the_true_one(noise: tuple[float, float]) -> None:
    truth = true_change(noise)
    found = [change(*two_rounds(seed, noise), replicates=500).difference for seed in range(1, 401)]
    covers = [one.ci_low <= truth <= one.ci_high for one in found if one.ci_low is not None and one.ci_high is not None]
    assert len(covers) > 390
    assert 0.92 <= np.mean(covers) <= 0.98


def test_the_difference_is_known_better_than_two_separate_rounds_tell() -> None:
    rng = np.random.default_rng(1)
    before = latent_levels(rng, rng.normal(size=80), 3, 0.8)
    after = before.copy()
    after[:20, 0] = after[:20, 1]
    found = change(before, after)
    assert found.difference.ci_low is not None
    assert found.difference.ci_high is not None
    assert found.before.ci_low is not None
    assert found.before.ci_high is not None
    assert found.difference.ci_high - found.difference.ci_low < 0.8 * (found.before.ci_high - found.before.ci_low)
    assert found.difference.method is Method.JOINT_BOOTSTRAP


def test_the_difference_is_after_less_before_on_the_shared_items_only() -> None:
    before, after = two_rounds(2, (0.9, 0.5))
    first = ratings_of_levels(before[:30])
    second = ratings_of_levels(after)
    later = second.only(second.unit >= 5)
    found = change_of_alpha(first, later, scale=Scale.ORDINAL)
    assert found.n_shared_items == 25
    shared = [alpha(PatternCounts.of(ratings_of_levels(one[5:30])), scale=Scale.ORDINAL) for one in (before, after)]
    assert (found.before.value, found.after.value) == pytest.approx([one.value for one in shared])
    assert found.difference.value == pytest.approx((shared[1].value or 0) - (shared[0].value or 0))


def test_an_item_rated_once_in_either_round_does_not_enter() -> None:
    before, after = (ratings_of_levels(one) for one in two_rounds(3, (0.9, 0.5)))
    lonely = before.only((before.unit > 0) | (before.rater == 0))
    assert change_of_alpha(lonely, after, scale=Scale.ORDINAL).n_shared_items == 39


def test_items_of_one_prompt_are_drawn_together() -> None:
    before, after = two_rounds(4, (0.8, 0.5))
    twins = [np.repeat(one, 2, axis=0) for one in (before, after)]
    group = np.arange(80) // 2
    found = change_of_alpha(*(ratings_of_levels(one, group=group) for one in twins), scale=Scale.ORDINAL)
    alone = change(before, after)
    assert (found.difference.n_groups, found.difference.n_items) == (40, 80)
    assert found.difference.ci_low == pytest.approx(alone.difference.ci_low, abs=0.02)


def test_a_rubric_may_gain_a_level() -> None:
    before, after = two_rounds(5, (0.8, 0.5))
    more = ratings_of_levels(np.where(after == 2, 3, after), n_levels=4)
    found = change_of_alpha(
        ratings_of_levels(before),
        more,
        scale=Scale.INTERVAL,
        values_before=np.array([0.0, 1.0, 2.0]),
        values_after=np.array([0.0, 1.0, 1.5, 2.0]),
    )
    same = change_of_alpha(ratings_of_levels(before), ratings_of_levels(after), scale=Scale.INTERVAL)
    assert found.difference.value == pytest.approx(same.difference.value)


def test_no_shared_item_makes_no_difference() -> None:
    before, after = (ratings_of_levels(one) for one in two_rounds(6, (0.8, 0.5)))
    found = change_of_alpha(before.only(before.unit < 20), after.only(after.unit >= 20), scale=Scale.ORDINAL)
    assert found.n_shared_items == 0
    assert (found.difference.value, found.difference.undefined_because) == (None, Reason.NO_SHARED_ITEMS)


@pytest.mark.parametrize(
    ("after", "value", "because"),
    [
        ([[1, 1]] * 12, None, Reason.NO_VARIATION),
        ([[0, 0], [2, 2]] * 6, 1.0, Reason.ONE_ROUND_PERFECT),
        ([[0, 0], [2, 2]] * 5 + [[0, 0], [0, 2]], "some", Reason.RESTS_ON_ONE_ITEM),
    ],
)
def test_a_round_that_says_too_little_leaves_its_reason(after: list[list[int]], value: object, because: Reason) -> None:
    before = np.array([[0, 0], [2, 2], [0, 2], [1, 2], [1, 1], [0, 1]] * 2)
    found = change(before, np.array(after))
    assert found.difference.undefined_because is because
    assert (found.difference.value is None) == (value is None)
    assert found.difference.ci_low is None


def test_fewer_than_six_prompts_have_a_difference_without_interval() -> None:
    group = np.arange(40) // 8
    before, after = (ratings_of_levels(one, group=group) for one in two_rounds(8, (0.8, 0.5)))
    found = change_of_alpha(before, after, scale=Scale.ORDINAL).difference
    assert (found.value is None, found.ci_low, found.undefined_because) == (False, None, Reason.TOO_FEW_GROUPS)


def test_the_same_seed_gives_the_same_interval() -> None:
    rounds = two_rounds(7, (0.8, 0.5))
    assert change(*rounds) == change(*rounds)


levels = st.lists(st.lists(st.integers(0, 2), min_size=3, max_size=3), min_size=2, max_size=25)


@settings(max_examples=40, deadline=None)
@given(levels, levels)
def test_turning_the_rounds_round_turns_the_sign(first: list[list[int]], second: list[list[int]]) -> None:
    items = min(len(first), len(second))
    before, after = np.array(first)[:items], np.array(second)[:items]
    there, back = change(before, after, replicates=50), change(after, before, replicates=50)
    if there.difference.value is None:
        assert back.difference.value is None
    else:
        assert there.difference.value == pytest.approx(-(back.difference.value or 0.0))
        assert (there.difference.ci_low is None) == (back.difference.ci_low is None)


def test_empty_rounds_share_nothing() -> None:
    nothing = Ratings([], [], [], n_levels=3)
    assert change_of_alpha(nothing, nothing, scale=Scale.ORDINAL).difference.undefined_because is Reason.NO_SHARED_ITEMS
