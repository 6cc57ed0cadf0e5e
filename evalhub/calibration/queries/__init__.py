"""Reads of calibration: what was asked, what was answered, and what of it counts."""

from evalhub.calibration.queries.answers import GivenAnswer, answers_of_tasks
from evalhub.calibration.queries.asked import Asked, criteria_of, meanings
from evalhub.calibration.queries.counted import (
    CountedRatings,
    CountedTasks,
    applicability,
    as_ratings,
    counted_ratings,
    counted_tasks,
    is_complete,
)

__all__ = [
    "Asked",
    "CountedRatings",
    "CountedTasks",
    "GivenAnswer",
    "answers_of_tasks",
    "applicability",
    "as_ratings",
    "counted_ratings",
    "counted_tasks",
    "criteria_of",
    "is_complete",
    "meanings",
]
