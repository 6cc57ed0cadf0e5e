"""What of training rests on an import."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.training.models import Gold


def references_on_import(session: Session, dataset_id: int, import_id: int) -> list[str]:
    """Items of an import that train or check reviewers, or did (handler of `import_in_use`)."""
    n = session.scalar(
        sa.select(sa.func.count(sa.distinct(Item.id)))
        .join(Gold, sa.and_(Gold.dataset_id == Item.dataset_id, Gold.item_id == Item.id))
        .where(Item.dataset_id == dataset_id, Item.import_id == import_id)
    )
    return [f"{n:,} of its items have a reference to train or check reviewers with"] if n else []
