from __future__ import annotations

import numpy as np
import pytest

from benchmarks.coverage import Tally, latent, six_answers
from benchmarks.worlds import Latent, true_alpha
from evalhub.stats import PatternCounts, Reason, Scale, alpha, alphas_without_each_rater, criterion_report
from tests.stats.tables import KRIPPENDORFF_C, ratings_of

LEVELS = [0, 1, 2]


def ordinal(table: list[list[int | None]]):
    return alpha(PatternCounts.of(ratings_of(table, LEVELS)), scale=Scale.ORDINAL)


@pytest.mark.parametrize(("scale", "expected"), [("ordinal", 0.815), ("interval", 0.849), ("nominal", 0.743)])
def test_the_published_alphas_of_krippendorffs_example_c(scale: str, expected: float) -> None:
    counts = PatternCounts.of(ratings_of(KRIPPENDORFF_C))
    assert alpha(counts, scale=Scale(scale), values=np.arange(1.0, 6.0)).value == pytest.approx(expected, abs=5e-4)


def test_the_ratio_alpha_of_example_c_as_the_krippendorff_package_documents_it() -> None:
    counts = PatternCounts.of(ratings_of(KRIPPENDORFF_C))
    assert alpha(counts, scale=Scale.RATIO, values=np.arange(1.0, 6.0)).value == pytest.approx(0.797, abs=5e-4)


def test_the_published_binary_example_of_two_observers() -> None:
    """Krippendorff (2011), example A."""
    meg_and_owen = [[0, 1], [1, 1], [0, 1], [0, 0], [0, 0], [0, 1], [0, 0], [0, 0], [1, 0], [0, 0]]
    figure = alpha(PatternCounts.of(ratings_of(meg_and_owen)), scale=Scale.NOMINAL)
    assert figure.value == pytest.approx(0.095, abs=5e-4)
    assert (figure.n_items, figure.n_pairable, figure.n_groups, figure.n_reviewers) == (10, 10, 10, 2)


def test_one_level_only_is_undefined_and_never_one() -> None:
    figure = ordinal([[1, 1], [1, 1], [1, 1]])
    assert (figure.value, figure.ci_low, figure.undefined_because) == (None, None, Reason.NO_VARIATION)


def test_variation_in_singly_rated_items_is_no_variation() -> None:
    assert ordinal([[1, 1], [1, 1], [2, None]]).undefined_because is Reason.NO_VARIATION


@pytest.mark.parametrize("table", [[], [[0], [1]], [[0, None], [None, 1]], [[None, None]]])
def test_without_an_item_rated_twice_alpha_is_undefined(table: list[list[int | None]]) -> None:
    assert ordinal(table).undefined_because is Reason.NO_PAIRABLE_UNITS


def test_a_single_item_gives_a_point_without_an_interval() -> None:
    figure = ordinal([[0, 2]])
    assert (figure.value, figure.ci_low, figure.ci_high) == (0.0, None, None)
    assert figure.undefined_because is Reason.SINGLE_UNIT


def test_a_single_group_gives_a_point_without_an_interval() -> None:
    ratings = ratings_of([[0, 2], [1, 1], [2, 2]], LEVELS, group=np.zeros(6, dtype=int))
    figure = alpha(PatternCounts.of(ratings), scale=Scale.ORDINAL)
    assert figure.value is not None
    assert (figure.ci_low, figure.undefined_because, figure.n_groups) == (None, Reason.SINGLE_GROUP, 1)


def test_perfect_agreement_has_a_one_sided_bound() -> None:
    figure = ordinal([[0, 0], [2, 2], [0, 0]])
    assert (figure.value, figure.ci_high, figure.undefined_because) == (1.0, 1.0, Reason.PERFECT_AGREEMENT)
    assert figure.ci_low is not None
    assert -1 <= figure.ci_low < 1


def test_the_bound_of_perfect_agreement_rises_with_the_number_of_items() -> None:
    few, many = ([[level, level] for level in LEVELS] * times for times in (3, 30))
    assert ordinal(few).ci_low < ordinal(many).ci_low < 1  # type: ignore[operator]


def test_one_item_with_all_the_disagreement_gets_the_bound() -> None:
    """Without that item the others agree perfectly, so log(1 − α) does not exist."""
    figure = ordinal([[0, 0], [1, 1], [2, 2], [0, 0], [1, 1], [2, 2], [1, 2]])
    assert figure.value is not None
    assert (figure.method, figure.ci_high) == ("clopper_pearson_bound", 1.0)
    assert figure.ci_low is not None
    assert figure.ci_low < figure.value


def test_groups_that_are_all_alike_show_no_spread_and_get_the_bound() -> None:
    figure = ordinal([[0, 2], [2, 0], [0, 2], [2, 0]])
    assert figure.value == pytest.approx(-0.75)
    assert (figure.method, figure.ci_high) == ("clopper_pearson_bound", 1.0)


def test_high_raw_agreement_on_one_level_shows_no_interval() -> None:
    figure = ordinal([[1, 1]] * 9 + [[1, 2]])
    assert (figure.value, figure.ci_low, figure.undefined_because) == (0.0, None, Reason.LOW_VARIATION)


def test_an_unused_level_changes_no_alpha() -> None:
    table = [[0, 0], [1, 1], [1, 0], [0, 0]]
    with_it, without = (PatternCounts.of(ratings_of(table, levels)) for levels in ([0, 1, 2], [0, 1]))
    for scale in Scale:
        assert alpha(with_it, scale=scale).value == pytest.approx(alpha(without, scale=scale).value)


def test_reversing_the_levels_leaves_ordinal_alpha_unchanged() -> None:
    table = [[2, 2], [1, 1], [0, 1], [0, 0]]
    forwards, backwards = (
        alpha(PatternCounts.of(ratings_of(table, levels)), scale=Scale.ORDINAL) for levels in (LEVELS, LEVELS[::-1])
    )
    assert forwards.value == pytest.approx(backwards.value)


def test_small_integer_types_are_counted_without_wrapping_round() -> None:
    """The krippendorff package answers −0.22 for these counts in uint8."""
    counts = PatternCounts.from_unit_counts(np.array([[200, 20, 0], [0, 100, 100], [10, 0, 0]], dtype=np.uint8))
    assert alpha(counts, scale=Scale.ORDINAL).value == pytest.approx(0.804011, abs=1e-6)


def test_levels_with_the_same_score_are_one_level_on_an_interval_scale() -> None:
    ratings = ratings_of([[0, 1], [1, 0], [2, 2], [0, 0], [1, 2]], LEVELS)
    scored = alpha(PatternCounts.of(ratings), scale=Scale.INTERVAL, values=np.array([0.0, 0.0, 1.0]))
    joined = ratings_of([[0, 0], [0, 0], [1, 1], [0, 0], [0, 1]], [0, 1])
    assert scored == alpha(PatternCounts.of(joined), scale=Scale.INTERVAL)


def test_leaving_out_each_rater_equals_computing_without_them() -> None:
    ratings = ratings_of(KRIPPENDORFF_C)
    raters, left_out = alphas_without_each_rater(ratings, scale=Scale.ORDINAL)
    for rater, value in zip(raters, left_out.value, strict=True):
        rest = alpha(PatternCounts.of(ratings.only(ratings.rater != rater)), scale=Scale.ORDINAL)
        assert value == pytest.approx(rest.value, abs=1e-12)


def test_letting_the_reviewers_vary_widens_the_interval() -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 3, 80)
    table = np.clip(truth[:, None] + rng.choice([-1, 0, 0, 0, 1], size=(80, 6)), 0, 2).tolist()
    report = criterion_report(ratings_of(table, LEVELS), scale="ordinal")
    assert report.alpha_random_reviewers is not None
    assert report.alpha_random_reviewers.ci_low < report.alpha.ci_low  # type: ignore[operator]
    assert report.alpha_random_reviewers.value == report.alpha.value


def test_four_reviewers_are_too_few_to_let_them_vary() -> None:
    assert criterion_report(ratings_of(KRIPPENDORFF_C), scale="ordinal").alpha_random_reviewers is None


@pytest.mark.parametrize(
    ("world", "n_items"),
    [
        (latent([1 / 3] * 3, 0.5, 3), 100),
        (latent([0.05, 0.15, 0.80], 0.5, 3), 100),
        (latent([1 / 3] * 3, 0.5, 2), 50),
        (six_answers(0.5), 240),
        (latent([1 / 3] * 3, 0.05, 3), 50),
    ],
    ids=["balanced", "skewed", "two reviewers", "six answers a prompt", "near perfect"],
)
def test_the_interval_holds_the_true_alpha_as_often_as_it_says(world: Latent, n_items: int) -> None:
    """600 samples a world, so within three standard errors of .95; near perfect agreement the bound holds more."""
    rng, tally, truth = np.random.default_rng(20), Tally(), true_alpha(world, 400_000)
    for _ in range(600):
        tally.add(alpha(world.draw(rng, n_items).counts(), scale=Scale.ORDINAL), truth)
    assert tally.covered is not None
    assert 0.925 <= tally.covered <= 0.985
