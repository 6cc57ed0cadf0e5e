"""Preferences between models: counts, shares with their intervals, agreement, and the side of the page."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri

from evalhub.errors import BadInput
from evalhub.stats import PreferenceFigures, Ratings, Reason, criterion_report, preference_figures

RNG = np.random.default_rng


def figures(leaning: list[int], **columns: list[int] | list[bool]) -> PreferenceFigures:
    """By default one reviewer a pair, one pair a prompt, models 0 and 1, the first on the left."""
    n = len(leaning)
    given = {
        "pair": list(range(n)),
        "group": list(range(n)),
        "rater": [0] * n,
        "first": [0] * n,
        "second": [1] * n,
        "first_is_left": [True] * n,
        **columns,
    }
    return preference_figures(leaning=leaning, **given)


def test_each_step_is_counted_and_a_tie_is_half_a_win() -> None:
    [pair] = figures([-2, -1, -1, 0, 2]).pairs
    assert pair.chosen == (1, 2, 1, 0, 1)
    assert pair.share.value == pytest.approx(3.5 / 5)
    assert pair.share.ci_low is not None
    assert pair.share.ci_low < 3.5 / 5 < (pair.share.ci_high or 0)
    assert (pair.share.n_items, pair.share.n_groups) == (5, 5)


def test_only_two_named_models_are_compared() -> None:
    found = figures([-1, 1, -1, 1], first=[0, 0, -1, 1], second=[1, 2, -1, 2])
    assert [(pair.first, pair.second) for pair in found.pairs] == [(0, 1), (0, 2), (1, 2)]
    assert found.left.n_items == 4


def test_the_left_wins_by_side_and_not_by_model() -> None:
    found = figures([-1, 1, -2, 0], first_is_left=[True, False, False, True])
    assert found.left.value == pytest.approx(2 / 3)
    assert found.left.n_items == 3


def test_agreement_is_ordinal_alpha_over_the_five_steps() -> None:
    rng = RNG(1)
    truth = rng.integers(-2, 3, 40)
    leaning = np.clip(np.repeat(truth, 2) + rng.integers(-1, 2, 80), -2, 2)
    pair, rater = np.repeat(np.arange(40), 2), np.tile([0, 1], 40)
    found = figures(leaning.tolist(), pair=pair.tolist(), group=pair.tolist(), rater=rater.tolist())
    report = criterion_report(Ratings(pair, rater, leaning + 2, n_levels=5), scale="ordinal")
    assert report.is_checked
    assert found.alpha == report.alpha


def test_nothing_said_is_undefined_with_its_reason() -> None:
    none = figures([])
    assert none.pairs == ()
    assert none.left.undefined_because is Reason.NO_PREFERENCE
    assert none.alpha.undefined_because is Reason.NO_PAIRABLE_UNITS
    ties = figures([0, 0, 0])
    assert ties.left.undefined_because is Reason.NO_PREFERENCE
    assert ties.pairs[0].share.value == 0.5
    one = figures([-1, -1], pair=[0, 0], group=[0, 0], rater=[0, 1])
    assert one.pairs[0].share.undefined_because is Reason.SINGLE_GROUP


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(BadInput):
        figures([3])
    with pytest.raises(BadInput):
        figures([1, 1], rater=[0])


@pytest.mark.parametrize(("n_prompts", "share"), [(20, 0.5), (20, 0.8), (60, 0.65)])
def test_the_interval_covers_the_true_share_though_people_answer_about_the_same_prompts(
    n_prompts: int, share: float
) -> None:
    """Three reviewers a prompt; how good the answers are moves all three."""
    covered, worlds = 0, 500
    rng = RNG(n_prompts)
    for _ in range(worlds):
        quality = rng.normal(size=n_prompts)[:, None] + rng.normal(size=(n_prompts, 3)) + ndtri(share) * np.sqrt(2)
        leaning = np.where(quality > 0, -1, 1).reshape(-1)
        prompt = np.repeat(np.arange(n_prompts), 3)
        found = figures(
            leaning.tolist(), pair=prompt.tolist(), group=prompt.tolist(), rater=np.tile([0, 1, 2], n_prompts).tolist()
        )
        interval = found.pairs[0].share
        covered += (interval.ci_low or 0) <= share <= (interval.ci_high or 1)
    assert 0.92 <= covered / worlds <= 0.98
