"""How far an instance is from its first project; read from what there is, so that nothing has to be kept."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind
from evalhub.datasets.models import ImportState, ItemImport
from evalhub.projects.models import Project
from evalhub.rubrics.models import RubricVersion


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """What there is of each kind; `people` counts those who can be taken in, the first admin among them."""

    rubric_versions: int
    items: int
    people: int
    projects: int

    @property
    def is_over(self) -> bool:
        return self.projects > 0

    @property
    def next(self) -> str:
        """The step to do now: rubric, items, people, project, or none of them."""
        done = {
            "rubric": self.rubric_versions > 0,
            "items": self.items > 0,
            "people": self.people > 1,
            "project": self.projects > 0,
        }
        return next((step for step, is_done in done.items() if not is_done), "")


def first_steps(session: Session) -> FirstSteps:
    complete = ItemImport.state == ImportState.COMPLETE
    people = (Account.kind == AccountKind.HUMAN, Account.disabled_at.is_(None))
    counts = (
        sa.select(sa.func.count()).select_from(RubricVersion),
        sa.select(sa.func.coalesce(sa.func.sum(ItemImport.n_items), 0)).where(complete),
        sa.select(sa.func.count()).select_from(Account).where(*people),
        sa.select(sa.func.count()).select_from(Project),
    )
    return FirstSteps(*session.execute(sa.select(*(count.scalar_subquery() for count in counts))).one())
