"""Accounts for programs."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from evalhub.web.api import documented, json_response
from evalhub.web.policies import allowed, signed_in
from evalhub.web.principal import require_principal

api_bp = Blueprint("accounts_api", __name__, url_prefix="/api/v1")


class Me(BaseModel):
    account: str
    display_name: str
    is_admin: bool


@api_bp.get("/me")
@allowed(signed_in)
@documented(summary="Whose token this is", responses={200: Me})
def me() -> ResponseReturnValue:
    principal = require_principal()
    return json_response(
        Me(account=principal.public_id, display_name=principal.display_name, is_admin=principal.is_admin)
    )
