"""Pages of the reviewer."""

from evalhub.review.views import adopt, desk, flag, leaving, life, mine, past_ratings, settings, void
from evalhub.review.views.blueprint import bp

__all__ = ["adopt", "bp", "desk", "flag", "leaving", "life", "mine", "past_ratings", "settings", "void"]
