"""Remove a member: what becomes of their work is said beforehand."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.accounts.queries import account_or_404
from evalhub.errors import NotFound
from evalhub.projects import service
from evalhub.projects.forms import RemovalForm
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import MemberLine, membership, project_named
from evalhub.review.queries.ending import leaving_of
from evalhub.review.queries.stuck import n_stuck
from evalhub.review.views.blueprint import bp
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/projects/<p>/members/<account>/remove")
@allowed(manage_project)
def leaving(p: str, account: str) -> ResponseReturnValue:
    return _page(p, account, RemovalForm())


@bp.post("/projects/<p>/members/<account>/remove")
@allowed(manage_project)
def remove_member(p: str, account: str) -> ResponseReturnValue:
    form, by_id = RemovalForm.from_request(), require_principal().account_id
    if not form.validate():
        return _page(p, account, form), 422

    def remove(session: Session) -> int:
        project, leaver = project_named(session, p), account_or_404(session, account)
        by = session.get_one(Account, by_id)
        service.remove_member(session, project.id, leaver.id, reason=form.reason.data, by=by, now=utc_now())
        return n_stuck(session, project.id)

    stuck = write(remove)
    left_over = f" {stuck:,} {'item has' if stuck == 1 else 'items have'} too few people left now." if stuck else ""
    flash(f"Removed. The work they did stays.{left_over}")
    return redirect(url_for("projects.members", p=p), 303)


def _page(p: str, account: str, form: RemovalForm) -> str:
    with reading() as session:
        project, leaver = project_named(session, p), account_or_404(session, account)
        member = membership(session, project.id, leaver.id)
        if member is None:
            raise NotFound
        plan = leaving_of(session, project.id, leaver.id)
    return render_template(
        "review/leaving.html", project=project, line=MemberLine(leaver, member), plan=plan, form=form
    )
