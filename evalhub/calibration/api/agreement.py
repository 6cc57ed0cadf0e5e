"""Agreement for programs."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from flask.typing import ResponseReturnValue
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from evalhub.calibration.api.blueprint import api_bp
from evalhub.calibration.queries.size import SMALL, is_small
from evalhub.calibration.schema.report import CalibrationReport
from evalhub.calibration.service import AtHand, full_report, latest_report, live_report, report_named
from evalhub.calibration.shown import tasks_of
from evalhub.errors import NotFound, TooLarge
from evalhub.projects.models import Project
from evalhub.projects.policies import see_figures
from evalhub.projects.queries import project_named
from evalhub.review.queries.hidden import hidden_tasks
from evalhub.web.answers import json_response
from evalhub.web.api import documented, parse_query
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading


class AgreementQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    criterion: Annotated[str, Field(max_length=64)] | None = Field(default=None, description="Only this criterion")
    since: AwareDatetime | None = Field(default=None, description="Only reviews from this moment on")
    until: AwareDatetime | None = Field(default=None, description="Only reviews before this moment")
    report: Annotated[str, Field(max_length=32)] | None = Field(
        default=None, description="The id of an earlier report of a large project; it keeps its newest twenty"
    )


class LiveFigures(BaseModel):
    """Exact at any moment, from the counts of levels alone; a criterion with a range has none."""

    n_items: int
    n_reviewers: int
    n_simulated: int
    criteria: list[dict[str, Any]]


class AgreementShown(BaseModel):
    """The live figures, and the full report: computed now, or the newest that was made in the background.

    `report` is what `evalhub calibrate --json` prints; null where a large project has none yet: ask for one on the
    project's calibration page. Answers to items that the caller may still grade are left out of it.
    """

    project: str
    live: LiveFigures
    report: dict[str, Any] | None
    report_id: str | None = Field(description="Of a report that was made in the background; null where it is new")
    is_fresh: bool = Field(description="Whether the report holds all levels that count now")
    n_since: int = Field(description="Levels that count now and came after the report was made")


@api_bp.get("/projects/<p>/agreement")
@allowed(see_figures)
@documented(
    summary="How far the reviewers agree, criterion by criterion", query=AgreementQuery, responses={200: AgreementShown}
)
def agreement(p: str) -> ResponseReturnValue:
    query = parse_query(AgreementQuery)
    with reading() as session:
        project = project_named(session, p)
        found = _at_hand(session, project, query)
        live = live_report(session, project.id)
        report = _seen(session, project.id, found.report) if found.report else None
    criteria = [one.as_dict() for one in live.criteria if query.criterion in (None, one.criterion.key)]
    return json_response(
        AgreementShown(
            project=project.name,
            live=LiveFigures(**{**live.as_dict(), "criteria": criteria}),
            report=report.as_dict() if report else None,
            report_id=found.public_id,
            is_fresh=found.is_fresh,
            n_since=found.n_since,
        )
    )


def _at_hand(session: Session, project: Project, query: AgreementQuery) -> AtHand:
    """The report that was asked for; that of a large project is never computed here.

    Raises:
        TooLarge: a time was given for a large project.
        NotFound: the rubric has no such criterion, or the project no such report.
    """
    if query.report is not None:
        return _narrowed(report_named(session, project.id, query.report), query.criterion)
    if is_small(session, project.id):
        found = full_report(session, project.id, criterion=query.criterion, since=query.since, until=query.until)
        return AtHand(found, None, is_fresh=True, n_since=0)
    if query.since or query.until:
        raise TooLarge(
            f"This project has more than {SMALL:,} ratings: for a stretch of time run "
            f"`evalhub calibrate {project.name} --since … --until …`."
        )
    return _narrowed(latest_report(session, project.id), query.criterion)


def _narrowed(found: AtHand, criterion: str | None) -> AtHand:
    """A kept report with what it says of one criterion alone."""
    report = found.report
    if report is None or criterion is None:
        return found
    sections = tuple(section for section in report.criteria if section.criterion.key == criterion)
    if not sections:
        raise NotFound(f'The rubric of this project has no criterion "{criterion}".')
    actions = tuple(action for action in report.actions if action.criterion == criterion)
    return replace(found, report=replace(report, criteria=sections, actions=actions))


def _seen(session: Session, project_id: int, report: CalibrationReport) -> CalibrationReport:
    hidden = hidden_tasks(session, project_id, require_principal().account_id, tasks_of(report))
    return report.without_answers(hidden)
