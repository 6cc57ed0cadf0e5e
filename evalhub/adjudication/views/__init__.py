"""Pages of adjudication."""

from evalhub.adjudication.views import cases, links, owner, resolution
from evalhub.adjudication.views.blueprint import bp

__all__ = ["bp", "cases", "links", "owner", "resolution"]
