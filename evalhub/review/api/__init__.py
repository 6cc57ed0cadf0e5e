"""Claims, reviews and past ratings for programs; the same services as the pages."""

from evalhub.review.api import past_ratings, work
from evalhub.review.api.blueprint import api_bp

__all__ = ["api_bp", "past_ratings", "work"]
