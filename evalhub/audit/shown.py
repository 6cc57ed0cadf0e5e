"""The page of the log, of one chain or of all, for whichever stage knows who may see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flask import Response, flash, render_template, request
from flask.typing import ResponseReturnValue

from evalhub.audit.forms import FilterForm
from evalhub.audit.queries import actions, events_of, exported, last_check
from evalhub.audit.schema import details, sentence
from evalhub.audit.service import chain_all
from evalhub.audit.service import verify as verify_chains
from evalhub.db import Database
from evalhub.web.context import utc_now
from evalhub.web.principal import accounts, require_principal
from evalhub.web.session import current_database, reading


def log_page(at: str, *, chain: str = "", **page: Any) -> ResponseReturnValue:
    """The page of events that the address asks for; 422 with a filter that cannot be.

    Args:
        at: the page's own address; `verify` and `download` lie below it.
        chain: the project's public id; "" for everything.
        page: what the template gets besides.
    """
    form = FilterForm(request.args)
    with reading() as session:
        form.offer(actions(session, chain))
        is_valid = form.validate()
        asked = form if is_valid else FilterForm()
        found = events_of(
            session,
            chain=chain,
            action=asked.action.data or "",
            actor=asked.actor.data or "",
            subject=asked.subject.data or "",
            since=asked.from_moment,
            until=asked.to_moment,
            after=request.args.get("after"),
        )
        check = last_check(session, chain)
    people = {line.event.actor for line in found.lines} | {check.by if check else ""}
    names = accounts().names_of(people - {""})
    shown = {"page": found, "check": check, "names": names, "sentence": sentence, "details": details}
    template = render_template("audit/audit.html", at=at, chain=chain, form=form, **shown, **page)
    return template, 200 if is_valid else 422


def verify_and_say(chain: str = "") -> None:
    """Look whether the chain is whole, keep what was found, and say it on the next page."""
    differences = verify_chains(current_database(), by=require_principal().public_id, at=utc_now(), chain=chain)
    if differences:
        flash("The log is not whole. " + " ".join(f"{difference}." for difference in differences), "error")
    else:
        flash("The log is whole: every event stands where and as it was written.")


def log_file(file_name: str, chain: str | None = None) -> Response:
    """The chained events as JSON lines, the same as `evalhub audit export` writes."""
    database = current_database()
    chain_all(database, chain)
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return Response(_lines(database, chain), headers=headers, mimetype="application/jsonl")


def _lines(database: Database, chain: str | None) -> Iterator[str]:
    with database.reading() as session:
        for line in exported(session, chain):
            yield json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n"
