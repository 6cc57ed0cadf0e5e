"""Addresses of cases for the templates of earlier stages, which may link to a later one but not read it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from flask import url_for

from evalhub.adjudication.queries.links import cases_to_open
from evalhub.adjudication.schema import case_alias
from evalhub.adjudication.views.blueprint import bp
from evalhub.projects.models import Project
from evalhub.projects.policies import may
from evalhub.projects.queries import membership
from evalhub.projects.schema import ProjectRole
from evalhub.web.principal import require_principal
from evalhub.web.session import reading


class CaseLink(NamedTuple):
    alias: str
    url: str


@bp.app_context_processor
def for_templates() -> dict[str, Any]:
    return {"links_to_cases": links_to_cases}


def links_to_cases(project: Project, tasks: Collection[str]) -> Mapping[str, CaseLink]:
    """The cases of some tasks (public ids) that whoever is signed in may open, by task."""
    principal = require_principal()
    with reading() as session:
        member = membership(session, project.id, principal.account_id)
        if not tasks or not may(principal, project, member, ProjectRole.ADJUDICATOR, ProjectRole.MANAGER):
            return {}
        found = cases_to_open(session, project.id, principal.account_id, tasks)
    return {
        task: CaseLink(case_alias(case), url_for("adjudication.case", public_id=case)) for task, case in found.items()
    }
