"""Home, and what a project shows of its work."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.calibration.queries.discussion import talks_of
from evalhub.projects.policies import may, see_project
from evalhub.projects.queries import batches_of, membership, project_line, project_named, roles_of
from evalhub.projects.schema import ProjectRole
from evalhub.reports.queries import case_counts, home_cards
from evalhub.reports.views.blueprint import bp
from evalhub.review.queries.progress import funnel, loads, my_progress
from evalhub.web.policies import allowed, anyone
from evalhub.web.principal import current_principal, require_principal
from evalhub.web.session import reading


@bp.get("/")
@allowed(anyone)
def home() -> ResponseReturnValue:
    principal = current_principal()
    if principal is None:
        return redirect(url_for("accounts.sign_in"), 303)
    with reading() as session:
        cards = home_cards(session, principal.account_id, is_admin=principal.is_admin)
    return render_template("reports/home.html", cards=cards)


@bp.get("/projects/<p>")
@allowed(see_project)
def project(p: str) -> ResponseReturnValue:
    principal = require_principal()
    with reading() as session:
        found = project_named(session, p)
        member = membership(session, found.id, principal.account_id)
        roles = roles_of(member) if member else frozenset()
        sees_work = may(principal, found, member, ProjectRole.MANAGER, ProjectRole.VIEWER)
        sees_cases = may(principal, found, member, ProjectRole.MANAGER, ProjectRole.ADJUDICATOR)
        shown = {
            "line": project_line(session, found.id),
            "mine": my_progress(session, found.id, principal.account_id) if ProjectRole.REVIEWER in roles else None,
            "talks": talks_of(session, found.id, principal.account_id) if member else [],
            "funnel": funnel(session, found.id) if sees_work else None,
            "loads": loads(session, found.id) if sees_work else [],
            "batches": batches_of(session, found.id) if sees_work else [],
            "cases": case_counts(session, found.id) if sees_cases else None,
        }
    manages = may(principal, found, member, ProjectRole.MANAGER)
    return render_template("reports/project.html", **shown, sees_work=sees_work, sees_cases=sees_cases, manages=manages)
