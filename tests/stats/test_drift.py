from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalhub.errors import BadInput
from evalhub.stats import Drift, PatternCounts, Ratings, Scale, alpha, drift, percent_agreement
from tests.stats.tables import ratings_of


def world(
    seed: int,
    *,
    periods: int = 4,
    items: int = 60,
    panel: int = 6,
    per_item: int = 3,
    noise: float = 0.5,
    noise_in_last: float = 0.5,
    drift_in_second: float = 0.0,
    per_group: int = 1,
) -> tuple[Ratings, np.ndarray]:
    """Five levels one apart; reviewers of different severity, of whom 0 may drift in the second period."""
    rng = np.random.default_rng(seed)
    n = periods * items
    who = np.array([rng.choice(panel, per_item, replace=False) for _ in range(n)])
    period = np.repeat(np.arange(n) // items, per_item).reshape(n, per_item)
    truth = np.repeat(rng.normal(0, 1, -(-n // per_group)), per_group)[:n] + rng.normal(0, 0.5, n)
    scatter = np.where(period == periods - 1, noise_in_last, noise) * rng.normal(size=who.shape)
    shift = drift_in_second * ((who == 0) & (period == 1))
    seen = 2 + truth[:, None] + np.linspace(-0.3, 0.3, panel)[who] + scatter + shift
    level = np.clip(np.round(seen), 0, 4).astype(int).ravel()
    unit = np.repeat(np.arange(n), per_item)
    return Ratings(unit, who.ravel(), level, n_levels=5, group=unit // per_group), period.ravel()


def raised(found: Drift) -> tuple[list[int], list[tuple[int, int]]]:
    return (
        [period.period for period in found.periods if period.is_raised],
        [(row.rater, row.period) for row in found.reviewers if row.is_raised],
    )


@pytest.mark.parametrize("design", [{}, {"items": 15}, {"per_item": 2}, {"panel": 3}, {"per_group": 4}], ids=str)
def test_stable_reviewers_raise_hardly_an_alarm(design: dict[str, Any]) -> None:
    found = [raised(drift(*world(seed, **design), scale=Scale.ORDINAL)) for seed in range(12)]
    assert sum(bool(periods) for periods, _ in found) <= 2
    assert sum(bool(reviewers) for _, reviewers in found) <= 2


@pytest.mark.parametrize(("panel", "per_item", "items"), [(3, 3, 60), (6, 3, 120), (6, 2, 180)])
def test_a_drift_of_half_a_level_is_found_and_nobody_else_is_blamed(panel: int, per_item: int, items: int) -> None:
    worlds = (
        world(seed, panel=panel, per_item=per_item, items=items, drift_in_second=-0.5, noise=0.3, noise_in_last=0.3)
        for seed in range(12)
    )
    found = [drift(ratings, period, scale=Scale.ORDINAL) for ratings, period in worlds]
    assert sum((0, 1) in raised(one)[1] for one in found) >= 11
    assert sum(len(set(raised(one)[1]) - {(0, 1)}) for one in found) <= 2
    differences = [row.difference for one in found for row in one.reviewers if (row.rater, row.period) == (0, 1)]
    assert np.mean(differences) == pytest.approx(-0.5, abs=0.06)


def test_a_week_in_which_reviewers_disagree_is_raised_and_blames_no_reviewer() -> None:
    found = [drift(*world(seed, noise_in_last=1.5), scale=Scale.ORDINAL) for seed in range(12)]
    assert sum(3 in raised(one)[0] for one in found) >= 11
    assert sum(bool(raised(one)[1]) for one in found) <= 1
    last = found[0].periods[3]
    assert last.disagreement is not None
    assert last.disagreement > max(period.disagreement or 0 for period in found[0].periods[:3])


def test_a_week_far_out_does_not_make_the_others_look_changed() -> None:
    found = [raised(drift(*world(seed, noise=0.3, noise_in_last=2.0), scale=Scale.ORDINAL))[0] for seed in range(6)]
    assert all(3 in periods for periods in found)
    assert sum(len(periods) - 1 for periods in found) <= 1


def test_of_two_periods_the_later_one_is_raised() -> None:
    ratings, period = world(1, periods=2, noise=0.3, noise_in_last=2.0)
    assert raised(drift(ratings, period, scale=Scale.ORDINAL))[0] == [1]


def test_disagreement_after_perfect_weeks_is_raised() -> None:
    table = [[n % 3, n % 3] for n in range(60)] + [[n % 3, (n + (n % 3 == 0)) % 3] for n in range(20)]
    found = drift(ratings_of(table), np.repeat(np.arange(80) // 20, 2), scale=Scale.ORDINAL)
    assert raised(found)[0] == [3]


def test_alpha_that_falls_because_items_became_alike_is_not_raised() -> None:
    """The second period has the same share of disagreement, but hardly any variety: alpha falls, nothing is wrong."""
    varied = [[n % 3, n % 3] for n in range(45)] + [[0, 1], [1, 2], [1, 2], [0, 1], [1, 2]]
    alike = [[2, 2]] * 45 + [[1, 2]] * 5
    found = drift(ratings_of(varied + alike), np.repeat([0, 1], 100), scale=Scale.NOMINAL)
    first, second = (period.alpha.value for period in found.periods)
    assert second < first - 0.4  # type: ignore[operator]
    assert raised(found) == ([], [])


def test_a_period_has_the_distances_of_all_periods() -> None:
    ratings, period = world(3)
    counts = PatternCounts.of(ratings)
    whole = alpha(counts, scale=Scale.ORDINAL).value
    (only,) = drift(ratings, np.zeros_like(period), scale=Scale.ORDINAL).periods
    assert only.alpha.value == pytest.approx(whole)
    assert only.disagreement == pytest.approx(1 - whole)  # type: ignore[operator]
    nominal = drift(ratings, period, scale=Scale.NOMINAL).periods[2]
    alone = percent_agreement(PatternCounts.of(ratings.only(period == 2))).value
    n = counts.marginals
    chance = 1 - (n * (n - 1)).sum() / (n.sum() * (n.sum() - 1))
    assert nominal.disagreement == pytest.approx((1 - alone) / chance)  # type: ignore[operator]
    assert nominal.alpha.n_reviewers == 6


def test_with_one_period_nothing_is_raised() -> None:
    ratings, period = world(1)
    found = drift(ratings, np.full_like(period, 7), scale=Scale.ORDINAL)
    assert [(one.period, one.is_raised, one.is_provisional) for one in found.periods] == [(7, False, True)]
    assert found.reviewers == ()


def test_the_last_period_is_provisional() -> None:
    ratings, period = world(2)
    found = drift(ratings, period * 10 + 5, scale=Scale.ORDINAL)
    assert [one.period for one in found.periods] == [5, 15, 25, 35]
    assert [one.is_provisional for one in found.periods] == [False, False, False, True]


def test_of_two_who_only_rate_with_each_other_both_are_raised() -> None:
    ratings, period = world(4, panel=2, per_item=2, items=100, drift_in_second=-0.8)
    assert raised(drift(ratings, period, scale=Scale.ORDINAL))[1] == [(0, 1), (1, 1)]


def test_new_partners_are_no_drift() -> None:
    """Reviewer 0 rates with the lenient 1 at first, with the strict 2 later, and has not changed; 3 links them."""
    rng = np.random.default_rng(5)
    severity = np.array([0.0, 0.8, -0.8, 0.0])
    panels = np.array([[0, 1, 3]] * 80 + [[0, 2, 3]] * 80)
    seen = 2 + rng.normal(size=(160, 1)) + severity[panels] + rng.normal(0, 0.3, panels.shape)
    level = np.clip(np.round(seen), 0, 4).astype(int)
    ratings = Ratings(np.repeat(np.arange(160), 3), panels.ravel(), level.ravel(), n_levels=5)
    found = drift(ratings, np.repeat([0, 1], 240), scale=Scale.ORDINAL)
    assert raised(found)[1] == []


def test_few_items_are_shown_and_not_judged() -> None:
    table = [[n % 3, n % 3] for n in range(60)] + [[0, 2]] * 6
    found = drift(ratings_of(table), np.repeat([0] * 60 + [1] * 6, 2), scale=Scale.ORDINAL)
    assert raised(found) == ([], [])
    assert found.periods[1].n_pairable == 6
    assert {row.p_value for row in found.reviewers} == {None}


def test_large_sets_are_judged_by_the_jackknife_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    ratings, period = world(6, items=120, noise_in_last=1.2, per_group=2)
    shuffled = drift(ratings, period, scale=Scale.ORDINAL)
    monkeypatch.setattr("evalhub.stats.drift_periods.MAX_SHUFFLED", 0)
    assert raised(drift(ratings, period, scale=Scale.ORDINAL))[0] == raised(shuffled)[0] == [3]
    calm = (drift(*world(seed, items=120), scale=Scale.ORDINAL) for seed in range(12))
    assert sum(bool(raised(one)[0]) for one in calm) <= 2


def test_another_mix_of_models_is_flagged_and_chance_is_not() -> None:
    ratings, period = world(7, items=100)
    model = ratings.unit % 5
    same = drift(ratings, period, scale=Scale.ORDINAL, mix=model)
    assert not any(one.changed_mix for one in same.periods)
    assert all(one.mix_p is not None for one in same.periods)
    new = np.where((period == 3) & (ratings.unit % 2 == 0), 9, model)
    assert [one.changed_mix for one in drift(ratings, period, scale=Scale.ORDINAL, mix=new).periods][3]
    rng = np.random.default_rng(0)
    by_chance = [
        drift(ratings, period, scale=Scale.ORDINAL, mix=rng.integers(0, 8, 400)[ratings.unit]) for _ in range(8)
    ]
    assert sum(any(one.changed_mix for one in found.periods) for found in by_chance) <= 1


def test_without_a_mix_nothing_is_said_of_it() -> None:
    assert {(one.changed_mix, one.mix_p) for one in drift(*world(8), scale=Scale.ORDINAL).periods} == {(False, None)}


@pytest.mark.parametrize("name", ["period", "mix"])
def test_an_item_in_two_periods_or_categories_is_refused(name: str) -> None:
    ratings = ratings_of([[0, 1], [1, 1]])
    columns = {"period": [0, 0, 1, 1], "mix": [0, 0, 0, 0]} | {name: [0, 1, 1, 1]}
    with pytest.raises(BadInput, match=f"unit 0 has two entries of {name}"):
        drift(ratings, columns["period"], scale=Scale.ORDINAL, mix=columns["mix"])
    with pytest.raises(BadInput, match="one entry a rating: 4, not 3"):
        drift(ratings, columns["period"][:3], scale=Scale.ORDINAL)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", list(Scale))
@pytest.mark.parametrize("table", [[], [[1, None], [None, 0]], [[1, 1], [1, 1]], [[0, 1], [1, 1], [None, 0]]])
def test_degenerate_ratings_have_no_drift_and_say_why(table: list[list[int | None]], scale: Scale) -> None:
    ratings = ratings_of(table, [0, 1])
    found = drift(ratings, ratings.unit % 2, scale=scale, mix=ratings.unit)
    assert raised(found) == ([], [])
    assert all(one.alpha.value is not None or one.alpha.undefined_because for one in found.periods)


def test_when_the_human_stories_leave_the_fall_of_alpha_is_marked_as_another_mix(shared: Path) -> None:
    """Real verdicts on stories by models, with human stories that everybody passes in the first weeks only."""
    lines = (shared / "data" / "ttcw" / "ratings.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    people = {name: at for at, name in enumerate(sorted({row["reviewer"] for row in rows}))}
    units = {key: at for at, key in enumerate(sorted({(row["item_id"], row["criterion"]) for row in rows}))}
    unit = np.array([units[row["item_id"], row["criterion"]] for row in rows])
    rater = np.array([people[row["reviewer"]] for row in rows])
    level = np.array([row["level"] == "Yes" for row in rows]).astype(int)
    human = np.repeat(np.arange(168), 3) + len(units)
    ratings = Ratings(
        np.concatenate([unit, human]), np.concatenate([rater, np.tile([0, 1, 2], 168)]),
        np.concatenate([level, np.ones(504, dtype=int)]), n_levels=2,
    )  # fmt: skip
    is_human = ratings.unit >= len(units)
    week = np.where(is_human, 0, ratings.unit % 2)
    with_them, without = drift(ratings, week, scale=Scale.NOMINAL, mix=is_human.astype(int)).periods
    assert with_them.alpha.value > 0.35  # type: ignore[operator]
    assert without.alpha.value == pytest.approx(0.14, abs=0.05)
    assert with_them.changed_mix
    assert without.changed_mix
