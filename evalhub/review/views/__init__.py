"""Pages of the reviewer."""

from evalhub.review.views import desk, flag, leaving, life, mine, past_ratings, settings, void
from evalhub.review.views.blueprint import bp

__all__ = ["bp", "desk", "flag", "leaving", "life", "mine", "past_ratings", "settings", "void"]
