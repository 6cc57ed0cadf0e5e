"""Pages of datasets, and the way that a file takes into one."""

from evalhub.datasets.views import datasets, undo, wizard
from evalhub.datasets.views.blueprint import bp

__all__ = ["bp", "datasets", "undo", "wizard"]
