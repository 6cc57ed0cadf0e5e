"""Every coefficient by its name, as `evalhub agreement --metrics` asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from evalhub.errors import BadInput
from evalhub.stats.alpha import alpha, figure
from evalhub.stats.coefficients import brennan_prediger, fleiss_kappa, gwet_ac, percent_agreement
from evalhub.stats.complete import IccForm, icc, kendall_w
from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Figure, Reason
from evalhub.stats.fleiss import fleiss_test
from evalhub.stats.pairs import cohen_kappa, conger_kappa, light_kappa, scott_pi
from evalhub.stats.ratings import Ratings
from evalhub.stats.scale import Scale
from evalhub.stats.weights import Weights

Metric = Callable[[Ratings, Scale, Weights], Figure]


def _icc(form: IccForm) -> Metric:
    def metric(ratings: Ratings, scale: Scale, _weights: Weights) -> Figure:
        return _of_numbers(ratings, scale, lambda: icc(ratings, form))

    return metric


def _of_numbers(ratings: Ratings, scale: Scale, compute: Callable[[], Figure]) -> Figure:
    """The figure, or its refusal where levels have no order."""
    if scale is Scale.NOMINAL:
        return figure(PatternCounts.of(ratings), None, because=Reason.NEEDS_NUMBERS)
    return compute()


def _fleiss_z(counts: PatternCounts) -> Figure:
    test = fleiss_test(counts)
    return figure(counts, test.z, because=test.undefined_because)


ICC_NAMES = {
    IccForm.ONE_SINGLE: "icc_1_1",
    IccForm.TWO_SINGLE: "icc_2_1",
    IccForm.THREE_SINGLE: "icc_3_1",
    IccForm.ONE_MEAN: "icc_1_k",
    IccForm.TWO_MEAN: "icc_2_k",
    IccForm.THREE_MEAN: "icc_3_k",
}
METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "krippendorff_alpha": lambda r, scale, _w: alpha(PatternCounts.of(r), scale=scale, values=r.values),
        "percent_agreement": lambda r, _s, weights: percent_agreement(PatternCounts.of(r), weights, r.values),
        "gwet_ac": lambda r, _s, weights: gwet_ac(PatternCounts.of(r), weights, r.values),
        "brennan_prediger": lambda r, _s, weights: brennan_prediger(PatternCounts.of(r), weights, r.values),
        "fleiss_kappa": lambda r, _s, weights: fleiss_kappa(PatternCounts.of(r), weights, r.values),
        "fleiss_z": lambda r, _s, _w: _fleiss_z(PatternCounts.of(r)),
        "conger_kappa": lambda r, _s, weights: conger_kappa(r, weights),
        "scott_pi": lambda r, _s, weights: scott_pi(r, weights),
        "cohen_kappa": lambda r, _s, weights: cohen_kappa(r, weights),
        "light_kappa": lambda r, _s, weights: light_kappa(r, weights),
        "kendall_w": lambda r, scale, _w: _of_numbers(r, scale, lambda: kendall_w(r)),
        **{ICC_NAMES[form]: _icc(form) for form in IccForm},
    }
)


def chosen(names: Iterable[str]) -> dict[str, Metric]:
    """The metrics of those names; `all` is every one and `icc` its six forms.

    Raises:
        BadInput: one of them does not exist.
    """
    several = {"all": tuple(METRICS), "icc": tuple(ICC_NAMES.values())}
    wanted = [name for given in names for name in several.get(given, (given,))]
    for name in wanted:
        if name not in METRICS:
            known = ", ".join((*METRICS, *several))
            raise BadInput(f'there is no metric "{name}"; use some of {known}', code="schema")
    return {name: METRICS[name] for name in wanted}
