"""The blueprint of datasets for programs."""

from __future__ import annotations

from flask import Blueprint

api_bp = Blueprint("datasets_api", __name__, url_prefix="/api/v1")
