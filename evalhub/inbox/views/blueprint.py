"""The blueprint of the inbox."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy.exc import SQLAlchemyError

from evalhub.inbox.queries.owners import open_entries
from evalhub.web.principal import current_principal
from evalhub.web.session import reading

bp = Blueprint("inbox", __name__, template_folder="../templates")


@bp.app_context_processor
def for_templates() -> dict[str, Any]:
    return {"open_inbox_entries": open_inbox_entries}


def open_inbox_entries() -> int | None:
    """What waits for an answer by whoever is signed in; None for those who answer no inbox.

    None, too, where the database fails: the page that says so has the same frame.
    """
    principal = current_principal()
    if principal is None:
        return None
    try:
        with reading() as session:
            return open_entries(session, principal.account_id, is_admin=principal.is_admin)
    except SQLAlchemyError:
        return None
