"""What to do next about a project's agreement, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evalhub.calibration.schema.report import Action, ActionKind
from evalhub.calibration.schema.section import BoundarySection, CriterionSection, ReviewerLine
from evalhub.stats import VerdictCode
from evalhub.stats.verdict import CONFIRMED, MIN_GROUPS, MIN_SKEWED_GROUPS, TENTATIVE

GOOD = (VerdictCode.RELIABLE, VerdictCode.TENTATIVE)
TOO_FEW = (VerdictCode.UNDEFINED, VerdictCode.INSUFFICIENT)
CLEAR_SE = 2.0
CLEAR_LEVELS = 0.25
FEWEST_TO_COMPARE = 3
"""Of two reviewers each is as far from the other as the other from them: neither can be named."""
WORTH = 0.005
"""Points of alpha below which mending a boundary is no advice."""


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
        At least one action: that nothing is to be done, where nothing is.
    """
    found = [advice for section in sections for advice in _of_criterion(section, names)]
    if not found:
        return (Action(ActionKind.NOTHING, _nothing(sections)),)
    order = list(ActionKind)
    found.sort(key=lambda one: (not one.section.criterion.critical, -one.points, order.index(one.action.kind)))
    return tuple(one.action for one in found)


def _nothing(sections: Sequence[CriterionSection]) -> str:
    if not sections:
        return "Nothing to do: there are no criteria."
    lowest = min(section.figures.alpha.ci_low or 0.0 for section in sections)
    return f"Nothing to do: every criterion can be relied on, the lowest bound of an alpha is {lowest:.2f}."


def _of_criterion(section: CriterionSection, names: Sequence[str]) -> Iterator[_Advice]:
    code = section.figures.verdict.code
    if code not in GOOD and code not in TOO_FEW:
        yield from _mending(section, names)
    if code is VerdictCode.LOW_VARIATION:
        yield _add_varied(section)
    elif code not in GOOD:
        yield from _more_items(section)
    yield from _settle_scope(section)
    yield from _watch_drift(section, names)


def _mending(section: CriterionSection, names: Sequence[str]) -> Iterator[_Advice]:
    """Train a reviewer where one stands out, at a boundary or on the whole scale; else rewrite the sentence."""
    at = _worst_boundary(section)
    trained: set[int] = set()
    if at is not None:
        boundary = section.boundaries[at]
        if boundary.culprit is not None:
            trained.add(boundary.culprit)
            yield _retrain_at(section, at, boundary, boundary.culprit, names)
        else:
            yield _rewrite(section, at, boundary)
    for line in section.reviewers:
        if line.figures.rater not in trained and _stands_apart(section, line):
            yield _retrain(section, line, names)


def _worst_boundary(section: CriterionSection) -> int | None:
    """The place of the boundary to mend: the first one, or the lowest where the worst level is not confirmed."""
    if not section.boundaries:
        return None
    confirmed = section.figures.specific_agreement[0].value
    if section.criterion.critical and confirmed is not None and confirmed < CONFIRMED:
        return next(at for at, boundary in enumerate(section.boundaries) if boundary.lower == 0)
    return 0 if section.boundaries[0].share and section.boundaries[0].n_crossing else None


def _stands_apart(section: CriterionSection, line: ReviewerLine) -> bool:
    """Whether a reviewer is clearly stricter or more lenient than those they can be compared with."""
    severity = line.severity
    if severity is None or severity.se is None or severity.confounded_with is not None:
        return False
    peers = [one for one in section.reviewers if one.severity and one.severity.component == severity.component]
    is_clear = abs(severity.shrunk) > max(CLEAR_SE * severity.se, CLEAR_LEVELS)
    return is_clear and len(peers) >= FEWEST_TO_COMPARE


def _retrain_at(
    section: CriterionSection, at: int, boundary: BoundarySection, reviewer: int, names: Sequence[str]
) -> _Advice:
    crossing = next(one for one in boundary.raters if one.rater == reviewer)
    below, above = _labels(section, boundary)
    side, n = ("below", crossing.below) if crossing.below >= crossing.above else ("above", crossing.above)
    words = (
        f"Retrain {names[reviewer]} on {section.criterion.title}: {crossing.share:.0%} of the disagreement between "
        f"“{below}” and “{above}” is theirs; they stood {side} in {n} of {crossing.n_crossing} pairs that differ."
    )
    action = Action(
        ActionKind.RETRAIN,
        words + _to_win(boundary),
        criterion=section.criterion.key,
        reviewer=reviewer,
        boundary=at,
        items=_items_of(boundary, reviewer),
    )
    return _Advice(action, section, boundary.points)


def _retrain(section: CriterionSection, line: ReviewerLine, names: Sequence[str]) -> _Advice:
    severity, reviewer = line.severity, line.figures.rater
    assert severity is not None
    how = "stricter" if severity.shrunk < 0 else "more lenient"
    unit = "" if section.criterion.range else " level"
    words = (
        f"Retrain {names[reviewer]} on {section.criterion.title}: {abs(severity.shrunk):.2f}{unit} {how} than the "
        f"others on {severity.n_items:,} shared items."
    )
    without, now = line.figures.alpha_without, section.figures.alpha.value
    points = max(0.0, without - now) if without is not None and now is not None else 0.0
    shown = [item for boundary in section.boundaries for item in boundary.items]
    items = {item.task: None for item in shown if any(answer.reviewer == reviewer for answer in item.answers)}
    action = Action(ActionKind.RETRAIN, words, criterion=section.criterion.key, reviewer=reviewer, items=tuple(items))
    return _Advice(action, section, points)


def _rewrite(section: CriterionSection, at: int, boundary: BoundarySection) -> _Advice:
    below, above = _labels(section, boundary)
    hopeless = (
        " No number of items will do: mend the rubric."
        if section.gate_plan is not None and section.gate_plan.is_hopeless
        else ""
    )
    words = (
        f"Rewrite the boundary between “{below}” and “{above}” of {section.criterion.title}: {boundary.share or 0:.0%} "
        f"of its disagreement, on {boundary.n_crossing:,} items, is there, and no one reviewer makes it.{hopeless}"
    )
    action = Action(
        ActionKind.REWRITE,
        words + _to_win(boundary),
        criterion=section.criterion.key,
        boundary=at,
        items=tuple(item.task for item in boundary.items),
    )
    return _Advice(action, section, boundary.points)


def _add_varied(section: CriterionSection) -> _Advice:
    words = (
        f"Add items that are not all alike to {section.criterion.title}: one level has more than 85 % of its ratings, "
        "so nothing shows that reviewers can tell levels apart."
    )
    return _Advice(Action(ActionKind.ADD_VARIED, words, criterion=section.criterion.key), section, 0.0)


def _more_items(section: CriterionSection) -> Iterator[_Advice]:
    """More items graded twice, where they would decide or are the least that a verdict needs."""
    n, what_for = _items_wanted(section)
    if n:
        noun = "item" if n == 1 else "items"
        words = f"Hand out {n:,} more {noun} of {section.criterion.title} to a second reviewer: {what_for}."
        action = Action(ActionKind.MORE_ITEMS, words, criterion=section.criterion.key, n_items=n)
        yield _Advice(action, section, 0.0)


def _items_wanted(section: CriterionSection) -> tuple[int, str]:
    """How many more, and what they would do; 0 where more items would not help."""
    code, alpha = section.figures.verdict.code, section.figures.alpha
    if code in TOO_FEW:
        needed = MIN_SKEWED_GROUPS if _is_skewed(section) else MIN_GROUPS
        seen = alpha.n_groups if alpha.n_pairable else 0
        return max(needed - seen, 0), f"{needed} are needed for a verdict, {seen} are there"
    if code is not VerdictCode.UNDECIDED:
        return 0, ""
    gate, width = section.gate_plan, section.width_plan
    if gate is not None and gate.more_items:
        return gate.more_items, f"the interval would then likely lie above {gate.gate:.3f}, if agreement stays as seen"
    is_open = gate is None or not (gate.is_hopeless or gate.more_items == 0)
    if is_open and width is not None and width.more_items:
        return width.more_items, f"the interval would shrink to ± {width.target:.2f}, if agreement stays as seen"
    return 0, ""


def _is_skewed(section: CriterionSection) -> bool:
    used = section.figures.distribution
    return sum(used) > 0 and max(used) > 0.85 * sum(used)


def _settle_scope(section: CriterionSection) -> Iterator[_Advice]:
    applies = section.applies
    if applies is None or applies.value is None or applies.value >= TENTATIVE or applies.n_groups < MIN_GROUPS:
        return
    words = (
        f"Settle what {section.criterion.title} applies to: alpha of whether it applies is {applies.value:.2f}, with "
        f"{section.n_not_applicable:,} of {section.n_ratings:,} ratings “not applicable”."
    )
    yield _Advice(Action(ActionKind.SETTLE_SCOPE, words, criterion=section.criterion.key), section, 0.0)


def _watch_drift(section: CriterionSection, names: Sequence[str]) -> Iterator[_Advice]:
    """The raised weeks, and the reviewers who graded otherwise in one; the provisional week may still change."""
    title = section.criterion.title
    for period in section.periods:
        if period.is_raised and not period.is_provisional:
            alpha = "undefined" if period.alpha.value is None else f"{period.alpha.value:.2f}"
            mix = " The items were of another mix then." if period.changed_mix else ""
            yield _drift(section, f"Watch {title}: agreement changed in {period.label}, alpha {alpha}.{mix}", None)
    for one in section.period_reviewers:
        period = section.periods[one.period]
        if one.is_raised and not period.is_provisional:
            how = "stricter" if one.difference < 0 else "more lenient"
            words = (
                f"Watch {title}: {names[one.rater]} was {abs(one.difference):.2f} {how} than usual in {period.label}."
            )
            yield _drift(section, words, one.rater)


def _drift(section: CriterionSection, words: str, reviewer: int | None) -> _Advice:
    action = Action(ActionKind.WATCH_DRIFT, words, criterion=section.criterion.key, reviewer=reviewer)
    return _Advice(action, section, 0.0)


def _labels(section: CriterionSection, boundary: BoundarySection) -> tuple[str, str]:
    levels = section.criterion.levels
    return levels[boundary.lower].label, levels[boundary.upper].label


def _to_win(boundary: BoundarySection) -> str:
    return f" Mended, it would win {boundary.points:.2f} of alpha." if boundary.points >= WORTH else ""


def _items_of(boundary: BoundarySection, reviewer: int) -> tuple[str, ...]:
    return tuple(item.task for item in boundary.items if any(answer.reviewer == reviewer for answer in item.answers))
