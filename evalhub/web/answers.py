"""Answers other than pages: JSON, and files to keep."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from flask import Response, get_template_attribute
from pydantic import BaseModel

from evalhub.errors import NotFound
from evalhub.web.charts import Chart, as_csv, as_file


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


def text_file(text: str, file_name: str, media_type: str) -> Response:
    """A small text to keep; the name as for `file_response`."""
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return Response(text, headers=headers, content_type=f"{media_type}; charset=utf-8")


def svg_file(chart: Chart, stem: str) -> Response:
    """A chart's drawing to keep.

    Raises:
        NotFound: it has none, in the words of why.
    """
    if chart.picture is None:
        raise NotFound(chart.because)
    drawing = get_template_attribute("charts.html", "drawing")
    return text_file(as_file(drawing(chart, chart.name)), f"{stem}.svg", "image/svg+xml")


def csv_file(chart: Chart, stem: str) -> Response:
    return text_file(as_csv(chart), f"{stem}.csv", "text/csv")


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} has no JSON form")
