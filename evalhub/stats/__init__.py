"""Counts and ratings in, figures out: how far grades can be trusted.

Pure functions of arrays. A figure that is undefined says why; nothing returns a silent NaN, 0 or 1.
"""

from evalhub.stats.adjusted import ItemMeans, adjusted_means
from evalhub.stats.alpha import alpha, alpha_with_random_reviewers, alphas_without_each_rater
from evalhub.stats.bootstrap import Bootstrap, bootstrap_alpha
from evalhub.stats.boundaries import Boundary, boundaries, ranked
from evalhub.stats.check import check_alpha
from evalhub.stats.coefficients import (
    agreement_within,
    brennan_prediger,
    fleiss_kappa,
    gwet_ac,
    gwet_ac_by_item,
    percent_agreement,
)
from evalhub.stats.complete import IccForm, icc, kendall_w
from evalhub.stats.counts import PatternCounts
from evalhub.stats.crossings import Crossing, RaterCrossing, crossings, main_culprit
from evalhub.stats.dawid_skene import DawidSkene, dawid_skene
from evalhub.stats.drift import Drift, Period, ReviewerPeriod, drift
from evalhub.stats.figure import METHOD_WORDS, REASON_WORDS, Figure, Method, Reason
from evalhub.stats.fleiss import ZTest, fleiss_by_level, fleiss_test
from evalhub.stats.model_scores import ModelPair, ModelScore, ModelScores, model_scores
from evalhub.stats.pairs import PairAgreement, cohen_kappa, conger_kappa, light_kappa, pairwise_kappas, scott_pi
from evalhub.stats.planning import GatePlan, WidthPlan, items_for_gate, items_for_width
from evalhub.stats.preferences import ModelPreference, PreferenceFigures, preference_figures
from evalhub.stats.projection import DaysLeft, days_left
from evalhub.stats.ratings import Ratings
from evalhub.stats.report import CriterionReport, criterion_report, reliability_of_mean
from evalhub.stats.rounds import Change, change_of_alpha
from evalhub.stats.sample_size import items_to_tell_kappas_apart
from evalhub.stats.scale import Scale
from evalhub.stats.specific import pooled_specific_agreement, specific_agreement
from evalhub.stats.verdict import Verdict, VerdictCode, verdict
from evalhub.stats.weights import Weights

__all__ = [
    "METHOD_WORDS",
    "REASON_WORDS",
    "Bootstrap",
    "Boundary",
    "Change",
    "CriterionReport",
    "Crossing",
    "DawidSkene",
    "DaysLeft",
    "Drift",
    "Figure",
    "GatePlan",
    "IccForm",
    "ItemMeans",
    "Method",
    "ModelPair",
    "ModelPreference",
    "ModelScore",
    "ModelScores",
    "PairAgreement",
    "PatternCounts",
    "Period",
    "PreferenceFigures",
    "RaterCrossing",
    "Ratings",
    "Reason",
    "ReviewerPeriod",
    "Scale",
    "Verdict",
    "VerdictCode",
    "Weights",
    "WidthPlan",
    "ZTest",
    "adjusted_means",
    "agreement_within",
    "alpha",
    "alpha_with_random_reviewers",
    "alphas_without_each_rater",
    "bootstrap_alpha",
    "boundaries",
    "brennan_prediger",
    "change_of_alpha",
    "check_alpha",
    "cohen_kappa",
    "conger_kappa",
    "criterion_report",
    "crossings",
    "dawid_skene",
    "days_left",
    "drift",
    "fleiss_by_level",
    "fleiss_kappa",
    "fleiss_test",
    "gwet_ac",
    "gwet_ac_by_item",
    "icc",
    "items_for_gate",
    "items_for_width",
    "items_to_tell_kappas_apart",
    "kendall_w",
    "light_kappa",
    "main_culprit",
    "model_scores",
    "pairwise_kappas",
    "percent_agreement",
    "pooled_specific_agreement",
    "preference_figures",
    "ranked",
    "reliability_of_mean",
    "scott_pi",
    "specific_agreement",
    "verdict",
]
