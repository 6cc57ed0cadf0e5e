"""Whether the predicted number of extra items gives the promised interval.

    python -m benchmarks.planning [--quick]

From a sample of each world it is planned how many more items bring alpha's interval to ± the target. Then they are
drawn from the world itself: once as asked, added to the sample, and once as a new sample of the same total size. The
second is harder than any use of the plan, because nothing of what was planned from is kept, and some designs cannot
reach 90 % there: the half width depends on the true alpha, which a small sample does not tell. Plans that call
themselves rough are counted apart.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.tables import print_table
from benchmarks.worlds import Confusion, Latent, Panel, Sample, World, cuts_at, neighbours, true_alpha
from evalhub.stats import Scale, alpha, items_for_width

SEED = 20_261_124
TARGET = 0.10
WITHIN = 0.20
THIRDS, SKEWED = [1 / 3] * 3, [0.05, 0.15, 0.80]


@dataclass(frozen=True)
class Scenario:
    name: str
    world: World
    sizes: tuple[int, ...]
    """Items of the samples that are planned from."""
    per_group: int = 1


@dataclass
class Tally:
    """Obtained half widths divided by the target."""

    added: list[float] = field(default_factory=list)
    fresh: list[float] = field(default_factory=list)
    rough: list[bool] = field(default_factory=list)
    more: list[int] = field(default_factory=list)

    def within(self, ratios: list[float], *, keep_rough: bool = True) -> float | None:
        kept = [ratio for ratio, is_rough in zip(ratios, self.rough, strict=True) if keep_rough or not is_rough]
        return float(np.mean(np.abs(np.array(kept) - 1) <= WITHIN)) if kept else None


def latent(shares: list[float], noise: float, n_reviewers: int) -> Latent:
    return Latent(cuts_at(shares, n_reviewers), np.full(n_reviewers, noise))


def scenarios() -> list[Scenario]:
    """Worlds whose interval is wider than the target at these sizes; samples that reach it are not planned from."""
    sizes = (50, 100, 150)
    thirds = np.full(3, 1 / 3)
    severe = latent(THIRDS, 0.7, 3)
    severe = replace(severe, cuts=severe.cuts + np.array([-0.4, 0.0, 0.4])[:, None])
    panel = replace(latent(THIRDS, 0.7, 6), panel=Panel.RANDOM, size=2)
    six = replace(latent(THIRDS, 0.9, 2), per_group=6, group_share=0.5)
    return [
        Scenario("two reviewers", latent(THIRDS, 0.6, 2), sizes),
        Scenario("three reviewers", latent(THIRDS, 0.8, 3), sizes),
        Scenario("three, strict and lenient", severe, sizes),
        Scenario("two of six reviewers", panel, sizes),
        Scenario("two reviewers, five levels", latent([0.2] * 5, 0.7, 2), sizes),
        Scenario("two reviewers, skewed 5/15/80", latent(SKEWED, 0.6, 2), sizes),
        Scenario("three reviewers, skewed 5/15/80", latent(SKEWED, 0.6, 3), sizes),
        Scenario("two reviewers, confusion model", Confusion(thirds, neighbours([0.8, 0.75], 3)), sizes),
        Scenario("three reviewers, low agreement", latent(THIRDS, 1.3, 3), sizes),
        Scenario("six answers a prompt", six, (150, 300), per_group=6),
    ]


def half_width(sample: Sample) -> float:
    found = alpha(sample.counts(), scale=Scale.ORDINAL)
    return (found.ci_high - found.ci_low) / 2 if found.ci_low is not None and found.ci_high is not None else np.nan


def joined(first: Sample, second: Sample) -> Sample:
    group = np.concatenate([first.group, second.group + first.group.max() + 1])
    return Sample(np.vstack([first.levels, second.levels]), group, first.n_levels)


def tally(scenario: Scenario, size: int, n_worlds: int) -> Tally:
    rng = np.random.default_rng(SEED)
    found = Tally()
    for _ in range(n_worlds):
        sample = scenario.world.draw(rng, size)
        plan = items_for_width(sample.counts(), scale=Scale.ORDINAL, target=TARGET)
        if not plan.more_items:
            continue
        extra = scenario.world.draw(rng, plan.more_items)
        found.added.append(half_width(joined(sample, extra)) / TARGET)
        found.fresh.append(half_width(scenario.world.draw(rng, size + plan.more_items)) / TARGET)
        found.rough.append(plan.is_rough)
        found.more.append(plan.more_items)
    return found


def width_rows(chosen: Sequence[Scenario], n_worlds: int) -> Iterator[list[object]]:
    for scenario in chosen:
        truth = true_alpha(scenario.world, 200_000)
        for size in scenario.sizes:
            found = tally(scenario, size, n_worlds)
            if not found.more:
                continue
            yield [
                scenario.name, truth, size // scenario.per_group, len(found.more), int(np.median(found.more)),
                float(np.median(found.added)), found.within(found.added), found.within(found.added, keep_rough=False),
                float(np.mean(found.rough)), found.within(found.fresh),
            ]  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=400, help="samples a scenario and size (default 400)")
    parser.add_argument("--quick", action="store_true", help="a few samples of a few scenarios: does it run?")
    given = parser.parse_args(arguments)
    chosen = scenarios()[::5] if given.quick else scenarios()
    n_worlds = 5 if given.quick else given.worlds
    print(f"{n_worlds:,} samples a scenario and size, seed {SEED}; target ±{TARGET}.")
    print_table(
        "More items for an interval of ± .10: share of worlds within 20 % of the promise",
        ["scenario", "true α", "groups", "plans", "more items", "half width / target", "added", "added, not rough",
         "called rough", "new sample"],
        width_rows(chosen, n_worlds),
    )  # fmt: skip


if __name__ == "__main__":
    main()
