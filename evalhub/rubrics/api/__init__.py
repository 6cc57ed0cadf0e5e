"""Rubrics for programs."""

from evalhub.rubrics.api import checking, drafts, versions
from evalhub.rubrics.api.blueprint import api_bp

__all__ = ["api_bp", "checking", "drafts", "versions"]
