"""The blueprint of the projects stage for programs."""

from __future__ import annotations

from flask import Blueprint

api_bp = Blueprint("projects_api", __name__, url_prefix="/api/v1")
