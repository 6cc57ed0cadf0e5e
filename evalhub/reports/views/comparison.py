"""The models of a project on the same prompts."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.calibration.charts.words import with_interval
from evalhub.errors import NotFound
from evalhub.jobs.queries import latest_job
from evalhub.projects.policies import see_figures, steer_job
from evalhub.projects.queries import project_named
from evalhub.reports.charts import charts, share_words
from evalhub.reports.service.comparison import KIND, request_comparison, shown_comparison
from evalhub.reports.service.preferences import preferences_of
from evalhub.reports.shown import template_values
from evalhub.reports.views.blueprint import bp
from evalhub.stats import REASON_WORDS
from evalhub.web.answers import csv_file, svg_file
from evalhub.web.charts import Chart
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/projects/<p>/models")
@allowed(see_figures)
def models(p: str) -> ResponseReturnValue:
    with reading() as session:
        project = project_named(session, p)
        at_hand = shown_comparison(session, project)
        preferences = preferences_of(session, project)
        job = latest_job(session, KIND, project_id=project.id) if at_hand.is_kept else None
    may_steer = job is not None and steer_job(require_principal(), job.public_id)
    nothing = {"comparison": None, "share_words": share_words, "with_interval": with_interval}
    values = template_values(at_hand.comparison) if at_hand.comparison else nothing
    return render_template(
        "reports/models.html",
        project=project,
        is_kept=at_hand.is_kept,
        job=job,
        may_steer=may_steer,
        preferences=preferences,
        reason_words=REASON_WORDS,
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
    return svg_file(_chart(p, name), f"{p}-models-{name}")


@bp.get("/projects/<p>/models/charts/<name>.csv")
@allowed(see_figures)
def models_csv(p: str, name: str) -> ResponseReturnValue:
    return csv_file(_chart(p, name), f"{p}-models-{name}")


def _chart(p: str, name: str) -> Chart:
    with reading() as session:
        comparison = shown_comparison(session, project_named(session, p)).comparison
    chart = charts(comparison).get(name) if comparison else None
    if chart is None:
        raise NotFound("The comparison of models has no such chart.")
    return chart
