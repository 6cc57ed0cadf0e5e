"""Alphas of six real datasets with several reviewers, to full precision."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evalhub.stats import CriterionReport, Ratings, criterion_report

DATASETS = ("lamp50", "mqm_small", "recipes", "ttcw", "wmt23_mqm_ende", "wmt23_mqm_zhen")


def read(folder: Path, level_order: list[object]) -> dict[str, Ratings]:
    rank = {str(level): at for at, level in enumerate(level_order)}
    rows: dict[str, list[tuple[str, str, int]]] = {}
    with (folder / "ratings.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            rating = json.loads(line)
            answer = rank[str(rating.get("level", rating.get("value")))]
            rows.setdefault(rating["criterion"], []).append((rating["item_id"], rating["reviewer"], answer))
    return {criterion: ratings(given, len(rank)) for criterion, given in rows.items()}


def ratings(rows: list[tuple[str, str, int]], n_levels: int) -> Ratings:
    items = {name: at for at, name in enumerate(dict.fromkeys(item for item, _, _ in rows))}
    people = {name: at for at, name in enumerate(dict.fromkeys(reviewer for _, reviewer, _ in rows))}
    return Ratings(
        [items[item] for item, _, _ in rows], [people[name] for _, name, _ in rows],
        [level for _, _, level in rows], n_levels=n_levels,
    )  # fmt: skip


def reports(shared: Path, dataset: str) -> dict[str, CriterionReport]:
    folder = shared / "data" / dataset
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    found = read(folder, expected["level_order"])
    return {criterion: criterion_report(given, scale="ordinal") for criterion, given in found.items()}


@pytest.mark.parametrize("dataset", DATASETS)
def test_all_alphas_of_real_data_are_exact(shared: Path, dataset: str) -> None:
    expected = json.loads((shared / "data" / dataset / "expected.json").read_text(encoding="utf-8"))["criteria"]
    found = reports(shared, dataset)
    assert found.keys() == expected.keys() - {"(pooled)"}
    for criterion, report in found.items():
        for name in ("alpha_ordinal", "alpha_nominal", "alpha_interval"):
            figure = report.alpha if name == "alpha_ordinal" else getattr(report, name)
            assert figure.value == pytest.approx(expected[criterion][name], abs=1e-9), (criterion, name)
        assert list(report.distribution) == list(expected[criterion]["distribution"].values())
        assert report.is_checked


def test_the_boundaries_of_translation_accuracy_carry_the_known_parts(shared: Path) -> None:
    lower, upper = reports(shared, "mqm_small")["accuracy"].boundaries
    assert (lower.weight, lower.alpha) == pytest.approx((0.348, 0.619), abs=5e-4)
    assert (upper.weight, upper.alpha) == pytest.approx((0.652, 0.457), abs=5e-4)
    assert upper.points > lower.points


def test_rare_terminology_errors_are_not_reproduced(shared: Path) -> None:
    found = reports(shared, "wmt23_mqm_zhen")
    assert found["terminology"].verdict.code == "rare_levels_not_reproduced"
    assert found["locale"].verdict.code == "rare_levels_not_reproduced"
    assert found["terminology"].specific_agreement[0].value == pytest.approx(0.048, abs=5e-4)
    assert found["locale"].specific_agreement[0].value == 0
