"""Reads across all stages: home and the project's page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseState
from evalhub.adjudication.queries.cases import is_blind
from evalhub.projects.models import ProjectState
from evalhub.projects.queries import ProjectLine, all_projects, projects_of
from evalhub.projects.schema import ProjectRole
from evalhub.reports.queries.notices import notices_for
from evalhub.reports.schema.notices import Notice
from evalhub.review.models import Task
from evalhub.review.queries.work import Hours, WorkSession, hours_since, work_session
from evalhub.review.queries.workload import Begun, Waiting, begun_by, done_by, median_seconds, waiting_for
from evalhub.rubrics.models import Rubric, RubricVersion
from evalhub.training.models import Certificate
from evalhub.training.queries.certificates import stands
from evalhub.training.queries.settings import planting_projects, training_projects

SETTLING = frozenset({ProjectRole.ADJUDICATOR, ProjectRole.MANAGER})


@dataclass(frozen=True, slots=True)
class MyWork:
    """What one reviewer has to do with a project."""

    done: int
    waiting: Waiting
    begun: Sequence[Begun]
    median_seconds: float | None
    certificate: Certificate | None
    """The last one, whatever became of it."""
    trains: bool
    """Whether the project has items to practise on or to qualify with."""

    @property
    def held(self) -> Begun | None:
        return next((one for one in self.begun if one.held_until is not None), None)


@dataclass(frozen=True, slots=True)
class HomeCard:
    """One project on somebody's home page."""

    line: ProjectLine
    newest_version: int
    """Of the rubric; the project may still grade by an earlier one."""
    mine: MyWork | None
    """None for those who do not review there."""
    open_cases: int | None
    """None for those who settle no cases there."""

    @property
    def is_open(self) -> bool:
        return self.line.project.state is ProjectState.OPEN

    @property
    def sees_figures(self) -> bool:
        return bool(self.line.roles & {ProjectRole.MANAGER, ProjectRole.VIEWER})

    @property
    def is_certified(self) -> bool:
        return self.mine is not None and stands(self.mine.certificate, self.line.project)

    def a_day(self, today: date) -> int | None:
        """My part of what is left in reviews a day; None without a due day, or when it is past."""
        due_on = self.line.project.due_on
        return self.mine.waiting.a_day(due_on, today) if self.mine and due_on else None


@dataclass(frozen=True, slots=True)
class Continue:
    """The one thing to do now: what is begun, else the next item of the project."""

    card: HomeCard
    begun: Begun | None


@dataclass(frozen=True, slots=True)
class Home:
    cards: Sequence[HomeCard]
    notices: Sequence[Notice]
    work: WorkSession
    hours: Sequence[tuple[str, Hours]]
    """By title of the project."""
    training: Sequence[tuple[str, Hours]]
    """Practice and qualification, by title of the project."""

    @property
    def reviews(self) -> bool:
        return any(card.mine for card in self.cards)

    @property
    def hours_in_all(self) -> Hours:
        listed = [hours for _, hours in self.hours]
        return Hours(sum(hours.reviews for hours in listed), sum(hours.seconds for hours in listed))

    @property
    def goes_on(self) -> Continue | None:
        return way_on(self.cards)


def way_on(cards: Sequence[HomeCard]) -> Continue | None:
    """A lease first, then what was sent back, then a draft, then the project that is due soonest."""
    begun = [(card, one) for card in cards if card.mine and card.is_open for one in card.mine.begun]
    if begun:
        card, first = min(begun, key=lambda entry: entry[1].urgency)
        return Continue(card, first)
    waiting = [card for card in cards if card.mine and not card.mine.waiting.is_empty]
    return Continue(min(waiting, key=lambda card: card.line.project.due_on or date.max), None) if waiting else None


def home_of(session: Session, account_id: int, *, is_admin: bool, at: datetime, hours_from: datetime) -> Home:
    """Everything on somebody's home page; a fixed number of statements, and three a project that they review in."""
    cards = home_cards(session, account_id, is_admin=is_admin)
    titles = {card.line.project.id: card.line.project.title for card in cards}
    hours = hours_since(session, account_id, hours_from)

    def titled(by_project: Mapping[int, Hours]) -> list[tuple[str, Hours]]:
        return sorted((titles.get(project_id, "projects that you left"), one) for project_id, one in by_project.items())

    return Home(
        cards=cards,
        notices=notices_for(session, account_id, at=at),
        work=work_session(session, account_id, at=at),
        hours=titled(hours.live),
        training=titled(hours.training),
    )


def home_cards(session: Session, account_id: int, *, is_admin: bool) -> list[HomeCard]:
    """The projects of an account, those due soonest first; an admin's list holds all projects."""
    own = {line.project.id: line for line in projects_of(session, account_id)}
    lines = [own.get(line.project.id, line) for line in all_projects(session)] if is_admin else list(own.values())
    lines.sort(key=lambda line: (line.project.state is not ProjectState.OPEN, line.project.due_on or date.max))
    reviewed = [line.project.id for line in lines if ProjectRole.REVIEWER in line.roles]
    work = _work(session, reviewed, account_id)
    settles = [line.project.id for line in lines if is_admin or line.roles & SETTLING]
    cases, newest = open_cases(session, settles, account_id), _newest_versions(session)
    return [
        HomeCard(
            line=line,
            newest_version=newest.get(line.rubric, line.rubric_version),
            mine=work.get(line.project.id),
            open_cases=cases.get(line.project.id, 0) if line.project.id in settles else None,
        )
        for line in lines
    ]


def _work(session: Session, project_ids: Collection[int], account_id: int) -> dict[int, MyWork]:
    if not project_ids:
        return {}
    done, begun = done_by(session, project_ids, account_id), begun_by(session, project_ids, account_id)
    certificates = _certificates(session, account_id)
    training, planting = training_projects(session, project_ids), planting_projects(session, project_ids)
    return {
        project_id: MyWork(
            done=done.get(project_id, 0),
            waiting=waiting_for(session, project_id, account_id, is_coarse=project_id in planting),
            begun=[one for one in begun if one.project_id == project_id],
            median_seconds=median_seconds(session, project_id, account_id) if project_id in done else None,
            certificate=certificates.get(project_id),
            trains=project_id in training,
        )
        for project_id in project_ids
    }


def _certificates(session: Session, account_id: int) -> dict[int, Certificate]:
    found = session.scalars(sa.select(Certificate).where(Certificate.account_id == account_id).order_by(Certificate.id))
    return {certificate.project_id: certificate for certificate in found}


def _newest_versions(session: Session) -> dict[str, int]:
    rows = session.execute(
        sa.select(Rubric.name, sa.func.max(RubricVersion.number))
        .join(RubricVersion, RubricVersion.rubric_id == Rubric.id)
        .group_by(Rubric.name)
    )
    return dict(rows.all())


def open_cases(session: Session, project_ids: Collection[int], account_id: int) -> dict[int, int]:
    """How many cases wait in some projects, as far as the account may see them (see `is_blind`)."""
    rows = session.execute(
        sa.select(Case.project_id, sa.func.count())
        .join(Task, sa.and_(Task.project_id == Case.project_id, Task.id == Case.task_id))
        .where(Case.project_id.in_(project_ids), Case.state == CaseState.OPEN, ~is_blind(account_id))
        .group_by(Case.project_id)
    )
    return dict(rows.all())


@dataclass(frozen=True, slots=True)
class CaseCounts:
    open: int
    decided: int
    corrected: int


def case_counts(session: Session, project_id: int, *, seen_by: int | None = None) -> CaseCounts:
    """The cases of a project, all of them or those that an account may see (see `is_blind`)."""
    counted = sa.select(Case.state, sa.func.count()).where(Case.project_id == project_id).group_by(Case.state)
    if seen_by is not None:
        of_task = sa.and_(Task.project_id == Case.project_id, Task.id == Case.task_id)
        counted = counted.join(Task, of_task).where(~is_blind(seen_by))
    found = dict(session.execute(counted).all())
    return CaseCounts(*(found.get(state, 0) for state in (CaseState.OPEN, CaseState.DECIDED, CaseState.CORRECTED)))
