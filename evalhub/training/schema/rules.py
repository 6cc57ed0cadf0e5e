"""How a project trains: the settings of its managers, and the rule of a qualification as it is told beforehand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from evalhub.rubrics.schema.models import Criterion
from evalhub.stats.qualification import DriftPlan, PassPlan, drift_plan, plan, plans_with

MOST_GOLD = 0.2
DRIFT_HORIZON = 100
"""Over how many gold items the chance of a false alarm is stated."""

Rate = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
Error = Annotated[float, Field(gt=0, le=0.5, allow_inf_nan=False)]


class Rule(BaseModel):
    """Whom a qualification passes, and how wrong it may go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    p_low: Rate = 0.5
    """Somebody right on this share of items or less must not pass."""
    p_high: Rate = 0.9
    """Somebody right on this share of items or more must pass."""
    alpha: Error = 0.05
    """The chance that the first passes all the same."""
    beta: Error = 0.1
    """The chance that the second fails all the same."""
    near: Annotated[float, Field(ge=0, le=0.3, allow_inf_nan=False)] = 0.1
    """How far a number may lie from the reference and still be exact, as a share of its range."""
    false_alarm: Error = 0.05
    """The chance that hidden gold items end the certificate of the second within a hundred of them."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.p_low >= self.p_high:
            raise ValueError("p_low must be below p_high")
        if self.plan is None:
            raise ValueError("these rates need more than 500 items; let them be further apart")
        return self

    @property
    def plan(self) -> PassPlan | None:
        return plan(self.p_low, self.p_high, self.alpha, self.beta)

    @property
    def drift(self) -> DriftPlan:
        return drift_plan(self.p_low, self.p_high, self.false_alarm, DRIFT_HORIZON)

    @property
    def test(self) -> PassPlan:
        found = self.plan
        assert found is not None  # checked when it was made
        return found

    def weaker(self, n: int) -> tuple[PassPlan, ...]:
        """What n items allow instead, where the rule needs more."""
        return plans_with(n, self.p_low, self.p_high, self.alpha, self.beta)


class PlanSettings(BaseModel):
    """What the managers of a project set."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    gold_share: Annotated[float, Field(ge=0, le=MOST_GOLD, allow_inf_nan=False)] = 0.0
    practice_items: Annotated[int, Field(ge=1, le=50)] = 8
    retake_hours: Annotated[int, Field(ge=0, le=8760)] = 24
    rule: Rule = Rule()
    requires_certificate: bool = False


class StatedRule(BaseModel):
    """The rule as an attempt was begun under it; it stays that of the certificate whatever the managers set later."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: Rule
    n: int
    right: int
    alpha: float
    beta: float
    drift_add: int
    drift_limit: int
    drift_false_alarm: float

    @classmethod
    def of(cls, rule: Rule) -> StatedRule:
        test, drift = rule.test, rule.drift
        return cls(
            rule=rule,
            n=test.n,
            right=test.right,
            alpha=test.alpha,
            beta=test.beta,
            drift_add=drift.add,
            drift_limit=drift.limit,
            drift_false_alarm=drift.false_alarm,
        )

    @property
    def test(self) -> PassPlan:
        return PassPlan(self.n, self.right, self.alpha, self.beta)

    def sentences(self, criteria: Iterable[Criterion]) -> tuple[str, ...]:
        """The rule in words, for those who are to pass it on a rubric of these criteria."""
        rule = self.rule
        numbers = (
            f"A number is exact within {percent(rule.near)} of its range, and two levels off from a third of it on."
        )
        has_numbers = any(criterion.range is not None for criterion in criteria)
        return (
            f"You grade {self.n} items whose levels are known; {self.right} right ones pass.",
            RIGHT_WORDS,
            *([numbers] if has_numbers else []),
            "It ends as soon as the outcome is fixed. An item that you pass on counts as not right.",
            f"Somebody right on {percent(rule.p_low)} of such items or fewer passes with a chance of at most"
            f" {percent(self.alpha, 1)}; somebody right on {percent(rule.p_high)} or more fails with a chance of at"
            f" most {percent(self.beta, 1)}.",
            f"Later each gold item among your work that is not right adds {self.drift_add} points, and each right one"
            f" takes one off; at {self.drift_limit} points the certificate lapses. To somebody right on"
            f" {percent(rule.p_high)} that happens within {DRIFT_HORIZON} gold items with a chance of"
            f" {percent(self.drift_false_alarm, 1)}.",
        )


def percent(share: float, digits: int = 0) -> str:
    """Like "95 %"."""
    return f"{100 * share:.{digits}f} %"


RIGHT_WORDS = (
    "An item is right when every critical criterion has exactly the reference level, at least two thirds of all its"
    " criteria have, and none is two levels off or more."
)
