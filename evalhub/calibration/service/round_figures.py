"""The figures of a closed round, and what changed since the round that it follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from evalhub.calibration.models import CalibrationRound, RoundState
from evalhub.calibration.queries import meanings
from evalhub.calibration.queries.round_answers import RoundAnswers, round_answers
from evalhub.calibration.queries.rounds import panel_of, round_line, round_of
from evalhub.calibration.schema.rounds import Comparison, CriterionChange, RoundCriterion, Sameness, sameness
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.schema.models import Criterion
from evalhub.stats import Scale, criterion_report
from evalhub.stats.rounds import Change, change_of_alpha


def round_as_dict(session: Session, project_id: int, reference: str) -> dict[str, Any]:
    """A round for programs: how far it is and, once it is closed, its figures and what changed; null before.

    Raises:
        NotFound: the project has no such round.
    """
    round_ = round_of(session, project_id, reference)
    is_closed = round_.state is RoundState.CLOSED
    comparison = comparison_of(session, round_) if is_closed else None
    return {
        **round_line(session, round_).as_dict(),
        "reviewers": [member.as_dict() for member in panel_of(session, round_)],
        "criteria": [one.as_dict() for one in figures_of_round(session, round_)] if is_closed else None,
        "comparison": comparison.as_dict() if comparison else None,
    }


def figures_of_round(session: Session, round_: CalibrationRound) -> tuple[RoundCriterion, ...]:
    """Every criterion of a closed round; its ratings enter these figures and no others.

    Ratings of somebody who had been shown others' work on the item are left out.
    """
    answers = round_answers(session, round_)
    criteria = meanings(session, [round_.rubric_version_id])
    return tuple(
        _figures(criterion, answers.of(criterion_id), round_.seed) for criterion_id, criterion in criteria.items()
    )


def _figures(criterion: Criterion, given: RoundAnswers, seed: int) -> RoundCriterion:
    own = given.only(~given.saw_others)
    return RoundCriterion(
        criterion=criterion,
        figures=criterion_report(
            own.as_ratings(criterion),
            scale=criterion.scale.value,
            critical=criterion.critical,
            scores=_scores(criterion),
            seed=seed,
        ),
        n_ratings=len(own.place),
        n_not_applicable=int(np.isnan(own.place).sum()),
        n_left_out=int(given.saw_others.sum()),
    )


def comparison_of(session: Session, round_: CalibrationRound) -> Comparison | None:
    """A closed round beside the one that it follows; None where it follows none."""
    if round_.follows_id is None:
        return None
    earlier = session.get_one(CalibrationRound, round_.follows_id)
    before, after = round_answers(session, earlier), round_answers(session, round_)
    both = np.intersect1d(before.item, after.item)
    discussed = np.unique(before.item[before.is_discussed])
    asked_before = {
        criterion.key: (criterion_id, criterion)
        for criterion_id, criterion in meanings(session, [earlier.rubric_version_id]).items()
    }
    numbers = _numbers(session, earlier, round_)
    return Comparison(
        before=earlier.name,
        before_version=numbers[earlier.rubric_version_id],
        after_version=numbers[round_.rubric_version_id],
        n_items=len(both),
        n_discussed=len(np.intersect1d(both, discussed)),
        n_both_times=len(np.intersect1d(before.reviewer, after.reviewer)),
        criteria=tuple(
            _change(criterion, asked_before.get(criterion.key), before, after.of(criterion_id), round_.seed)
            for criterion_id, criterion in meanings(session, [round_.rubric_version_id]).items()
        ),
    )


def _change(
    criterion: Criterion,
    asked_before: tuple[int, Criterion] | None,
    before: RoundAnswers,
    after: RoundAnswers,
    seed: int,
) -> CriterionChange:
    earlier = asked_before[1] if asked_before else None
    how = sameness(earlier, criterion)
    if asked_before is None or earlier is None or how is Sameness.OTHER_SCALE:
        return CriterionChange(criterion, how, None, None)
    first, second = (given.only(~given.saw_others) for given in (before.of(asked_before[0]), after))
    return CriterionChange(
        criterion=criterion,
        sameness=how,
        not_discussed=_compared(earlier, criterion, _afresh(first), _afresh(second), seed=seed),
        all_items=_compared(earlier, criterion, first, second, seed=seed),
    )


def _afresh(answers: RoundAnswers) -> RoundAnswers:
    """Those of items that nobody talked about."""
    return answers.only(~answers.is_discussed)


def _compared(earlier: Criterion, criterion: Criterion, before: RoundAnswers, after: RoundAnswers, seed: int) -> Change:
    return change_of_alpha(
        before.as_ratings(earlier),
        after.as_ratings(criterion),
        scale=Scale.named(criterion.scale.value),
        values_before=_values(earlier),
        values_after=_values(criterion),
        seed=seed,
    )


def _scores(criterion: Criterion) -> list[float] | None:
    return None if criterion.range else [level.score for level in criterion.levels]


def _values(criterion: Criterion) -> NDArray[np.float64] | None:
    scores = _scores(criterion)
    return None if scores is None else np.array(scores, dtype=np.float64)


def _numbers(session: Session, *rounds: CalibrationRound) -> Mapping[int, int]:
    ids = [round_.rubric_version_id for round_ in rounds]
    rows = session.execute(sa.select(RubricVersion.id, RubricVersion.number).where(RubricVersion.id.in_(ids)))
    return dict(rows.all())
