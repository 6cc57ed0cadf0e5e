"""Pages of the inbox and of rulings."""

from evalhub.inbox.views import entries, rulings
from evalhub.inbox.views.blueprint import bp

__all__ = ["bp", "entries", "rulings"]
