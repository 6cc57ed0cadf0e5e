"""The blueprint that the pages of accounts share."""

from __future__ import annotations

from flask import Blueprint

from evalhub.accounts.identity import personal_settings
from evalhub.accounts.schema import PersonalSettings

bp = Blueprint("accounts", "evalhub.accounts", template_folder="templates")


@bp.app_context_processor
def _personal() -> dict[str, PersonalSettings]:
    """What every template may ask about the viewer's taste."""
    return {"personal": personal_settings()}
