"""What the pages and the interface for programs have in common: having an export made, and handing out its file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flask import Response

from evalhub.errors import NotFound
from evalhub.export.models import Export
from evalhub.export.schema.options import Options, Shape
from evalhub.export.service.background import request_export
from evalhub.export.service.download import ENDINGS, MEDIA_TYPES, READ_AT_ONCE
from evalhub.web.answers import file_response
from evalhub.web.context import current_settings, utc_now
from evalhub.web.principal import require_principal
from evalhub.web.session import write


def kept_file(p: str, past: Export) -> Response:
    """The file of an export.

    Raises:
        NotFound: it is not kept any more, or never was.
    """
    if not past.is_kept(utc_now()) or past.path is None or not Path(past.path).is_file():
        raise NotFound
    shape, path = Shape(past.shape), Path(past.path)
    return file_response(_chunks(path), f"{p}.{ENDINGS[shape]}", MEDIA_TYPES[shape], path.stat().st_size)


def enqueue_export(project_id: int, options: Options, shape: Shape) -> str:
    """Have it made in the background.

    Returns:
        The job's public id.
    """
    settings, by_id = current_settings(), require_principal().account_id
    return write(
        lambda session: (
            request_export(
                session,
                project_id,
                options,
                shape,
                instance=settings.instance,
                days=settings.export_days,
                by_id=by_id,
            ).public_id
        )
    )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(READ_AT_ONCE):
            yield chunk
