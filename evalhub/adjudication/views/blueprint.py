"""The blueprint of the adjudication stage."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("adjudication", __name__, template_folder="../templates")
