"""Take in the files of a form, and give out what a check of them wrote down."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson
from flask import Response
from werkzeug.datastructures import FileStorage

from evalhub.datasets.models import Upload, UploadKind
from evalhub.datasets.queries import upload_of
from evalhub.datasets.schema.uploads import Note
from evalhub.datasets.service import uploads
from evalhub.datasets.service.upload_files import NOTES, SECOND, beside, remove_files, store_file
from evalhub.errors import NotFound
from evalhub.web.context import current_settings
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
LONGEST_NAME = 200


def keep_files(
    file: FileStorage,
    second: FileStorage | None,
    *,
    kind: UploadKind,
    target: str,
    options: Mapping[str, Any],
    project_id: int | None = None,
) -> Upload:
    """Store what was sent, and have it checked; nothing of it stays where that fails."""
    by_id, folder = require_principal().account_id, current_settings().instance / "uploads"
    upload = write(
        lambda session: uploads.begin_upload(
            session,
            kind,
            target=target,
            name=name_of(file),
            companion=name_of(second) if second else None,
            folder=folder,
            options=options,
            by_id=by_id,
        )
    )
    path = Path(upload.path)
    try:
        n_bytes = store_file(cast(BinaryIO, file.stream), path)
        if second is not None:
            store_file(cast(BinaryIO, second.stream), beside(path, SECOND))
    except OSError:
        remove_files(path)
        raise
    write(partial(uploads.receive, upload_id=upload.id, n_bytes=n_bytes, project_id=project_id))
    return upload


def name_of(file: FileStorage) -> str:
    """The file's own name without folders, for people alone."""
    name = (file.filename or "").replace("\0", "").replace("\\", "/").rsplit("/", 1)[-1]
    return name.strip()[-LONGEST_NAME:] or "upload"


def upload_for(public_id: str, kind: UploadKind, target: str) -> Upload:
    """The upload at an address.

    Raises:
        NotFound: it is none of this dataset or project.
    """
    with reading() as session:
        upload = upload_of(session, public_id)
    if upload.kind is not kind or upload.target != target:
        raise NotFound
    return upload


def notes_file(upload: Upload, ending: str) -> Response:
    """Everything that the check wrote down, as CSV or JSON lines.

    Raises:
        NotFound: the file was not checked, is gone, or the ending is another.
    """
    path = beside(Path(upload.path), NOTES)
    if ending not in ("csv", "jsonl") or not path.is_file():
        raise NotFound
    chunks = _csv_lines(path) if ending == "csv" else _lines(path)
    headers = {"Content-Disposition": f'attachment; filename="notes-{upload.public_id[:8]}.{ending}"'}
    media_type = "text/csv" if ending == "csv" else "application/jsonl"
    return Response(chunks, headers=headers, content_type=f"{media_type}; charset=utf-8")


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _csv_lines(path: Path) -> Iterator[str]:
    """A cell that a spreadsheet would run as a formula begins with an apostrophe."""
    cells = io.StringIO()
    writer = csv.writer(cells)
    writer.writerow(Note.model_fields)
    for line in _lines(path):
        writer.writerow(
            f"'{cell}" if str(cell).startswith(FORMULA_STARTS) else cell for cell in orjson.loads(line).values()
        )
        yield cells.getvalue()
        cells.seek(0)
        cells.truncate()
