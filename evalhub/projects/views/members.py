"""Who takes part in a project, in which roles."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.accounts.queries import account_of_login, account_or_404, people_to_choose
from evalhub.errors import BadInput, Fault, NotFound
from evalhub.projects import service
from evalhub.projects.forms import MemberForm, RemovalForm
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import MemberLine, member_page, project_named
from evalhub.projects.schema import ProjectRole
from evalhub.projects.views.blueprint import bp
from evalhub.web.context import utc_now
from evalhub.web.listing import listing_of
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/projects/<p>/members")
@allowed(manage_project)
def members(p: str) -> ResponseReturnValue:
    return _page(p, MemberForm())


@bp.post("/projects/<p>/members")
@allowed(manage_project)
def set_member(p: str) -> ResponseReturnValue:
    form, by_id = MemberForm.from_request(), require_principal().account_id
    if not form.validate():
        return _page(p, form), 422
    roles = {ProjectRole(role) for role in form.roles.data}

    def store(session: Session) -> str:
        account = account_of_login(session, form.login.data)
        if account is None:
            raise BadInput("Nobody signs in so.", faults=[Fault("schema", "nobody signs in so", "login")])
        project = project_named(session, p)
        service.set_member(session, project.id, account.id, roles, by=session.get(Account, by_id), now=utc_now())
        return account.display_name

    try:
        name = write(store)
    except (BadInput, NotFound) as error:
        form.login.errors = ["Nobody signs in by this name. Invite them under People first."]
        return _page(p, form), error.http_status if isinstance(error, BadInput) else 422
    flash(f"{name} takes part as {', '.join(sorted(roles))}.")
    return redirect(url_for("projects.members", p=p), 303)


@bp.post("/projects/<p>/members/<account>/remove")
@allowed(manage_project)
def remove_member(p: str, account: str) -> ResponseReturnValue:
    form, by_id = RemovalForm.from_request(), require_principal().account_id
    if not form.validate():
        return _page(p, MemberForm(), removal=form), 422
    write(
        lambda s: service.remove_member(
            s,
            project_named(s, p).id,
            account_or_404(s, account).id,
            reason=form.reason.data,
            by=s.get_one(Account, by_id),
            now=utc_now(),
        )
    )
    flash("Removed. The work they did stays.")
    return redirect(url_for("projects.members", p=p), 303)


def _page(p: str, form: MemberForm, removal: RemovalForm | None = None) -> str:
    with reading() as session:
        project = project_named(session, p)
        listing = listing_of(
            request.args, at=url_for("projects.members", p=p), sorts=("name", "-since"), filters=("q", "role")
        )
        page = member_page(session, project.id, listing)
        people = people_to_choose(session) if require_principal().is_admin else []
    return render_template(
        "projects/members.html",
        project=project,
        page=page,
        members=[MemberLine(account, member) for account, member in page.rows],
        listing=listing,
        form=form,
        people=people,
        removal=removal or RemovalForm(),
    )
