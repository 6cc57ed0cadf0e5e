"""`evalhub user`: people."""

from __future__ import annotations

import json
from typing import TextIO

import click
from sqlalchemy.orm import Session

from evalhub.accounts import queries, service
from evalhub.accounts.models import Account, AccountKind, InstanceRole
from evalhub.accounts.schema import link_url, links_as_csv, read_invitees
from evalhub.cli import escape_controls
from evalhub.cli.instance import Instance, open_instance
from evalhub.errors import NotFound
from evalhub.web.context import utc_now

ROLES = click.Choice([role.value for role in InstanceRole])


@click.group()
def user() -> None:
    """Add, list and disable people."""


@user.command()
@click.argument("login")
@click.option("--name", "display_name", help="The person's name; by default the sign-in name.")
@click.option("--role", type=ROLES, default=InstanceRole.MEMBER.value, show_default=True)
@click.option("--domain", "domains", multiple=True, help="What the person knows; may be given several times.")
@click.pass_context
def add(ctx: click.Context, *, login: str, display_name: str | None, role: str, domains: tuple[str, ...]) -> None:
    """Make an account for LOGIN and print the link by which the person chooses a password."""
    instance = open_instance(ctx)

    def make(session: Session) -> str:
        account, token = service.invite(
            session, login, display_name or login, InstanceRole(role), by_id=None, now=utc_now()
        )
        if domains:
            service.set_domains(session, account.id, list(domains))
        return token

    _print_link(instance, login, instance.write(make))


@user.command("invite")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--role", type=ROLES, default=InstanceRole.MEMBER.value, show_default=True)
@click.option("--domain", "domains", multiple=True, help="What all of them know; may be given several times.")
@click.pass_context
def invite_many(ctx: click.Context, *, file: TextIO, role: str, domains: tuple[str, ...]) -> None:
    """Invite everybody in FILE (- reads standard input) and print CSV: name, login, link.

    A line of FILE is `Name <login>` or `Name, login`. All of them are invited, or with one wrong line nobody.
    """
    instance = open_instance(ctx)
    people = read_invitees(file.read())
    invited = instance.write(
        lambda s: service.invite_all(s, people, InstanceRole(role), domains=list(domains), by_id=None, now=utc_now())
    )
    base_url = instance.settings.base_url
    rows = [(one.display_name, one.login, link_url(base_url, one.token)) for one in invited]
    click.echo(links_as_csv(rows), nl=False)


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_people(ctx: click.Context, *, as_json: bool) -> None:
    """List the people who have an account."""
    with open_instance(ctx).reading() as session:
        found = queries.all_people(session)
    if as_json:
        click.echo(json.dumps([_as_json(account) for account in found], ensure_ascii=False, indent=1))
        return
    for account in found:
        line = f"{account.login}  {account.display_name}  {account.role.value}  {_state(account)}"
        click.echo(escape_controls(line))


@user.command()
@click.argument("login")
@click.argument("role", type=ROLES)
@click.pass_context
def role(ctx: click.Context, *, login: str, role: str) -> None:
    """Give LOGIN another role; their sessions end."""
    instance = open_instance(ctx)
    instance.write(
        lambda s: service.set_role(s, account_named(s, login).id, InstanceRole(role), by_id=None, now=utc_now())
    )
    click.echo(f"{login} is now {role}.")


@user.command()
@click.argument("login")
@click.pass_context
def disable(ctx: click.Context, *, login: str) -> None:
    """Keep LOGIN out; sessions, tokens and links end, the work stays."""
    instance = open_instance(ctx)
    instance.write(lambda s: service.disable(s, account_named(s, login).id, by_id=None, now=utc_now()))
    click.echo(f"{login} is disabled.")


@user.command()
@click.argument("login")
@click.pass_context
def enable(ctx: click.Context, *, login: str) -> None:
    """Let LOGIN in again."""
    instance = open_instance(ctx)
    instance.write(lambda s: service.enable(s, account_named(s, login).id, by_id=None, now=utc_now()))
    click.echo(f"{login} is enabled.")


@user.command("sign-out")
@click.argument("login")
@click.pass_context
def sign_out(ctx: click.Context, *, login: str) -> None:
    """End every session of LOGIN."""
    instance = open_instance(ctx)
    instance.write(lambda s: service.close_all_sessions(s, account_named(s, login).id, by_id=None, now=utc_now()))
    click.echo(f"{login} is signed out everywhere.")


@user.command()
@click.argument("login")
@click.pass_context
def reset(ctx: click.Context, *, login: str) -> None:
    """End LOGIN's password and sessions, and print a link to choose a new password."""
    instance = open_instance(ctx)
    token = instance.write(lambda s: service.reset_password(s, account_named(s, login).id, by_id=None, now=utc_now()))
    _print_link(instance, login, token)


def account_named(session: Session, login: str) -> Account:
    """The human account that signs in by this name.

    Raises:
        NotFound: when there is none.
    """
    account = queries.account_of_login(session, login)
    if account is None or account.kind is not AccountKind.HUMAN:
        raise NotFound(f"nobody signs in as {login}")
    return account


def _print_link(instance: Instance, login: str, token: str) -> None:
    click.echo(f"Send this link to {login}; it works once:")
    click.echo(link_url(instance.settings.base_url, token))


def _state(account: Account) -> str:
    if account.disabled_at:
        return "disabled"
    return "active" if account.password_hash else "no password yet"


def _as_json(account: Account) -> dict[str, str | None]:
    return {
        "account": account.public_id,
        "login": account.login,
        "display_name": account.display_name,
        "role": account.role.value,
        "state": _state(account),
    }
