"""Begin a draft: blank, from a ready rubric, a published version, a file, or a text."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.errors import BadInput, Fault
from evalhub.rubrics import queries, schema
from evalhub.rubrics.forms import StartForm
from evalhub.rubrics.ready import blank_rubric, ready_rubrics
from evalhub.rubrics.service import drafts
from evalhub.rubrics.views.blueprint import bp
from evalhub.web.context import utc_now
from evalhub.web.policies import admin, allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write

BLANK = "blank"


@bp.get("/rubrics/new")
@allowed(admin)
def new() -> ResponseReturnValue:
    return _shown(StartForm())


@bp.post("/rubrics/new")
@allowed(admin)
def start() -> ResponseReturnValue:
    form = StartForm.from_request()
    chosen = form.start.data
    if not form.validate():
        return _shown(form), 422
    try:
        source = _text_of(form) if not chosen else blank_rubric() if chosen == BLANK else _ready(chosen)
        return _begun(source)
    except BadInput as error:
        return _shown(form, error), error.http_status


@bp.post("/rubrics/<name>/<int:number>/edit")
@allowed(admin)
def edit(name: str, number: int) -> ResponseReturnValue:
    """A draft of the next version, with the text of this one."""
    owner_id, now = require_principal().account_id, utc_now()
    draft = write(lambda s: drafts.create_next_version(s, name, number, owner_id=owner_id, now=now).public_id)
    return redirect(url_for("rubrics.draft", draft=draft), 303)


def _begun(source: str) -> ResponseReturnValue:
    owner_id, now = require_principal().account_id, utc_now()
    draft = write(lambda s: drafts.create_draft(s, source, owner_id=owner_id, now=now).public_id)
    return redirect(url_for("rubrics.draft", draft=draft), 303)


def _ready(name: str) -> str:
    """A shipped rubric, under the next free number where one of its name is published."""
    ready = ready_rubrics().get(name)
    if ready is None:
        raise BadInput("There is no such rubric.", faults=[Fault("schema", "names no ready rubric", "start")])
    with reading() as session:
        return _numbered(session, name, ready.source)


def _numbered(session: Session, name: str, source: str) -> str:
    number = queries.next_number(session, name)
    return schema.with_version(source, number) if number > 1 else source


def _text_of(form: StartForm) -> str:
    """What was typed or sent as a file.

    Raises:
        BadInput: the file is no text that a draft can hold; its faults say where.
    """
    content = form.content()
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        schema.parse_rubric(content, form.source_name())
        raise


def _shown(form: StartForm, error: BadInput | None = None) -> str:
    with reading() as session:
        published = queries.newest_versions(session)
    return render_template(
        "rubrics/new.html", form=form, ready=ready_rubrics().values(), published=published, error=error
    )
