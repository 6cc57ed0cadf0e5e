"""The queue of cases."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from evalhub.adjudication.forms import CaseFilterForm
from evalhub.adjudication.queries.filtered import WAITS_WORDS, batches_with_cases, disputed_keys
from evalhub.adjudication.queries.following import next_case
from evalhub.adjudication.queries.listing import COUNTED, case_page
from evalhub.adjudication.queries.nobody import stuck_cases
from evalhub.adjudication.views.blueprint import bp
from evalhub.projects.policies import adjudicate, manage_project, see_cases
from evalhub.projects.queries import project_named
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading


@bp.get("/projects/<p>/cases")
@allowed(see_cases)
def cases(p: str) -> ResponseReturnValue:
    principal, form = require_principal(), CaseFilterForm(request.args)
    with reading() as session:
        project = project_named(session, p)
        form.offer(disputed_keys(session, project.id), batches_with_cases(session, project.id))
        manages = manage_project(principal, p)
        adjudicates = adjudicate(principal, p)
        following = next_case(session, project.id, principal.account_id) if adjudicates else None
        stuck = stuck_cases(session, project.id) if manages else []
        found = case_page(
            session, project.id, principal.account_id, form.wanted(), after=request.args.get("after", type=str)
        )
    return render_template(
        "adjudication/cases.html",
        project=project,
        found=found,
        form=form,
        counted=COUNTED,
        waits_words=WAITS_WORDS,
        now=utc_now(),
        adjudicates=adjudicates,
        following=following,
        stuck=stuck,
    )
