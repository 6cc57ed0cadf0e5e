"""Pages of training."""

from evalhub.training.views import manage, reference
from evalhub.training.views.blueprint import bp

__all__ = ["bp", "manage", "reference"]
