"""Calibration rounds: make, look at, close, talk about."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.calibration.charts.criteria import VERDICT_NAMES, alpha_chart
from evalhub.calibration.charts.rounds import change_charts
from evalhub.calibration.forms import RoundForm
from evalhub.calibration.models import CalibrationRound, RoundState
from evalhub.calibration.policies import talk_about_round
from evalhub.calibration.queries import criteria_of
from evalhub.calibration.queries.discussion import discussion_of, own_discussed
from evalhub.calibration.queries.rounds import (
    RoundLine,
    human_reviewers,
    panel_ids,
    panel_of,
    round_line,
    round_of,
    rounds_of,
    version_numbers,
)
from evalhub.calibration.schema.rounds import CHOOSING_WORDS, SAMENESS_WORDS
from evalhub.calibration.service.discussion import show_discussion
from evalhub.calibration.service.round_figures import comparison_of, figures_of_round
from evalhub.calibration.service.rounds import close_round, create_round
from evalhub.calibration.shown import kind_of, rubric_words
from evalhub.calibration.views.blueprint import bp
from evalhub.errors import BadInput, Conflict
from evalhub.projects.models import Project
from evalhub.projects.policies import manage_project, see_figures
from evalhub.projects.queries import project_line, project_named
from evalhub.review.views.texts import rendered
from evalhub.stats import REASON_WORDS
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import current_database, reading, write


@bp.get("/projects/<p>/rounds")
@allowed(see_figures)
def rounds(p: str) -> ResponseReturnValue:
    """The rounds and, for managers, the form of a new one; `?follows=` takes items and people from an earlier one."""
    return _list(p, RoundForm(request.args if request.args.get("follows") else None))


@bp.post("/projects/<p>/rounds")
@allowed(manage_project)
def create(p: str) -> ResponseReturnValue:
    form = RoundForm.from_request()
    with reading() as session:
        _offer(session, project_named(session, p), form)
    if not form.validate():
        return _list(p, form), 422
    try:
        new = form.new_round(secrets.randbelow(2**31))
        public_id = create_round(current_database(), p, new, by_id=require_principal().account_id)
    except (BadInput, Conflict) as error:
        for fault in error.faults:
            form[fault.path].errors = [f"{fault.message[:1].upper()}{fault.message[1:]}."]
        form.form_errors.extend([] if error.faults else [error.message])
        return _list(p, form), error.http_status
    flash("The round is handed out: its reviewers get these items before all others.")
    return redirect(url_for("calibration.round_page", p=p, round_id=public_id), 303)


@bp.get("/projects/<p>/rounds/<round_id>")
@allowed(see_figures)
def round_page(p: str, round_id: str) -> ResponseReturnValue:
    """How far a round is; its figures once it is closed, and for nobody before."""
    with reading() as session:
        project = project_named(session, p)
        found = round_of(session, project.id, round_id)
        shown: dict[str, Any] = {
            "project": project,
            "line": round_line(session, found),
            "panel": panel_of(session, found),
            "may_talk": bool(own_discussed(session, found, require_principal().account_id)),
            **(_results(session, project, found) if found.state is RoundState.CLOSED else {}),
        }
    return render_template(
        "calibration/round.html",
        **shown,
        manages=manage_project(require_principal(), p),
        choosing_words=CHOOSING_WORDS,
        sameness_words=SAMENESS_WORDS,
        verdict_names=VERDICT_NAMES,
        kind_of=kind_of,
        reasons=REASON_WORDS,
    )


def _results(session: Session, project: Project, found: CalibrationRound) -> dict[str, Any]:
    """The figures of a closed round, and what changed since the one that it follows."""
    figures, comparison = figures_of_round(session, found), comparison_of(session, found)
    rubric = rubric_words(project_line(session, project.id).rubric, [round_line(session, found).rubric_version])
    return {
        "figures": figures,
        "alpha": alpha_chart(figures, rubric=rubric),
        "comparison": comparison,
        "changes": change_charts(comparison) if comparison else {},
    }


@bp.post("/projects/<p>/rounds/<round_id>/close")
@allowed(manage_project)
def close(p: str, round_id: str) -> ResponseReturnValue:
    by_id = require_principal().account_id
    try:
        write(lambda s: close_round(s, project_named(s, p).id, round_id, by=s.get(Account, by_id), at=utc_now()))
    except Conflict as error:
        flash(error.message, "error")
    else:
        flash("The round is closed. These are its figures.")
    return redirect(url_for("calibration.round_page", p=p, round_id=round_id), 303)


@bp.get("/projects/<p>/rounds/<round_id>/discussion")
@allowed(talk_about_round)
def discussion(p: str, round_id: str) -> ResponseReturnValue:
    """What everybody gave to the items that are talked about, once the viewer has asked for it."""
    with reading() as session:
        project = project_named(session, p)
        found = round_of(session, project.id, round_id)
        own = own_discussed(session, found, require_principal().account_id)
        is_shown = all(assignment.others_shown_at is not None for assignment in own)
        items = discussion_of(session, found, own) if is_shown else []
    return render_template(
        "calibration/discussion.html",
        project=project,
        round=found,
        n_items=len(own),
        is_shown=is_shown,
        items=items,
        rendered=rendered,
    )


@bp.post("/projects/<p>/rounds/<round_id>/discussion")
@allowed(talk_about_round)
def talk(p: str, round_id: str) -> ResponseReturnValue:
    by_id = require_principal().account_id

    def show(session: Session) -> None:
        found = round_of(session, project_named(session, p).id, round_id)
        show_discussion(session, found, by=session.get_one(Account, by_id), at=utc_now())

    try:
        write(show)
    except Conflict as error:
        flash(error.message, "error")
    return redirect(url_for("calibration.discussion", p=p, round_id=round_id), 303)


def _offer(session: Session, project: Project, form: RoundForm) -> None:
    form.offer(
        versions=version_numbers(session, project),
        criteria=criteria_of(session, project.id),
        rounds=rounds_of(session, project.id),
        reviewers=human_reviewers(session, project.id),
    )


def _preselect(session: Session, project: Project, form: RoundForm, lines: Sequence[RoundLine]) -> None:
    """The newest version, and who graded the round that is followed; without one, every reviewer who is a person."""
    form.rubric_version.data = max(version_numbers(session, project))
    followed = next((line.round for line in lines if line.round.public_id == form.follows.data), None)
    panel = panel_ids(session, followed) if followed else None
    form.reviewers.data = [
        line.account.public_id
        for line in human_reviewers(session, project.id)
        if (not line.member.is_simulated if panel is None else line.account.id in panel)
    ]


def _list(p: str, form: RoundForm) -> str:
    with reading() as session:
        project = project_named(session, p)
        lines = rounds_of(session, project.id)
        _offer(session, project, form)
        if not form.errors:
            _preselect(session, project, form, lines)
    return render_template(
        "calibration/rounds.html",
        project=project,
        lines=lines,
        form=form,
        manages=manage_project(require_principal(), p),
    )
