"""The blueprint of the datasets stage, for admins alone: names of files and items can tell which model answered."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("datasets", __name__, template_folder="../templates")
