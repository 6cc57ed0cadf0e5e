"""What a new project is made of, and about how much work it will be."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import ImportState, Item, ItemImport
from evalhub.projects.schema import OverlapPlan
from evalhub.rubrics.models import Criterion, Rubric, RubricVersion

MOST_VERSIONS = 200
CHARACTERS_A_WORD = 6
"""A space among them."""
WORDS_A_MINUTE = 150
SECONDS_A_CRITERION = 30


@dataclass(frozen=True, slots=True)
class Estimate:
    """The work of a project: `seconds` are those of one review."""

    items: int
    reviews: int
    seconds: float

    @property
    def hours(self) -> float:
        return self.reviews * self.seconds / 3600


def rubric_choices(session: Session) -> list[str]:
    """Every published version as name@number, the newest first."""
    rows = session.execute(
        sa.select(Rubric.name, RubricVersion.number)
        .join(RubricVersion, RubricVersion.rubric_id == Rubric.id)
        .order_by(RubricVersion.id.desc())
        .limit(MOST_VERSIONS)
    )
    return [f"{name}@{number}" for name, number in rows]


def estimate(session: Session, *, dataset_id: int, rubric_version_id: int, plan: OverlapPlan) -> Estimate:
    """The work on a dataset as it is: a review takes as long as reading its item at 150 words a minute, and half a
    minute a criterion.
    """
    length = sum(sa.func.length(sa.func.coalesce(text, "")) for text in (Item.prompt, Item.context, Item.response))
    items, characters = session.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.avg(length), 0))
        .select_from(Item)
        .join(ItemImport, ItemImport.id == Item.import_id)
        .where(Item.dataset_id == dataset_id, Item.withdrawn_at.is_(None), ItemImport.state == ImportState.COMPLETE)
    ).one()
    of_version = sa.select(sa.func.count()).where(Criterion.rubric_version_id == rubric_version_id)
    reading = float(characters) / CHARACTERS_A_WORD / WORDS_A_MINUTE * 60
    seconds = reading + (session.scalar(of_version) or 0) * SECONDS_A_CRITERION
    return Estimate(items=items, reviews=plan.reviews_of(items), seconds=seconds)
