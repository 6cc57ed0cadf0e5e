"""How often the intervals hold the true value, and how often a verdict is wrong.

    python -m benchmarks.coverage [--quick]

Each scenario is a world whose true value is taken from a million items; samples of it are drawn again and again by the
same reviewers, as every interval here says "reviewers fixed". Tables: the default interval of alpha; the other
intervals beside it; the verdicts.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.tables import print_table
from benchmarks.worlds import (
    TRUTH_ITEMS,
    TRUTH_SEED,
    Confusion,
    Latent,
    Panel,
    Sample,
    World,
    cuts_at,
    neighbours,
    with_alpha,
)
from evalhub.stats import (
    Figure,
    Method,
    PatternCounts,
    Scale,
    VerdictCode,
    Weights,
    alpha,
    bootstrap_alpha,
    gwet_ac,
    gwet_ac_by_item,
    percent_agreement,
    specific_agreement,
    verdict,
)
from evalhub.stats.merge import merged
from evalhub.stats.verdict import RELIABLE, TENTATIVE

SEED = 20_261_124
THIRDS, SKEWED, VERY_SKEWED = [1 / 3] * 3, [0.05, 0.15, 0.80], [0.02, 0.08, 0.90]
TRUE_ALPHAS = (0.50, 0.60, 0.65, 0.68, 0.72, 0.78, 0.82, 0.90)

Metric = Callable[[PatternCounts], Figure | None]


@dataclass(frozen=True)
class Scenario:
    name: str
    world: World
    n_items: int

    def samples(self, n_worlds: int) -> Iterator[Sample]:
        rng = np.random.default_rng(SEED)
        return (self.world.draw(rng, self.n_items) for _ in range(n_worlds))


@dataclass
class Tally:
    """How often an interval was shown, held the truth, or missed it, and on which side the truth then lay."""

    worlds: int = 0
    shown: int = 0
    bounds: int = 0
    below: int = 0
    above: int = 0
    width: float = 0.0

    def add(self, figure: Figure | None, truth: float) -> None:
        self.worlds += 1
        if figure is None or figure.ci_low is None or figure.ci_high is None:
            return
        self.shown += 1
        self.bounds += figure.method is Method.BOUND
        self.below += truth < figure.ci_low - 1e-12
        self.above += truth > figure.ci_high + 1e-12
        self.width += figure.ci_high - figure.ci_low

    def share(self, n: float) -> float | None:
        return n / self.shown if self.shown else None

    @property
    def covered(self) -> float | None:
        return self.share(self.shown - self.below - self.above)


def latent(shares: list[float], noise: float, n_reviewers: int) -> Latent:
    return Latent(cuts_at(shares, n_reviewers), np.full(n_reviewers, noise))


def strict_and_lenient() -> Latent:
    """Five reviewers with thresholds and noise of their own, three of whom rate an item."""
    own = np.array([-0.4, -0.2, 0.0, 0.2, 0.4])[:, None]
    noise = np.array([0.3, 0.4, 0.5, 0.6, 0.7])
    return Latent(cuts_at(THIRDS, 5) + own, noise, panel=Panel.RANDOM)


def six_answers(group_share: float) -> Latent:
    return replace(latent(THIRDS, 0.5, 3), per_group=6, group_share=group_share)


def scenarios() -> list[Scenario]:
    thirds, quarters = np.full(3, 1 / 3), np.array([0.1, 0.2, 0.3, 0.4])
    careful, mixed = neighbours([0.99, 0.98, 0.99], 3), neighbours([0.90, 0.80, 0.70], 3)
    two_of_six = neighbours([0.90, 0.80, 0.70, 0.90, 0.85, 0.60], 4)
    return [
        Scenario("balanced, 30 items", latent(THIRDS, 0.5, 3), 30),
        Scenario("balanced, 100 items", latent(THIRDS, 0.5, 3), 100),
        Scenario("balanced, 1,000 items", latent(THIRDS, 0.5, 3), 1_000),
        Scenario("balanced, five levels, five reviewers", latent([0.2] * 5, 0.5, 5), 60),
        Scenario("balanced, confusion model", Confusion(thirds, mixed), 100),
        Scenario("skewed 5/15/80, 50 items", latent(SKEWED, 0.5, 3), 50),
        Scenario("skewed 5/15/80, 100 items", latent(SKEWED, 0.5, 3), 100),
        Scenario("skewed 2/8/90, 400 items", latent(VERY_SKEWED, 0.5, 3), 400),
        Scenario("two reviewers, 50 items", latent(THIRDS, 0.5, 2), 50),
        Scenario("two reviewers, 100 items", latent(THIRDS, 0.5, 2), 100),
        Scenario("two reviewers, skewed", latent(SKEWED, 0.5, 2), 100),
        Scenario("two of six reviewers, confusion model", Confusion(quarters, two_of_six, Panel.RANDOM, 2), 100),
        Scenario("three of five, strict and lenient", strict_and_lenient(), 100),
        Scenario("six answers a prompt, 12 prompts", six_answers(0.5), 72),
        Scenario("six answers a prompt, 40 prompts", six_answers(0.5), 240),
        Scenario("six answers a prompt, much alike", six_answers(0.8), 240),
        Scenario("near perfect, 50 items", latent(THIRDS, 0.05, 3), 50),
        Scenario("near perfect, 100 items", latent(THIRDS, 0.02, 3), 100),
        Scenario("near perfect, 200 items", latent(THIRDS, 0.02, 3), 200),
        Scenario("near perfect, confusion model", Confusion(thirds, careful), 100),
    ]


def ordinal_alpha(counts: PatternCounts) -> Figure:
    return alpha(counts, scale=Scale.ORDINAL)


def bca(counts: PatternCounts) -> Figure | None:
    joined, metric = merged(counts, Scale.ORDINAL, None)
    found = bootstrap_alpha(joined, ordinal_alpha(counts), metric)
    return found.alpha if found else None


def specific(level: int) -> Metric:
    return lambda counts: specific_agreement(counts)[level]


def companions(n_levels: int) -> dict[str, tuple[Metric, Metric]]:
    """For each column the figure whose interval is looked at, and the one that gives its true value."""

    def ac2(counts: PatternCounts) -> Figure:
        return gwet_ac(counts, Weights.QUADRATIC)

    return {
        "alpha, BCa": (bca, ordinal_alpha),
        "percent agreement": (percent_agreement, percent_agreement),
        "AC2": (ac2, ac2),
        "AC2, Gwet's own": (lambda counts: gwet_ac_by_item(counts, Weights.QUADRATIC), ac2),
        "specific agreement, worst level": (specific(0), specific(0)),
        "second level": (specific(1), specific(1)),
        "best level": (specific(n_levels - 1), specific(n_levels - 1)),
    }


def huge(world: World, n_items: int) -> PatternCounts:
    return world.draw(np.random.default_rng(TRUTH_SEED), n_items).counts_by_item()


def value_of(figure: Figure | None) -> float:
    assert figure is not None
    assert figure.value is not None
    return figure.value


def default_rows(chosen: Sequence[Scenario], n_worlds: int, n_truth: int) -> Iterator[list[object]]:
    for scenario in chosen:
        truth = value_of(ordinal_alpha(huge(scenario.world, n_truth)))
        by_prompt, by_item = Tally(), Tally()
        for sample in scenario.samples(n_worlds):
            counts = sample.counts()
            by_prompt.add(ordinal_alpha(counts), truth)
            if counts.cells is not None:
                by_item.add(ordinal_alpha(sample.counts_by_item()), truth)
        yield [
            scenario.name, truth, by_prompt.shown / by_prompt.worlds, by_prompt.share(by_prompt.bounds),
            by_prompt.covered, by_prompt.share(by_prompt.below), by_prompt.share(by_prompt.above),
            by_prompt.share(by_prompt.width / 2), by_item.covered,
        ]  # fmt: skip


def companion_rows(chosen: Sequence[Scenario], n_worlds: int, n_truth: int) -> Iterator[list[object]]:
    for scenario in chosen:
        metrics = companions(scenario.world.n_levels)
        large = huge(scenario.world, n_truth)
        truths = {name: value_of(true(large)) for name, (_, true) in metrics.items()}
        tallies = {name: Tally() for name in metrics}
        for sample in scenario.samples(n_worlds):
            counts = sample.counts()
            for name, (shown, _) in metrics.items():
                tallies[name].add(shown(counts), truths[name])
        yield [scenario.name, *(tally.covered for tally in tallies.values())]


def verdict_rows(n_worlds: int, n_truth: int, true_alphas: Iterable[float]) -> Iterator[list[object]]:
    designs = {
        "3 reviewers, 100 items": (latent(THIRDS, 0.5, 3), 100),
        "2 reviewers, 50 items": (latent(THIRDS, 0.5, 2), 50),
        "3 reviewers, 400 items": (latent(THIRDS, 0.5, 3), 400),
        "skewed 5/15/80, 100 items": (latent(SKEWED, 0.5, 3), 100),
        "six answers, 40 prompts": (six_answers(0.5), 240),
    }
    for name, (world, n_items) in designs.items():
        for target in true_alphas:
            scenario = Scenario(name, with_alpha(world, target, n_truth), n_items)
            said = Counter(verdict_on(sample.counts()) for sample in scenario.samples(n_worlds))
            share = {code: said[code] / n_worlds for code in VerdictCode}
            shown = [
                VerdictCode.RELIABLE,
                VerdictCode.TENTATIVE,
                VerdictCode.UNDECIDED,
                VerdictCode.UNRELIABLE,
            ]
            rest = 1 - sum(share[code] for code in shown)
            yield [name, f"{target:.2f}", *(share[code] for code in shown), rest, wrong(share, target)]


def verdict_on(counts: PatternCounts) -> VerdictCode:
    return verdict(ordinal_alpha(counts), counts).code


def wrong(share: dict[VerdictCode, float], truth: float) -> float:
    """The share of verdicts that promise more than is true, or condemn what is good enough."""
    if truth >= RELIABLE:
        return share[VerdictCode.UNRELIABLE]
    if truth >= TENTATIVE:
        return share[VerdictCode.RELIABLE] + share[VerdictCode.UNRELIABLE]
    return share[VerdictCode.RELIABLE] + share[VerdictCode.TENTATIVE]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=2_000, help="samples a scenario (default 2,000)")
    parser.add_argument("--quick", action="store_true", help="a few samples of a few scenarios: does it run?")
    given = parser.parse_args(arguments)
    chosen = scenarios()[::6] if given.quick else scenarios()
    n_worlds, n_truth = (10, 5_000) if given.quick else (given.worlds, TRUTH_ITEMS)
    print(f"{n_worlds:,} samples a scenario, seed {SEED}; true values from {n_truth:,} items, seed {TRUTH_SEED}.")
    print_table(
        "Default interval of ordinal alpha (delete-one-group jackknife t on log(1 − α), or the bound)",
        ["scenario", "true α", "shown", "by the bound", "covers", "truth below", "truth above", "mean half width",
         "covers by item"],
        default_rows(chosen, n_worlds, n_truth),
    )  # fmt: skip
    print_table(
        f"Other intervals, share that covers ({n_worlds // 2:,} samples)",
        ["scenario", *companions(2)],
        companion_rows(chosen, n_worlds // 2, n_truth),
    )
    print_table(
        f"Verdicts ({n_worlds // 2:,} samples)",
        ["design", "true α", "reliable", "tentative", "undecided", "unreliable", "others", "wrong"],
        verdict_rows(n_worlds // 2, n_truth // 10, TRUE_ALPHAS[::4] if given.quick else TRUE_ALPHAS),
    )


if __name__ == "__main__":
    main()
