"""The tabs that stand on every page of a project."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import request, url_for

from evalhub.projects.models import Project
from evalhub.projects.policies import may
from evalhub.projects.queries import membership
from evalhub.projects.schema import ProjectRole
from evalhub.projects.views.blueprint import bp
from evalhub.web.principal import require_principal
from evalhub.web.session import reading

SEE_FIGURES = (ProjectRole.MANAGER, ProjectRole.VIEWER)
MANAGE = (ProjectRole.MANAGER,)


class Section(NamedTuple):
    """A part of a project: name, place below the project's address, for whom it is, and where else its pages lie."""

    label: str
    path: str
    roles: tuple[ProjectRole, ...]
    also: tuple[str, ...] = ()


SECTIONS = (
    Section("Overview", "", tuple(ProjectRole)),
    Section("Items", "/items", SEE_FIGURES, also=("/taken-out",)),
    Section("Cases", "/cases", (ProjectRole.MANAGER, ProjectRole.ADJUDICATOR)),
    Section("Calibration", "/calibration", SEE_FIGURES),
    Section("Rounds", "/rounds", SEE_FIGURES),
    Section("Models", "/models", SEE_FIGURES),
    Section("Training", "/training/manage", MANAGE),
    Section("Members", "/members", MANAGE, also=("/reviews", "/ratings")),
    Section("Exports", "/exports", MANAGE),
    Section("Settings", "/settings", MANAGE, also=("/adopt",)),
    Section("Audit", "/audit", MANAGE),
)


@bp.app_context_processor
def for_templates() -> dict[str, Any]:
    return {"project_tabs": project_tabs}


def project_tabs(project: Project) -> list[tuple[str, str, bool]]:
    """Label, address and whether this page belongs to it, of each section that whoever is signed in may open."""
    principal = require_principal()
    with reading() as session:
        member = membership(session, project.id, principal.account_id)
    base = url_for("reports.project", p=project.name)
    here = request.path.removeprefix(base)
    return [
        (section.label, base + section.path, any(_is_in(here, path) for path in (section.path, *section.also)))
        for section in SECTIONS
        if may(principal, project, member, *section.roles)
    ]


def _is_in(here: str, path: str) -> bool:
    """Whether a page below a project's address belongs to a section: the overview is one page, others have some."""
    return here == path or (path != "" and here.startswith(f"{path}/"))
