"""The blueprint of the review stage."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy.exc import SQLAlchemyError

from evalhub.review.queries.mine import reviews_somewhere
from evalhub.web.principal import current_principal
from evalhub.web.session import reading

bp = Blueprint("review", __name__, template_folder="../templates")


@bp.app_context_processor
def for_templates() -> dict[str, Any]:
    return {"is_reviewer_somewhere": is_reviewer_somewhere}


def is_reviewer_somewhere() -> bool:
    """Whether whoever is signed in has reviews of their own to look for; not where the database fails."""
    principal = current_principal()
    if principal is None:
        return False
    try:
        with reading() as session:
            return reviews_somewhere(session, principal.account_id)
    except SQLAlchemyError:
        return False
