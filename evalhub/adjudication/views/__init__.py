"""Pages of adjudication."""

from evalhub.adjudication.views import cases, exceptions, links, owner, queue, reconcile, references, resolution
from evalhub.adjudication.views.blueprint import bp

__all__ = ["bp", "cases", "exceptions", "links", "owner", "queue", "reconcile", "references", "resolution"]
