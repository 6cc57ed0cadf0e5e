"""The values of a project: its overlap plan and its rules."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from evalhub.rubrics.schema import OverallLevel, Rubric
from evalhub.rubrics.schema import PassRule as RubricPassRule

SLUG = r"^[a-z0-9][a-z0-9_-]{0,63}$"
MOST_REVIEWERS = 31
LONGEST_LEASE = 1440
"""In minutes."""
MOST_URGENT = 100
"""The highest priority of a batch; calibration rounds and gold come before all of them."""
DEMO_PROJECT = "demo-project"
"""The kind of the job that loads the demo's project into an instance."""


class ProjectRole(StrEnum):
    REVIEWER = "reviewer"
    ADJUDICATOR = "adjudicator"
    MANAGER = "manager"
    VIEWER = "viewer"


class Flags(BaseModel):
    """Which differences between reviewers open a case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    span: bool = Field(default=True, description="Two levels apart or more; with a range, a third of it or more")
    critical: bool = Field(default=True, description="A critical criterion got its worst level from some but not all")
    applicability: bool = Field(default=True, description='Some but not all answered "not applicable"')
    no_consensus: bool = Field(default=True, description="The consensus rule gives no level")
    pass_flip: bool = Field(default=False, description="By their own grades some pass the item, others fail it")
    influence: float | None = Field(
        default=None,
        gt=0,
        le=1,
        allow_inf_nan=False,
        description="The criterion's alpha would be higher by this much or more without the item; never with a range",
    )

    @property
    def words(self) -> list[tuple[str, str]]:
        """Name and meaning of each that is on."""
        on = {name: field.description or "" for name, field in Flags.model_fields.items() if getattr(self, name)}
        return [
            (name, f"{words} (by {self.influence})" if name == "influence" else words) for name, words in on.items()
        ]

    @classmethod
    def named(cls, names: Collection[str], *, influence: float | None = None) -> Flags:
        """The flags of these names on, and no other."""
        return cls.model_validate({name: name in names for name in SWITCHES} | {"influence": influence})


SWITCHES = tuple(name for name, field in Flags.model_fields.items() if field.annotation is bool)
"""The flags that are either on or off."""
SUGGESTED_INFLUENCE = 0.01


class PassRule(BaseModel):
    """Overrides the rubric's own pass rule; at most one of the two."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    score_at_least: float | None = None
    level_at_least: str | None = None


class Rules(BaseModel):
    """Fixed when a project is made, so that every score of it follows the same rules."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    consensus: str = Field(default="middle", pattern="^middle$", description="The rule of docs/concepts.md")
    flags: Flags = Flags()
    one_more: bool = Field(
        default=False, description="A disputed item goes to one more reviewer before it goes to an adjudicator"
    )
    pass_rule: PassRule | None = None
    show_reference: bool = Field(
        default=True, description="Reviewers read an item's reference answer while they grade, where it has one"
    )

    def applied_to(self, rubric: Rubric) -> Rubric:
        """The rubric under the project's own pass rule, where there is one."""
        rule = self.pass_rule
        if rule is None:
            return rubric
        level = OverallLevel(rule.level_at_least) if rule.level_at_least else None
        own = RubricPassRule(score_at_least=rule.score_at_least, level_at_least=level)
        return rubric.model_copy(update={"pass_rule": own})


class ProjectSettings(BaseModel):
    """What may change while a project is graded, because no score depends on it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, max_length=200)
    due_on: date | None = None
    lease_minutes: int = Field(ge=1, le=LONGEST_LEASE, description="Counted from the next sign of life")
    one_more: bool = Field(description="Ask one more reviewer before an adjudicator")

    @property
    def tag(self) -> str:
        """The same for equal settings: whoever sends it back with a change has seen them."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


class BatchSettings(BaseModel):
    """What may change of a batch at any time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=200)
    priority: int = Field(ge=-MOST_URGENT, le=MOST_URGENT, description="Batches of a higher one are handed out first")
    due_on: date | None = None


class OverlapPlan(BaseModel):
    """How many reviewers an item gets: `base`, or `need` for a `share` of the items."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base: int = Field(default=1, ge=1, le=MOST_REVIEWERS)
    share: float = Field(default=0.0, ge=0.0, le=1.0, allow_inf_nan=False)
    need: int | None = Field(default=None, ge=1, le=MOST_REVIEWERS)
    stratify_by: tuple[str, ...] = ()
    seed: int = Field(default=0, ge=0, lt=2**63)

    @property
    def most(self) -> int:
        return self.need if self.need is not None and self.share > 0 else self.base

    def reviews_of(self, items: int) -> int:
        """How many reviews so many items will need."""
        return items * self.base + int(items * self.share) * (self.most - self.base)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What the plan needs to know of an item."""

    item_id: int
    external_id: str
    group_key: str
    stratum: str


def needs(candidates: Sequence[Candidate], plan: OverlapPlan) -> dict[int, int]:
    """Reviewers an item gets, by item id.

    Items are laid out by stratum and by a seeded hash of their external id; every 1/share-th gets `need`. So each
    stratum has its share, the total is right to one item, and the same import gives the same answer on every machine.
    """
    laid_out = sorted(candidates, key=lambda c: (c.stratum, seeded(plan.seed, "overlap", c.external_id)))
    return {
        candidate.item_id: plan.most if int((i + 1) * plan.share) > int(i * plan.share) else plan.base
        for i, candidate in enumerate(laid_out)
    }


def ordered(candidates: Sequence[Candidate], order: str, seed: int) -> list[int]:
    """Item ids in the order in which the queue hands them out."""
    if order == "as-imported":
        return [c.item_id for c in sorted(candidates, key=lambda c: c.item_id)]
    if order == "by-group":
        key = lambda c: (seeded(seed, "group", c.group_key), seeded(seed, "order", c.external_id))  # noqa: E731
        return [c.item_id for c in sorted(candidates, key=key)]
    return [c.item_id for c in sorted(candidates, key=lambda c: seeded(seed, "order", c.external_id))]


def seeded(seed: int, purpose: str, text: str) -> bytes:
    """A pseudo-random sort key that depends on nothing but its arguments."""
    return hashlib.blake2b(f"{seed}\0{purpose}\0{text}".encode(), digest_size=12).digest()


def roles_by_login(
    reviewers: Iterable[str], adjudicators: Iterable[str], managers: Iterable[str]
) -> dict[str, set[ProjectRole]]:
    """Who gets which roles; one person may hold several."""
    roles: dict[str, set[ProjectRole]] = {}
    for logins, role in (
        (reviewers, ProjectRole.REVIEWER),
        (adjudicators, ProjectRole.ADJUDICATOR),
        (managers, ProjectRole.MANAGER),
    ):
        for login in logins:
            roles.setdefault(login.strip().lower(), set()).add(role)
    return roles
