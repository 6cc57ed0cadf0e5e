from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import stdtrit

from evalhub.stats import Ratings
from evalhub.stats.severity import severities

PLANTED = np.array([-0.6, -0.3, -0.1, 0.0, 0.1, 0.2, 0.3, 0.4])


def panel(design: str, items: int, rng: np.random.Generator) -> np.ndarray:
    """Which reviewers rate each item, shape (items, at most 8)."""
    if design == "complete":
        return np.tile(np.arange(8), (items, 1))
    if design == "random":
        return np.array([rng.choice(8, 3, replace=False) for _ in range(items)])
    return np.array([[(first + step) % 8 for step in range(3)] for first in rng.integers(0, 8, items)])


def world(design: str, seed: int, items: int = 400) -> Ratings:
    rng = np.random.default_rng(seed)
    who = panel(design, items, rng)
    truth = rng.normal(5, 1.5, items)
    numbers = truth[:, None] + PLANTED[who] + rng.normal(0, 0.5, who.shape)
    unit = np.repeat(np.arange(items), who.shape[1])
    return Ratings.of_values(unit, who.ravel(), np.round(numbers.ravel() * 4) / 4, group=unit // 2)


@pytest.mark.parametrize("design", ["complete", "random", "fixed"])
def test_planted_severities_are_recovered(design: str) -> None:
    found = np.array([[s.severity for s in severities(world(design, seed))] for seed in range(5)]).mean(axis=0)
    assert np.corrcoef(PLANTED, found)[0, 1] > 0.98
    assert np.polyfit(PLANTED, found, 1)[0] == pytest.approx(1, abs=0.1)


def test_the_standard_error_is_that_of_repeated_worlds() -> None:
    worlds = [severities(world("random", seed, items=200)) for seed in range(60)]
    spread = np.array([[s.severity for s in found] for found in worlds]).std(axis=0)
    claimed = np.array([[s.se for s in found] for found in worlds], dtype=float).mean(axis=0)
    assert claimed.mean() == pytest.approx(spread.mean(), rel=0.15)


def test_severities_sum_to_nothing_and_shrink_towards_it() -> None:
    found = severities(world("random", 1))
    assert sum(s.severity for s in found) == pytest.approx(0, abs=1e-9)
    assert all(abs(s.shrunk) < abs(s.severity) for s in found)
    assert all(s.shrunk / s.severity > 0.9 for s in found)


def test_reviewers_without_a_chain_of_shared_items_are_not_compared() -> None:
    ratings = Ratings([0, 0, 1, 1, 2, 2, 3, 3], [0, 1, 0, 1, 2, 3, 2, 3], [0, 1, 0, 1, 2, 0, 2, 0], n_levels=3)
    found = severities(ratings)
    assert [s.component for s in found] == [0, 0, 1, 1]
    assert [s.severity for s in found] == pytest.approx([-0.5, 0.5, 1.0, -1.0])


def test_items_of_one_reviewer_say_nothing() -> None:
    assert severities(Ratings([0, 1], [0, 1], [0, 1], n_levels=2)) == ()


def test_a_single_group_has_no_standard_error() -> None:
    found = severities(Ratings([0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 1], n_levels=2, group=[0, 0, 0, 0]))
    assert [s.se for s in found] == [None, None]


def with_a_newcomer(items: int) -> Ratings:
    """Reviewer 8 comes late and is far more lenient than all others on so many of the first items."""
    old = world("random", 1)
    truth = np.array([old.numbers()[old.unit == unit].mean() for unit in range(items)])
    return Ratings.of_values(
        np.append(old.unit, np.arange(items)),
        np.append(old.rater, np.full(items, 8)),
        np.append(old.numbers(), np.round(truth + 4)),
        group=np.append(old.group, np.arange(items) // 2),
    )


def test_a_newcomer_with_one_item_leaves_the_severity_of_the_others_where_it_was() -> None:
    before, after = severities(world("random", 1)), severities(with_a_newcomer(1))
    assert after[8].severity > 3
    assert [s.severity for s in after[:8]] == pytest.approx([s.severity for s in before], abs=0.03)


@pytest.mark.parametrize(("items", "is_known"), [(1, False), (8, False), (9, True)])
def test_fewer_than_five_groups_have_no_standard_error_and_no_interval(items: int, is_known: bool) -> None:
    newcomer = severities(with_a_newcomer(items))[8]
    assert [end is not None for end in (newcomer.se, newcomer.ci_low, newcomer.ci_high)] == [is_known] * 3
    assert is_known or newcomer.confounded_with is None


def test_the_interval_is_a_t_interval_over_the_reviewer_s_own_groups() -> None:
    newcomer = severities(with_a_newcomer(9))[8]
    assert newcomer.se is not None
    assert newcomer.ci_high == pytest.approx(newcomer.severity + stdtrit(4, 0.975) * newcomer.se)
    assert newcomer.ci_low == pytest.approx(newcomer.severity - stdtrit(4, 0.975) * newcomer.se)


def test_intervals_cover_planted_severities() -> None:
    truth = PLANTED - PLANTED.mean()
    found = [severities(world("random", seed, items=40)) for seed in range(60)]
    covers = [s.ci_low <= truth[s.rater] <= s.ci_high for one in found for s in one if s.ci_low and s.ci_high]
    assert len(covers) > 450
    assert np.mean(covers) == pytest.approx(0.95, abs=0.025)


def overall(folder: Path) -> Ratings:
    order = ["major", "minor", "none"]
    prompts, rows = {}, []
    with (folder / "items.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            prompts[item["id"]] = item.get("group") or item["prompt"]
    with (folder / "ratings.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            rating = json.loads(line)
            if rating["criterion"] == "overall":
                rows.append(
                    (rating["item_id"], int(rating["reviewer"].removeprefix("rater")), order.index(rating["level"]))
                )
    items = {name: at for at, name in enumerate(dict.fromkeys(item for item, _, _ in rows))}
    groups = {name: at for at, name in enumerate(dict.fromkeys(prompts.values()))}
    return Ratings(
        [items[item] for item, _, _ in rows], [rater for _, rater, _ in rows], [level for _, _, level in rows],
        n_levels=3, group=[groups[prompts[item]] for item, _, _ in rows],
    )  # fmt: skip


def test_translators_of_the_real_set_are_ordered_by_severity(shared: Path) -> None:
    found = sorted(severities(overall(shared / "data" / "wmt23_mqm_zhen")), key=lambda s: s.severity)
    assert (found[0].rater, found[-1].rater) == (6, 7)
    assert found[0].severity == pytest.approx(-0.54, abs=0.01)
    assert found[-1].severity == pytest.approx(0.30, abs=0.01)
    most_lenient_by_plain_difference = max(found, key=lambda s: s.plain)
    assert (most_lenient_by_plain_difference.rater, most_lenient_by_plain_difference.confounded_with) == (5, 6)
    assert [s.rater for s in found if s.confounded_with is not None] == [5]
