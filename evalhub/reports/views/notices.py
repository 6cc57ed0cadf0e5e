"""Put notices away."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from evalhub.errors import BadInput, Fault
from evalhub.reports.forms import AllNoticesForm, NoticeForm
from evalhub.reports.service.notices import put_all_away, put_away
from evalhub.reports.views.blueprint import bp
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed, signed_in
from evalhub.web.principal import require_principal
from evalhub.web.session import write


@bp.post("/notices/seen")
@allowed(signed_in)
def put_notice_away() -> ResponseReturnValue:
    form, account_id, now = NoticeForm.from_request(), require_principal().account_id, utc_now()
    if not form.validate():
        raise BadInput("A notice is named by the page that shows it.", faults=[Fault("schema", "is missing", "notice")])
    write(lambda session: put_away(session, account_id, form.notice.data, at=now))
    return redirect(url_for("reports.home"), 303)


@bp.post("/notices/all-seen")
@allowed(signed_in)
def put_notices_away() -> ResponseReturnValue:
    form, account_id, now = AllNoticesForm.from_request(), require_principal().account_id, utc_now()
    if not form.validate():
        raise BadInput("Say up to when.", faults=[Fault("schema", "is no time", "until")])
    until = form.moment()
    write(lambda session: put_all_away(session, account_id, until=until, at=now))
    flash("Dismissed. What becomes new from now on is shown again.")
    return redirect(url_for("reports.home"), 303)
