"""Published or independently reproduced values, each case with its own tolerance and source."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalhub.stats import (
    Figure,
    IccForm,
    PatternCounts,
    Ratings,
    Scale,
    Weights,
    agreement_within,
    alpha,
    alphas_without_each_rater,
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    dawid_skene,
    fleiss_by_level,
    fleiss_kappa,
    fleiss_test,
    gwet_ac,
    gwet_ac_by_item,
    icc,
    items_to_tell_kappas_apart,
    kendall_w,
    light_kappa,
    pairwise_kappas,
    percent_agreement,
    scott_pi,
)
from tests.stats.tables import ratings_of

Case = dict[str, Any]


def ratings(case: Case) -> Ratings:
    given = case["input"]
    if "table" in given:
        pairs = [(i, j) for i, row in enumerate(given["table"]) for j, n in enumerate(row) for _ in range(n)]
        return ratings_of(pairs, list(range(len(given["table"]))))
    table = given["ratings_units_by_raters"]
    if "raters" in case["params"]:
        table = [[row[rater] for rater in case["params"]["raters"]] for row in table]
    levels = given.get("levels", case["params"].get("levels"))
    return ratings_of(table, levels)


def counts(case: Case) -> PatternCounts:
    by_category = case["input"].get("counts_units_by_categories")
    return PatternCounts.of(ratings(case)) if by_category is None else PatternCounts.from_unit_counts(by_category)


def weights(case: Case) -> Weights:
    return Weights.named(case["params"].get("weights", "identity"))


def krippendorff(case: Case) -> float | None:
    values = np.array(case["input"]["levels"], dtype=float) if case["params"]["level"] == "interval" else None
    return alpha(counts(case), scale=Scale.named(case["params"]["level"]), values=values).value


def gwet_interval(case: Case) -> list[float | None]:
    """Standard error and upper limit: the reference cuts at 1, so the error is read from the lower side."""
    figure = gwet_ac_by_item(counts(case))
    assert figure.value is not None
    assert figure.ci_low is not None
    from scipy.stats import t

    return [(figure.value - figure.ci_low) / t.ppf(0.975, figure.n_items - 1), figure.ci_low, figure.ci_high]


def sample_size(case: Case) -> int:
    p = case["params"]
    return items_to_tell_kappas_apart(
        p["k1"], p["k0"], share_a=p["rate1"], share_b=p["rate2"], significance=p["alpha"], power=p["power"],
        sides=2 if p["twosided"] else 1,
    )  # fmt: skip


def without_each_rater(case: Case) -> list[float]:
    return list(alphas_without_each_rater(ratings(case), scale=Scale.named(case["params"]["level"]))[1].value)


def estimate(case: Case) -> Any:
    unit, rater, level = np.array(case["input"]["long"]).T
    return dawid_skene(unit, rater, level - 1, 4, smoothing=0)


METRICS: dict[str, Callable[[Case], Any]] = {
    "krippendorff_alpha": krippendorff,
    "gwet_ac": lambda case: gwet_ac(counts(case), weights(case)).value,
    "gwet_ac_se_ci": gwet_interval,
    "brennan_prediger": lambda case: brennan_prediger(counts(case), weights(case)).value,
    "fleiss_kappa_general": lambda case: fleiss_kappa(counts(case), weights(case)).value,
    "fleiss_kappa": lambda case: fleiss_kappa(counts(case)).value,
    "fleiss_kappa_per_category": lambda case: [figure.value for figure in fleiss_by_level(counts(case))],
    "fleiss_kappa_z": lambda case: fleiss_test(counts(case)).z,
    "conger_kappa": lambda case: conger_kappa(ratings(case), weights(case)).value,
    "scott_pi": lambda case: scott_pi(ratings(case), weights(case)).value,
    "cohen_kappa": lambda case: cohen_kappa(ratings(case), weights(case)).value,
    "light_kappa": lambda case: light_kappa(ratings(case)).value,
    "percent_agreement": lambda case: agreement_within(counts(case), case["params"]["tolerance"]).value,
    "icc": lambda case: icc(ratings(case), IccForm(case["params"]["form"])).value,
    "kendall_w": lambda case: kendall_w(ratings(case)).value,
    "sample_size_kappa": sample_size,
    "alpha_leave_one_rater_out": without_each_rater,
    "pairwise_weighted_kappa": lambda case: [pair.kappa for pair in pairwise_kappas(ratings(case), weights(case))],
    "dawid_skene_prior": lambda case: list(estimate(case).prior),
    "dawid_skene_confusion": lambda case: estimate(case).confusion[case["params"]["rater"]].tolist(),
    "dawid_skene_classes": lambda case: (estimate(case).posterior.argmax(axis=1) + 1).tolist(),
}
LATER = {"alt_test"}
"""Comes with the judges."""


def cases(shared: Path) -> list[Case]:
    path = shared / "reference" / "agreement_cases.json"
    found: list[Case] = json.loads(path.read_text(encoding="utf-8"))["cases"]
    return found


def test_every_metric_of_the_reference_cases_is_tested(shared: Path) -> None:
    assert {case["metric"] for case in cases(shared)} == METRICS.keys() | LATER


@pytest.mark.parametrize("metric", METRICS)
def test_reference_cases(shared: Path, metric: str) -> None:
    compared = [case for case in cases(shared) if case["metric"] == metric]
    assert compared
    for case in compared:
        found = np.array(METRICS[metric](case), dtype=float)
        assert found == pytest.approx(np.array(case["expected"], dtype=float), abs=case["tolerance"]), case["id"]


def test_the_paradox_of_high_agreement_and_low_kappa() -> None:
    """Feinstein and Cicchetti (1990): 85 % agreement, kappa .32; Gwet (2008): AC1 .94 where kappa is −.02."""
    feinstein = two_by_two([[80, 10], [5, 5]])
    assert percent_agreement(PatternCounts.of(feinstein)).value == pytest.approx(0.85)
    assert cohen_kappa(feinstein).value == pytest.approx(0.32, abs=0.005)
    gwet = two_by_two([[118, 5], [2, 0]])
    assert cohen_kappa(gwet).value == pytest.approx(-0.0234, abs=1e-3)
    assert gwet_ac(PatternCounts.of(gwet)).value == pytest.approx(0.9408, abs=1e-3)


def test_the_six_intraclass_correlations_of_shrout_and_fleiss() -> None:
    table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    numbers = [value for row in table for value in row]
    shown = Ratings.of_values(np.repeat(np.arange(6), 4), np.tile(np.arange(4), 6), numbers)
    found: list[Figure] = [icc(shown, form) for form in IccForm]
    assert [figure.value for figure in found] == pytest.approx([0.17, 0.29, 0.71, 0.44, 0.62, 0.91], abs=0.005)
    assert found[1].ci_low == pytest.approx(0.02, abs=0.005)
    assert found[1].ci_high == pytest.approx(0.76, abs=0.005)
    assert found[2].ci_low == pytest.approx(0.34, abs=0.005)
    assert found[2].ci_high == pytest.approx(0.95, abs=0.005)


def test_fleiss_kappa_of_the_table_in_the_encyclopaedia() -> None:
    """Ten items, fourteen raters, five categories; kappa .210."""
    table = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    assert fleiss_kappa(PatternCounts.from_unit_counts(table)).value == pytest.approx(0.210, abs=5e-4)


def two_by_two(table: list[list[int]]) -> Ratings:
    return ratings_of([(i, j) for i, row in enumerate(table) for j, n in enumerate(row) for _ in range(n)], [0, 1])
