"""Publish rubrics, and keep drafts of them."""

from evalhub.rubrics.service.publish import Added, add_rubric

__all__ = ["Added", "add_rubric"]
