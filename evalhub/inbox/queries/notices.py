"""What a sender should hear of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.inbox.models import InboxEntry
from evalhub.rubrics.models import RubricVersion

AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class AnsweredNotice:
    """An answer that its sender has not taken note of; `changed_in_version` where a later version says it better."""

    entry: str
    rubric_title: str
    answered_at: datetime
    changed_in_version: int | None


def answered_for(session: Session, account_id: int) -> list[AnsweredNotice]:
    """The answers to what the account sent that it has not taken note of yet, the last first; at most 20."""
    rows = session.execute(
        sa.select(InboxEntry, RubricVersion.title)
        .join(RubricVersion, RubricVersion.id == InboxEntry.rubric_version_id)
        .where(
            InboxEntry.sender_id == account_id,
            InboxEntry.answered_at.is_not(None),
            InboxEntry.seen_by_sender_at.is_(None),
        )
        .order_by(InboxEntry.answered_at.desc(), InboxEntry.id.desc())
        .limit(AT_ONCE)
    )
    return [
        AnsweredNotice(entry.public_id, title, entry.answered_at, entry.changed_in_version)
        for entry, title in rows
        if entry.answered_at is not None
    ]
