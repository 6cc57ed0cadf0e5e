"""Reads of projects, members and batches."""

from evalhub.projects.queries.first_steps import FirstSteps, first_steps
from evalhub.projects.queries.making import Estimate, estimate, rubric_choices
from evalhub.projects.queries.members import (
    MemberLine,
    member_page,
    members_of,
    membership,
    removed_members,
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
    "Estimate",
    "FirstSteps",
    "MemberLine",
    "ProjectLine",
    "all_projects",
    "batch_settings_of",
    "batches_of",
    "estimate",
    "first_steps",
    "member_page",
    "members_of",
    "membership",
    "plan_of",
    "project_line",
    "project_named",
    "project_page",
    "projects_of",
    "removed_members",
    "roles_of",
    "rubric_choices",
    "rules_of",
    "settings_of",
    "shown_name",
    "simulated_reviewers",
]
