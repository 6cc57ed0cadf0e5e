from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evalhub.stats import PatternCounts, Scale, alpha
from evalhub.stats.items import item_disagreements
from evalhub.stats.multiple import benjamini_hochberg, holm
from evalhub.stats.reviewers import consensus_of, hit_rates, reviewer_figures
from tests.stats.tables import KRIPPENDORFF_C, ratings_of


def test_the_influence_of_an_item_is_alpha_less_alpha_without_it() -> None:
    ratings = ratings_of(KRIPPENDORFF_C)
    found = item_disagreements(ratings, scale=Scale.ORDINAL)
    whole = alpha(PatternCounts.of(ratings), scale=Scale.ORDINAL).value
    for unit, influence in zip(found.units, found.influence, strict=True):
        rest = alpha(PatternCounts.of(ratings.only(ratings.unit != unit)), scale=Scale.ORDINAL).value
        if unit == 11:
            assert np.isnan(influence)
        else:
            assert influence == pytest.approx(whole - rest, abs=1e-12)  # type: ignore[operator]


def test_the_item_that_everybody_sees_differently_disagrees_most() -> None:
    found = item_disagreements(ratings_of(KRIPPENDORFF_C), scale=Scale.ORDINAL)
    assert found.units[np.nanargmax(found.disagreement)] == 5
    assert found.span.tolist() == [0, 1, 0, 0, 0, 3, 0, 1, 0, 0, 0, 0]
    assert found.disagreement[2] == 0


def test_items_without_any_variation_have_no_disagreement_to_show() -> None:
    assert np.isnan(item_disagreements(ratings_of([[1, 1], [1, 1]], [0, 1]), scale=Scale.ORDINAL).disagreement).all()


def test_no_items_give_no_rows() -> None:
    assert len(item_disagreements(ratings_of([], [0, 1]), scale=Scale.ORDINAL).units) == 0
    assert reviewer_figures(ratings_of([], [0, 1]), scale=Scale.ORDINAL) == ()


@pytest.mark.parametrize(
    ("counts", "scale", "level"),
    [
        ([2, 1, 0], "ordinal", 0),
        ([1, 1, 0], "ordinal", -1),
        ([1, 1, 1], "ordinal", 1),
        ([1, 2, 1], "ordinal", 1),
        ([1, 0, 1], "ordinal", -1),
        ([1, 0, 0], "ordinal", 0),
        ([0, 0, 0], "ordinal", -1),
        ([1, 1, 1], "nominal", -1),
        ([2, 1, 0], "nominal", 0),
        ([2, 2, 0], "nominal", -1),
        ([0, 0, 0], "nominal", -1),
    ],
)
def test_the_consensus_is_the_middle_or_the_majority(counts: list[int], scale: str, level: int) -> None:
    assert consensus_of(np.array([counts]), Scale(scale)).tolist() == [level]


def test_a_reviewer_who_differs_is_seen_in_pairs_consensus_and_alpha() -> None:
    table = [[level, level, level, 2 - level] for level in (0, 1, 2)] * 10
    found = reviewer_figures(ratings_of(table), scale=Scale.ORDINAL)
    contrary = found[3]
    assert contrary.agreement_with == pytest.approx(1 / 3)
    assert contrary.agreement_without == 1.0
    assert contrary.alpha_without == 1.0
    assert contrary.consensus_agreement == pytest.approx(1 / 3)
    assert contrary.confusion == ((0, 0, 10), (0, 10, 0), (10, 0, 0))
    assert contrary.level_use == (10, 10, 10)
    assert (contrary.n_items, contrary.n_shared) == (30, 30)


def test_a_reviewer_who_shares_no_item_has_nothing_to_compare() -> None:
    alone = reviewer_figures(ratings_of([[0, 0, None], [1, 0, None], [None, None, 1]]), scale=Scale.ORDINAL)[2]
    assert (alone.agreement_with, alone.consensus_agreement, alone.n_shared, alone.n_items) == (None, None, 0, 1)


def test_hit_rates_name_who_misses_more_than_chance_explains() -> None:
    rater = np.repeat([1, 2, 3, 4], 40)
    hit = np.ones(160, dtype=bool)
    hit[:15] = False
    hit[50] = False
    found = hit_rates(rater, hit)
    assert [rate.is_below_others for rate in found] == [True, False, False, False]
    assert (found[0].hits, found[0].share) == (25, 0.625)
    assert found[0].ci_low < 0.625 < found[0].ci_high


def test_a_lone_reviewer_is_not_below_the_others() -> None:
    assert not hit_rates([1, 1], [False, False])[0].is_below_others


def test_attention_checks_of_the_real_set_name_two_reviewers(shared: Path) -> None:
    path = shared / "data" / "wmt23_mqm_ende" / "attention_checks.jsonl"
    checks = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found = hit_rates(
        [int(check["reviewer"].removeprefix("rater")) for check in checks],
        [check["result"] == "found" for check in checks],
    )
    named = [(rate.rater, rate.hits, rate.n) for rate in found if rate.is_below_others]
    assert named == [(4, 22, 32), (9, 12, 19)]
    assert min(rate.share for rate in found if not rate.is_below_others) >= 0.92


def test_adjusted_p_values_of_a_worked_example() -> None:
    p = [0.01, 0.04, 0.03, 0.005]
    assert holm(p) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert benjamini_hochberg(p) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert len(holm([])) == len(benjamini_hochberg([])) == 0
