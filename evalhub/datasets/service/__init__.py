"""Bring items into a dataset."""

from evalhub.datasets.service.imports import ImportResult, Transact, check_items, import_items
from evalhub.datasets.service.spooling import Progress, Warnings
from evalhub.datasets.service.sweeping import sweep_imports

__all__ = ["ImportResult", "Progress", "Transact", "Warnings", "check_items", "import_items", "sweep_imports"]
