"""Pages of the reviewer."""

from evalhub.review.views import desk, flag, life, mine, past_ratings, void
from evalhub.review.views.blueprint import bp

__all__ = ["bp", "desk", "flag", "life", "mine", "past_ratings", "void"]
