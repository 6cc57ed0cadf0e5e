"""All that I have graded."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.errors import Conflict
from evalhub.review.queries.mine import MyReview, Show, my_projects, my_reviews
from evalhub.review.service.revise import check_revisable
from evalhub.review.views.blueprint import bp
from evalhub.web.listing import listing_of
from evalhub.web.policies import allowed, signed_in
from evalhub.web.principal import require_principal
from evalhub.web.session import reading

SHOWS = (
    (Show.DRAFT, "With a draft"),
    (Show.HELD, "In work"),
    (Show.RETURNED, "Returned to me"),
    (Show.SUBMITTED, "Submitted"),
    (Show.EXTRA, "Extra"),
    (Show.SETTLED, "Settled"),
    (Show.SKIPPED, "Skipped"),
    (Show.LAPSED, "Lapsed"),
    (Show.VOIDED, "Voided"),
)
"""The choices of the filter, in its order."""


@bp.get("/reviews")
@allowed(signed_in)
def mine() -> ResponseReturnValue:
    reviewer_id = require_principal().account_id
    at, filters = url_for("review.mine"), ("q", "project", "show")
    listing = listing_of(request.args, at=at, sorts=("-taken",), filters=filters)
    with reading() as session:
        found = my_reviews(session, reviewer_id, listing)
        projects = my_projects(session, reviewer_id)
        reopenable = {review.assignment.public_id for review in found.reviews if _may_be_reopened(session, review)}
    return render_template(
        "review/mine.html", listing=listing, found=found, projects=projects, shows=SHOWS, reopenable=reopenable
    )


def _may_be_reopened(session: Session, review: MyReview) -> bool:
    """Asks nothing anew: what the rule looks at was read with the line."""
    if review.is_reopened:
        return False
    try:
        check_revisable(session, review.task, review.assignment)
    except Conflict:
        return False
    return True
