"""The blueprint of rubrics."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("rubrics", __name__, template_folder="../templates")
