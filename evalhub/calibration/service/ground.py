"""What all criteria of a report stand on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from evalhub.calibration.queries import (
    Asked,
    CountedRatings,
    CountedTasks,
    People,
    counted_ratings,
    counted_tasks,
    people_of,
    weeks_finished,
)
from evalhub.projects.models import Project
from evalhub.projects.queries import plan_of, rules_of
from evalhub.projects.schema import Rules


@dataclass(frozen=True, eq=False)
class Ground:
    """The tasks that count, who graded them, in which week each was finished, and the project's rules."""

    session: Session
    project_id: int
    since: datetime | None
    until: datetime | None
    tasks: CountedTasks
    people: People
    week: NDArray[np.int64]
    rules: Rules
    overlap: int
    """Reviewers that the most graded items are planned to get."""

    @classmethod
    def of(cls, session: Session, project: Project, since: datetime | None, until: datetime | None) -> Ground:
        tasks = counted_tasks(session, project.id)
        return cls(
            session=session,
            project_id=project.id,
            since=since,
            until=until,
            tasks=tasks,
            people=people_of(session, project.id, since=since, until=until),
            week=weeks_finished(session, project.id, tasks),
            rules=rules_of(project),
            overlap=plan_of(project).most,
        )

    def ratings_of(self, asked: Asked) -> CountedRatings:
        """The ratings of one criterion that count."""
        found = counted_ratings(self.session, self.project_id, asked, self.tasks, since=self.since, until=self.until)
        return found.of(self.people)
