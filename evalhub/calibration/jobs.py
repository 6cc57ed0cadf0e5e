"""What calibration does in the background."""

from __future__ import annotations

from functools import partial
from typing import Any

from evalhub.calibration.queries.size import levels_given
from evalhub.calibration.service.full import full_report
from evalhub.calibration.service.stored import keep_report
from evalhub.db import Database
from evalhub.jobs.running import JobRun
from evalhub.projects.models import Project
from evalhub.review.queries.patterns import pattern_counts
from evalhub.web.session import reading, write


def make_report(database: Database, run: JobRun) -> dict[str, Any]:
    """Compute the full report of a project and keep it; a second run keeps no second report."""
    assert run.project_id is not None
    with reading(database) as session:
        project = session.get_one(Project, run.project_id)
        n_ratings = levels_given(pattern_counts(session, project.id))
        report = full_report(session, project.id, progress=run.progress)
    public_id = run.arguments["report"]
    write(
        partial(
            keep_report,
            project_id=project.id,
            report=report,
            public_id=public_id,
            n_ratings=n_ratings,
            by_id=run.by_id,
        ),
        on=database,
    )
    return {"path": f"/projects/{project.name}/calibration"}
