"""Pages of training."""

from evalhub.training.views import feedback, learn, manage, reference
from evalhub.training.views.blueprint import bp

__all__ = ["bp", "feedback", "learn", "manage", "reference"]
