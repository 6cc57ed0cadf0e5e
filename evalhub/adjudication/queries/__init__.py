"""Reads of cases, by subject."""

from evalhub.adjudication.queries.outcomes import settled
from evalhub.adjudication.queries.resolution import Resolution, resolution_of

__all__ = ["Resolution", "resolution_of", "settled"]
