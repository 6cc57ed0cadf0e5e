"""The blueprint of rubrics for programs, and what its modules share."""

from __future__ import annotations

from flask import Blueprint

api_bp = Blueprint("rubrics_api", __name__, url_prefix="/api/v1")

YAML_TYPES = (
    "application/yaml",
    "application/x-yaml",
    "text/yaml",
    "text/x-yaml",
    "text/plain",
    "application/octet-stream",
)
