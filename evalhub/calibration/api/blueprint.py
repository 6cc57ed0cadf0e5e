"""The blueprint of the calibration stage's interface."""

from __future__ import annotations

from flask import Blueprint

api_bp = Blueprint("calibration_api", __name__, url_prefix="/api/v1")
