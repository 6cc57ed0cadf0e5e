"""Projects, their settings and members, for programs; the same services as the pages."""

from evalhub.projects.api import create, members, settings
from evalhub.projects.api.blueprint import api_bp

__all__ = ["api_bp", "create", "members", "settings"]
