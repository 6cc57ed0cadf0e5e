"""What to do next about a project's agreement, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from evalhub.calibration.schema.report import Action, ActionKind
from evalhub.calibration.schema.section import BoundarySection, CriterionSection, ReviewerLine
from evalhub.stats import Reason, VerdictCode
from evalhub.stats.boundaries import GOAL
from evalhub.stats.intervals import SKEW_SHARE
from evalhub.stats.verdict import CONFIRMED, MIN_GROUPS, MIN_SKEWED_GROUPS, TENTATIVE

GOOD = (VerdictCode.RELIABLE, VerdictCode.TENTATIVE)
TOO_FEW = (VerdictCode.UNDEFINED, VerdictCode.INSUFFICIENT)
CLEAR_SE = 2.0
CLEAR_LEVELS = 0.25
FEWEST_TO_COMPARE = 3
"""Of two reviewers each is as far from the other as the other from them: neither can be named."""
MOST_APART = 2
"""Reviewers named on a criterion because they stand apart on its whole scale: where many do, it is the rubric."""
WORTH = 0.01
"""Points of alpha below which mending a boundary is no advice."""

UNGRADED = "Nothing to judge: no review that counts was submitted in the time that this report covers."


@dataclass(frozen=True, slots=True)
class _Advice:
    """An action and what it would win, in points of the criterion's alpha."""

    action: Action
    section: CriterionSection
    points: float


def next_actions(sections: Sequence[CriterionSection], names: Sequence[str]) -> tuple[Action, ...]:
    """The acts that would make the grades more reliable: critical criteria first, then by the alpha to be won.

    Args:
        names: of the reviewers, in the order of the report's people; the sentences use them.

    Returns:
        At least one action: that nothing is to be done, where nothing is or where nothing was graded.
    """
    if sections and not any(section.n_ratings for section in sections):
        return (Action(ActionKind.NOTHING, UNGRADED),)
    found = [advice for section in sections for advice in _of_criterion(section, names)]
    if not found:
        return (Action(ActionKind.NOTHING, _nothing(sections)),)
    order = list(ActionKind)
    found.sort(key=lambda one: (not one.section.criterion.critical, -one.points, order.index(one.action.kind)))
    return tuple(one.action for one in found)


def _nothing(sections: Sequence[CriterionSection]) -> str:
    if not sections:
        return "Nothing to do: the rubric has no criteria."
    lowest = min(section.figures.alpha.ci_low or 0.0 for section in sections)
    return f"Nothing to do: every criterion can be relied on, with {lowest:.2f} as the lowest bound of an alpha."


def _of_criterion(section: CriterionSection, names: Sequence[str]) -> Iterator[_Advice]:
    code = section.figures.verdict.code
    if code is VerdictCode.LOW_VARIATION or section.figures.alpha.undefined_because is Reason.NO_VARIATION:
        yield _add_varied(section)
    elif code in TOO_FEW:
        yield from _enough_items(section)
    elif code not in GOOD:
        yield from _mending(section, names)
    if code is VerdictCode.UNDECIDED:
        yield from _deciding_items(section)
    yield from _settle_scope(section)
    yield from _watch_drift(section, names)


def _mending(section: CriterionSection, names: Sequence[str]) -> Iterator[_Advice]:
    """Train the reviewer who makes most of the worst boundary, else rewrite it; train those who stand apart."""
    trained: int | None = None
    at = _worst_boundary(section)
    if at is not None:
        trained = section.boundaries[at].culprit
        yield _rewrite(section, at) if trained is None else _retrain_at(section, at, trained, names)
    elif not section.boundaries and section.figures.verdict.code is not VerdictCode.UNDECIDED:
        yield _rewrite_whole(section)
    apart = [line for line in section.reviewers if line.figures.rater != trained and _stands_apart(section, line)]
    apart.sort(key=lambda line: -abs(line.severity.shrunk if line.severity else 0.0))
    for line in apart[:MOST_APART]:
        yield _retrain(section, line, names)


def _worst_boundary(section: CriterionSection) -> int | None:
    """The place of the boundary to mend: the first with points to win; the lowest where the worst level fails alone."""
    confirmed = section.figures.specific_agreement[0].value
    if section.criterion.critical and confirmed is not None and confirmed < CONFIRMED:
        return next((at for at, boundary in enumerate(section.boundaries) if boundary.lower == 0), None)
    return next((at for at, boundary in enumerate(section.boundaries) if boundary.points >= WORTH), None)


def _stands_apart(section: CriterionSection, line: ReviewerLine) -> bool:
    """Whether a reviewer is clearly stricter or more lenient than those they can be compared with."""
    severity = line.severity
    if severity is None or severity.se is None or severity.confounded_with is not None:
        return False
    peers = [one for one in section.reviewers if one.severity and one.severity.component == severity.component]
    is_clear = abs(severity.shrunk) > max(CLEAR_SE * severity.se, CLEAR_LEVELS)
    return is_clear and len(peers) >= FEWEST_TO_COMPARE


def _retrain_at(section: CriterionSection, at: int, reviewer: int, names: Sequence[str]) -> _Advice:
    boundary = section.boundaries[at]
    crossing = next(one for one in boundary.raters if one.rater == reviewer)
    side, n = ("below", crossing.below) if crossing.below >= crossing.above else ("above", crossing.above)
    words = (
        f"Retrain {names[reviewer]} on {section.criterion.title}: {crossing.share:.0%} of the disagreement between "
        f"{_labels(section, boundary)} lies in pairs with them; they stood {side} in {n:,} of {crossing.n_crossing:,} "
        f"pairs that differ.{_to_win(boundary)}"
    )
    action = Action(
        ActionKind.RETRAIN,
        words,
        criterion=section.criterion.key,
        reviewer=reviewer,
        boundary=at,
        items=_items_of([boundary], reviewer),
    )
    return _Advice(action, section, boundary.points)


def _retrain(section: CriterionSection, line: ReviewerLine, names: Sequence[str]) -> _Advice:
    severity, reviewer = line.severity, line.figures.rater
    assert severity is not None
    how = "stricter" if severity.shrunk < 0 else "more lenient"
    unit = "" if section.criterion.range else " of a level"
    words = (
        f"Retrain {names[reviewer]} on {section.criterion.title}: {abs(severity.shrunk):.2f}{unit} {how} than the "
        f"others, over {severity.n_items:,} shared items."
    )
    without, now = line.figures.alpha_without, section.figures.alpha.value
    action = Action(
        ActionKind.RETRAIN,
        words,
        criterion=section.criterion.key,
        reviewer=reviewer,
        items=_items_of(section.boundaries, reviewer),
    )
    return _Advice(action, section, max(0.0, without - now) if without is not None and now is not None else 0.0)


def _rewrite(section: CriterionSection, at: int) -> _Advice:
    boundary = section.boundaries[at]
    is_part = boundary.share and len(section.boundaries) > 1
    share = f" with {boundary.share:.0%} of the disagreement" if is_part else ""
    words = (
        f"Rewrite what tells {_labels(section, boundary)} apart in {section.criterion.title}: reviewers differ on "
        f"{boundary.n_crossing:,} items there{share}, and no one of them accounts for it.{_hopeless(section)}"
        f"{_to_win(boundary)}"
    )
    action = Action(
        ActionKind.REWRITE,
        words,
        criterion=section.criterion.key,
        boundary=at,
        items=tuple(item.task for item in boundary.items),
    )
    return _Advice(action, section, boundary.points)


def _rewrite_whole(section: CriterionSection) -> _Advice:
    """A criterion whose levels have no order, or that has a range: there is no boundary to point at."""
    alpha = section.figures.alpha.value or 0.0
    confirmed = [figure.value for figure in section.figures.specific_agreement]
    least = min(range(len(confirmed)), key=lambda at: 2.0 if confirmed[at] is None else float(confirmed[at] or 0))
    levels = section.criterion.levels
    of_level = (
        f", and another reviewer confirms “{levels[least].label}” only {confirmed[least]:.0%} of the time"
        if levels and confirmed[least] is not None
        else ""
    )
    words = f"Rewrite {section.criterion.title}: its alpha is {alpha:.2f}{of_level}.{_hopeless(section)}"
    return _Advice(Action(ActionKind.REWRITE, words, criterion=section.criterion.key), section, max(0.0, GOAL - alpha))


def _add_varied(section: CriterionSection) -> _Advice:
    used = section.figures.distribution
    much = (
        "only one level was given" if sum(n > 0 for n in used) == 1 else "one level has more than 85 % of the ratings"
    )
    words = (
        f"Add items that are not all alike on {section.criterion.title}: {much}, so nothing shows that reviewers can "
        "tell its levels apart."
    )
    return _Advice(Action(ActionKind.ADD_VARIED, words, criterion=section.criterion.key), section, 0.0)


def _enough_items(section: CriterionSection) -> Iterator[_Advice]:
    """The items that a verdict needs at least."""
    alpha, used = section.figures.alpha, section.figures.distribution
    needed = MIN_SKEWED_GROUPS if max(used, default=0) > SKEW_SHARE * sum(used) else MIN_GROUPS
    missing = needed - alpha.n_groups
    if missing > 0:
        an_item = alpha.n_pairable / alpha.n_groups if alpha.n_groups else 1.0
        of_prompts = "items of " if an_item > 1 else ""
        what = "prompts" if an_item > 1 else "items"
        why = f"a verdict needs {of_prompts}{needed} {what} with two ratings, there are {alpha.n_groups}"
        yield _more(section, ceil(missing * an_item), why)


def _deciding_items(section: CriterionSection) -> Iterator[_Advice]:
    """The items that would decide; none where they would hardly, or where something else stands against it."""
    gate, width = section.gate_plan, section.width_plan
    if gate is None or gate.is_hopeless or gate.more_items == 0:
        return
    if gate.more_items:
        why = f"the interval would then likely lie above {gate.gate:.3f}, if agreement stays as seen"
        yield _more(section, gate.more_items, why)
    elif width is not None and width.more_items:
        why = f"the interval would shrink to ± {width.target:.2f}, if agreement stays as seen"
        yield _more(section, width.more_items, why)
    else:
        yield _more(
            section, section.figures.alpha.n_pairable, "so few differences say little, twice the items say more"
        )


def _more(section: CriterionSection, n: int, why: str) -> _Advice:
    noun = "item" if n == 1 else "items"
    words = f"Have {n:,} more {noun} graded by two reviewers, for {section.criterion.title}: {why}."
    action = Action(ActionKind.MORE_ITEMS, words, criterion=section.criterion.key, n_items=n)
    return _Advice(action, section, 0.0)


def _settle_scope(section: CriterionSection) -> Iterator[_Advice]:
    applies = section.applies
    if applies is None or applies.value is None or applies.value >= TENTATIVE or applies.n_groups < MIN_GROUPS:
        return
    words = (
        f"Settle what {section.criterion.title} applies to: alpha of whether it applies is {applies.value:.2f}, with "
        f"{section.n_not_applicable:,} of {section.n_ratings:,} answers “not applicable”."
    )
    yield _Advice(Action(ActionKind.SETTLE_SCOPE, words, criterion=section.criterion.key), section, 0.0)


def _watch_drift(section: CriterionSection, names: Sequence[str]) -> Iterator[_Advice]:
    """The raised weeks, and who graded otherwise in one; the provisional week may still change."""
    title = section.criterion.title
    for period in section.periods:
        if period.is_raised and not period.is_provisional:
            alpha = "undefined" if period.alpha.value is None else f"{period.alpha.value:.2f}"
            mix = "; its items were of another mix" if period.changed_mix else ""
            yield _drift(section, f"Look at {title} in {period.label}: agreement changed, alpha {alpha}{mix}.", None)
    for one in section.period_reviewers:
        period = section.periods[one.period]
        if one.is_raised and not period.is_provisional:
            how = f"{abs(one.difference):.2f} " + ("stricter" if one.difference < 0 else "more lenient")
            words = f"Look at {title} in {period.label}: {names[one.rater]} was {how} than otherwise."
            yield _drift(section, words, one.rater)


def _drift(section: CriterionSection, words: str, reviewer: int | None) -> _Advice:
    action = Action(ActionKind.WATCH_DRIFT, words, criterion=section.criterion.key, reviewer=reviewer)
    return _Advice(action, section, 0.0)


def _labels(section: CriterionSection, boundary: BoundarySection) -> str:
    levels = section.criterion.levels
    return f"“{levels[boundary.lower].label}” and “{levels[boundary.upper].label}”"


def _to_win(boundary: BoundarySection) -> str:
    return f" Mended, it would win {boundary.points:.2f} of alpha." if boundary.points >= WORTH else ""


def hopeless_words(section: CriterionSection) -> str:
    """What stands where alpha lies at or below the gate, else nothing; only an upper bound below it is beyond doubt."""
    gate, high = section.gate_plan, section.figures.alpha.ci_high
    if gate is None or not gate.is_hopeless:
        return ""
    if high is not None and high < gate.gate:
        return "No number of items will do: mend the rubric."
    return f"More items alone are unlikely to clear {gate.gate:.3f}, if agreement stays as seen: mend the rubric."


def _hopeless(section: CriterionSection) -> str:
    words = hopeless_words(section)
    return f" {words}" if words else ""


def _items_of(boundaries: Sequence[BoundarySection], reviewer: int) -> tuple[str, ...]:
    """The example items that the reviewer graded, each once."""
    shown = [item for boundary in boundaries for item in boundary.items]
    return tuple(dict.fromkeys(item.task for item in shown if any(one.reviewer == reviewer for one in item.answers)))
