"""Publish a draft: what it changes, who uses the earlier versions, and the act itself."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.errors import BadInput, Conflict
from evalhub.rubrics import queries, schema
from evalhub.rubrics.forms import PublishForm
from evalhub.rubrics.service import drafts
from evalhub.rubrics.views.blueprint import bp
from evalhub.rubrics.views.checking import checked
from evalhub.rubrics.views.drafts import DRAFT, editor
from evalhub.web.context import utc_now
from evalhub.web.policies import admin, allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get(f"{DRAFT}/publish")
@allowed(admin)
def publish_draft(draft: str) -> ResponseReturnValue:
    """What publishing does, said beforehand; a faulty draft leads back to its problems."""
    with reading() as session:
        found = queries.draft_of(session, draft)
        rubric = checked(found.source.encode()).rubric
        if rubric is None:
            flash("It cannot be published yet: mend the problems first. The draft is kept.", "error")
            return redirect(url_for("rubrics.draft", draft=draft), 303)
        before = queries.version_before(session, rubric.name, rubric.version)
        uses = queries.uses_of(session, before.rubric_id) if before else []
        next_number = queries.next_number(session, rubric.name)
    earlier = queries.rubric_of(before) if before else None
    return render_template(
        "rubrics/publish.html",
        draft=found,
        rubric=rubric,
        before=earlier,
        diff=schema.diff(earlier, rubric) if earlier else None,
        uses=uses,
        next_number=next_number,
    )


@bp.post(f"{DRAFT}/publish")
@allowed(admin)
def publish(draft: str) -> ResponseReturnValue:
    form, actor_id, now = PublishForm.from_request(), require_principal().account_id, utc_now()
    if not form.validate():
        raise BadInput("Say which revision of the draft is to be published.")
    revision = form.revision.data
    try:
        added = write(lambda s: drafts.publish_draft(s, draft, revision=revision, actor_id=actor_id, now=now))
    except (BadInput, Conflict) as error:
        with reading() as session:
            found = queries.draft_of(session, draft)
        return editor(found, error=error), error.http_status
    name, number = added.version.rubric.name, added.version.number
    flash(f"{name} version {number} is published." if added.created else f"{name} version {number} was there before.")
    return redirect(url_for("rubrics.rubric", name=name, number=number), 303)
