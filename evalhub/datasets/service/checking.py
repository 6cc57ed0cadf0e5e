"""Check an uploaded file of items, and keep all that is worth knowing before its import."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Literal

import orjson
from sqlalchemy.orm import Session

from evalhub.datasets.models import Upload
from evalhub.datasets.schema.faults import LISTED_LINES
from evalhub.datasets.schema.items import ItemRow
from evalhub.datasets.schema.uploads import ItemOptions, Listed, Note, Report
from evalhub.datasets.service.imports import check_items
from evalhub.datasets.service.spooling import Progress
from evalhub.datasets.service.upload_files import FIRST, NOTES, beside, new_file, opened
from evalhub.errors import BadInput, Fault

PREVIEWED = 5
READ_FIELDS = ("prompt", "messages", "context", "response", "reference")


class Notebook:
    """Writes down every note of a check, and lists the first hundred of each kind."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.faults, self.warnings, self.left_outs = Listed(), Listed(), Listed()

    def fault(self, fault: Fault) -> None:
        self._add(self.faults, "fault", fault)

    def warning(self, warning: Fault) -> None:
        self._add(self.warnings, "warning", warning)

    def left_out(self, record: Fault) -> None:
        self._add(self.left_outs, "left out", record)

    def _add(self, listed: Listed, kind: Literal["fault", "warning", "left out"], fault: Fault) -> None:
        note = Note.of(kind, fault)
        self._file.write(orjson.dumps(note.model_dump()) + b"\n")
        listed.total += 1
        if len(listed.first) < LISTED_LINES:
            listed.first.append(note)

    def refused(self, error: BadInput) -> Report:
        """The report of a file that this error refuses; faults of the file as a whole are written down, too."""
        if error.total != self.faults.total:
            for fault in error.faults:
                self.fault(fault)
        first = [Note.of("fault", fault) for fault in error.faults]
        return Report(
            message=error.message,
            code=error.code,
            faults=Listed(total=max(error.total, self.faults.total), first=first),
            warnings=self.warnings,
            left_out=self.left_outs,
        )


class _Reader(Notebook):
    """Also counts the words of the items, and keeps the first ones."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.words = 0
        self.first: list[ItemRow] = []

    def row(self, row: ItemRow) -> None:
        self.words += sum(len((getattr(row, name) or "").split()) for name in READ_FIELDS)
        if len(self.first) < PREVIEWED:
            self.first.append(row)


def check_upload(
    reading: Callable[[], AbstractContextManager[Session]], upload: Upload, *, progress: Progress
) -> Report:
    """What an import of the file would do; every note, and the first items, are kept beside it.

    Raises:
        NotFound: the file is no longer there.
    """
    options, path = ItemOptions.model_validate(upload.options), Path(upload.path)
    with opened(upload) as files, new_file(beside(path, NOTES)) as notes:
        reader = _Reader(notes)
        try:
            result = check_items(
                reading,
                files.stream,
                dataset_name=upload.target,
                source_name=upload.name,
                shape=options.shape(files.companions),
                progress=progress,
                onlooker=reader,
            )
            report = Report(
                warnings=reader.warnings,
                left_out=reader.left_outs,
                added=result.added,
                unchanged=result.unchanged,
                words=reader.words,
                sha256=result.sha256,
            )
        except BadInput as error:
            report = reader.refused(error)
    with new_file(beside(path, FIRST)) as file:
        file.write(orjson.dumps([row._asdict() for row in reader.first]))
    return report


def first_items(upload: Upload) -> Sequence[ItemRow]:
    """The first items that the last check read; none before the first check."""
    path = beside(Path(upload.path), FIRST)
    return [ItemRow(**row) for row in orjson.loads(path.read_bytes())] if path.is_file() else []
