"""The blueprint of the projects stage."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from sqlalchemy.exc import SQLAlchemyError

from evalhub.accounts.identity import personal_settings
from evalhub.projects.queries import first_steps
from evalhub.web.principal import current_principal
from evalhub.web.session import reading

bp = Blueprint("projects", __name__, template_folder="../templates")


@bp.app_context_processor
def for_templates() -> dict[str, Any]:
    return {"is_at_first_steps": is_at_first_steps}


def is_at_first_steps() -> bool:
    """Whether home is the first steps for whoever is signed in; not where the database fails."""
    principal = current_principal()
    if principal is None or not principal.is_admin or personal_settings().knows_the_way:
        return False
    try:
        with reading() as session:
            return not first_steps(session).is_over
    except SQLAlchemyError:
        return False
