"""Put notices away. Not audited: it changes nothing but what one person's own page shows."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.service.people import person
from evalhub.reports.models import EVERYTHING, NoticeSeen
from evalhub.reports.queries.notices import notices_for
from evalhub.reports.schema.notices import KEPT


def put_away(session: Session, account_id: int, key: str, *, at: datetime) -> None:
    """Show one notice no more; what is no notice of theirs is left unsaid."""
    person(session, account_id)  # locked, so that two clicks follow each other
    if key in {notice.key for notice in notices_for(session, account_id, at=at) if notice.may_be_put_away}:
        session.add(NoticeSeen(account_id=account_id, notice=key, at=at))
        _forget(session, account_id, before=at - KEPT)
    session.flush()


def put_all_away(session: Session, account_id: int, *, until: datetime, at: datetime) -> None:
    """Show no more whatever was there at a moment: that of the page on which they said so, never one to come."""
    person(session, account_id)
    until = min(until, at)
    mark = session.get(NoticeSeen, (account_id, EVERYTHING))
    if mark is None:
        session.add(NoticeSeen(account_id=account_id, notice=EVERYTHING, at=until))
    else:
        mark.at = max(mark.at, until)
    _forget(session, account_id, before=until)
    session.flush()


def _forget(session: Session, account_id: int, *, before: datetime) -> None:
    """Delete the marks of single notices that can come up no more."""
    session.execute(
        sa.delete(NoticeSeen).where(
            NoticeSeen.account_id == account_id, NoticeSeen.notice != EVERYTHING, NoticeSeen.at < before
        )
    )
