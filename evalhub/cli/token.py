"""`evalhub token`: API tokens."""

from __future__ import annotations

import json

import click

from evalhub.accounts import queries, service
from evalhub.cli import escape_controls
from evalhub.cli.instance import open_instance
from evalhub.cli.user import account_named
from evalhub.web.context import utc_now


@click.group()
def token() -> None:
    """Add, list and revoke API tokens."""


@token.command()
@click.argument("login")
@click.option("--name", default="command line", show_default=True, help="What the token is for.")
@click.pass_context
def add(ctx: click.Context, *, login: str, name: str) -> None:
    """Make a token by which a program acts as LOGIN, and print it; it is not shown again."""
    instance = open_instance(ctx)
    click.echo(
        instance.write(
            lambda s: service.create_token(s, account_id=account_named(s, login).id, name=name, now=utc_now())
        )
    )


@token.command("list")
@click.argument("login")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_tokens(ctx: click.Context, *, login: str, as_json: bool) -> None:
    """List LOGIN's tokens that work."""
    with open_instance(ctx).reading() as session:
        found = queries.tokens_of(session, account_named(session, login).id)
    rows = [
        {
            "id": row.public_id,
            "name": row.name,
            "created_at": row.created_at.isoformat(),
            "last_used_at": row.last_used_at.isoformat() if row.last_used_at else None,
        }
        for row in found
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for row in rows:
        click.echo(escape_controls(f"{row['id']}  {row['name']}  last used {row['last_used_at'] or 'never'}"))


@token.command()
@click.argument("login")
@click.argument("token_id")
@click.pass_context
def revoke(ctx: click.Context, *, login: str, token_id: str) -> None:
    """End the token TOKEN_ID of LOGIN."""
    instance = open_instance(ctx)
    instance.write(
        lambda s: service.revoke_token(s, token_id, account_id=account_named(s, login).id, by_id=None, now=utc_now())
    )
    click.echo("The token no longer works.")
