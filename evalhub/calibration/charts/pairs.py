"""Which two reviewers of a criterion agree."""

from __future__ import annotations

from collections.abc import Sequence

from evalhub.calibration.charts.words import number
from evalhub.calibration.schema.report import Person
from evalhub.calibration.schema.section import CriterionSection
from evalhub.stats import PairAgreement
from evalhub.stats.verdict import RELIABLE, TENTATIVE
from evalhub.web.charts import Cell, Chart, Picture, matrix

MOST_DRAWN = 15
LISTED = 30
FEWEST_SHARED = 10
"""Items that two reviewers share; below it their kappa says little: it is greyed and not ranked."""
WEIGHTS = (("with quadratic weights", "Weighted agreement"), ("without weights", "Agreement"))
"""Of ordered levels and of unordered ones."""


def kappa_chart(section: CriterionSection, people: Sequence[Person], *, rubric: str) -> Chart:
    """Weighted kappa of each pair; with too many reviewers to draw, a list of the pairs that agree least."""
    places = sorted({place for pair in section.pairs for place in (pair.rater_a, pair.rater_b)})
    is_drawn = 0 < len(places) <= MOST_DRAWN
    weights, agreement = WEIGHTS[section.criterion.scale == "nominal"]
    return Chart(
        name="kappa",
        title="Who agrees with whom",
        description=(
            "Above the diagonal the weighted kappa of two reviewers, shaded by the bands of .667 and .8; below it the"
            " number of items they share. Empty: they share none; grey: fewer than ten, too few to say."
        ),
        method=(
            f"{len(section.pairs):,} pairs; Cohen's kappa {weights} over the items that both rated, no"
            f" interval; {rubric}."
        ),
        headings=("Reviewer", "With", "Kappa", agreement, "Shared items"),
        rows=tuple(
            (people[pair.rater_a].name, people[pair.rater_b].name, pair.kappa, pair.agreement, pair.n_items)
            for pair in (section.pairs if is_drawn else least_agreeing(section.pairs)[:LISTED])
        ),
        picture=_picture(section.pairs, places, people) if is_drawn else None,
        because=_because(len(places)),
    )


def _picture(pairs: Sequence[PairAgreement], places: Sequence[int], people: Sequence[Person]) -> Picture:
    at = {place: index for index, place in enumerate(places)}
    cells = [[Cell("", "c-ground") if row == column else Cell("") for column in at] for row in at]
    for pair in pairs:
        low, high = sorted((at[pair.rater_a], at[pair.rater_b]))
        cells[low][high] = Cell(number(pair.kappa), _shade(pair))
        cells[high][low] = Cell(f"{pair.n_items:,}")
    names = [f"{index + 1} {people[place].name}" for place, index in at.items()]
    return matrix(names, [str(index + 1) for index in at.values()], cells, side="Reviewer", top="with reviewer")


def least_agreeing(pairs: Sequence[PairAgreement]) -> list[PairAgreement]:
    """Those who share enough items for their kappa to say something, from the lowest on."""
    known = [pair for pair in pairs if pair.kappa is not None and pair.n_items >= FEWEST_SHARED]
    return sorted(known, key=lambda pair: pair.kappa or 0.0)


def _shade(pair: PairAgreement) -> str:
    if pair.kappa is None:
        return ""
    if pair.n_items < FEWEST_SHARED:
        return "c-ground"
    return "c-high" if pair.kappa >= RELIABLE else "c-mid" if pair.kappa >= TENTATIVE else "c-low"


def _because(n_reviewers: int) -> str:
    if not n_reviewers:
        return "No two reviewers share an item."
    return (
        f"{n_reviewers} reviewers are too many to draw; the table lists the {LISTED} pairs that agree least, of those"
        f" with {FEWEST_SHARED} shared items or more."
    )
