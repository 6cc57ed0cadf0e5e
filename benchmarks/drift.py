"""Whether weeks and reviewers are raised when nothing changed, and found when something did.

    python -m benchmarks.drift [--quick]

Quality is normal; reviewers of different severity see it with noise and put it into three levels. Nothing changes in
the stable designs, so every alarm is false: Benjamini–Hochberg at 5 % promises at most one world in twenty with any.
Then one reviewer becomes stricter in the fourth of six weeks (−.45 of a level), or all see less clearly in it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.tables import print_table
from evalhub.stats import Drift, Ratings, Scale, drift

SEED = 20_261_124
CHANGED = 3


@dataclass(frozen=True)
class Design:
    """Who rates what in how many weeks; `shift` is in standard deviations of quality."""

    name: str
    weeks: int = 6
    items: int = 30
    panel: int = 6
    per_item: int = 3
    per_group: int = 1
    cuts: tuple[float, float] = (-0.7, 0.7)
    noise: float = 0.6
    severity: float = 0.3
    shift: float = 0.0
    changed_noise: float | None = None


STABLE = (
    Design("30 items a week, 3 of 6 reviewers"),
    Design("15 items a week", items=15),
    Design("100 items a week", items=100),
    Design("20 weeks of 20 items", weeks=20, items=20),
    Design("2 weeks of 40 items", weeks=2, items=40),
    Design("60 items a week, 2 of 6 reviewers", items=60, per_item=2),
    Design("40 items a week, the same 3 reviewers", items=40, panel=3),
    Design("60 items a week, 6 a prompt", items=60, per_group=6),
    Design("60 items a week, 93 % at the best level", items=60, cuts=(-2.2, -1.6)),
    Design("40 items a week, near perfect agreement", items=40, noise=0.15, severity=0.05),
)
CHANGES = (
    Design("40 items a week, 3 of 6 reviewers", items=40, shift=-0.8),
    Design("100 items a week, 3 of 6 reviewers", items=100, shift=-0.8),
    Design("60 items a week, the same 3 reviewers", items=60, panel=3, shift=-0.8),
    Design("200 items a week, 2 of 10 reviewers", items=200, panel=10, per_item=2, shift=-0.8),
    Design("40 items a week, noise 1.8 for .6", items=40, changed_noise=1.8),
    Design("100 items a week, noise 1.5 for .6", items=100, changed_noise=1.5),
    Design("40 items a week, noise .9 for .15", items=40, noise=0.15, severity=0.05, changed_noise=0.9),
)


def world(design: Design, seed: int) -> Drift:
    rng = np.random.default_rng([SEED, seed])
    n = design.weeks * design.items
    of_group = np.repeat(rng.normal(size=-(-n // design.per_group)), design.per_group)[:n]
    quality = of_group if design.per_group == 1 else (of_group + rng.normal(size=n)) / np.sqrt(2)
    who = rng.random((n, design.panel)).argsort(axis=1)[:, : design.per_item]
    week = np.arange(n) // design.items
    noise = np.where((week == CHANGED) & (design.changed_noise is not None), design.changed_noise or 0.0, design.noise)
    shift = design.shift * ((who == 0) & (week == CHANGED)[:, None])
    seen = quality[:, None] + rng.normal(0, design.severity, design.panel)[who] + shift
    seen = seen + rng.normal(size=who.shape) * noise[:, None]
    unit = np.repeat(np.arange(n), design.per_item)
    level = np.searchsorted(np.array(design.cuts), seen.ravel())
    ratings = Ratings(unit, who.ravel(), level, n_levels=3, group=unit // design.per_group)
    return drift(ratings, np.repeat(week, design.per_item), scale=Scale.ORDINAL)


def false_alarms(designs: Sequence[Design], n_worlds: int) -> Iterator[tuple[str, float, float]]:
    for design in designs:
        found = [world(design, seed) for seed in range(n_worlds)]
        weeks = [any(period.is_raised for period in one.periods) for one in found]
        reviewers = [any(row.is_raised for row in one.reviewers) for one in found]
        yield design.name, float(np.mean(weeks)), float(np.mean(reviewers))


def detections(designs: Sequence[Design], n_worlds: int) -> Iterator[tuple[str, str, float, float]]:
    """How often what changed was raised, and the mean share of a world's alarms that were false."""
    for design in designs:
        found, false = [], []
        for seed in range(n_worlds):
            one = world(design, seed)
            if design.shift:
                raised = [(row.rater, row.period) == (0, CHANGED) for row in one.reviewers if row.is_raised]
            else:
                raised = [period.period == CHANGED for period in one.periods if period.is_raised]
            found.append(any(raised))
            false.append((len(raised) - sum(raised)) / max(len(raised), 1))
        yield design.name, "reviewer" if design.shift else "week", float(np.mean(found)), float(np.mean(false))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a few worlds of two designs, to see that it runs")
    quick = parser.parse_args(arguments).quick
    n_worlds = 2 if quick else 200
    stable, changes = (STABLE[:1], CHANGES[:1]) if quick else (STABLE, CHANGES)
    print_table(
        f"Share of {n_worlds} worlds with a false alarm (seed {SEED})",
        ["nothing changed", "a week", "a reviewer"],
        false_alarms(stable, n_worlds),
    )
    print_table(
        f"Found in {n_worlds} worlds (seed {SEED}), and the mean share of a world's alarms that were false",
        ["changed in week 4 of 6", "what", "found", "false discoveries"],
        detections(changes, n_worlds),
    )


if __name__ == "__main__":
    main()
