"""How a score comes about, step by step, in the arithmetic of `rubrics.schema.scoring`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from evalhub.export.schema.records import Settled, overall_of
from evalhub.reports.schema.explanation import ScoreExplained, Step
from evalhub.rubrics.schema import Criterion, Overall, Rubric, Scoring

NAMES = {
    Scoring.WEIGHTED_MEAN: "weighted mean",
    Scoring.POINTS: "points",
    Scoring.PENALTY: "penalty",
    Scoring.WORST_LEVEL: "worst level",
}


def explained_score(
    rubric: Rubric, outcomes: Mapping[str, Settled], tags: Sequence[str], answers: Mapping[str, str]
) -> ScoreExplained:
    """The score of an item from what its criteria came to.

    Args:
        rubric: with the pass rule that holds for the project.
        answers: what each criterion came to in words, by key.
    """
    overall = overall_of(rubric, outcomes, tags)
    rated = [one for one in rubric.applicable(tags) if one.key in outcomes and outcomes[one.key].state == "rated"]
    steps = [_step(rubric.scoring, criterion, outcomes[criterion.key], answers) for criterion in rated]
    return ScoreExplained(
        defined=overall.defined,
        score=overall.score,
        level=overall.level.value if overall.level else "",
        passed=overall.passed,
        failed=overall.failed,
        because=overall.undefined_because,
        scoring=NAMES[rubric.scoring],
        steps=steps,
        sentences=list(_sentences(rubric, overall, rated, steps, outcomes)),
    )


def combined(scoring: Scoring, steps: Sequence[Step]) -> float:
    """What the steps come to before a failed critical criterion is looked at."""
    parts = math.fsum(step.part for step in steps)
    if scoring == Scoring.WORST_LEVEL:
        return min(step.share for step in steps)
    if scoring == Scoring.WEIGHTED_MEAN:
        return parts / math.fsum(step.factor or 0.0 for step in steps)
    if scoring == Scoring.POINTS:
        return parts / math.fsum(max(step.factor or 0.0, 0.0) for step in steps)
    return parts


def _step(scoring: Scoring, criterion: Criterion, outcome: Settled, answers: Mapping[str, str]) -> Step:
    share = criterion.share(rank=outcome.rank, value=outcome.value)
    factor = criterion.weight if scoring == Scoring.WEIGHTED_MEAN else criterion.points or 0.0
    if scoring == Scoring.WORST_LEVEL:
        part, shown = share, None
    else:
        part, shown = factor * (1 - share if scoring == Scoring.PENALTY else share), factor
    return Step(
        criterion=criterion.key,
        title=criterion.title,
        answer=answers[criterion.key],
        share=share,
        factor=shown,
        part=part,
    )


def _sentences(
    rubric: Rubric,
    overall: Overall,
    rated: Sequence[Criterion],
    steps: Sequence[Step],
    outcomes: Mapping[str, Settled],
) -> Iterator[str]:
    if not overall.defined:
        yield f"There is no score: {overall.undefined_because}."
        return
    yield f"{_formula(rubric.scoring, steps)} = {_figure(combined(rubric.scoring, steps))}."
    worst = [one for one in rated if one.is_worst(rank=outcomes[one.key].rank, value=outcomes[one.key].value)]
    if overall.failed:
        names = ", ".join(one.title for one in worst if one.critical)
        yield (
            f"{names} is critical and at its worst level: the item fails, its level is unacceptable and its score is"
            f" {_figure(overall.score or 0.0)}."
        )
        return
    places = {one.title: one.maps_to(rank=outcomes[one.key].rank, value=outcomes[one.key].value) for one in rated}
    assert overall.level is not None
    lowest = ", ".join(title for title, level in places.items() if level is overall.level)
    yield f"Its level is {overall.level.value}, the lowest of its criteria: {lowest}."
    if rubric.pass_rule is not None:
        yield _pass_words(rubric, overall)


def _pass_words(rubric: Rubric, overall: Overall) -> str:
    assert rubric.pass_rule is not None
    level, bound = rubric.pass_rule.level_at_least, rubric.pass_rule.score_at_least
    needed = f"at least {level.value}" if level else f"a score of at least {_figure(bound or 0.0)}"
    return f"It {'passes' if overall.passed else 'does not pass'}: that takes {needed}."


def _formula(scoring: Scoring, steps: Sequence[Step]) -> str:
    """Like "(2 × 0.5 + 1 × 1) ÷ 3"."""
    if scoring == Scoring.WORST_LEVEL:
        return f"The lowest of {', '.join(_figure(step.share) for step in steps)}"
    if scoring == Scoring.PENALTY:
        return " + ".join(f"{_signed(step.factor)} × {_figure(1 - step.share)}" for step in steps)
    terms = " + ".join(f"{_signed(step.factor)} × {_figure(step.share)}" for step in steps)
    factors = [step.factor or 0.0 for step in steps]
    whole = math.fsum(factors if scoring == Scoring.WEIGHTED_MEAN else (max(one, 0.0) for one in factors))
    return f"({terms}) ÷ {_figure(whole)}"


def _signed(factor: float | None) -> str:
    words = _figure(factor or 0.0)
    return f"({words})" if words.startswith("−") else words


def _figure(number: float) -> str:
    """At most four decimals, without trailing zeros, with a true minus."""
    return f"{round(number, 4) + 0.0:g}".replace("-", "−")
