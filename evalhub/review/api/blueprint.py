"""The blueprint of the review stage's interface."""

from __future__ import annotations

from flask import Blueprint

api_bp = Blueprint("review_api", __name__, url_prefix="/api/v1")
