"""Read a file of items, of our own shape or of another tool's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.formats import FORMATS, Companion, Failed, Source
from evalhub.datasets.schema.items import ItemRow, item_row
from evalhub.datasets.schema.jsonl import Record, read_jsonl
from evalhub.datasets.schema.mapping import PATH, FieldMap, placed
from evalhub.datasets.schema.tabular import read_csv, with_parsed_cells
from evalhub.errors import BadInput, Fault

LIST_FIELDS = frozenset({"tags", "skills"})
JSON_FIELDS = frozenset({"messages", "metadata", "gold"})
FORMAT_NAMES = ("jsonl", "csv", *FORMATS)


@dataclass(frozen=True, slots=True)
class FileShape:
    """How a file of items is to be read.

    `format` is one of `FORMAT_NAMES`; `companions` are further files that the format joins with the first one;
    `skip_failed` leaves out the records of a foreign format that hold no prompt or no response, which are faults else.
    """

    format: str = "jsonl"
    field_map: FieldMap | None = None
    companions: tuple[Companion, ...] = ()
    skip_failed: bool = False

    def __post_init__(self) -> None:
        if self.format in FORMATS and self.field_map is not None:
            message = f"the fields of {self.format} are known; a mapping goes with JSON lines and CSV alone"
            raise BadInput(f"{message}.", faults=[Fault("schema", message, PATH)])


def read_items(
    stream: BinaryIO,
    faults: FileFaults,
    shape: FileShape | None = None,
    *,
    left_out: Callable[[Fault], None] | None = None,
) -> Iterator[ItemRow]:
    """Yield the good items of a file, in order; what is wrong with the others is added to `faults`.

    Without a map every field must be one of the item's; with one, other fields of the source are left aside. That an
    id stands twice in the file is for `duplicates.Seen` to find.

    Args:
        left_out: told of each record that `skip_failed` leaves out.

    Raises:
        BadInput: the file as a whole is of another kind.
    """
    shape = shape or FileShape()
    for record in _records(stream, faults, shape):
        if isinstance(record, Failed):
            if shape.skip_failed and left_out is not None:
                left_out(Fault("schema", record.why, line=record.line))
            else:
                faults.add(record.line, [Fault("schema", record.why, line=record.line)])
            continue
        line, fields = record
        found: list[Fault] = []
        if type(fields) is dict and shape.field_map is not None:
            fields = shape.field_map.applied_to(fields)
        if type(fields) is dict and shape.format == "csv":
            fields = with_parsed_cells(fields, lists=LIST_FIELDS, json_cells=JSON_FIELDS, found=found)
        row = item_row(line, fields, found)
        if row is None:
            faults.add(line, placed(found, line, record.value, shape.field_map))
        else:
            yield row


def _records(stream: BinaryIO, faults: FileFaults, shape: FileShape) -> Iterator[Record | Failed]:
    if shape.format == "csv":
        return read_csv(stream, faults)
    if shape.format == "jsonl":
        return read_jsonl(stream, faults)
    return FORMATS[shape.format].read(Source(faults.source, stream, faults, shape.companions))
