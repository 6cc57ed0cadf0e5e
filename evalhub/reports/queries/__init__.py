"""Reads across all stages."""

from evalhub.reports.queries.home import CaseCounts, Home, HomeCard, case_counts, home_of, open_cases

__all__ = ["CaseCounts", "Home", "HomeCard", "case_counts", "home_of", "open_cases"]
