"""The blueprint of the calibration stage."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("calibration", __name__, template_folder="../templates")
