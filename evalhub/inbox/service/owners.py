"""Hand a rubric on."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind
from evalhub.audit.service import record
from evalhub.db import locked
from evalhub.errors import BadInput, Fault, NotFound
from evalhub.rubrics.models import Rubric


def hand_on(session: Session, name: str, login: str, *, by: Account, at: datetime) -> Account:
    """Make somebody else the owner of a rubric; what waits in its inbox waits for them from then on.

    Raises:
        NotFound: there is no rubric of that name.
        BadInput: nobody who can sign in has that sign-in name.
    """
    rubric = session.scalar(
        locked(sa.select(Rubric).where(Rubric.name == name)).execution_options(populate_existing=True)
    )
    if rubric is None:
        raise NotFound
    owner = session.scalar(
        sa.select(Account).where(
            Account.login == login.strip().lower(), Account.kind == AccountKind.HUMAN, Account.disabled_at.is_(None)
        )
    )
    if owner is None:
        raise BadInput("Nobody signs in so.", faults=[Fault("schema", "nobody signs in so", "login")])
    if rubric.owner_id != owner.id:
        before = session.get(Account, rubric.owner_id) if rubric.owner_id is not None else None
        rubric.owner_id = owner.id
        session.flush()
        record(
            session,
            action="rubric.handed_on",
            subject=("rubric", rubric.public_id),
            actor=by.public_id,
            at=at,
            payload={"before": before.public_id if before else "", "owner": owner.public_id},
        )
    return owner
