"""Speed and memory of the figures beside the loops that one would write with the packages.

    OPENBLAS_NUM_THREADS=1 python -m benchmarks.agreement [--quick]

Both sides are timed in one run, in processor seconds of one thread, and both hold the ratings in memory already. A loop
is timed over a few of its steps and extrapolated, since the whole would take up to half an hour. Each row says what
evalhub starts from: `pattern counts` are what the database keeps, `table` (ratings a level of each item) is what the
loop resamples, `ratings` is the long form, checked already, and `columns` the same unchecked. Memory is the peak that
Python's tracemalloc sees beyond the input.
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, islice

import krippendorff
import numpy as np
from sklearn.metrics import cohen_kappa_score

from benchmarks.tables import print_table
from benchmarks.worlds import MISSING, Latent, Panel, Sample, cuts_at
from evalhub.stats import (
    PatternCounts,
    Ratings,
    Scale,
    Weights,
    alpha,
    alphas_without_each_rater,
    bootstrap_alpha,
    boundaries,
    gwet_ac,
    pairwise_kappas,
    percent_agreement,
    specific_agreement,
    verdict,
)
from evalhub.stats.merge import merged

SEED = 20_261_124
REPLICATES = 1_000
RUNS = 5
LEVELS = [0, 1, 2]


def drawn(n_items: int, n_reviewers: int = 3, panel: Panel = Panel.COMPLETE) -> Sample:
    cuts = cuts_at([1 / 3] * 3, n_reviewers)
    world = Latent(cuts, np.full(n_reviewers, 0.5), panel=panel, size=3)
    return world.draw(np.random.default_rng(SEED), n_items)


def in_any_order(ratings: Ratings) -> Ratings:
    """The same ratings as they come in: not sorted by item, and with ids that do not begin at 0."""
    order = np.random.default_rng(SEED).permutation(len(ratings))
    return Ratings(ratings.unit[order] + 1, ratings.rater[order] + 1, ratings.level[order], n_levels=3)


def seconds(act: Callable[[], object], runs: int = RUNS) -> float:
    """Processor time, the median of a few runs: what else the machine does counts for neither side."""
    taken = []
    for _ in range(runs):
        start = time.process_time()
        act()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def peak_mb(act: Callable[[], object]) -> float:
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def with_interval(counts: PatternCounts) -> object:
    joined, metric = merged(counts, Scale.ORDINAL, None)
    return bootstrap_alpha(joined, alpha(counts, scale=Scale.ORDINAL), metric, replicates=REPLICATES)


def with_companions(counts: PatternCounts) -> object:
    figure = alpha(counts, scale=Scale.ORDINAL)
    joined, metric = merged(counts, Scale.ORDINAL, None)
    return (
        alpha(counts, scale=Scale.NOMINAL), alpha(counts, scale=Scale.INTERVAL), percent_agreement(counts),
        gwet_ac(counts, Weights.QUADRATIC), specific_agreement(counts), boundaries(joined, metric),
        verdict(figure, counts),
    )  # fmt: skip


def interval_rows(sizes: Sequence[int]) -> Iterator[list[object]]:
    for n_items in sizes:
        sample = drawn(n_items)
        table, ratings = sample.by_unit, in_any_order(sample.ratings())
        counts = PatternCounts.of(ratings)
        rng = np.random.default_rng(SEED)
        reliability = sample.levels.T.astype(np.float64)

        def replicate(table: np.ndarray = table, rng: np.random.Generator = rng) -> float:
            return package_alpha(value_counts=table[rng.integers(0, len(table), len(table))])

        def replicate_of_ratings(
            reliability: np.ndarray = reliability, rng: np.random.Generator = rng, n: int = n_items
        ) -> float:
            return package_alpha(reliability_data=reliability[:, rng.integers(0, n, n)])

        loop = REPLICATES * min(seconds(replicate), seconds(replicate_of_ratings))
        starts: dict[str, Callable[[], object]] = {
            "pattern counts": lambda counts=counts: with_interval(counts),
            "table": lambda table=table: with_interval(PatternCounts.from_unit_counts(table)),
            "ratings": lambda ratings=ratings: with_interval(PatternCounts.of(ratings)),
            "columns": lambda r=ratings: with_interval(PatternCounts.of(Ratings(r.unit, r.rater, r.level, n_levels=3))),
        }
        for name, act in starts.items():
            yield timed(name, n_items, len(ratings), act, loop)


def package_alpha(**given: np.ndarray) -> float:
    return float(krippendorff.alpha(**given, value_domain=np.arange(3), level_of_measurement="ordinal"))


def leave_out_rows(designs: Sequence[tuple[int, int, Panel]]) -> Iterator[list[object]]:
    for n_items, n_reviewers, panel in designs:
        sample = drawn(n_items, n_reviewers, panel)
        ratings = in_any_order(sample.ratings())
        reliability = np.where(sample.levels == MISSING, np.nan, sample.levels).T

        def left_out(reliability: np.ndarray = reliability) -> float:
            return package_alpha(reliability_data=np.delete(reliability, 0, axis=0))

        loop = n_reviewers * seconds(left_out, 3)
        name = f"{n_reviewers} reviewers, {'3' if panel is Panel.RANDOM else 'all'} an item"
        yield timed(
            name, n_items, len(ratings), lambda r=ratings: alphas_without_each_rater(r, scale=Scale.ORDINAL), loop
        )


def pair_rows(designs: Sequence[tuple[int, int, Panel]], n_timed: int) -> Iterator[list[object]]:
    for n_items, n_reviewers, panel in designs:
        sample = drawn(n_items, n_reviewers, panel)
        ratings, levels = in_any_order(sample.ratings()), sample.levels
        pairs = list(combinations(range(n_reviewers), 2))

        def some_kappas(levels: np.ndarray = levels, pairs: list[tuple[int, int]] = pairs) -> None:
            for one, other in islice(pairs, n_timed):
                both = (levels[:, one] != MISSING) & (levels[:, other] != MISSING)
                cohen_kappa_score(levels[both, one], levels[both, other], labels=LEVELS, weights="quadratic")

        loop = seconds(some_kappas, 3) * len(pairs) / min(n_timed, len(pairs))
        name = f"{n_reviewers} reviewers, {'3' if panel is Panel.RANDOM else 'all'} an item"
        yield timed(name, n_items, len(ratings), lambda r=ratings: pairwise_kappas(r), loop)


def timed(name: str, n_items: int, n_ratings: int, act: Callable[[], object], loop: float) -> list[object]:
    own = seconds(act)
    return [name, n_items, n_ratings, f"{own * 1e3:,.1f} ms", f"{loop:,.1f} s", f"{loop / own:,.0f} ×"]


def whole_rows(n_items: int) -> Iterator[list[object]]:
    sample = drawn(n_items)
    ratings, table = in_any_order(sample.ratings()), sample.by_unit
    counts = PatternCounts.of(ratings)
    of_fifty = in_any_order(drawn(n_items, 50, Panel.RANDOM).ratings())
    acts: dict[str, Callable[[], object]] = {
        "alpha, interval and companions from pattern counts": lambda: with_companions(fresh(counts)),
        "alpha and 1,000 replicates from pattern counts": lambda: with_interval(fresh(counts)),
        "alpha and 1,000 replicates from the table": lambda: with_interval(PatternCounts.from_unit_counts(table)),
        "alpha and 1,000 replicates from ratings": lambda: with_interval(PatternCounts.of(ratings)),
        "leave-one-out of 50 reviewers": lambda: alphas_without_each_rater(of_fifty, scale=Scale.ORDINAL),
        "kappas of all pairs of 50 reviewers": lambda: pairwise_kappas(of_fifty),
    }
    for name, act in acts.items():
        yield [name, f"{seconds(act) * 1e3:,.1f} ms", f"{peak_mb(act):,.0f} MB"]


def fresh(counts: PatternCounts) -> PatternCounts:
    """The same counts, without anything that they remember."""
    return PatternCounts(counts.patterns, counts.n_units, counts.cells, counts.n_raters)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run?")
    quick = parser.parse_args(arguments).quick
    warnings.filterwarnings("ignore", category=RuntimeWarning, module="sklearn")
    three, everybody = Panel.RANDOM, Panel.COMPLETE
    against = ["items", "ratings", "evalhub", "loop", "ratio"]
    print_table(
        f"Alpha and {REPLICATES:,} replicates against a loop over krippendorff.alpha (3 reviewers, seed {SEED})",
        ["from", *against],
        interval_rows([200] if quick else [10_000, 100_000, 1_000_000]),
    )
    print_table(
        "Alpha without each reviewer against a loop over krippendorff.alpha (from ratings)",
        ["design", *against],
        leave_out_rows(
            [(200, 5, three)]
            if quick
            else [(10_000, 50, three), (100_000, 50, three), (1_000_000, 50, three), (10_000, 50, everybody)]
        ),
    )
    print_table(
        "Quadratic kappa of all pairs against a loop over scikit-learn's cohen_kappa_score (from ratings)",
        ["design", *against],
        pair_rows(
            [(200, 5, three)]
            if quick
            else [(100_000, 50, three), (100_000, 20, three), (100_000, 20, everybody), (100_000, 5, everybody)],
            n_timed=40,
        ),
    )
    n_items = 500 if quick else 1_000_000
    print_table(
        f"All at {n_items:,} items with 3 ratings", ["what", "time", "memory beyond the input"], whole_rows(n_items)
    )


if __name__ == "__main__":
    main()
