"""Pages of rubrics: the list, a version in full, two versions compared, and the check while one is typed."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from evalhub.errors import BadInput, Conflict, Fault
from evalhub.rubrics import queries, schema, service
from evalhub.rubrics.forms import RubricForm
from evalhub.rubrics.models import RubricVersion
from evalhub.web.answers import json_response
from evalhub.web.context import utc_now
from evalhub.web.listing import listing_of
from evalhub.web.policies import admin, allowed, signed_in
from evalhub.web.principal import require_principal
from evalhub.web.rendering import render_prose
from evalhub.web.session import reading, write

SCORING = {
    schema.Scoring.WEIGHTED_MEAN: "The mean of the criteria by their weights, from 0 to 1.",
    schema.Scoring.POINTS: "The points reached, as a share of all that can be reached; it may be below 0.",
    schema.Scoring.PENALTY: "Points are taken away from 0, which is the best.",
    schema.Scoring.WORST_LEVEL: "The lowest of the criteria, from 0 to 1.",
}

bp = Blueprint("rubrics", __name__, template_folder="templates")


@bp.get("/rubrics")
@allowed(signed_in)
def rubrics() -> ResponseReturnValue:
    sorts = ("title", "name", "-published")
    listing = listing_of(request.args, at=url_for("rubrics.rubrics"), sorts=sorts, filters=("q",))
    with reading() as session:
        page = queries.rubric_page(session, listing)
    return render_template("rubrics/list.html", page=page, listing=listing)


@bp.get("/rubrics/new")
@allowed(admin)
def new() -> ResponseReturnValue:
    return render_template("rubrics/new.html", form=RubricForm())


@bp.post("/rubrics/new")
@allowed(admin)
def publish() -> ResponseReturnValue:
    form = RubricForm.from_request()
    if not form.validate():
        return render_template("rubrics/new.html", form=form), 422
    content, actor_id, now = form.content(), require_principal().account_id, utc_now()
    try:
        added = write(
            lambda s: service.add_rubric(s, content, source_name=form.source_name(), actor_id=actor_id, now=now)
        )
    except (BadInput, Conflict) as error:
        faults = error.faults or (Fault(error.code, error.message),)
        unlisted = error.total - len(error.faults) if isinstance(error, BadInput) else 0
        return render_template("rubrics/new.html", form=form, faults=faults, unlisted=unlisted), error.http_status
    name, number = added.version.rubric.name, added.version.number
    flash(f"{name} version {number} is published." if added.created else f"{name} version {number} was there before.")
    return redirect(url_for("rubrics.rubric", name=name, number=number), 303)


@bp.post("/rubrics/validate")
@allowed(signed_in)
def validate() -> ResponseReturnValue:
    """What is wrong with a rubric, as JSON for the page that is being typed in; nothing is stored."""
    form = RubricForm.from_request()
    if not form.validate():
        raise BadInput("The rubric cannot be checked.", faults=[Fault("schema", _first_error(form), "source")])
    try:
        rubric = schema.parse_rubric(form.content(), form.source_name())
    except BadInput as error:
        listed = [fault.as_detail() for fault in error.faults]
        return json_response({"valid": False, "faults": listed, "total": error.total})
    return json_response({"valid": True, "faults": [], "total": 0, "sha256": rubric.sha256})


@bp.get("/rubrics/rubric.schema.json")
@allowed(signed_in)
def json_schema() -> ResponseReturnValue:
    """The JSON Schema, for editors that complete and check while typing."""
    return json_response(schema.json_schema())


@bp.get("/rubrics/<name>/<int:number>")
@allowed(signed_in)
def rubric(name: str, number: int) -> ResponseReturnValue:
    with reading() as session:
        version = queries.rubric_version_of(session, name, number)
        versions = queries.versions_of(session, name)
    return render_template(
        "rubrics/version.html",
        version=version,
        versions=versions,
        rubric=queries.rubric_of(version),
        scoring=SCORING,
        markdown=render_prose,
    )


@bp.get("/rubrics/<name>/<int:number>/yaml")
@allowed(signed_in)
def download(name: str, number: int) -> ResponseReturnValue:
    """The file as it was published."""
    version = _version(name, number)
    headers = {"Content-Disposition": f'attachment; filename="{version.rubric.name}@{version.number}.yaml"'}
    return Response(version.yaml, headers=headers, mimetype="application/yaml")


@bp.get("/rubrics/<name>/<int:number>/compare/<int:other>")
@allowed(signed_in)
def compare(name: str, number: int, other: int) -> ResponseReturnValue:
    before, after = (queries.rubric_of(_version(name, n)) for n in (number, other))
    return render_template("rubrics/compare.html", before=before, after=after, diff=schema.diff(before, after))


def _version(name: str, number: int) -> RubricVersion:
    with reading() as session:
        return queries.rubric_version_of(session, name, number)


def _first_error(form: RubricForm) -> str:
    return next(str(error) for errors in form.errors.values() for error in errors)
