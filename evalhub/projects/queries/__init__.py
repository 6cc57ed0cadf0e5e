"""Reads of projects, members and batches."""

from evalhub.projects.queries.members import (
    MemberLine,
    member_page,
    members_of,
    membership,
    roles_of,
    shown_name,
    simulated_reviewers,
)
from evalhub.projects.queries.projects import (
    ProjectLine,
    all_projects,
    batch_settings_of,
    batches_of,
    plan_of,
    project_line,
    project_named,
    project_page,
    projects_of,
    rules_of,
    settings_of,
)

__all__ = [
    "MemberLine",
    "ProjectLine",
    "all_projects",
    "batch_settings_of",
    "batches_of",
    "member_page",
    "members_of",
    "membership",
    "plan_of",
    "project_line",
    "project_named",
    "project_page",
    "projects_of",
    "roles_of",
    "rules_of",
    "settings_of",
    "shown_name",
    "simulated_reviewers",
]
