from __future__ import annotations

from datetime import date, timedelta

from evalhub.reports.outlook import outlook
from evalhub.reports.queries.dashboard import DayOfWork

FRIDAY = date(2026, 3, 27)


def worked(*reviews: int, last: date = FRIDAY, by: str = "ann") -> list[DayOfWork]:
    """One day after the other up to the last; a weekend is left out."""
    days, day = [], last
    for n in reversed(reviews):
        while day.weekday() > 4:
            day -= timedelta(days=1)
        days.append(DayOfWork(by, day, n, 60.0))
        day -= timedelta(days=1)
    return days


def test_the_end_falls_on_a_working_day_and_today_does_not_count_as_a_day_behind() -> None:
    work = [*worked(10, 10, 10, 10, 10, 10), DayOfWork("ann", FRIDAY + timedelta(days=3), 1, 60.0)]
    found = outlook(work, 60, today=FRIDAY + timedelta(days=3), due_on=None)
    assert found.a_day == 10.0
    assert found.likely == date(2026, 4, 6)  # Monday to Friday, and Monday again
    assert (found.earliest, found.latest) == (found.likely, found.likely)
    assert "Monday to Friday" in found.method
    assert found.due == ""


def test_weekends_count_where_somebody_worked_on_one() -> None:
    work = [DayOfWork("ann", FRIDAY - timedelta(days=n), 10, 60.0) for n in range(8)]
    found = outlook(work, 50, today=FRIDAY + timedelta(days=1), due_on=None)
    assert found.likely == FRIDAY + timedelta(days=5)
    assert "weekends among them" in found.method


def test_too_few_days_say_so_and_an_idle_day_is_a_day() -> None:
    today = FRIDAY + timedelta(days=3)
    assert outlook(worked(10, 10), 50, today=today, due_on=None).because == "fewer than five working days lie behind"
    assert outlook([], 50, today=today, due_on=None).because == "fewer than five working days lie behind"
    idle = [one for one in worked(10, 0, 0, 0, 10) if one.reviews]
    assert outlook(idle, 50, today=today, due_on=None).a_day == 4.0


def test_it_says_what_would_meet_the_due_date() -> None:
    work = [*worked(5, 5, 5, 5, 5), *worked(5, 5, 5, 5, 5, by="ben")]
    monday = FRIDAY + timedelta(days=3)

    def due(remaining: int, on: date) -> str:
        return outlook(work, remaining, today=monday, due_on=on).due

    in_a_week = monday + timedelta(days=4)
    assert due(50, in_a_week) == "At this pace the due date is met."
    expected = "The due date takes 2.4 reviews a working day more, or one reviewer more at the present pace."
    assert due(62, in_a_week) == expected
    assert "3 reviewers more" in due(120, in_a_week)
    assert due(50, FRIDAY) == "The due date is past."
    assert outlook([], 50, today=monday, due_on=in_a_week).due == "The due date takes 10.0 reviews a working day."
    assert due(0, FRIDAY) == ""
