"""Read CSV as strictly as JSON lines: one record at a time, its first line named in every fault."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO

from evalhub.datasets.schema.characters import shown
from evalhub.datasets.schema.faults import FileFaults
from evalhub.datasets.schema.jsonl import MAX_LINE_BYTES, Record, StrictJsonError, lines_of, strict_json
from evalhub.errors import BadInput, Fault


def read_csv(stream: BinaryIO, faults: FileFaults) -> Iterator[Record]:
    """Yield each row as {column: cell}; empty cells are absent, and rows of another length than the header are faults.

    Raises:
        BadInput: the file has no header, is not CSV (then the line where it stops being so), or is of another kind.
    """
    csv.field_size_limit(MAX_LINE_BYTES)
    rows = _rows(stream, faults)
    header = next(rows, (1, None))[1]
    if header is None:
        return
    names = [name for name in header if name]
    if len(names) != len(header) or len(set(names)) != len(names):
        message = f"the header {shown(','.join(header))} has an empty or a doubled column; give each one name"
        raise BadInput(f"{faults.source}: {message}", faults=[Fault("schema", message, line=1)], source=faults.source)
    for line, cells in rows:
        if len(cells) != len(header):
            message = f"the row has {len(cells)} cells and the header {len(header)}; quote cells that hold commas"
            faults.add(line, [Fault("schema", message, line=line)])
        elif any("\0" in cell for cell in cells):
            faults.add(line, [Fault("control_character", "a cell holds the character NUL; remove it", line=line)])
        else:
            yield Record(line, {name: cell for name, cell in zip(header, cells, strict=True) if cell})


def with_parsed_cells(
    cells: dict[str, object], *, lists: frozenset[str], json_cells: frozenset[str], found: list[Fault]
) -> dict[str, object]:
    """The fields with lists (`a;b`) and JSON read from their cells; what is not JSON is added to `found`."""
    fields = dict(cells)
    for name in lists & fields.keys():
        fields[name] = [part.strip() for part in str(fields[name]).split(";") if part.strip()]
    for name in json_cells & fields.keys():
        cell = fields[name]
        if type(cell) is str:
            try:
                fields[name] = strict_json(cell.encode())
            except StrictJsonError as error:
                found.append(Fault(error.fault.code, f"the cell is not JSON: {error.fault.message}", name))
                del fields[name]
    return fields


def _rows(stream: BinaryIO, faults: FileFaults) -> Iterator[tuple[int, list[str]]]:
    """Yield (first line, cells) of each row.

    A line that is not UTF-8 ends the reading: a quote may be open, and what follows would be read as something else.
    """
    place = _Place()
    reader = csv.reader(_text_lines(stream, faults, place), strict=True)
    while True:
        place.first = None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            line = place.first or 1
            raise BadInput(
                f"{faults.source}: line {line} is not CSV",
                faults=[Fault("schema", f"this is not CSV: {error}; is a quote left open?", line=line)],
                source=faults.source,
            ) from error
        yield place.first or 1, cells


class _Place:
    """The line on which the row being read began."""

    first: int | None = None


def _text_lines(stream: BinaryIO, faults: FileFaults, place: _Place) -> Iterator[str]:
    for number, line in lines_of(stream, faults, keep_blank=True):
        if place.first is None:
            if line.isspace():
                continue
            place.first = number
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as error:
            message = f"byte {error.start + 1} is not valid UTF-8; save the file as UTF-8"
            raise BadInput(
                f"{faults.source}: line {number}: {message}",
                faults=[Fault("encoding", message, line=number, column=error.start + 1)],
                source=faults.source,
            ) from error
