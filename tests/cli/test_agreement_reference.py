"""`evalhub agreement` on published cases and on degenerate inputs: the right figure, or the right refusal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evalhub.cli.agreement import agreement
from evalhub.errors import BadInput


def written(folder: Path, table: list[list[Any]]) -> Path:
    """Units × raters as a ratings file; what is missing has no line."""
    path = folder / "ratings.jsonl"
    lines = [
        json.dumps({"item_id": f"u{unit}", "reviewer": f"r{rater}", "criterion": "c", "level": value})
        for unit, row in enumerate(table)
        for rater, value in enumerate(row)
        if value not in (None, "NaN")
    ]
    path.write_text("".join(line + "\n" for line in lines))
    return path


def table_of(case: dict[str, Any]) -> list[list[Any]]:
    """The ratings of a degenerate case; counts are dealt out to raters in order of level."""
    if "counts" not in case:
        return list(case["ratings"])
    return [[level for level, n in enumerate(row) for _ in range(n)] for row in case["counts"]]


def figures(path: Path, scale: str, levels: list[Any]) -> dict[str, Any]:
    options = ["--json", "--scale", scale, "--levels", ",".join(map(str, levels))]
    result = CliRunner().invoke(agreement, [str(path), *options])
    assert result.exit_code == 0, result.exception
    (found,) = json.loads(result.output)["criteria"]
    return dict(found)


def reference(shared: Path, name: str) -> list[dict[str, Any]]:
    return list(json.loads((shared / "reference" / name).read_text("utf-8"))["cases"])


def test_published_alphas_come_out(shared: Path, tmp_path: Path) -> None:
    cases = [case for case in reference(shared, "agreement_cases.json") if case["metric"] == "krippendorff_alpha"]
    assert len(cases) == 13
    for case in cases:
        table, levels = case["input"]["ratings_units_by_raters"], case["input"]["levels"]
        found = figures(written(tmp_path, table), case["params"]["level"], levels)
        assert found["alpha"]["value"] == pytest.approx(case["expected"], abs=case["tolerance"]), case["id"]


def test_degenerate_inputs_are_answered_or_refused(shared: Path, tmp_path: Path) -> None:
    cases = reference(shared, "degenerate_cases.json")
    assert len(cases) == 22
    for case in cases:
        if case.get("expect") == "error" or case["id"] in ("empty", "all-missing"):
            assert is_refused(tmp_path, case), case["id"]
            continue
        for key, scale in (("alpha", "ordinal"), ("alpha_ordinal", "ordinal"), ("alpha_nominal", "nominal")):
            if key not in case:
                continue
            found = figures(written(tmp_path, table_of(case)), scale, case.get("levels", [0, 1, 2]))
            expected = None if case[key] is None else pytest.approx(case[key], abs=1e-6)
            assert found["alpha"]["value"] == expected, (case["id"], key)
            if "reason" in case:
                assert found["alpha"]["undefined_because"] == case["reason"], case["id"]
            if "percent_agreement" in case:
                shown = found["percent_agreement"]["value"]
                assert shown == (
                    None if case["percent_agreement"] is None else pytest.approx(case["percent_agreement"])
                )


def is_refused(folder: Path, case: dict[str, Any]) -> bool:
    """Files without a rating, a second rating of one reviewer, and a scale that does not exist."""
    if "long" in case:
        path = folder / "ratings.jsonl"
        rows = [{"item_id": u, "reviewer": r, "criterion": "c", "level": level} for u, r, level in case["long"]]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        path = written(folder, case["ratings"])
    result = CliRunner().invoke(agreement, [str(path), "--scale", case.get("level", "ordinal")])
    return isinstance(result.exception, BadInput) or result.exit_code == 2
