"""Whether planted severities come back, from whom rates what with whom.

    python -m benchmarks.severity [--quick]

Eight reviewers put all thresholds higher (strict) or lower by −.6 to .6 standard deviations of quality and see it with
noise of .4. The truth is on the scale of the levels, as the estimate is: the mean level a reviewer gives to 200,000
items that all of them rate, less the mean of all reviewers. Each world has its own items; the estimates of a world are
regressed on the truth.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.tables import print_table
from benchmarks.worlds import TRUTH_SEED, Floats, Latent, Panel, cuts_at
from evalhub.stats.severity import severities

SEED = 20_261_124
N_REVIEWERS, N_TRUTH = 8, 200_000
PLANTED = np.linspace(-0.6, 0.6, N_REVIEWERS)
SHARES = {"3, even": [1 / 3] * 3, "3, few at the worst": [0.1, 0.3, 0.6], "5": [0.1, 0.2, 0.4, 0.2, 0.1]}


@dataclass(frozen=True)
class Design:
    """Who rates what; fixed panels are `like_minded` where reviewers stand in the order of their severity."""

    name: str
    panel: Panel
    size: int
    like_minded: bool = False

    def severity(self, rng: np.random.Generator) -> Floats:
        return PLANTED if self.like_minded else rng.permutation(PLANTED)


DESIGNS = (
    Design("complete", Panel.COMPLETE, N_REVIEWERS),
    Design("random, 3 an item", Panel.RANDOM, 3),
    Design("random, 2 an item", Panel.RANDOM, 2),
    Design("ring of fixed panels of 3", Panel.RING, 3),
    Design("ring of fixed panels of 3, like-minded", Panel.RING, 3, like_minded=True),
    Design("fixed teams of 2", Panel.TEAMS, 2),
    Design("fixed teams of 2, like-minded", Panel.TEAMS, 2, like_minded=True),
)


@dataclass(frozen=True)
class Recovery:
    """How the estimates of one world follow the truth."""

    r: float
    slope: float
    plain_slope: float


def recovery(design: Design, shares: list[float], n_items: int, n_truth: int, rng: np.random.Generator) -> Recovery:
    cuts = cuts_at(shares, N_REVIEWERS) - design.severity(rng)[:, None]
    world = Latent(cuts, np.full(N_REVIEWERS, 0.4), panel=design.panel, size=design.size)
    everything = replace(world, panel=Panel.COMPLETE).draw(np.random.default_rng(TRUTH_SEED), n_truth).levels
    truth = everything.mean(axis=0) - everything.mean()
    found = severities(world.draw(rng, n_items).ratings())
    estimate, plain = np.array([one.severity for one in found]), np.array([one.plain for one in found])
    return Recovery(
        float(np.corrcoef(truth, estimate)[0, 1]),
        float(np.polyfit(truth, estimate, 1)[0]),
        float(np.polyfit(truth, plain, 1)[0]),
    )


def rows(n_worlds: int, n_truth: int, sizes: Sequence[int]) -> Iterator[list[object]]:
    for design in DESIGNS:
        for levels, shares in SHARES.items():
            for n_items in sizes:
                rng = np.random.default_rng(SEED)
                seen = [recovery(design, shares, n_items, n_truth, rng) for _ in range(n_worlds)]
                r, slope = np.array([one.r for one in seen]), np.array([one.slope for one in seen])
                yield [
                    design.name, levels, n_items, float(r.mean()), float((r > 0.9).mean()), float(slope.mean()),
                    float(slope.std()), float((np.abs(slope - 1) <= 0.1).mean()),
                    float(np.mean([one.plain_slope for one in seen])),
                ]  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=200, help="worlds a row (default 200)")
    parser.add_argument("--quick", action="store_true", help="a few small worlds: does it run?")
    given = parser.parse_args(arguments)
    n_worlds, n_truth, sizes = (2, 2_000, [60]) if given.quick else (given.worlds, N_TRUTH, [300, 1_000])
    print_table(
        f"Planted severities, two-way estimate ({n_worlds:,} worlds a row, seed {SEED})",
        ["design", "levels", "items", "mean r", "r > .9", "mean slope", "its spread", "slope .9–1.1", "slope of plain"],
        rows(n_worlds, n_truth, sizes),
    )


if __name__ == "__main__":
    main()
