"""Claims, reviews, past ratings and what becomes of them, for programs; the same services as the pages."""

from evalhub.review.api import adopt, flag, life, managing, past_ratings, voids, work
from evalhub.review.api.blueprint import api_bp

__all__ = ["adopt", "api_bp", "flag", "life", "managing", "past_ratings", "voids", "work"]
