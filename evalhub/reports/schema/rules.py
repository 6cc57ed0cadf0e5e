"""The rule that settled a criterion, applied to the answers at hand, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from evalhub.adjudication.schema import ADJUDICATED, answer_words
from evalhub.calibration.schema.consensus import Answer, ConsensusMethod
from evalhub.export.schema.records import Settled
from evalhub.rubrics.schema import Criterion, Scale


def rule_words(criterion: Criterion, outcome: Settled | None, answers: Sequence[Answer], *, has_open_case: bool) -> str:
    """Why the criterion came to what it did, or to nothing.

    Args:
        answers: those that the consensus rests on, accepted corrections in the place of ratings.
        has_open_case: whether the criterion is in dispute.
    """
    if outcome is None or not answers:
        return "Nobody has answered it yet."
    n = len(answers)
    if outcome.method == ADJUDICATED:
        which = f" (decision {outcome.decisions}; the earlier ones are kept)" if outcome.decisions > 1 else ""
        return f"{_sorted_words(criterion, answers)}. An adjudicator decided it{which}; that stands above every rule."
    if outcome.state == "pending":
        why = (
            "its case is open, and nothing counts until it is decided"
            if has_open_case
            else "the rule gives no level, for neither the middle nor more than half is one answer"
        )
        return f"{_sorted_words(criterion, answers)}: {why}."
    votes = Counter(answers)
    given = Answer(outcome.rank, outcome.value)
    words = {
        ConsensusMethod.SINGLE: "One reviewer answered, and the answer stands.",
        ConsensusMethod.UNANIMOUS: f"{'Both' if n == 2 else f'All {n}'} reviewers gave this answer.",
        ConsensusMethod.MAJORITY: f"More than half gave it: {votes[given]} of {n - votes[Answer()]}.",
        ConsensusMethod.MEDIAN: f"{_sorted_words(criterion, answers)}: the middle answer stands.",
        ConsensusMethod.NOT_APPLICABLE: f"More than half said that it does not apply: {votes[Answer()]} of {n}.",
    }
    return words[ConsensusMethod(outcome.method)]


def _sorted_words(criterion: Criterion, answers: Sequence[Answer]) -> str:
    """Like "2 answers, from the worst: poor, good"; the levels of a nominal scale have no order to speak of."""
    ordered = sorted(answers, key=lambda one: (one.is_not_applicable, one.rank or 0, one.value or 0.0))
    words = ", ".join(answer_words(criterion, one) for one in ordered)
    n = len(ordered)
    order = "" if criterion.scale is Scale.NOMINAL else ", from the worst"
    return f"1 answer: {words}" if n == 1 else f"{n} answers{order}: {words}"
