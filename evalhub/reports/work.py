"""The work of a project as its dashboard shows it: reviews a day, and who keeps which pace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from evalhub.reports.queries.dashboard import DayOfWork
from evalhub.web.charts import Bar, Chart, bars

DAYS = 28
WEEK = 7


@dataclass(frozen=True, slots=True)
class Pace:
    """What somebody has done in all and of late; both together are one person's or a whole project's."""

    hours: float
    reviews_last_week: int


def pace(work: Iterable[DayOfWork], today: date) -> Pace:
    found = list(work)
    since = today - timedelta(days=WEEK - 1)
    return Pace(
        hours=sum(one.seconds_active for one in found) / 3600,
        reviews_last_week=sum(one.reviews for one in found if one.day >= since),
    )


def paces(work: Sequence[DayOfWork], today: date) -> dict[str, Pace]:
    """The pace of each reviewer, by public id."""
    return {
        reviewer: pace((one for one in work if one.reviewer == reviewer), today)
        for reviewer in {one.reviewer for one in work}
    }


def reviews_chart(work: Sequence[DayOfWork], today: date) -> Chart:
    """Reviews sent in on each of the last days, today among them."""
    by_day: Counter[date] = Counter()
    for one in work:
        by_day[one.day] += one.reviews
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    counts = [by_day[day] for day in days]
    reviewers = {one.reviewer for one in work if one.day >= days[0] and one.reviews}
    return Chart(
        name="reviews-a-day",
        title=f"Reviews a day, the last {DAYS} days",
        description=f"A bar a day for the reviews sent in, up to {max(counts):,} on one day.",
        method=f"{_counted(sum(counts), 'review')} of {_counted(len(reviewers), 'reviewer')}; days in UTC.",
        headings=("Day", "Reviews"),
        rows=tuple((day.isoformat(), n) for day, n in zip(days, counts, strict=True)),
        picture=bars(list(map(_bar, days, counts))) if any(counts) else None,
        because=f"Nobody has sent a review in the last {DAYS} days.",
    )


def _bar(day: date, reviews: int) -> Bar:
    return Bar(f"{day.day} {day:%b}", reviews)


def _counted(n: int, one: str) -> str:
    return f"{n:,} {one}" if n == 1 else f"{n:,} {one}s"
