"""When the work of a project will be done, and what would meet its due date."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from evalhub.reports.queries.dashboard import DayOfWork
from evalhub.stats import REASON_WORDS, DaysLeft, days_left

WINDOW = 14
"""Working days that the outlook rests on, at most."""
LOOKED_AT = 28
SATURDAY = 5
FURTHEST = 3650
"""Days; a later end is said to be none."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """The end of the work as it is foretold.

    `likely`, `earliest` and `latest` are days; None where they cannot be said, `because` says why. `due` is what the
    due date takes, in words; empty without one.
    """

    remaining: int
    a_day: float | None
    likely: date | None
    earliest: date | None
    latest: date | None
    method: str
    because: str
    due: str


def outlook(work: Sequence[DayOfWork], remaining: int, *, today: date, due_on: date | None) -> Outlook:
    """From the last working days, today left out, since it is not over."""
    behind = [one for one in work if one.reviews and today - timedelta(days=LOOKED_AT) <= one.day < today]
    has_weekends = any(one.day.weekday() >= SATURDAY for one in behind)
    days = _working_days(behind, today, has_weekends=has_weekends)
    by_day = Counter[date]()
    for one in behind:
        by_day[one.day] += one.reviews
    found = days_left([by_day[day] for day in days], remaining)
    reviewers = len({one.reviewer for one in behind if days and one.day >= days[0]})

    def ends(n: float | None) -> date | None:
        return None if n is None or n > FURTHEST else _after(today, math.ceil(n), has_weekends=has_weekends)

    return Outlook(
        remaining=remaining,
        a_day=found.a_day,
        likely=ends(found.days),
        earliest=ends(found.fewest),
        latest=ends(found.most),
        method=_method(found, has_weekends=has_weekends),
        because=REASON_WORDS[found.undefined_because] if found.undefined_because else "",
        due=_due(found, remaining, reviewers, _days_until(today, due_on, has_weekends=has_weekends))
        if due_on and remaining
        else "",
    )


def _working_days(behind: Sequence[DayOfWork], today: date, *, has_weekends: bool) -> list[date]:
    """The last working days before today, from the first review on."""
    if not behind:
        return []
    first = min(one.day for one in behind)
    days = (first + timedelta(days=n) for n in range((today - first).days))
    return [day for day in days if has_weekends or day.weekday() < SATURDAY][-WINDOW:]


def _after(today: date, n: int, *, has_weekends: bool) -> date:
    """The day on which the n-th working day from today on falls, today among them."""
    day, left = today, n
    while True:
        if has_weekends or day.weekday() < SATURDAY:
            left -= 1
            if left <= 0:
                return day
        day += timedelta(days=1)


def _days_until(today: date, due_on: date | None, *, has_weekends: bool) -> int:
    """Working days from today to the due date, both among them."""
    if due_on is None:
        return 0
    days = (today + timedelta(days=n) for n in range((due_on - today).days + 1))
    return sum(has_weekends or day.weekday() < SATURDAY for day in days)


def _due(found: DaysLeft, remaining: int, reviewers: int, days: int) -> str:
    """What would meet the due date."""
    if days < 1:
        return "The due date is past."
    needed = remaining / days
    if not found.a_day:
        return f"The due date takes {needed:,.1f} reviews a working day."
    more = needed - found.a_day
    if more <= 0:
        return "At this pace the due date is met."
    people = math.ceil(more * reviewers / found.a_day)
    who = "one reviewer more" if people == 1 else f"{people:,} reviewers more"
    return f"The due date takes {more:,.1f} reviews a working day more, or {who} at the present pace."


def _method(found: DaysLeft, *, has_weekends: bool) -> str:
    kind = "days, weekends among them" if has_weekends else "days, Monday to Friday"
    return (
        f"From the reviews of the last {found.n_days} working {kind}, today left out; in 8 of 10 cases it ends within"
        " the range, if the days to come are like those behind."
    )
