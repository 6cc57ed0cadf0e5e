"""Exports as one file that is read once: a bundle as a zip archive, or the items as JSONL."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from evalhub.db import Database
from evalhub.export.schema.options import Options, Shape
from evalhub.export.service.bundle import make_bundle
from evalhub.export.service.jsonl import make_jsonl
from evalhub.export.service.recording import Tell, silent

READ_AT_ONCE = 1 << 18
MEDIA_TYPES = {Shape.BUNDLE: "application/zip", Shape.JSONL: "application/jsonl"}
ENDINGS = {Shape.BUNDLE: "zip", Shape.JSONL: "jsonl"}
ONE_TIME = (1980, 1, 1, 0, 0, 0)
"""The times in the archive say nothing: the receipt has the time of the run."""


@dataclass(frozen=True, slots=True)
class Download:
    """A finished export; the file has no name on the disk and is gone when it was read."""

    export: str
    """Public id of its record."""
    file: BinaryIO
    file_name: str
    media_type: str
    n_bytes: int

    def chunks(self) -> Iterator[bytes]:
        with self.file:
            while chunk := self.file.read(READ_AT_ONCE):
                yield chunk


def make_download(
    database: Database,
    project_id: int,
    options: Options,
    shape: Shape,
    *,
    name: str,
    by_id: int | None,
    now: datetime,
    tell: Tell = silent,
) -> Download:
    """Make an export and record it; it is whole before the first byte is handed out.

    Args:
        name: what the folder in the archive, or the file, is called.

    Raises:
        BadInput: the options name what the project has not, or leave nothing.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 -- it is closed by whoever reads it
    try:
        if shape is Shape.JSONL:
            made = make_jsonl(database, project_id, options, file, by_id=by_id, now=now, tell=tell)
        else:
            with tempfile.TemporaryDirectory(prefix="evalhub-export-") as folder:
                target = Path(folder) / name
                made = make_bundle(database, project_id, options, target, by_id=by_id, now=now, tell=tell)
                _zip(target, file)
        n_bytes = file.seek(0, 2)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return Download(made.export, file, f"{name}.{ENDINGS[shape]}", MEDIA_TYPES[shape], n_bytes)


def _zip(folder: Path, file: BinaryIO) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}", ONE_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while chunk := source.read(READ_AT_ONCE):
                    target.write(chunk)
