"""The verdict on a criterion: a ladder of rules, taken in order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import REASON_WORDS, Figure
from evalhub.stats.intervals import SKEW_ITEMS, is_skewed
from evalhub.stats.specific import pooled_specific_agreement

RELIABLE = 0.8
TENTATIVE = 0.667
MIN_GROUPS = 10
MIN_SKEWED_GROUPS = 30
CONFIRMED = 0.5


class VerdictCode(StrEnum):
    UNDEFINED = "undefined"
    INSUFFICIENT = "insufficient"
    RELIABLE = "reliable"
    TENTATIVE = "tentative"
    LOW_VARIATION = "low_variation"
    RARE_LEVELS_NOT_REPRODUCED = "rare_levels_not_reproduced"
    UNRELIABLE = "unreliable"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Verdict:
    code: VerdictCode
    words: str


def verdict(
    alpha: Figure, counts: PatternCounts, *, critical: bool = False, worst_level: Figure | None = None
) -> Verdict:
    """How far the grades of a criterion can be trusted.

    Args:
        critical: whether the worst level alone fails an item; the verdict is then at most `undecided` while that
            level is confirmed by fewer than half.
        worst_level: the specific agreement of level 0.
    """
    found = _on_the_ladder(alpha, counts)
    if not critical or found.code not in (VerdictCode.RELIABLE, VerdictCode.TENTATIVE):
        return found
    confirmed = worst_level.value if worst_level else None
    if confirmed is None or confirmed >= CONFIRMED:
        return found
    return Verdict(
        VerdictCode.UNDECIDED,
        f"Critical, and its worst level is confirmed by another reviewer only {confirmed:.0%} of the time: "
        "rewrite that level before relying on it.",
    )


def _on_the_ladder(alpha: Figure, counts: PatternCounts) -> Verdict:
    if alpha.value is None:
        why = REASON_WORDS[alpha.undefined_because] if alpha.undefined_because else "no value"
        return Verdict(VerdictCode.UNDEFINED, f"Undefined: {why}.")
    skewed = is_skewed(counts)
    needed = MIN_SKEWED_GROUPS if skewed else MIN_GROUPS
    if alpha.n_groups < needed:
        return Verdict(VerdictCode.INSUFFICIENT, _insufficient(alpha.n_groups, needed, skewed=skewed))
    if alpha.ci_low is not None and alpha.ci_low >= TENTATIVE:
        return _above_the_gate(alpha.ci_low)
    because_of_skew = _skewed(counts) if skewed else None
    if because_of_skew is not None:
        return because_of_skew
    if alpha.ci_high is not None and alpha.ci_high < TENTATIVE:
        return Verdict(VerdictCode.UNRELIABLE, "Unreliable: the whole interval lies below .667.")
    return Verdict(VerdictCode.UNDECIDED, _undecided(alpha))


def _above_the_gate(low: float) -> Verdict:
    if low >= RELIABLE:
        return Verdict(VerdictCode.RELIABLE, "Reliable: the interval lies above .8.")
    return Verdict(VerdictCode.TENTATIVE, "Good for tentative conclusions: the interval lies above .667.")


def _insufficient(n_groups: int, needed: int, *, skewed: bool) -> str:
    because = " because one level has more than 85 % of the ratings" if skewed else ""
    seen = "1 group" if n_groups == 1 else f"{n_groups} groups"
    return f"Too little to say: {seen} of items with two ratings or more, {needed} are needed{because}."


def _skewed(counts: PatternCounts) -> Verdict | None:
    common = int(counts.marginals.argmax())
    carrying = counts.carrying_another_than(common)
    if carrying < SKEW_ITEMS:
        return Verdict(
            VerdictCode.LOW_VARIATION,
            f"One level has more than 85 % of the ratings and only {carrying} items carry another: add varied items.",
        )
    others = [level for level in range(counts.n_levels) if level != common]
    confirmed = pooled_specific_agreement(counts, others)
    if confirmed is not None and confirmed < CONFIRMED:
        return Verdict(
            VerdictCode.RARE_LEVELS_NOT_REPRODUCED,
            f"The rare levels are not reproduced: another reviewer confirms them {confirmed:.0%} of the time.",
        )
    return None


def _undecided(alpha: Figure) -> str:
    if alpha.ci_low is None or alpha.ci_high is None:
        return "Undecided: there is no interval."
    return f"Undecided: the interval from {_short(alpha.ci_low)} to {_short(alpha.ci_high)} holds .667."


def _short(value: float) -> str:
    """Like the .667 beside it: no zero before the point, a true minus."""
    return f"{round(value, 2) + 0.0:.2f}".replace("0.", ".", 1).replace("-", "−")
