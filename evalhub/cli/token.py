"""`evalhub token`: API tokens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

import click
from sqlalchemy.orm import Session

from evalhub.accounts import queries, service
from evalhub.cli import escape_controls
from evalhub.cli.instance import open_instance
from evalhub.cli.user import account_named
from evalhub.web.context import utc_now
from evalhub.web.principal import EVERY_SCOPE, Scope


@click.group()
def token() -> None:
    """Add, list and revoke API tokens."""


@token.command()
@click.argument("login")
@click.option("--name", default="command line", show_default=True, help="What the token is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it may do besides reading; may be repeated. Without it: all that LOGIN may.",
)
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="Last day on which it works (UTC).")
@click.pass_context
def add(ctx: click.Context, *, login: str, name: str, scopes: Sequence[str], expires: datetime | None) -> None:
    """Make a token by which a program acts as LOGIN, and print it; it is not shown again."""
    instance = open_instance(ctx)
    until = datetime.combine(expires, time.max, UTC) if expires else None

    def make(session: Session) -> str:
        return service.create_token(
            session,
            account_id=account_named(session, login).id,
            name=name,
            scopes=[Scope(scope) for scope in scopes] or EVERY_SCOPE,
            expires_at=until,
            now=utc_now(),
        )

    click.echo(instance.write(make))


@token.command("list")
@click.argument("login")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def list_tokens(ctx: click.Context, *, login: str, as_json: bool) -> None:
    """List LOGIN's tokens that work."""
    with open_instance(ctx).reading() as session:
        found = queries.tokens_of(session, account_named(session, login).id)
    rows: list[dict[str, Any]] = [
        {
            "id": row.public_id,
            "name": row.name,
            "scopes": row.scopes,
            "created_at": row.created_at.isoformat(),
            "expires_at": row.expires_at.isoformat() if row.expires_at else None,
            "last_used_at": row.last_used_at.isoformat() if row.last_used_at else None,
        }
        for row in found
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for row in rows:
        may, until = ", ".join(row["scopes"]), f", until {row['expires_at']}" if row["expires_at"] else ""
        last = row["last_used_at"] or "never"
        click.echo(escape_controls(f"{row['id']}  {row['name']}  may {may}{until}  last used {last}"))


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
