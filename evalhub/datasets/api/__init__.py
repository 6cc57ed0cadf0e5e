"""Datasets for programs."""

from evalhub.datasets.api import imports, items
from evalhub.datasets.api.blueprint import api_bp
from evalhub.datasets.api.items import body_stream

__all__ = ["api_bp", "body_stream", "imports", "items"]
