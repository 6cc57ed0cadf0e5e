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
from evalhub.calibration.queries.finished import left_out_reviews, week_label, weeks_finished
from evalhub.calibration.queries.names import TaskName, task_names
from evalhub.calibration.queries.people import People, people_of

__all__ = [
    "Asked",
    "CountedRatings",
    "CountedTasks",
    "GivenAnswer",
    "People",
    "TaskName",
    "answers_of_tasks",
    "applicability",
    "as_ratings",
    "counted_ratings",
    "counted_tasks",
    "criteria_of",
    "is_complete",
    "left_out_reviews",
    "meanings",
    "people_of",
    "task_names",
    "week_label",
    "weeks_finished",
]
