"""All that I have graded."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from evalhub.review.queries.mine import my_reviews
from evalhub.review.views.blueprint import bp
from evalhub.web.policies import allowed, signed_in
from evalhub.web.principal import require_principal
from evalhub.web.session import reading


@bp.get("/reviews")
@allowed(signed_in)
def mine() -> ResponseReturnValue:
    page = request.args.get("page", default=1, type=int)
    with reading() as session:
        found = my_reviews(session, require_principal().account_id, page=page)
    return render_template("review/mine.html", found=found)
