"""The lines of items.jsonl alone, as a stream or as a file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import BinaryIO

from evalhub.db import Database
from evalhub.export.schema.options import Options, Shape
from evalhub.export.schema.records import item_record
from evalhub.export.schema.text import json_line
from evalhub.export.service.bundle import MadeExport
from evalhub.export.service.recording import Made, Tell, record_export, silent
from evalhub.export.service.stream import Stream
from evalhub.web.session import write


def item_lines(database: Database, project_id: int, options: Options) -> Iterator[bytes]:
    """The scored items, a line each, from one state of the database.

    Raises:
        BadInput: before the first line, when the options name what the project has not.
    """
    with database.reading() as session:
        for portion in Stream(session, project_id, options).portions():
            for item in portion.items.values():
                if item.is_scored:
                    yield json_line(item_record(item))


def make_jsonl(
    database: Database,
    project_id: int,
    options: Options,
    output: BinaryIO,
    *,
    by_id: int | None,
    now: datetime,
    tell: Tell = silent,
) -> MadeExport:
    """Write the scored items to a stream, and record that it was done."""
    found, n_items = hashlib.sha256(), 0
    for line in item_lines(database, project_id, options):
        output.write(line)
        found.update(line)
        n_items += 1
        tell(n_items)
    made = Made(Shape.JSONL, options, found.hexdigest(), n_items, by_id, now)
    receipt = write(partial(record_export, project_id=project_id, made=made), on=database)
    return MadeExport(receipt["export"], made.sha256, n_items, 0, 0)
