"""Reads across all stages."""

from evalhub.reports.queries.home import CaseCounts, HomeCard, case_counts, home_cards, open_cases

__all__ = ["CaseCounts", "HomeCard", "case_counts", "home_cards", "open_cases"]
