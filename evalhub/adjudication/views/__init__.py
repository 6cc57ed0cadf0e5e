"""Pages of adjudication."""

from evalhub.adjudication.views import cases, resolution
from evalhub.adjudication.views.blueprint import bp

__all__ = ["bp", "cases", "resolution"]
