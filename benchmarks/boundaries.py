"""How often the boundary that is read badly is named first.

    python -m benchmarks.boundaries [--quick]

In each world two to five reviewers rate 60 to 200 items, in the last column 200 to 600. Quality is normal; they see it
with noise of .25 standard deviations and cut it at thresholds that differ by .1 between them. One boundary, drawn at
random, is worse: either half of the reviewers (one of two or three) put it higher or lower ("shifted"), or all read it
with more noise ("vague"). It decides between its own two levels only, so no threshold moves past the next one.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from scipy.special import ndtri

from benchmarks.tables import print_table
from benchmarks.worlds import Floats, Latent
from evalhub.stats import Boundary, Scale, boundaries, ranked
from evalhub.stats.scale import distance

SEED = 20_261_124
SHARES = {
    "even": {3: [1 / 3] * 3, 4: [0.25] * 4, 5: [0.2] * 5},
    "most in the middle": {3: [0.25, 0.5, 0.25], 4: [0.15, 0.35, 0.35, 0.15], 5: [0.1, 0.2, 0.4, 0.2, 0.1]},
    "few at the worst": {3: [0.1, 0.3, 0.6], 4: [0.05, 0.15, 0.3, 0.5], 5: [0.05, 0.1, 0.2, 0.3, 0.35]},
}
NOISE, THRESHOLD_SPREAD = 0.25, 0.1
ITEMS, MORE_ITEMS = (60, 201), (200, 601)
EFFECTS = (0.5, 0.75, 1.0)

Ranking = Callable[[tuple[Boundary, ...]], int]


def most_excess(found: tuple[Boundary, ...]) -> int:
    return ranked(found)[0].lower


RANKINGS: dict[str, Ranking] = {
    "excess": most_excess,
    "w·max(0, .8 − α)": lambda found: max(found, key=lambda boundary: boundary.points).lower,
    "lowest α": lambda found: min(found, key=lambda boundary: 1 if boundary.alpha is None else boundary.alpha).lower,
    "share": lambda found: max(found, key=lambda boundary: boundary.share or 0).lower,
}


def shifted(cuts: Floats, k: int, effect: float, rng: np.random.Generator) -> Latent:
    n_reviewers, n_boundaries = cuts.shape
    who = rng.permutation(n_reviewers)[: n_reviewers // 2]
    moved = cuts.copy()
    moved[who, k] += rng.choice([-1, 1]) * effect
    if k > 0:
        moved[who, k] = np.maximum(moved[who, k], cuts[who, k - 1])
    if k + 1 < n_boundaries:
        moved[who, k] = np.minimum(moved[who, k], cuts[who, k + 1])
    return Latent(moved, np.full(n_reviewers, NOISE))


def vague(cuts: Floats, k: int, effect: float, rng: np.random.Generator) -> Latent:
    blur = np.zeros(cuts.shape)
    blur[:, k] = effect
    return Latent(cuts, np.full(len(cuts), NOISE), vague=blur)


def found_in_a_world(
    plant: Callable[[Floats, int, float, np.random.Generator], Latent],
    shares: list[float],
    effect: float,
    items: tuple[int, int],
    rng: np.random.Generator,
) -> tuple[int, tuple[Boundary, ...]]:
    """The planted boundary, and the boundaries of one sample."""
    n_reviewers, n_items, k = rng.integers(2, 6), int(rng.integers(*items)), int(rng.integers(len(shares) - 1))
    cuts = ndtri(np.cumsum(shares)[:-1]) + rng.normal(size=(n_reviewers, len(shares) - 1)) * THRESHOLD_SPREAD
    world = plant(np.sort(cuts, axis=1), k, effect, rng)
    return k, boundaries(world.draw(rng, n_items).counts(), distance(Scale.ORDINAL, len(shares)))


def rows(n_worlds: int) -> Iterator[list[object]]:
    cases = [
        (kind, plant, shape, n_levels, shares, effect)
        for kind, plant in (("shifted", shifted), ("vague", vague))
        for shape, by_levels in SHARES.items()
        for n_levels, shares in by_levels.items()
        for effect in EFFECTS
    ]
    for kind, plant, shape, n_levels, shares, effect in cases:
        rng = np.random.default_rng(SEED)
        worlds = [found_in_a_world(plant, shares, effect, ITEMS, rng) for _ in range(n_worlds)]
        larger = [found_in_a_world(plant, shares, effect, MORE_ITEMS, rng) for _ in range(n_worlds)]
        alphas = [sum(part.weight * (part.alpha or 0) for part in found) for _, found in worlds]
        first = [named_first(worlds, first_of) for first_of in RANKINGS.values()]
        yield [
            kind, shape, n_levels, f"{effect:.2f}", float(np.mean(alphas)), *first, named_first(larger, most_excess)
        ]  # fmt: skip


def named_first(worlds: list[tuple[int, tuple[Boundary, ...]]], first_of: Ranking) -> float:
    return float(np.mean([first_of(found) == planted for planted, found in worlds]))


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=1_000, help="worlds a row (default 1,000)")
    parser.add_argument("--quick", action="store_true", help="a few worlds: does it run?")
    given = parser.parse_args(arguments)
    n_worlds = 3 if given.quick else given.worlds
    print_table(
        f"The planted boundary comes first, by what boundaries are ranked by ({n_worlds:,} worlds a row, seed {SEED})",
        ["kind", "shares of levels", "levels", "effect in SD", "mean α", *RANKINGS, "excess, more items"],
        rows(n_worlds),
    )


if __name__ == "__main__":
    main()
