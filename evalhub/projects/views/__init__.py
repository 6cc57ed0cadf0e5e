"""Pages that make and change projects; what a project shows of its work is in `reports`."""

from evalhub.projects.views import jobs, members, projects, start, tabs
from evalhub.projects.views.blueprint import bp

__all__ = ["bp", "jobs", "members", "projects", "start", "tabs"]
