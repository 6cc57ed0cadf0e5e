"""All that I have graded."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from evalhub.errors import Conflict
from evalhub.review.forms import MyReviewsForm
from evalhub.review.queries.mine import MyReview, Show, my_projects, my_reviews
from evalhub.review.service.revise import check_revisable
from evalhub.review.views.blueprint import bp
from evalhub.web.policies import allowed, signed_in
from evalhub.web.principal import require_principal
from evalhub.web.session import reading


@bp.get("/reviews")
@allowed(signed_in)
def mine() -> ResponseReturnValue:
    reviewer_id = require_principal().account_id
    form = MyReviewsForm(request.args)
    with reading() as session:
        form.offer(my_projects(session, reviewer_id))
        is_valid = form.validate()
        wanted = form.data if is_valid else {}
        found = my_reviews(
            session,
            reviewer_id,
            words=wanted.get("q") or "",
            project=wanted.get("project") or "",
            show=Show(wanted.get("show") or ""),
            after=wanted.get("after"),
        )
        reopenable = {review.assignment.public_id for review in found.reviews if _may_be_reopened(session, review)}
    return render_template("review/mine.html", form=form, found=found, reopenable=reopenable), 200 if is_valid else 422


def _may_be_reopened(session: Session, review: MyReview) -> bool:
    """Asks nothing anew: what the rule looks at was read with the line."""
    if review.is_reopened:
        return False
    try:
        check_revisable(session, review.task, review.assignment)
    except Conflict:
        return False
    return True
