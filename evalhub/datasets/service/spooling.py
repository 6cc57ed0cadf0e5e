"""Check a whole file into a spool before anything is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from evalhub.datasets.schema.duplicates import Seen
from evalhub.datasets.schema.faults import LISTED_LINES, FileFaults
from evalhub.datasets.schema.items import ItemRow
from evalhub.datasets.schema.reading import FileShape, read_items
from evalhub.datasets.schema.spool import DigestingReader, Spool
from evalhub.errors import BadInput, Fault

Progress = Callable[[str, int, int | None], None]
"""Called with the phase ("check" counts bytes, "store" rows), how far it is, and the end if that is known."""


@dataclass(slots=True)
class Warnings:
    """What deserves a look but is stored all the same; the first hundred are listed."""

    total: int = 0
    listed: list[Fault] = field(default_factory=list)
    each: Callable[[Fault], None] | None = None
    """Told of every one, also of those that are not listed."""

    def add(self, warning: Fault) -> None:
        self.total += 1
        if self.each is not None:
            self.each(warning)
        if len(self.listed) < LISTED_LINES:
            self.listed.append(warning)


class Onlooker(Protocol):
    """Sees everything that a check meets, however much it is."""

    def fault(self, fault: Fault) -> None: ...

    def warning(self, warning: Fault) -> None: ...

    def left_out(self, record: Fault) -> None: ...

    def row(self, row: ItemRow) -> None: ...


@dataclass(frozen=True, slots=True)
class Spooled:
    """A file whose every line is good, ready to be stored."""

    spool: Spool
    sha256: str
    warnings: Warnings
    left_out: Warnings
    """Records without a prompt or a response."""

    @property
    def rows(self) -> int:
        return self.spool.rows

    def batches(self) -> Iterator[list[ItemRow]]:
        for batch in self.spool.batches():
            yield [ItemRow._make(row) for row in batch]


@contextmanager
def spooled_items(
    stream: BinaryIO, source: str, shape: FileShape, *, progress: Progress | None, onlooker: Onlooker | None = None
) -> Iterator[Spooled]:
    """A checked file of items for the length of the block.

    Raises:
        BadInput: with the faults of all bad lines, repeated ids among them.
    """
    reader = DigestingReader(stream, progress and (lambda done: progress("check", done, None)))
    faults, seen = FileFaults(source, onlooker.fault if onlooker else None), Seen()
    warnings = Warnings(each=onlooker.warning if onlooker else None)
    left_out = Warnings(each=onlooker.left_out if onlooker else None)
    with Spool() as spool:
        for row in read_items(reader.buffered(), faults, shape, left_out=left_out.add):
            seen.add(row.external_id)
            spool.write(row)
            if onlooker is not None:
                onlooker.row(row)
            if row.warning is not None:
                warnings.add(_warning(row))
        for twice in seen.doubled((int(str(row[0])), str(row[1])) for row in spool):
            message = f'the id "{twice.key}" is also on line {twice.first_line}; ids are unique in a dataset'
            faults.add(twice.line, [Fault("duplicate_id", message, "id", twice.line)])
        faults.raise_if_any()
        if not spool.rows:
            raise BadInput(f"{source}: {_nothing_in(shape, left_out)}; there is nothing to import", code="empty")
        yield Spooled(spool, reader.sha256, warnings, left_out)


def _nothing_in(shape: FileShape, left_out: Warnings) -> str:
    if left_out.total:
        return f"none of the {left_out.total:,} records holds both a prompt and a response"
    return "the file has a header and no rows" if shape.format == "csv" else "the file holds no record"


def _warning(row: ItemRow) -> Fault:
    message = f'the response says "{row.warning}", so that a reviewer may know its model; it is stored as it is'
    return Fault("model_self_reference", message, "response", row.line)
