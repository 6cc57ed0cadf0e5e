"""Who takes part in a project, in which roles."""

from __future__ import annotations

from collections.abc import Collection

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.accounts.queries import account_of_login, account_or_404, people_to_choose
from evalhub.errors import BadInput, Fault, NotFound
from evalhub.projects import service
from evalhub.projects.forms import MembersForm, RolesForm
from evalhub.projects.models import Member
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import MemberLine, member_page, members_of, project_named, removed_members, roles_of
from evalhub.projects.views.blueprint import bp
from evalhub.web.context import utc_now
from evalhub.web.listing import listing_of
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/projects/<p>/members")
@allowed(manage_project)
def members(p: str) -> ResponseReturnValue:
    return _page(p, MembersForm())


@bp.post("/projects/<p>/members")
@allowed(manage_project)
def set_members(p: str) -> ResponseReturnValue:
    form, by_id = MembersForm.from_request(), require_principal().account_id
    _offer(form, p)
    if form.validate() and not form.named:
        form.logins.errors = ["Give at least one sign-in name."]
    if form.errors:
        return _page(p, form), 422

    def store(session: Session) -> None:
        ids, project = account_ids(session, form.named), project_named(session, p)
        service.set_members(session, project.id, ids, form.chosen, by=session.get(Account, by_id), now=utc_now())

    try:
        write(store)
    except (BadInput, NotFound) as error:
        form.logins.errors = [fault.message for fault in error.faults] or [error.message]
        return _page(p, form), 422
    n = len(form.named)
    flash(f"{n} {'person takes' if n == 1 else 'people take'} part as {', '.join(sorted(form.chosen))}.")
    return redirect(url_for("projects.members", p=p), 303)


@bp.post("/projects/<p>/members/<account>/roles")
@allowed(manage_project)
def set_roles(p: str, account: str) -> ResponseReturnValue:
    form, by_id = RolesForm.from_request(), require_principal().account_id
    if not form.validate():
        return _page(p, MembersForm(), roles=form), 422

    def store(session: Session) -> str:
        person, project = account_or_404(session, account), project_named(session, p)
        _membership(session, project.id, person.id)
        service.set_member(session, project.id, person.id, form.chosen, by=session.get(Account, by_id), now=utc_now())
        return person.display_name

    name = write(store)
    flash(f"{name} takes part as {', '.join(sorted(form.chosen))}.")
    return redirect(url_for("projects.members", p=p), 303)


@bp.post("/projects/<p>/members/<account>/back")
@allowed(manage_project)
def take_back(p: str, account: str) -> ResponseReturnValue:
    by_id = require_principal().account_id

    def store(session: Session) -> str:
        person, project = account_or_404(session, account), project_named(session, p)
        roles = roles_of(_membership(session, project.id, person.id))
        service.set_member(session, project.id, person.id, roles, by=session.get(Account, by_id), now=utc_now())
        return person.display_name

    name = write(store)
    flash(f"{name} takes part again, in the same roles.")
    return redirect(url_for("projects.members", p=p), 303)


def account_ids(session: Session, logins: Collection[str]) -> list[int]:
    """The accounts with these sign-in names.

    Raises:
        BadInput: naming each that nobody signs in by.
    """
    found = {login: account_of_login(session, login) for login in logins}
    faults = [
        Fault("schema", f'Nobody signs in as "{login}". Invite them under People first.', "members")
        for login, account in found.items()
        if account is None
    ]
    if faults:
        raise BadInput("Some of these people are not there.", faults=faults)
    return [account.id for account in found.values() if account is not None]


def _membership(session: Session, project_id: int, account_id: int) -> Member:
    """What somebody is or was in the project.

    Raises:
        NotFound: they never took part.
    """
    member = session.get(Member, (project_id, account_id))
    if member is None:
        raise NotFound
    return member


def _offer(form: MembersForm, p: str) -> None:
    """Have admins choose among the people who take no part yet; a manager does not learn who there is."""
    if not require_principal().is_admin:
        form.offer([])
        return
    with reading() as session:
        there = {line.account.id for line in members_of(session, project_named(session, p).id)}
        people = [account for account in people_to_choose(session) if account.id not in there]
    form.offer([(account.login or "", account.display_name) for account in people])


def _page(p: str, form: MembersForm, roles: RolesForm | None = None) -> str:
    _offer(form, p)
    with reading() as session:
        project = project_named(session, p)
        listing = listing_of(
            request.args, at=url_for("projects.members", p=p), sorts=("name", "-since"), filters=("q", "role")
        )
        page = member_page(session, project.id, listing)
        removed = removed_members(session, project.id)
    return render_template(
        "projects/members.html",
        project=project,
        page=page,
        members=[MemberLine(account, member) for account, member in page.rows],
        removed=removed,
        listing=listing,
        form=form,
        roles=roles or RolesForm(),
    )
