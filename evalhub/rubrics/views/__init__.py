"""Pages of rubrics."""

from evalhub.rubrics.views import checking, drafts, publishing, starting, versions
from evalhub.rubrics.views.blueprint import bp

__all__ = ["bp", "checking", "drafts", "publishing", "starting", "versions"]
