"""Pages of adjudication."""

from evalhub.adjudication.views import cases, links, resolution
from evalhub.adjudication.views.blueprint import bp

__all__ = ["bp", "cases", "links", "resolution"]
