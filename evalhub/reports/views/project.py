"""The dashboard of a project: each part for those who may see it."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.calibration.charts import alpha_chart
from evalhub.calibration.queries.discussion import talks_of
from evalhub.calibration.service import live_report
from evalhub.calibration.shown import rubric_words
from evalhub.errors import NotFound
from evalhub.projects.models import Project
from evalhub.projects.policies import may, see_figures, see_project
from evalhub.projects.queries import ProjectLine, batches_of, membership, project_line, project_named, roles_of
from evalhub.projects.schema import ProjectRole
from evalhub.reports.charts import level_bars
from evalhub.reports.outlook import outlook
from evalhub.reports.queries import case_counts
from evalhub.reports.queries.at_work import failures, held_now, waiting_since
from evalhub.reports.queries.dashboard import outcome, work_by_day
from evalhub.reports.service.comparison import shown_comparison
from evalhub.reports.views.blueprint import bp
from evalhub.reports.work import pace, paces, reviews_chart
from evalhub.review.queries.progress import funnel, loads, my_progress
from evalhub.review.queries.stuck import n_stuck
from evalhub.training.queries.attempts import attempt_batches
from evalhub.training.queries.settings import training_projects
from evalhub.web.answers import csv_file, svg_file
from evalhub.web.charts import Chart
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading


@bp.get("/projects/<p>")
@allowed(see_project)
def project(p: str) -> ResponseReturnValue:
    principal = require_principal()
    with reading() as session:
        found = project_named(session, p)
        member = membership(session, found.id, principal.account_id)
        roles = roles_of(member) if member else frozenset()
        sees_work = may(principal, found, member, ProjectRole.MANAGER, ProjectRole.VIEWER)
        sees_cases = may(principal, found, member, ProjectRole.MANAGER, ProjectRole.ADJUDICATOR)
        line = project_line(session, found.id)
        shown = {
            "line": line,
            "mine": my_progress(session, found.id, principal.account_id) if ProjectRole.REVIEWER in roles else None,
            "trains": found.requires_certificate or bool(training_projects(session, [found.id])),
            "talks": talks_of(session, found.id, principal.account_id) if member else [],
            "cases": case_counts(session, found.id, seen_by=principal.account_id) if sees_cases else None,
            **(_work(session, line) if sees_work else {}),
        }
    return render_template(
        "reports/project.html",
        **shown,
        sees_work=sees_work,
        sees_cases=sees_cases,
        manages=may(principal, found, member, ProjectRole.MANAGER),
        now=utc_now(),
        chart_url=lambda name, ending: url_for(f"reports.project_{ending}", p=p, name=name),
    )


@bp.get("/projects/<p>/charts/<name>.svg")
@allowed(see_figures)
def project_svg(p: str, name: str) -> ResponseReturnValue:
    return svg_file(_chart(p, name), f"{p}-{name}")


@bp.get("/projects/<p>/charts/<name>.csv")
@allowed(see_figures)
def project_csv(p: str, name: str) -> ResponseReturnValue:
    return csv_file(_chart(p, name), f"{p}-{name}")


def _work(session: Session, line: ProjectLine) -> dict[str, Any]:
    project = line.project
    today, onlooker = utc_now().date(), require_principal().account_id
    work = work_by_day(session, project.id)
    of_training = attempt_batches(session, project.id)
    found = funnel(session, project.id)
    return {
        "funnel": found,
        "outcome": outcome(session, project.id, found.scored, seen_by=onlooker),
        "outlook": outlook(work, max(found.slots_needed - found.slots_done, 0), today=today, due_on=project.due_on),
        "held": held_now(session, project.id, onlooker),
        "waiting_since": waiting_since(session, project.id) if found.waiting else None,
        "n_stuck": n_stuck(session, project.id),
        "failures": failures(session, project),
        "levels": _levels(session, project),
        "loads": loads(session, project.id),
        "paces": paces(work, today),
        "pace": pace(work, today),
        "batches": [batch for batch in batches_of(session, project.id) if batch.id not in of_training],
        "reviews_chart": reviews_chart(work, today),
        "alpha": _alpha(session, line),
    }


def _alpha(session: Session, line: ProjectLine) -> Chart:
    return alpha_chart(
        live_report(session, line.project.id).criteria, rubric=rubric_words(line.rubric, (line.rubric_version,))
    )


def _levels(session: Session, project: Project) -> Chart | None:
    """From the comparison of models at hand; None before a large project has had one made, or without named models."""
    comparison = shown_comparison(session, project).comparison
    return level_bars(comparison) if comparison and comparison.models else None


def _chart(p: str, name: str) -> Chart:
    with reading() as session:
        project = project_named(session, p)
        if name == "alpha":
            return _alpha(session, project_line(session, project.id))
        if name == "levels-by-model" and (levels := _levels(session, project)):
            return levels
        if name == "reviews-a-day":
            return reviews_chart(work_by_day(session, project.id), utc_now().date())
    raise NotFound("The project has no such chart.")
