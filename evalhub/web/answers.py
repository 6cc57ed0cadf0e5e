"""JSON answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from flask import Response
from pydantic import BaseModel


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """The value (a pydantic model, or what orjson can write) as a JSON answer."""
    body = orjson.dumps(value, default=_plain, option=orjson.OPT_UTC_Z)
    return Response(body, status, dict(headers or {}), mimetype="application/json")


def file_response(chunks: Iterable[bytes], file_name: str, media_type: str, n_bytes: int) -> Response:
    """A file to keep, sent piece by piece.

    Args:
        file_name: ASCII without quotes.
    """
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"', "Content-Length": str(n_bytes)}
    return Response(chunks, headers=headers, mimetype=media_type)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} has no JSON form")
