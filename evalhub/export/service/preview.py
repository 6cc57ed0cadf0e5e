"""The first records of an export that is not made yet, and what its filters leave out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from evalhub.db import Database
from evalhub.errors import BadInput
from evalhub.export.schema.options import Options, Shape
from evalhub.export.schema.records import ExportedItem, item_record
from evalhub.export.service.stream import Stream

SHOWN = 5
LOOKED_AT = 2000
"""Items after which a preview stops counting, so that it comes at once however large the project is."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an export would hold.

    `is_whole` says that all items were looked at; else the counts are those of the first ones.
    """

    records: Sequence[str]
    n_scored: int
    n_unscored: int
    left_out: Sequence[tuple[str, int]]
    """Filters by name, each with how many items it leaves out."""
    n_withdrawn: int
    is_whole: bool


def preview(database: Database, project_id: int, options: Options, shape: Shape) -> Preview:
    """The first five records, pretty, as the export would hold them, with the counts.

    Raises:
        BadInput: the options name what the project has not, or leave nothing.
    """
    shown: list[ExportedItem] = []
    n_scored = n_unscored = 0
    is_whole = True
    with database.reading() as session:
        stream = Stream(session, project_id, options)
        for portion in stream.portions():
            items = list(portion.items.values())
            scored = [item for item in items if item.is_scored]
            n_scored, n_unscored = n_scored + len(scored), n_unscored + len(items) - len(scored)
            shown += islice(scored if shape is Shape.JSONL else items, SHOWN - len(shown))
            if n_scored + n_unscored + stream.left_out.total() >= LOOKED_AT:
                is_whole = False
                break
        left_out, n_withdrawn = sorted(stream.left_out.items()), stream.n_withdrawn
    if is_whole and not n_scored + n_unscored:
        reason = ", ".join(f"the filter “{name}” leaves out {n}" for name, n in left_out)
        raise BadInput(f"There is nothing to export: {reason or 'the project has no items yet'}.", code="empty")
    records = [json.dumps(item_record(item), ensure_ascii=False, indent=2) for item in shown]
    return Preview(records, n_scored, n_unscored, left_out, n_withdrawn, is_whole)
