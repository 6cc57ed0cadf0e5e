"""How strict or lenient the reviewers of a criterion are."""

from __future__ import annotations

import math
from collections.abc import Sequence

from evalhub.calibration.charts.words import number
from evalhub.calibration.schema.report import Person
from evalhub.calibration.schema.section import CriterionSection
from evalhub.stats.severity import FEWEST_GROUPS, Severity
from evalhub.web.charts import Axis, Chart, Estimate, forest
from evalhub.web.charts.picture import Value


def severity_chart(section: CriterionSection, people: Sequence[Person], *, rubric: str) -> Chart:
    """How strict or lenient each reviewer with shared items is, in levels, with an interval; the strictest first."""
    known = [line.severity for line in section.reviewers if line.severity is not None]
    found = sorted(known, key=lambda one: (one.component, one.severity))
    apart = len({one.component for one in found}) > 1
    groups = " Reviewers of different groups share no items, so they cannot be compared." if apart else ""
    return Chart(
        name="severity",
        title="How strict or lenient",
        description=f"A row a reviewer: left of 0 strict, right lenient, in levels, with a 95 % interval.{groups}",
        method=(
            f"{section.figures.alpha.n_pairable:,} items with two ratings or more; two-way least squares, t intervals"
            f" of the group jackknife, none of reviewers with fewer than {FEWEST_GROUPS} prompts; {rubric}."
        ),
        headings=("Reviewer", "Severity", "Low", "High", "Shrunk", "Plain difference", "Items", "Group", "Remark"),
        rows=tuple(_row(one, people) for one in found),
        picture=forest([_estimate(one, people, with_group=apart) for one in found], _axis(found)) if found else None,
        because="Severity needs levels with an order, and items that two reviewers share.",
    )


def _estimate(one: Severity, people: Sequence[Person], *, with_group: bool) -> Estimate:
    group = f" (group {one.component + 1})" if with_group else ""
    low, high = one.ci_low, one.ci_high
    words = number(one.severity) if low is None else f"{number(one.severity)} ({number(low)} to {number(high)})"
    return Estimate(people[one.rater].name + group, words, one.severity, low, high, is_weak=one.se is None)


def _row(one: Severity, people: Sequence[Person]) -> tuple[Value, ...]:
    partner = one.confounded_with
    remark = "" if partner is None else f"confounded with {people[partner].name}, with whom most items are shared"
    numbers = (one.severity, one.ci_low, one.ci_high, one.shrunk, one.plain, one.n_items, one.component + 1)
    return (people[one.rater].name, *numbers, remark)


def _axis(found: Sequence[Severity]) -> Axis:
    """Around 0, as far as the widest interval reaches."""
    shown = [end for one in found for end in (one.severity, one.ci_low, one.ci_high) if end is not None]
    reach = max([0.5, *map(abs, shown)])
    end = math.ceil(2 * reach) / 2
    ticks = ((-end, ""), (-end / 2, f"{number(-end / 2)} strict"), (0.0, "0"), (end / 2, f"+{number(end / 2)} lenient"))
    return Axis(-end, end, (*ticks, (end, "")))
