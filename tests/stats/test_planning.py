from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalhub.stats import PatternCounts, Reason, Scale, alpha, items_for_gate, items_for_width
from tests.stats.worlds import latent_counts, latent_levels, ratings_of_levels


def half_width(counts: PatternCounts) -> float:
    found = alpha(counts, scale=Scale.ORDINAL)
    assert found.ci_low is not None
    assert found.ci_high is not None
    return (found.ci_high - found.ci_low) / 2


def joined(first: PatternCounts, second: PatternCounts) -> PatternCounts:
    """The items of both; neither has groups."""
    return PatternCounts(np.vstack([first.patterns, second.patterns]), np.append(first.n_units, second.n_units))


def six_answers_a_prompt(prompts: int = 40) -> PatternCounts:
    rng = np.random.default_rng(2)
    quality = np.repeat(rng.normal(size=prompts), 6) * 0.8 + rng.normal(size=6 * prompts) * 0.6
    levels = latent_levels(rng, quality, 2, 0.9)
    return PatternCounts.of(ratings_of_levels(levels, group=np.arange(6 * prompts) // 6))


def test_the_predicted_items_bring_the_width_that_was_promised() -> None:
    obtained = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        seen = latent_counts(rng, 80, 3, 0.8)
        plan = items_for_width(seen, scale=Scale.ORDINAL)
        assert plan.more_items
        obtained.append(half_width(joined(seen, latent_counts(rng, plan.more_items, 3, 0.8))))
    assert np.mean(np.abs(np.array(obtained) / 0.10 - 1) <= 0.2) >= 0.9
    assert np.median(obtained) == pytest.approx(0.10, rel=0.05)


def test_the_predicted_items_clear_the_gate_as_often_as_was_promised_if_agreement_stays_as_seen() -> None:
    seen = latent_counts(np.random.default_rng(3), 100, 2, 0.6)
    plan = items_for_gate(seen, scale=Scale.ORDINAL, gate=0.55)
    assert plan.more_items
    rng = np.random.default_rng(2)
    later = rng.multinomial(100 + plan.more_items, seen.n_units / 100, size=400)
    bounds = [alpha(PatternCounts(seen.patterns, n_units), scale=Scale.ORDINAL).ci_low for n_units in later]
    assert np.mean([low is not None and low >= 0.55 for low in bounds]) == pytest.approx(0.8, abs=0.05)


def test_an_interval_that_is_narrow_enough_needs_no_more_items() -> None:
    plan = items_for_width(latent_counts(np.random.default_rng(1), 400, 3, 0.5), scale=Scale.ORDINAL)
    assert plan.half_width is not None
    assert plan.half_width <= plan.target
    assert (plan.more_groups, plan.more_items, plan.is_rough, plan.because) == (0, 0, False, None)


def test_half_the_width_needs_about_four_times_the_items() -> None:
    seen = latent_counts(np.random.default_rng(1), 200, 3, 0.8)
    now = half_width(seen)
    plan = items_for_width(seen, scale=Scale.ORDINAL, target=now / 2)
    assert plan.more_items is not None
    assert (plan.more_items + 200) / 200 == pytest.approx(4, rel=0.1)


def test_items_come_in_whole_groups_of_the_size_that_was_seen() -> None:
    plan = items_for_width(six_answers_a_prompt(), scale=Scale.ORDINAL, target=0.05)
    assert (plan.n_groups, plan.n_items) == (40, 240)
    assert plan.more_groups
    assert plan.more_items == 6 * plan.more_groups


def test_items_rated_once_count_neither_as_seen_nor_as_needed() -> None:
    seen = latent_counts(np.random.default_rng(3), 100, 2, 0.6)
    once = PatternCounts(np.vstack([seen.patterns, [[1, 0, 0]]]), np.append(seen.n_units, 500))
    assert items_for_width(once, scale=Scale.ORDINAL) == items_for_width(seen, scale=Scale.ORDINAL)


def test_fifty_items_rated_twice_make_a_rough_plan_and_three_hundred_do_not() -> None:
    few, many = (latent_counts(np.random.default_rng(5), items, 2, 0.6) for items in (50, 300))
    assert items_for_width(few, scale=Scale.ORDINAL).is_rough
    assert not items_for_width(many, scale=Scale.ORDINAL, target=0.05).is_rough


def test_an_alpha_below_the_gate_is_hopeless_whatever_the_number() -> None:
    plan = items_for_gate(latent_counts(np.random.default_rng(1), 100, 3, 1.2), scale=Scale.ORDINAL)
    assert plan.is_hopeless
    assert (plan.chances, plan.more_items, plan.because) == ((), None, None)


def test_a_bound_above_the_gate_needs_no_more_items() -> None:
    plan = items_for_gate(latent_counts(np.random.default_rng(1), 400, 3, 0.3), scale=Scale.ORDINAL)
    assert (plan.chances, plan.more_items, plan.is_hopeless) == ((), 0, False)


def test_more_items_never_lower_the_chance_by_more_than_the_draws_own_error() -> None:
    plan = items_for_gate(latent_counts(np.random.default_rng(3), 100, 2, 0.6), scale=Scale.ORDINAL, gate=0.55)
    items, chances = zip(*plan.chances, strict=True)
    assert list(items) == sorted(items)
    assert np.diff(chances).min() > -0.05
    assert chances[-1] > 0.95
    assert plan.more_items is not None
    assert np.interp(plan.more_items, items, chances) == pytest.approx(0.8, abs=0.06)


def test_a_gate_within_reach_of_an_interval_by_prompt_is_planned_by_prompt() -> None:
    seen = six_answers_a_prompt()
    value = alpha(seen, scale=Scale.ORDINAL).value
    assert value is not None
    plan = items_for_gate(seen, scale=Scale.ORDINAL, gate=value - 0.05)
    assert plan.more_items
    assert plan.more_items % 6 == 0


@pytest.mark.parametrize(
    ("rows", "because"),
    [
        ([[1, 0, 0]] * 20, Reason.NO_PAIRABLE_UNITS),
        ([[2, 0, 0]] * 20, Reason.NO_VARIATION),
        ([[1, 1, 0]], Reason.SINGLE_UNIT),
        ([[2, 0, 0]] * 10 + [[0, 2, 0]] * 10, Reason.PERFECT_AGREEMENT),
        ([[2, 0, 0]] * 10 + [[0, 2, 0]] * 10 + [[1, 1, 0]], Reason.RESTS_ON_ONE_ITEM),
        ([[2, 0, 0]] * 60 + [[1, 1, 0]] * 5, Reason.LOW_VARIATION),
    ],
)
def test_where_nothing_can_be_drawn_anew_the_plan_says_why(rows: list[list[int]], because: Reason) -> None:
    counts = PatternCounts.from_unit_counts(rows)
    width, gate = items_for_width(counts, scale=Scale.ORDINAL), items_for_gate(counts, scale=Scale.ORDINAL, gate=0.99)
    assert (width.more_items, width.half_width, width.because) == (None, None, because)
    assert (gate.chances, gate.more_items, gate.because) == ((), None, because)


def test_more_than_fifty_values_are_not_drawn_anew() -> None:
    counts = latent_counts(np.random.default_rng(1), 100, 2, 0.6)
    wide = PatternCounts(np.pad(counts.patterns, ((0, 0), (0, 60))), counts.n_units)
    assert items_for_width(wide, scale=Scale.INTERVAL).because is Reason.TOO_MANY_VALUES


def test_values_that_two_levels_share_make_them_one_level() -> None:
    counts = latent_counts(np.random.default_rng(1), 100, 3, 0.8)
    two = PatternCounts(counts.patterns @ np.array([[1, 0], [0, 1], [0, 1]]), counts.n_units)
    plan = items_for_width(counts, scale=Scale.INTERVAL, values=np.array([0.0, 1.0, 1.0]))
    assert plan == items_for_width(two, scale=Scale.INTERVAL)


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=1, max_size=40),
    scale=st.sampled_from(Scale),
)
def test_every_plan_has_a_number_or_a_reason(rows: list[list[int]], scale: Scale) -> None:
    counts = PatternCounts.from_unit_counts(rows)
    width = items_for_width(counts, scale=scale, target=0.2, replicates=60)
    assert (width.more_items is None) == (width.because is not None)
    gate = items_for_gate(counts, scale=scale, gate=0.3, replicates=60)
    assert (gate.more_items is None) == (gate.is_hopeless or (gate.because is not None and gate.more_items != 0))
    assert all(0 <= chance <= 1 for _, chance in gate.chances)
    assert math.isfinite(width.more_items or 0)
