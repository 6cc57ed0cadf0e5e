"""Who may read and answer what is sent to the owner of a rubric; to everybody else an entry does not exist."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.errors import NotFound
from evalhub.inbox.models import InboxEntry
from evalhub.inbox.queries.entries import entry_of, is_withheld
from evalhub.inbox.queries.owners import answers_for, rubric_named
from evalhub.rubrics.models import Rubric
from evalhub.web.principal import Principal
from evalhub.web.session import reading


def read_entry(principal: Principal, public_id: str) -> bool:
    """The owner of its rubric, admins, and whoever sent it."""
    with reading() as session:
        entry = entry_of(session, public_id)
        if entry.sender_id != principal.account_id and not _answers(session, principal, entry):
            raise NotFound
    return True


def answer_entry(principal: Principal, public_id: str) -> bool:
    """The owner and admins, unless it speaks of grades that they must not know yet."""
    with reading() as session:
        entry = entry_of(session, public_id)
        answers = _answers(session, principal, entry)
        if entry.sender_id != principal.account_id and not answers:
            raise NotFound
        return answers and not is_withheld(session, entry, principal.account_id)


def own_entry(principal: Principal, public_id: str) -> bool:
    """Whoever sent it."""
    with reading() as session:
        if entry_of(session, public_id).sender_id != principal.account_id:
            raise NotFound
    return True


def own_rubric(principal: Principal, name: str) -> bool:
    """The rubric's owner, and admins; that the rubric exists is no secret."""
    with reading() as session:
        return principal.is_admin or rubric_named(session, name).owner_id == principal.account_id


def _answers(session: Session, principal: Principal, entry: InboxEntry) -> bool:
    mine = sa.select(Rubric.id).where(
        Rubric.id == entry.rubric_id, answers_for(principal.account_id, is_admin=principal.is_admin)
    )
    return session.scalar(mine) is not None
