"""The blueprint that the pages of accounts share."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("accounts", "evalhub.accounts", template_folder="templates")
