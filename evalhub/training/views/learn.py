"""The reviewer's side: guidance, examples, practice, qualification, and how it went."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.errors import Conflict, NotFound
from evalhub.inbox.queries.rulings import rulings_for
from evalhub.projects.models import Project
from evalhub.projects.policies import review_in_project
from evalhub.projects.queries import project_named
from evalhub.review.schema import item_alias
from evalhub.review.service.claim import claim_next
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema import Rubric
from evalhub.training.models import Attempt, Trial, Use
from evalhub.training.queries.attempts import attempt_named
from evalhub.training.queries.learning import path_of, practised, result_of
from evalhub.training.service.learning import begin
from evalhub.training.shown import answer_words, hits_words
from evalhub.training.views.blueprint import bp
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.rendering import render_prose
from evalhub.web.session import current_database, reading, write

AT = "/projects/<p>/training"


@bp.get(AT)
@allowed(review_in_project)
def path(p: str) -> ResponseReturnValue:
    with reading() as session:
        project = project_named(session, p)
        found = path_of(session, project, require_principal().account_id, at=utc_now())
        rubric = _rubric(session, project)
    return render_template("training/learn.html", project=project, path=found, rubric=rubric)


@bp.get(f"{AT}/guidance")
@allowed(review_in_project)
def guidance(p: str) -> ResponseReturnValue:
    with reading() as session:
        project = project_named(session, p)
        rubric = _rubric(session, project)
        rulings = rulings_for(session, project.rubric_version_id)
    return render_template(
        "training/learn_guidance.html", project=project, rubric=rubric, rulings=rulings, markdown=render_prose
    )


@bp.get(f"{AT}/anchors")
@allowed(review_in_project)
def anchors(p: str) -> ResponseReturnValue:
    with reading() as session:
        project = project_named(session, p)
        rubric = _rubric(session, project)
        trials = practised(session, project, require_principal().account_id)
    return render_template(
        "training/learn_anchors.html",
        project=project,
        rubric=rubric,
        trials=trials,
        markdown=render_prose,
        answer_words=answer_words,
        item_alias=item_alias,
    )


@bp.post(f"{AT}/<any(practice, qualification):use>")
@allowed(review_in_project)
def begin_attempt(p: str, use: str) -> ResponseReturnValue:
    """Start it or go on with it, and hand out the next of its items."""
    with reading() as session:
        project_id = project_named(session, p).id
    me = require_principal().account_id
    try:
        attempt, given_back = write(lambda s: begin(s, project_id, me, Use(use), at=utc_now()))
    except Conflict as error:
        flash(error.message, "error")
        return redirect(url_for("training.path", p=p, _anchor=use), 303)
    if given_back:
        flash(
            f"Item {item_alias(given_back)}, which you held and had not begun, was given back: the {use} comes first."
        )
    lease = claim_next(current_database(), project_id=project_id, reviewer_id=me)
    if lease is None:
        flash("Nothing is left for you here just now.")
        return redirect(url_for("training.path", p=p, _anchor=use), 303)
    with reading() as session:
        trial = session.get(Trial, (project_id, lease.task_id))
    if trial is None or trial.attempt_id != attempt:
        flash(f"Finish this item first, which is in your hands: the {use} comes next.")
    return redirect(url_for("review.desk", public_id=lease.assignment), 303)


@bp.get(f"{AT}/attempts/<attempt>")
@allowed(review_in_project)
def result(p: str, attempt: str) -> ResponseReturnValue:
    with reading() as session:
        project = project_named(session, p)
        found = _own_attempt(session, project, attempt)
        if found.use is Use.QUALIFICATION and found.ended_at is None:
            return redirect(url_for("training.path", p=p, _anchor="qualification"), 303)
        shown = result_of(session, found)
        path = path_of(session, project, found.account_id, at=utc_now())
        rubric = rubric_of(session.get_one(RubricVersion, found.rubric_version_id))
    return render_template(
        "training/result.html",
        project=project,
        result=shown,
        path=path,
        rubric=rubric,
        hits_words=hits_words,
        item_alias=item_alias,
    )


def _own_attempt(session: Session, project: Project, public_id: str) -> Attempt:
    """A practice or qualification of whoever is signed in; gold that hides among live work is none of them.

    Raises:
        NotFound: there is no such attempt of theirs.
    """
    found = attempt_named(session, project.id, public_id)
    if found.account_id != require_principal().account_id or found.use is Use.GOLD:
        raise NotFound("The project has no such attempt.")
    return found


def _rubric(session: Session, project: Project) -> Rubric:
    return rubric_of(session.get_one(RubricVersion, project.rubric_version_id))
