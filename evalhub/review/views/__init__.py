"""Pages of the reviewer."""

from evalhub.review.views import desk, mine
from evalhub.review.views.blueprint import bp

__all__ = ["bp", "desk", "mine"]
