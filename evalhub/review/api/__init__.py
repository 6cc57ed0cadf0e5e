"""Claims, reviews and past ratings for programs; the same services as the pages."""

from evalhub.review.api import flag, past_ratings, work
from evalhub.review.api.blueprint import api_bp

__all__ = ["api_bp", "flag", "past_ratings", "work"]
