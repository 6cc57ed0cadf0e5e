"""The degenerate inputs of the reference folder: the right answer or the right refusal, never a silent number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evalhub.errors import BadInput
from evalhub.stats import PatternCounts, Ratings, Scale, Weights, alpha, gwet_ac, percent_agreement
from tests.stats.tables import ratings_of

IDS = [
    "all-agree-one-value",
    "all-agree-one-value-3-raters-missing",
    "variation-only-in-singletons",
    "one-rater",
    "no-overlap",
    "empty",
    "all-missing",
    "single-unit-agree",
    "single-unit-disagree",
    "single-unit-3-raters",
    "perfect-two-levels",
    "paradox-one-rare",
    "unused-level",
    "non-contiguous-codes",
    "reversed-levels",
    "permuted-levels-wrong",
    "nan-is-missing",
    "duplicate-rating",
    "negative-alpha",
    "uint8-codes",
    "uint8-counts",
    "typo-level-name",
]


def cases(shared: Path) -> dict[str, Any]:
    path = shared / "reference" / "degenerate_cases.json"
    return {case["id"]: case for case in json.loads(path.read_text(encoding="utf-8"))["cases"]}


def test_every_degenerate_case_of_the_folder_is_listed(shared: Path) -> None:
    assert set(IDS) == cases(shared).keys()


@pytest.mark.parametrize("name", IDS)
def test_degenerate_case(shared: Path, name: str) -> None:
    case = cases(shared)[name]
    if case.get("expect") == "error":
        with pytest.raises(BadInput):
            alpha(counted(case), scale=Scale.named(case.get("level", "ordinal")))
        return
    counts = counted(case)
    codes = np.array(case.get("levels", [0, 1, 2]), dtype=float)
    figures = {
        "alpha": alpha(counts, scale=Scale.ORDINAL),
        "alpha_ordinal": alpha(counts, scale=Scale.ORDINAL),
        "alpha_nominal": alpha(counts, scale=Scale.NOMINAL),
        "alpha_interval": alpha(counts, scale=Scale.INTERVAL, values=codes),
        "percent_agreement": percent_agreement(counts),
        "ac2": gwet_ac(counts, Weights.QUADRATIC),
    }
    compared = [key for key in figures if key in case]
    assert compared
    for key in compared:
        expected = case[key]
        assert figures[key].value == (None if expected is None else pytest.approx(expected, abs=1e-6)), key
    if "reason" in case:
        assert figures["alpha"].undefined_because == case["reason"]
    if case.get("reason") in ("single_unit", "low_variation"):
        assert figures["alpha"].ci_low is None


def counted(case: dict[str, Any]) -> PatternCounts:
    if "counts" in case:
        return PatternCounts.from_unit_counts(np.array(case["counts"], dtype=case["dtype"]))
    if "long" in case:
        return PatternCounts.of(Ratings([0, 0, 0], [1, 1, 2], [level for _, _, level in case["long"]], n_levels=3))
    return PatternCounts.of(ratings_of(case["ratings"], case.get("levels", [0, 1, 2])))
