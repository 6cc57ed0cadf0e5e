"""Reads across all stages: home and the project's page."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseState
from evalhub.projects.models import ProjectState
from evalhub.projects.queries import ProjectLine, all_projects, projects_of
from evalhub.projects.schema import ProjectRole
from evalhub.review.queries.progress import Mine, my_progress


@dataclass(frozen=True, slots=True)
class HomeCard:
    """One project on somebody's home page."""

    line: ProjectLine
    mine: Mine | None
    """None for those who do not review there."""
    open_cases: int | None
    """None for those who settle no cases there."""

    @property
    def is_open(self) -> bool:
        return self.line.project.state is ProjectState.OPEN

    @property
    def sees_figures(self) -> bool:
        return bool(self.line.roles & {ProjectRole.MANAGER, ProjectRole.VIEWER})


def home_cards(session: Session, account_id: int, *, is_admin: bool) -> list[HomeCard]:
    """The projects of an account; an admin's list holds all projects."""
    own = {line.project.id: line for line in projects_of(session, account_id)}
    lines = [own.get(line.project.id, line) for line in all_projects(session)] if is_admin else list(own.values())
    cases = open_cases(session)
    return [
        HomeCard(
            line=line,
            mine=my_progress(session, line.project.id, account_id) if ProjectRole.REVIEWER in line.roles else None,
            open_cases=cases.get(line.project.id, 0)
            if is_admin or line.roles & {ProjectRole.ADJUDICATOR, ProjectRole.MANAGER}
            else None,
        )
        for line in lines
    ]


def open_cases(session: Session) -> dict[int, int]:
    """How many cases wait, by project."""
    rows = session.execute(
        sa.select(Case.project_id, sa.func.count()).where(Case.state == CaseState.OPEN).group_by(Case.project_id)
    )
    return dict(rows.all())


@dataclass(frozen=True, slots=True)
class CaseCounts:
    open: int
    decided: int
    corrected: int


def case_counts(session: Session, project_id: int) -> CaseCounts:
    rows = session.execute(
        sa.select(Case.state, sa.func.count()).where(Case.project_id == project_id).group_by(Case.state)
    )
    found = dict(rows.all())
    return CaseCounts(*(found.get(state, 0) for state in (CaseState.OPEN, CaseState.DECIDED, CaseState.CORRECTED)))
