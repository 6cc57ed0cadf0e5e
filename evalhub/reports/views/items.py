"""The items of a project: the list, and one of them with its whole history."""

from __future__ import annotations

from functools import partial

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from evalhub.adjudication.policies import sees_case
from evalhub.adjudication.views.reading import what_was_graded
from evalhub.projects.policies import manage_project, see_figures
from evalhub.projects.queries import project_named
from evalhub.reports.policies import onlooker_of, reader_of
from evalhub.reports.queries.explanation import explanation_of, is_hidden_item
from evalhub.reports.queries.items import COUNTED, ITEMS_BY, item_page
from evalhub.reports.queries.offered import FILTERS, offered
from evalhub.reports.schema.items import STAGE_WORDS
from evalhub.reports.views.blueprint import bp
from evalhub.review.policies import change_items
from evalhub.review.queries.named import item_in
from evalhub.web.listing import listing_of
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading


@bp.get("/projects/<p>/items")
@allowed(see_figures)
def items(p: str) -> ResponseReturnValue:
    principal = require_principal()
    listing = listing_of(request.args, at=url_for("reports.items", p=p), sorts=tuple(ITEMS_BY), filters=FILTERS)
    with reading() as session:
        project = project_named(session, p)
        choices = offered(session, project, names=manage_project(principal, p))
        page = item_page(session, project, onlooker_of(principal, p), choices.wanted(listing.filters), listing)
    return render_template(
        "reports/items.html",
        project=project,
        page=page,
        listing=listing,
        offered=choices,
        counted=COUNTED,
        stage_words=STAGE_WORDS,
    )


@bp.get("/projects/<p>/items/<item>")
@allowed(see_figures)
def item(p: str, item: str) -> ResponseReturnValue:
    """The item by its id or by a task of it; to whoever may still grade it no more than why it is hidden."""
    principal = require_principal()
    with reading() as session:
        project = project_named(session, p)
        found = item_in(session, project, item)
        hides = is_hidden_item(session, project, found, principal.account_id)
    if hides:
        return render_template("reports/item_hidden.html", project=project, item=found)
    reader = reader_of(principal, p)
    with reading() as session:
        explained = explanation_of(session, project.id, found.id, reader)
    return render_template(
        "reports/item.html",
        project=project,
        item=found,
        explained=explained,
        manages=reader.training,
        changes_items=change_items(principal, p),
        adjudicates=reader.decides_cases,
        sees_case=partial(sees_case, principal),
        page=what_was_graded(found, found.external_id),
    )
