"""Counts and ratings in, figures out: how far grades can be trusted.

Pure functions of arrays. A figure that is undefined says why; nothing returns a silent NaN, 0 or 1.
"""

from evalhub.stats.alpha import alpha, alpha_with_random_reviewers, alphas_without_each_rater
from evalhub.stats.bootstrap import Bootstrap, bootstrap_alpha
from evalhub.stats.boundaries import Boundary, boundaries, ranked
from evalhub.stats.check import check_alpha
from evalhub.stats.coefficients import agreement_within, brennan_prediger, fleiss_kappa, gwet_ac, percent_agreement
from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import METHOD_WORDS, REASON_WORDS, Figure, Method, Reason
from evalhub.stats.ratings import Ratings
from evalhub.stats.report import CriterionReport, criterion_report, reliability_of_mean
from evalhub.stats.scale import Scale
from evalhub.stats.specific import pooled_specific_agreement, specific_agreement
from evalhub.stats.verdict import Verdict, VerdictCode, verdict
from evalhub.stats.weights import Weights

__all__ = [
    "METHOD_WORDS",
    "REASON_WORDS",
    "Bootstrap",
    "Boundary",
    "CriterionReport",
    "Figure",
    "Method",
    "PatternCounts",
    "Ratings",
    "Reason",
    "Scale",
    "Verdict",
    "VerdictCode",
    "Weights",
    "agreement_within",
    "alpha",
    "alpha_with_random_reviewers",
    "alphas_without_each_rater",
    "bootstrap_alpha",
    "boundaries",
    "brennan_prediger",
    "check_alpha",
    "criterion_report",
    "fleiss_kappa",
    "gwet_ac",
    "percent_agreement",
    "pooled_specific_agreement",
    "ranked",
    "reliability_of_mean",
    "specific_agreement",
    "verdict",
]
