"""The calibration report of a project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from evalhub.calibration.schema.report import CalibrationReport
from evalhub.calibration.service import request_report
from evalhub.calibration.shown import show, summary, tasks_of, template_values
from evalhub.calibration.views.blueprint import bp
from evalhub.calibration.views.more import new_seed
from evalhub.calibration.views.seen import Seen, seen_by_viewer
from evalhub.errors import NotFound
from evalhub.projects.policies import manage_project, see_figures
from evalhub.projects.queries import project_named
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write

ChartUrl = Callable[[str, str], str]


@bp.get("/projects/<p>/calibration")
@allowed(see_figures)
def calibration(p: str) -> ResponseReturnValue:
    """The report; `?criterion=` shows one criterion with each of its reviewers."""
    criterion = request.args.get("criterion") or None
    with reading() as session:
        seen = seen_by_viewer(session, p)
    values = {} if seen.report is None else _report_values(seen, seen.report, criterion)
    return render_template(
        "calibration/report.html",
        seen=seen,
        project=seen.project,
        criterion=criterion,
        live_summary=summary(seen.live.criteria) if seen.live else (),
        report_chart_url=chart_url(p, None),
        **values,
    )


@bp.post("/projects/<p>/calibration/reports")
@allowed(see_figures)
def make(p: str) -> ResponseReturnValue:
    """Have the full report made in the background; the page then shows how far it is."""
    by_id = require_principal().account_id
    write(lambda session: request_report(session, project_named(session, p).id, by_id).public_id)
    flash("The full report is being made.")
    return redirect(url_for("calibration.calibration", p=p), 303)


def chart_url(p: str, criterion: str | None) -> ChartUrl:
    """Where a chart is to be had, by its name and the ending of its file."""

    def url(name: str, ending: str) -> str:
        return url_for(f"calibration.chart_{ending}", p=p, name=name, criterion=criterion)

    return url


def _report_values(seen: Seen, report: CalibrationReport, criterion: str | None) -> dict[str, Any]:
    p, principal = seen.project.name, require_principal()
    manages = manage_project(principal, p)

    def boundary_url(key: str, lower: int) -> str:
        return url_for("calibration.boundary_form", p=p, criterion=key, lower=lower)

    shown = show(report, criterion)
    if criterion and not shown.sections:
        raise NotFound(f'The rubric has no criterion "{criterion}".')
    return {
        **template_values(replace(shown, alpha=seen.alpha or shown.alpha)),
        "tasks": tasks_of(report),
        "named_items": False,
        "with_items": True,
        "rubric_url": url_for("rubrics.rubric", name=report.rubric, number=report.rubric_version),
        "more_items_url": url_for("calibration.hand_out", p=p) if manages else None,
        "boundary_url": boundary_url if manages else None,
        "more_items_seed": new_seed(),
        "needs_import": seen.project.overlap_base > 1,
        "import_url": url_for("datasets.import_page", d=seen.dataset) if principal.is_admin else None,
        "section_chart_url": lambda key: chart_url(p, key),
    }
