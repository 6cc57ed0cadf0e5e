"""Reports made by hand: ratings that are drawn with a seed, and everything that is said about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from evalhub.calibration.schema.flags import Flag
from evalhub.calibration.schema.report import (
    Action,
    ActionKind,
    CalibrationReport,
    OverallKind,
    OverallReliability,
    Person,
    TriageLine,
)
from evalhub.calibration.schema.section import (
    BoundarySection,
    CriterionSection,
    ExampleItem,
    GivenLevel,
    MeanReliability,
    PeriodLine,
    ReviewerLine,
)
from evalhub.rubrics.schema.models import Criterion, Level, OverallLevel
from evalhub.stats import PatternCounts, Ratings, Scale, alpha, criterion_report, pairwise_kappas
from evalhub.stats.crossings import crossings
from evalhub.stats.planning import items_for_gate, items_for_width
from evalhub.stats.report import reliability_of_mean
from evalhub.stats.reviewers import reviewer_figures
from evalhub.stats.severity import severities

FIELDS = ("lower", "upper", "share", "weight", "alpha", "points", "crossing", "excess")
SEED = 20_261_124
MADE_AT = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
LABELS = ("Unacceptable", "Adequate", "Excellent")
TEXTS = (
    "At least one statement is wrong in a way that would mislead the reader, or the main question is not answered.",
    "What is said is right, but something that the reader needs is missing or only hinted at.",
    "Right, complete, and clear about what is not known; a colleague could act on it without asking again.",
)


def a_criterion(key: str = "accuracy", *, title: str = "", critical: bool = False) -> Criterion:
    levels = tuple(
        Level(key=label.lower(), rank=rank, label=label, score=rank / 2, description=TEXTS[rank], maps_to=maps_to)
        for rank, (label, maps_to) in enumerate(zip(LABELS, OverallLevel, strict=True))
    )
    return Criterion(
        key=key, position=1, title=title or key.replace("-", " ").title(), critical=critical, levels=levels
    )


def drawn_ratings(n_items: int, n_reviewers: int, *, noise: float = 0.6, overlap: int = 3, seed: int = 1) -> Ratings:
    """Normal latent qualities cut into three levels; the first reviewer is strict."""
    rng = np.random.default_rng(seed)
    quality = rng.normal(size=n_items)
    own = rng.normal(scale=0.1, size=n_reviewers)
    own[0] -= 0.7
    unit = np.repeat(np.arange(n_items), min(overlap, n_reviewers))
    rater = np.concatenate([rng.permutation(n_reviewers)[:overlap] for _ in range(n_items)])
    seen = quality[unit] + own[rater] + rng.normal(scale=noise, size=len(unit))
    return Ratings(unit, rater, np.digitize(seen, [-0.6, 0.6]), n_levels=3)


def a_section(criterion: Criterion, ratings: Ratings, *, weeks: int = 6) -> CriterionSection:
    """Everything about one criterion, computed from the ratings; `weeks` cuts the items into so many."""
    counts = PatternCounts.of(ratings)
    figures = criterion_report(ratings, scale="ordinal", critical=criterion.critical)
    severity = {one.rater: one for one in severities(ratings)}
    alpha_interval = figures.alpha_interval.value
    return CriterionSection(
        criterion=criterion,
        versions=(1, 2),
        figures=figures,
        means=tuple(
            MeanReliability(k, None if alpha_interval is None else reliability_of_mean(alpha_interval, k))
            for k in (1, 2, 3)
        ),
        n_ratings=len(ratings) + 4,
        n_not_applicable=4,
        applies=None,
        flagged={Flag.SPAN: 3, Flag.NO_CONSENSUS: 5},
        n_flagged=7,
        boundaries=_boundaries(ratings, criterion),
        reviewers=tuple(
            ReviewerLine(one, severity.get(one.rater)) for one in reviewer_figures(ratings, scale=Scale.ORDINAL)
        ),
        pairs=pairwise_kappas(ratings),
        periods=_periods(ratings, weeks),
        period_reviewers=(),
        width_plan=items_for_width(counts, scale=Scale.ORDINAL),
        gate_plan=items_for_gate(counts, scale=Scale.ORDINAL),
    )


def a_report(
    sections: Sequence[CriterionSection] | None = None, *, n_reviewers: int = 5, n_items: int = 120
) -> CalibrationReport:
    """A filled report; by default of three criteria, of which one has too few items."""
    if sections is None:
        sections = (
            a_section(a_criterion("accuracy", critical=True), drawn_ratings(n_items, n_reviewers, noise=0.9)),
            a_section(a_criterion("clarity"), drawn_ratings(n_items, n_reviewers, noise=0.2, seed=2)),
            a_section(a_criterion("safety"), drawn_ratings(6, n_reviewers, seed=3), weeks=1),
        )
    alphas = [one.figures.alpha.value for one in sections if one.figures.alpha.value is not None]
    people = tuple(Person(name, at > 2, 40) for at, name in enumerate(_names(n_reviewers)))
    return CalibrationReport(
        project="p",
        title="Answers of four models",
        rubric="answers",
        rubric_version=2,
        made_at=MADE_AT,
        since=None,
        until=None,
        seed=SEED,
        people=people,
        criteria=tuple(sections),
        n_items=n_items,
        n_reviewers=n_reviewers,
        n_simulated=max(n_reviewers - 3, 0),
        n_flagged_items=9,
        overall=tuple(
            OverallReliability(kind, one.figures.alpha, one.means if kind is OverallKind.SCORE else ())
            for kind, one in zip(OverallKind, sections, strict=False)
        ),
        median_alpha=float(np.median(alphas)) if alphas else None,
        minimum_alpha=min(alphas, default=None),
        triage=_triage(sections),
        n_triage=9,
        actions=_actions(people),
        notes=("12 adaptive ratings were left out.",),
    )


def an_empty_report() -> CalibrationReport:
    """A project in which nobody has graded anything yet."""
    nothing = Ratings([], [], [], n_levels=3)
    section = replace(a_section(a_criterion(), nothing, weeks=0), n_ratings=0, n_not_applicable=0, n_flagged=0)
    found = a_report([section], n_reviewers=0, n_items=0)
    return replace(found, n_flagged_items=0, triage=(), n_triage=0, actions=(), notes=(), overall=())


def task_id(unit: int) -> str:
    return f"{unit:06d}task"


def _names(n: int) -> list[str]:
    known = ["Anna Kowalska", "Ben", "Chi Nguyen", "Dora (simulated)", "Emil (simulated)"]
    return [*known, *(f"Reviewer {at} (simulated)" for at in range(6, n + 1))][:n]


def _boundaries(ratings: Ratings, criterion: Criterion) -> tuple[BoundarySection, ...]:
    figures = criterion_report(ratings, scale="ordinal").boundaries
    parts = [
        BoundarySection(
            **{name: getattr(one, name) for name in FIELDS},
            n_crossing=len(crossing.units),
            items=tuple(_example(ratings, int(unit)) for unit in crossing.units[:5]),
            raters=crossing.raters,
            culprit=None,
        )
        for one, crossing in zip(figures, crossings(ratings, scale=Scale.ORDINAL), strict=True)
    ]
    return tuple(sorted(parts, key=lambda part: -part.points))


def _example(ratings: Ratings, unit: int) -> ExampleItem:
    return ExampleItem(task_id(unit), f"gpt-secret-{unit}", _given(ratings, unit))


def _given(ratings: Ratings, unit: int) -> tuple[GivenLevel, ...]:
    rows = np.flatnonzero(ratings.unit == unit)
    return tuple(GivenLevel(int(ratings.rater[row]), int(ratings.level[row]), None) for row in rows)


def _periods(ratings: Ratings, weeks: int) -> tuple[PeriodLine, ...]:
    lines = []
    for week in range(weeks):
        own = ratings.only(ratings.unit % weeks == week)
        figure = alpha(PatternCounts.of(own), scale=Scale.ORDINAL)
        lines.append(
            PeriodLine(
                label=f"2026-W{40 + week}",
                rubric_versions=(1,) if week < weeks // 2 else (2,),
                n_items=figure.n_items,
                n_pairable=figure.n_pairable,
                alpha=figure,
                disagreement=0.5,
                is_raised=week == 2,
                is_provisional=week == weeks - 1,
                changed_mix=week == 4,
            )
        )
    return tuple(lines)


def _triage(sections: Sequence[CriterionSection]) -> tuple[TriageLine, ...]:
    section = sections[0]
    return tuple(
        TriageLine(item.task, item.item, 5.0 - at, ((section.criterion.key, (Flag.SPAN,), item.answers),))
        for at, item in enumerate(item for boundary in section.boundaries[:1] for item in boundary.items)
    )


def _actions(people: Sequence[Person]) -> tuple[Action, ...]:
    if not people:
        return ()
    return (
        Action(
            ActionKind.REWRITE,
            "Rewrite what divides “Unacceptable” from “Adequate” of Accuracy: 61 % of the disagreement crosses there,"
            " and mended it would win .14 of alpha.",
            criterion="accuracy",
            boundary=0,
            items=(task_id(1), task_id(2)),
        ),
        Action(
            ActionKind.RETRAIN,
            f"Retrain {people[0].name} on Accuracy: .52 of a level stricter than the others on 72 items.",
            criterion="accuracy",
            reviewer=0,
        ),
        Action(
            ActionKind.MORE_ITEMS,
            "Hand out 38 more double-graded items: Safety rests on 6, and its interval would then be ±.10.",
            criterion="safety",
            n_items=38,
        ),
    )
