"""The blueprint of the projects stage."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("projects", __name__, template_folder="../templates")
