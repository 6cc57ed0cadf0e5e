"""Grade an item as it should be graded, on the form that reviewers get."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.datasets.models import Item
from evalhub.datasets.queries import item_of
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.projects.models import Project
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.review.views.texts import Text, Turn, rendered
from evalhub.rubrics.forms import ReviewForm, review_form
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema import Rubric
from evalhub.rubrics.schema.review import check_review
from evalhub.training.forms import USES, ItemForm
from evalhub.training.models import Use
from evalhub.training.queries.references import gold_named, golds_hidden_from, references
from evalhub.training.schema.reference import Reference, reference_of_review
from evalhub.training.service.golds import NewGold, add_gold, replace_reference
from evalhub.training.views.blueprint import bp
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.rendering import render_prose
from evalhub.web.session import reading, write

AT = "/projects/<p>/training/manage"
LEASE = "reference"
"""Stands where a review names its lease: the form is that of a review."""


@bp.get(f"{AT}/reference")
@allowed(manage_project)
def new_reference(p: str) -> ResponseReturnValue:
    with reading() as session:
        project, use, item = _asked(session, p)
        return _page(session, project, item, use, {})


@bp.post(f"{AT}/reference")
@allowed(manage_project)
def add_reference(p: str) -> ResponseReturnValue:
    with reading() as session:
        project, use, item = _asked(session, p)

    def store(session: Session, reference: Reference, note: str, by: Account | None) -> None:
        new = NewGold(item.external_id, use, reference, note)
        add_gold(session, project.id, new, by=by, at=utc_now())

    return _stored(project, item, use, store)


@bp.get(f"{AT}/items/<gold>/reference")
@allowed(manage_project)
def edit_reference(p: str, gold: str) -> ResponseReturnValue:
    with reading() as session:
        project = project_named(session, p)
        found = gold_named(session, project.id, gold)
        if found.id in golds_hidden_from(session, project.id, require_principal().account_id):
            message = "You may still grade this item: its reference is for managers who may not."
            raise Conflict(message, code="may_grade")
        item = session.get_one(Item, (found.dataset_id, found.item_id))
        answers = references(session, [found.id]).get(found.id, {})
        rubric = _rubric(session, project)
        return _page(session, project, item, found.use, _answers(rubric, answers), note=found.note)


@bp.post(f"{AT}/items/<gold>/reference")
@allowed(manage_project)
def change_reference(p: str, gold: str) -> ResponseReturnValue:
    with reading() as session:
        project = project_named(session, p)
        found = gold_named(session, project.id, gold)
        item = session.get_one(Item, (found.dataset_id, found.item_id))

    def store(session: Session, reference: Reference, note: str, by: Account | None) -> None:
        old = gold_named(session, project.id, gold)
        replace_reference(session, old, reference, note=note, by=by, at=utc_now())

    return _stored(project, item, found.use, store)


def _asked(session: Session, p: str) -> tuple[Project, Use, Item]:
    """The item and the use that the address names.

    Raises:
        NotFound: there is no such item or use.
    """
    form = ItemForm(request.args)
    if not form.validate():
        raise NotFound
    project = project_named(session, p)
    return project, Use(form.use.data), item_of(session, project.dataset_id, form.item.data.strip())


def _stored(
    project: Project, item: Item, use: Use, store: Callable[[Session, Reference, str, Account | None], None]
) -> ResponseReturnValue:
    """Check the form, store what it says, and show it again with what is wrong."""
    with reading() as session:
        rubric = _rubric(session, project)
    form = review_form(rubric, item.tags).from_request()
    by_id = require_principal().account_id
    try:
        if form.validate():
            review = check_review(rubric, item.tags, form.review(), texts=_raw(item))
            write(lambda s: store(s, reference_of_review(review), review.note, s.get(Account, by_id)))
            flash("The reference is stored.")
            return redirect(url_for("training.manage", p=project.name), 303)
        status = 422
    except (BadInput, Conflict) as error:
        form.form_errors.append(error.message)
        status = error.http_status
    errors = {name or "": str(messages[0]) for name, messages in form.errors.items()}
    with reading() as session:
        return _page(session, project, item, use, _sent(form), note=form.note.data or "", errors=errors), status


def _page(
    session: Session,
    project: Project,
    item: Item,
    use: Use,
    answers: Mapping[str, Any],
    *,
    note: str = "",
    errors: Mapping[str, str] | None = None,
) -> str:
    rubric = _rubric(session, project)
    criteria = rubric.applicable(item.tags)
    page = {
        "item_alias": item.external_id,
        "prompt": _text(item.prompt),
        "context": _text(item.context),
        "reference": _text(item.reference),
        "turns": [Turn(m["role"], rendered(m["content"]), m["content"]) for m in item.messages or ()],
        "n_older_turns": 0,
        "response": _text(item.response),
        "criteria": criteria,
        "criterion_guidance": {c.key: render_prose(c.guidance) for c in criteria if c.guidance},
        "rulings": {},
        "answers": answers,
        "note": note,
        "errors": errors or {},
        "rubric": rubric,
        "lease": LEASE,
        "idempotency_key": str(uuid.uuid4()),
        "is_readonly": False,
    }
    return render_template("training/reference.html", project=project, page=page, use=use, uses=USES)


def _rubric(session: Session, project: Project) -> Rubric:
    return rubric_of(session.get_one(RubricVersion, project.rubric_version_id))


def _text(raw: str | None) -> Text | None:
    return None if raw is None else Text.of(raw)


def _raw(item: Item) -> dict[str, str]:
    texts = {"prompt": item.prompt, "context": item.context, "reference": item.reference}
    return {"response": item.response, **{side: text or "" for side, text in texts.items()}}


def _answers(rubric: Rubric, reference: Reference) -> dict[str, dict[str, Any]]:
    """A stored reference as the form shows answers."""
    shown = {}
    for key, answer in reference.items():
        criterion, known = rubric.criterion(key), answer.known
        if criterion is None:
            continue
        quotes = [{name: quote[name] for name in ("side", "start", "end", "exact")} for quote in answer.evidence]
        shown[key] = {
            "level": None if known.rank is None else criterion.levels[known.rank].key,
            "value": known.value,
            "not_applicable": known.is_not_applicable,
            "note": answer.reason,
            "evidence": quotes,
        }
    return shown


def _sent(form: ReviewForm) -> dict[str, dict[str, Any]]:
    """What was sent, as the form shows answers."""
    sent = form.document()
    keys = {key for part in ("scores", "notes", "evidence") for key in sent[part]}
    return {
        key: {
            "level": sent["scores"].get(key),
            "value": sent["scores"].get(key),
            "not_applicable": key in sent["scores"] and sent["scores"][key] is None,
            "note": sent["notes"].get(key, ""),
            "evidence": sent["evidence"].get(key, []),
        }
        for key in keys
    }
