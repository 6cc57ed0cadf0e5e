"""Alpha week by week."""

from __future__ import annotations

from evalhub.calibration.charts.words import alpha_axis
from evalhub.calibration.schema.section import CriterionSection, PeriodLine
from evalhub.web.charts import Chart, Point, trend
from evalhub.web.charts.picture import Value
from evalhub.web.charts.trend import Look


def weeks_chart(section: CriterionSection, *, rubric: str) -> Chart:
    """Alpha of each week, with marks where the rubric's version changed."""
    periods = section.periods
    shown = [value for one in periods for value in (one.alpha.value, one.alpha.ci_low) if value is not None]
    marks = [_mark(periods[at - 1] if at else None, one) for at, one in enumerate(periods)]
    return Chart(
        name="weeks",
        title="Week by week",
        description=(
            "A point a week: alpha with its 95 % interval. Triangle: differs from the other weeks; ring: the last week,"
            " provisional; m: another mix of models and tags; dashed line: the rubric's version changed."
        ),
        method=(
            f"{sum(one.n_pairable for one in periods):,} items with two ratings or more, each in the week in which its"
            f" last reviewer finished; distances of all weeks together; {rubric}."
        ),
        headings=("Week", "Alpha", "Low", "High", "Paired items", "Items", "Disagreement", "Versions", "Remark"),
        rows=tuple(_row(one) for one in periods),
        picture=trend(
            [_point(one, mark) for one, mark in zip(periods, marks, strict=True)], alpha_axis(min(shown, default=0.0))
        )
        if shown
        else None,
        because="No week has enough items with two ratings and a time of submission.",
    )


def remarks(one: PeriodLine) -> str:
    found = [
        ("raised: differs from the other weeks", one.is_raised),
        ("provisional", one.is_provisional),
        ("another mix of models and tags", one.changed_mix),
    ]
    return "; ".join(words for words, holds in found if holds)


def _row(one: PeriodLine) -> tuple[Value, ...]:
    alpha = one.alpha
    versions = ", ".join(f"v{number}" for number in one.rubric_versions)
    return (
        one.label,
        alpha.value,
        alpha.ci_low,
        alpha.ci_high,
        one.n_pairable,
        one.n_items,
        one.disagreement,
        versions,
        remarks(one),
    )


def _mark(before: PeriodLine | None, one: PeriodLine) -> str:
    if before is not None and before.rubric_versions == one.rubric_versions:
        return ""
    return ", ".join(f"v{number}" for number in one.rubric_versions)


def _point(one: PeriodLine, mark: str) -> Point:
    look = Look.RAISED if one.is_raised else Look.PROVISIONAL if one.is_provisional else Look.PLAIN
    alpha = one.alpha
    return Point(
        one.label, alpha.value, alpha.ci_low, alpha.ci_high, look, mark=mark, note="m" if one.changed_mix else ""
    )
