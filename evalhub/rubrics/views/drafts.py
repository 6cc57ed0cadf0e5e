"""The editor: a draft, the form it makes, its problems; saved, compared, deleted."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.errors import BadInput, Conflict
from evalhub.rubrics import queries, schema
from evalhub.rubrics.forms import DraftForm
from evalhub.rubrics.models import RubricDraft, RubricVersion
from evalhub.rubrics.service import drafts
from evalhub.rubrics.service.drafts import DraftConflict
from evalhub.rubrics.views.blueprint import bp
from evalhub.rubrics.views.checking import FormShown, checked
from evalhub.web.answers import json_response
from evalhub.web.context import utc_now, wants_json
from evalhub.web.policies import admin, allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write

DRAFT = "/rubrics/drafts/<string(length=32):draft>"
"""As long as a public id, so that a rubric may be called "drafts"."""


@bp.get(DRAFT)
@allowed(admin)
def draft(draft: str) -> ResponseReturnValue:
    return editor(_draft(draft))


@bp.post(DRAFT)
@allowed(admin)
def save(draft: str) -> ResponseReturnValue:
    """Keep the text; a conflict shows both. The page's script asks for JSON."""
    form = DraftForm.from_request()
    if not form.validate():
        return _refused(draft, form, BadInput(_first_error(form)))
    source, revision, now = form.source.data or "", form.revision.data, utc_now()
    try:
        saved = write(lambda s: drafts.save_draft(s, draft, source, revision=revision, now=now))
    except (BadInput, DraftConflict) as error:
        return _refused(draft, form, error)
    if wants_json():
        return json_response({"revision": saved.revision, "saved_at": saved.updated_at})
    if form.then.data == "save":
        flash("Draft saved.")
        return redirect(url_for("rubrics.draft", draft=draft), 303)
    return redirect(url_for(f"rubrics.{form.then.data}_draft", draft=draft), 303)


@bp.post(f"{DRAFT}/renumber")
@allowed(admin)
def renumber(draft: str) -> ResponseReturnValue:
    revision, now = _draft(draft).revision, utc_now()
    write(lambda s: drafts.renumber_draft(s, draft, revision=revision, now=now))
    flash("The next free number stands in the draft.")
    return redirect(url_for("rubrics.draft", draft=draft), 303)


@bp.post(f"{DRAFT}/delete")
@allowed(admin)
def delete(draft: str) -> ResponseReturnValue:
    actor_id, now = require_principal().account_id, utc_now()
    write(lambda s: drafts.delete_draft(s, draft, actor_id=actor_id, now=now))
    flash("The draft is deleted.")
    return redirect(url_for("rubrics.rubrics"), 303)


@bp.get(f"{DRAFT}/compare")
@allowed(admin)
def compare_draft(draft: str) -> ResponseReturnValue:
    """The draft against the version it is based on, or the newest before it of its name."""
    with reading() as session:
        found = queries.draft_of(session, draft)
        after = checked(found.source.encode()).rubric
        version = _compared_with(session, found, after)
    before = queries.rubric_of(version) if version else None
    return render_template(
        "rubrics/compare_draft.html",
        draft=found,
        before=before,
        after=after,
        diff=schema.diff(before, after) if before and after else None,
        lines=schema.text_diff(version.yaml, found.source) if version else None,
    )


def editor(found: RubricDraft, form: DraftForm | None = None, error: BadInput | Conflict | None = None) -> str:
    """The page of a draft; with a form, the text that was sent instead of the one that is stored."""
    form = form or DraftForm(data={"source": found.source, "revision": found.revision})
    text = form.source.data or ""
    state = checked(text.encode("utf-8", "replace"))
    is_conflict = isinstance(error, DraftConflict) and text != found.source
    rests_on = form.revision.data
    if is_conflict:  # what is sent next replaces the text that is shown beside it
        form.revision.raw_data, form.revision.data = None, found.revision
    return render_template(
        "rubrics/editor.html",
        draft=found,
        form=form,
        found=state,
        page=FormShown.of(state.rubric) if state.rubric else None,
        error=error,
        lines=schema.text_diff(found.source, text) if is_conflict else None,
        is_conflict=is_conflict,
        rests_on=rests_on,
    )


def _refused(draft: str, form: DraftForm, error: BadInput | DraftConflict) -> ResponseReturnValue:
    if wants_json():
        raise error
    return editor(_draft(draft), form, error), error.http_status


def _draft(public_id: str) -> RubricDraft:
    with reading() as session:
        return queries.draft_of(session, public_id)


def _compared_with(session: Session, found: RubricDraft, rubric: schema.Rubric | None) -> RubricVersion | None:
    if found.based_on is not None:
        return found.based_on
    return queries.version_before(session, rubric.name, rubric.version) if rubric else None


def _first_error(form: DraftForm) -> str:
    return next(str(error) for errors in form.errors.values() for error in errors)
