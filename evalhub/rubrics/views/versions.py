"""The list of rubrics, a version in full, and two versions compared."""

from __future__ import annotations

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from evalhub.rubrics import queries, schema
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.views.blueprint import bp
from evalhub.web.answers import json_response
from evalhub.web.listing import listing_of
from evalhub.web.policies import allowed, signed_in
from evalhub.web.principal import require_principal
from evalhub.web.rendering import render_prose
from evalhub.web.session import reading

SCORING = {
    schema.Scoring.WEIGHTED_MEAN: "The mean of the criteria by their weights, from 0 to 1.",
    schema.Scoring.POINTS: "The points reached, as a share of all that can be reached; it may be below 0.",
    schema.Scoring.PENALTY: "Points are taken away from 0, which is the best.",
    schema.Scoring.WORST_LEVEL: "The lowest of the criteria, from 0 to 1.",
}


@bp.get("/rubrics")
@allowed(signed_in)
def rubrics() -> ResponseReturnValue:
    sorts = ("title", "name", "-published")
    listing = listing_of(request.args, at=url_for("rubrics.rubrics"), sorts=sorts, filters=("q",))
    with reading() as session:
        page = queries.rubric_page(session, listing)
        drafts = queries.drafts(session) if require_principal().is_admin else ()
    return render_template("rubrics/list.html", page=page, listing=listing, drafts=drafts)


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
        uses = queries.uses_of(session, version.rubric_id) if require_principal().is_admin else ()
    return render_template(
        "rubrics/version.html",
        version=version,
        versions=versions,
        uses=[use for use in uses if use.number == number],
        elsewhere=[use for use in uses if use.is_current and use.number != number],
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
    old, new = (_version(name, n) for n in (number, other))
    before, after = queries.rubric_of(old), queries.rubric_of(new)
    lines = schema.text_diff(old.yaml, new.yaml)
    return render_template(
        "rubrics/compare.html", before=before, after=after, diff=schema.diff(before, after), lines=lines
    )


def _version(name: str, number: int) -> RubricVersion:
    with reading() as session:
        return queries.rubric_version_of(session, name, number)
