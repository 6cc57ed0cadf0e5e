"""The models of a project on the same prompts."""

from __future__ import annotations

from flask import Response, get_template_attribute, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.errors import NotFound
from evalhub.jobs.queries import latest_job
from evalhub.projects.policies import see_figures, steer_job
from evalhub.projects.queries import project_named
from evalhub.reports.charts import charts
from evalhub.reports.service.comparison import KIND, request_comparison, shown_comparison
from evalhub.reports.shown import template_values
from evalhub.reports.views.blueprint import bp
from evalhub.web.charts import Chart, as_csv, as_file
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/projects/<p>/models")
@allowed(see_figures)
def models(p: str) -> ResponseReturnValue:
    with reading() as session:
        project = project_named(session, p)
        at_hand = shown_comparison(session, project)
        job = latest_job(session, KIND, project_id=project.id) if at_hand.is_kept else None
    may_steer = job is not None and steer_job(require_principal(), job.public_id)
    values = template_values(at_hand.comparison) if at_hand.comparison else {"comparison": None}
    return render_template(
        "reports/models.html",
        project=project,
        is_kept=at_hand.is_kept,
        job=job,
        may_steer=may_steer,
        chart_url=lambda name, ending: url_for(f"reports.models_{ending}", p=p, name=name),
        **values,
    )


@bp.post("/projects/<p>/models")
@allowed(see_figures)
def compare_models(p: str) -> ResponseReturnValue:
    """Have the models of a large project compared in the background."""
    by_id = require_principal().account_id
    job = write(
        lambda session: request_comparison(session, project_named(session, p).id, by_id).public_id,
    )
    return redirect(url_for("projects.job", job=job), 303)


@bp.get("/projects/<p>/models/charts/<name>.svg")
@allowed(see_figures)
def models_svg(p: str, name: str) -> ResponseReturnValue:
    chart = _chart(p, name)
    if chart.picture is None:
        raise NotFound(chart.because)
    drawing = get_template_attribute("charts.html", "drawing")
    return _file(as_file(drawing(chart, name)), f"{p}-models-{name}.svg", "image/svg+xml")


@bp.get("/projects/<p>/models/charts/<name>.csv")
@allowed(see_figures)
def models_csv(p: str, name: str) -> ResponseReturnValue:
    return _file(as_csv(_chart(p, name)), f"{p}-models-{name}.csv", "text/csv")


def _chart(p: str, name: str) -> Chart:
    with reading() as session:
        comparison = shown_comparison(session, project_named(session, p)).comparison
    chart = charts(comparison).get(name) if comparison else None
    if chart is None:
        raise NotFound("The comparison of models has no such chart.")
    return chart


def _file(text: str, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, headers=headers, content_type=f"{media_type}; charset=utf-8")
