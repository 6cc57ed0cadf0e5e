"""What of the inboxes rests on an import."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.inbox.models import InboxEntry


def questions_on_import(session: Session, dataset_id: int, import_id: int) -> list[str]:
    """Questions about items of an import (handler of `import_in_use`)."""
    n = session.scalar(
        sa.select(sa.func.count())
        .select_from(InboxEntry)
        .join(Item, sa.and_(Item.dataset_id == InboxEntry.dataset_id, Item.id == InboxEntry.item_id))
        .where(Item.dataset_id == dataset_id, Item.import_id == import_id)
    )
    return [f"{n:,} questions to a rubric's owner are about its items"] if n else []
