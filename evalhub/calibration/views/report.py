"""The calibration report of a project."""

from __future__ import annotations

from collections.abc import Callable

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.calibration.queries.hidden import hidden_tasks
from evalhub.calibration.schema.report import CalibrationReport
from evalhub.calibration.service import full_report
from evalhub.calibration.shown import show, tasks_of, template_values
from evalhub.calibration.views.blueprint import bp
from evalhub.errors import NotFound
from evalhub.projects.policies import manage_project, see_figures
from evalhub.projects.queries import project_named
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading

ChartUrl = Callable[[str, str], str]


@bp.get("/projects/<p>/calibration")
@allowed(see_figures)
def calibration(p: str) -> ResponseReturnValue:
    """The report; `?criterion=` shows one criterion with each of its reviewers."""
    criterion = request.args.get("criterion") or None
    with reading() as session:
        project = project_named(session, p)
        report = full_report(session, project.id)
        report = seen_by_viewer(session, project.id, report)
    shown = show(report, criterion)
    if criterion and not shown.sections:
        raise NotFound(f'The rubric has no criterion "{criterion}".')
    manages = manage_project(require_principal(), p)
    return render_template(
        "calibration/report.html",
        project=project,
        tasks=tasks_of(report),
        criterion=criterion,
        **template_values(shown),
        named_items=False,
        with_items=True,
        rubric_url=url_for("rubrics.rubric", name=report.rubric, number=report.rubric_version),
        more_items_url=f"{request.path}/more-items" if manages else None,
        report_chart_url=chart_url(p, None),
        section_chart_url=lambda key: chart_url(p, key),
    )


def report_for_viewer(p: str) -> CalibrationReport:
    """The report that the page shows to whoever is signed in.

    Raises:
        NotFound: there is none yet.
    """
    with reading() as session:
        project = project_named(session, p)
        return seen_by_viewer(session, project.id, full_report(session, project.id))


def seen_by_viewer(session: Session, project_id: int, report: CalibrationReport) -> CalibrationReport:
    """The report without the answers to items that the viewer may still grade."""
    hidden = hidden_tasks(session, project_id, require_principal().account_id, tasks_of(report))
    return report.without_answers(hidden)


def chart_url(p: str, criterion: str | None) -> ChartUrl:
    """Where a chart is to be had, by its name and the ending of its file."""

    def url(name: str, ending: str) -> str:
        return url_for(f"calibration.chart_{ending}", p=p, name=name, criterion=criterion)

    return url
