"""Pin an answer beside a criterion, and take it away again."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.audit.schema import INSTANCE
from evalhub.audit.service import record
from evalhub.db import locked
from evalhub.errors import BadInput, Conflict, Fault, NotFound
from evalhub.inbox.models import InboxEntry, Ruling
from evalhub.inbox.service.sending import check_text
from evalhub.rubrics.models import Criterion


def pin_ruling(session: Session, entry: InboxEntry, *, criterion: str, text: str, by: Account, at: datetime) -> Ruling:
    """Make the text a ruling on a criterion as it stood in the version that was asked about.

    Raises:
        BadInput: the text is empty or too long, or that version has no such criterion.
    """
    fingerprint = session.scalar(
        sa.select(Criterion.fingerprint).where(
            Criterion.rubric_version_id == entry.rubric_version_id, Criterion.key == criterion
        )
    )
    faults = [*check_text("ruling", text, "every reviewer reads it")]
    if fingerprint is None:
        faults.append(Fault("schema", "is not a criterion of the rubric", "pin_to"))
    if fingerprint is None or faults:
        raise BadInput("The ruling cannot be stored as it is.", faults=faults)
    ruling = Ruling(
        rubric_id=entry.rubric_id,
        criterion_key=criterion,
        fingerprint=fingerprint,
        text=text.strip(),
        entry_id=entry.id,
        made_by_id=by.id,
        made_at=at,
    )
    session.add(ruling)
    session.flush()
    _record(session, "ruling.made", ruling, by, at)
    return ruling


def withdraw_ruling(session: Session, rubric_id: int, public_id: str, *, by: Account, at: datetime) -> Ruling:
    """Show a ruling to reviewers no longer; it stays in the list of what once held.

    Raises:
        NotFound: the rubric has no such ruling.
        Conflict: it was withdrawn before (`withdrawn`).
    """
    ruling = session.scalar(
        locked(sa.select(Ruling).where(Ruling.rubric_id == rubric_id, Ruling.public_id == public_id)).execution_options(
            populate_existing=True
        )
    )
    if ruling is None:
        raise NotFound
    if ruling.withdrawn_at is not None:
        raise Conflict("This ruling was withdrawn before.", code="withdrawn")
    ruling.withdrawn_at, ruling.withdrawn_by_id = at, by.id
    session.flush()
    _record(session, "ruling.withdrawn", ruling, by, at)
    return ruling


def _record(session: Session, action: str, ruling: Ruling, by: Account, at: datetime) -> None:
    record(
        session,
        action=action,
        subject=("ruling", ruling.public_id),
        actor=by.public_id,
        at=at,
        chain=INSTANCE,
        payload={"criterion": ruling.criterion_key, "fingerprint": ruling.fingerprint},
    )
