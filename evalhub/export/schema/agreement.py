"""Agreement over the ratings of a bundle, for its manifest and for whoever checks it."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evalhub.rubrics.schema import Criterion, Rubric
from evalhub.stats import Figure, Ratings, criterion_report

Version = tuple[str, int]


@dataclass(slots=True)
class _Columns:
    """One criterion's ratings; 32 bytes a rating."""

    unit: array[int] = field(default_factory=lambda: array("q"))
    rater: array[int] = field(default_factory=lambda: array("q"))
    group: array[int] = field(default_factory=lambda: array("q"))
    place: array[float] = field(default_factory=lambda: array("d"))


class Tally:
    """Collects the lines of ratings.jsonl in their order, then says how far reviewers agree on the current rubric.

    Ratings of another version count where it asks the same question, told by the criterion's fingerprint.
    """

    def __init__(self, current: Rubric, versions: Sequence[Rubric]) -> None:
        self._columns = {criterion.key: _Columns() for criterion in current.criteria}
        self._criteria = {criterion.key: criterion for criterion in current.criteria}
        self._same: dict[Version, frozenset[str]] = {
            (rubric.name, rubric.version): frozenset(
                criterion.key
                for criterion in rubric.criteria
                if (own := self._criteria.get(criterion.key)) and own.fingerprint == criterion.fingerprint
            )
            for rubric in (*versions, current)
        }
        self._unit = (-1, "", 0)
        self._raters: dict[str, int] = {}
        self._groups: dict[str, int] = {}

    def add(self, line: Mapping[str, Any]) -> None:
        """Count one line; lines of one item follow one another."""
        version = (line["rubric"], line["rubric_version"])
        if not line["planned"] or line["state"] != "rated" or line["criterion"] not in self._same.get(version, ()):
            return
        n, item_id, number = self._unit
        if (item_id, number) != (line["item_id"], line["rubric_version"]):
            self._unit = (n + 1, line["item_id"], line["rubric_version"])
        key = line["criterion"]
        columns = self._columns[key]
        columns.unit.append(self._unit[0])
        columns.rater.append(self._raters.setdefault(line["reviewer"], len(self._raters)))
        columns.group.append(self._groups.setdefault(line["group"], len(self._groups)))
        columns.place.append(line["value"] if self._criteria[key].range else line["rank"])

    def lines(self) -> list[dict[str, Any]]:
        """Three figures a criterion that was rated, in the rubric's order."""
        return [
            line
            for key, columns in self._columns.items()
            if columns.unit
            for line in _lines(self._criteria[key], columns)
        ]


def _lines(criterion: Criterion, columns: _Columns) -> list[dict[str, Any]]:
    unit, rater, group = (np.array(column, dtype=np.int64) for column in (columns.unit, columns.rater, columns.group))
    place = np.array(columns.place, dtype=np.float64)
    if criterion.range is None:
        ratings = Ratings(unit, rater, place, n_levels=len(criterion.levels), group=group)
    else:
        ratings = Ratings.of_values(unit, rater, place, group)
    report = criterion_report(
        ratings,
        scale=criterion.scale.value,
        critical=criterion.critical,
        scores=None if criterion.range else [level.score for level in criterion.levels],
    )
    figures = {f"alpha_{criterion.scale.value}": report.alpha, "percent_agreement": report.percent_agreement}
    return [
        _line(criterion, metric, figure, report.verdict.code.value)
        for metric, figure in (figures | {"ac2": report.ac2}).items()
    ]


def _line(criterion: Criterion, metric: str, figure: Figure, verdict: str) -> dict[str, Any]:
    return {
        "criterion": criterion.key,
        "metric": metric,
        "value": figure.value,
        "ci_low": figure.ci_low,
        "ci_high": figure.ci_high,
        "n_items": figure.n_items,
        "n_pairable": figure.n_pairable,
        "n_groups": figure.n_groups,
        "n_reviewers": figure.n_reviewers,
        "verdict": verdict,
        "undefined_because": str(figure.undefined_because or ""),
    }
