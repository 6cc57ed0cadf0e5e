"""The reports' background work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalhub.db import Database
from evalhub.jobs.running import JobRun
from evalhub.projects.models import Project
from evalhub.reports.service.comparison import as_result, compare_models
from evalhub.web.session import reading


def compare(database: Database, run: JobRun) -> Mapping[str, Any]:
    """Compare the models of a project; writes nothing itself, so running it twice does no harm."""
    with reading(database) as session:
        project = session.get_one(Project, run.project_id)
        comparison = compare_models(session, project, run.progress)
        return {"path": f"/projects/{project.name}/models", **as_result(comparison)}
