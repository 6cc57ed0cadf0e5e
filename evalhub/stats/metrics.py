"""Every coefficient by its name, as `evalhub agreement --metrics` asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from evalhub.errors import BadInput
from evalhub.stats.alpha import alpha
from evalhub.stats.coefficients import brennan_prediger, fleiss_kappa, gwet_ac, percent_agreement
from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Figure
from evalhub.stats.ratings import Ratings
from evalhub.stats.scale import Scale
from evalhub.stats.weights import Weights

Metric = Callable[[Ratings, Scale, Weights], Figure]

METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        "krippendorff_alpha": lambda r, scale, _w: alpha(PatternCounts.of(r), scale=scale, values=r.values),
        "percent_agreement": lambda r, _s, weights: percent_agreement(PatternCounts.of(r), weights, r.values),
        "gwet_ac": lambda r, _s, weights: gwet_ac(PatternCounts.of(r), weights, r.values),
        "brennan_prediger": lambda r, _s, weights: brennan_prediger(PatternCounts.of(r), weights, r.values),
        "fleiss_kappa": lambda r, _s, weights: fleiss_kappa(PatternCounts.of(r), weights, r.values),
    }
)


def chosen(names: Iterable[str]) -> dict[str, Metric]:
    """The metrics of those names.

    Raises:
        BadInput: one of them does not exist.
    """
    wanted = list(names)
    for name in wanted:
        if name not in METRICS:
            raise BadInput(f'there is no metric "{name}"; use some of {", ".join(METRICS)}', code="schema")
    return {name: METRICS[name] for name in wanted}
