"""`evalhub project member …`: who takes part in a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from evalhub.cli.instance import open_instance
from evalhub.cli.output import print_json, print_table

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from evalhub.accounts.models import Account

ROLES = ("reviewer", "adjudicator", "manager", "viewer")


@click.group()
def member() -> None:
    """List, take in and remove members of a project."""


@member.command("list")
@click.argument("project")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_members(ctx: click.Context, project: str, as_json: bool) -> None:
    """Who takes part in PROJECT, in which roles."""
    from evalhub.projects.queries import members_of, project_named

    with open_instance(ctx).reading() as session:
        lines = [
            (line.account.login, line.shown_name, line.roles)
            for line in members_of(session, project_named(session, project).id)
        ]
    if as_json:
        print_json([{"login": login, "name": name, "roles": roles} for login, name, roles in lines])
    elif lines:
        cells = [[login or "–", name, ", ".join(roles)] for login, name, roles in lines]
        print_table(f"members of {project}", ["sign-in name", "name", "roles"], cells)


@member.command()
@click.argument("project")
@click.argument("logins", nargs=-1, required=True)
@click.option("--role", multiple=True, required=True, type=click.Choice(ROLES), help="May be given several times.")
@click.pass_context
def add(ctx: click.Context, project: str, logins: tuple[str, ...], role: tuple[str, ...]) -> None:
    """Give LOGINS these roles in PROJECT; whoever takes part already has their roles replaced."""
    from evalhub.db import now
    from evalhub.projects.queries import project_named
    from evalhub.projects.schema import ProjectRole
    from evalhub.projects.service import set_members

    roles = {ProjectRole(one) for one in role}
    open_instance(ctx).write(
        lambda s: set_members(
            s, project_named(s, project).id, [_account(s, login).id for login in logins], roles, by=None, now=now(s)
        )
    )
    click.echo(f"{', '.join(logins)}: {', '.join(sorted(roles))} of {project}")


@member.command()
@click.argument("project")
@click.argument("login")
@click.option("--reason", required=True, help="Why; that one was given is kept.")
@click.pass_context
def remove(ctx: click.Context, project: str, login: str, reason: str) -> None:
    """End the part of LOGIN in PROJECT: leases end, the work stays."""
    from evalhub.db import now
    from evalhub.projects.queries import project_named
    from evalhub.projects.service import remove_member
    from evalhub.review.queries.stuck import n_stuck

    def store(session: Session) -> int:
        project_id = project_named(session, project).id
        remove_member(session, project_id, _account(session, login).id, reason=reason, by=None, now=now(session))
        return n_stuck(session, project_id)

    stuck = open_instance(ctx).write(store)
    click.echo(f"removed {login} from {project}")
    if stuck:
        click.echo(f"warning: {stuck} items can no longer get all their reviewers; take somebody in", err=True)


def _account(session: Session, login: str) -> Account:
    """The account with this sign-in name.

    Raises:
        NotFound: when there is none.
    """
    from evalhub.accounts.queries import account_of_login
    from evalhub.errors import NotFound

    account = account_of_login(session, login)
    if account is None:
        raise NotFound(f'Nobody signs in as "{login}"; make the account with `evalhub user add`.')
    return account
