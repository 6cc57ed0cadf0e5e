"""Home, and what a project shows of its work and of its models."""

from evalhub.reports.views import audit, comparison, home, items, notices, project, session
from evalhub.reports.views.blueprint import bp

__all__ = ["audit", "bp", "comparison", "home", "items", "notices", "project", "session"]
