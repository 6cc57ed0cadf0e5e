"""The report and its charts as files to keep."""

from __future__ import annotations

from flask import Response, get_template_attribute, request
from flask.typing import ResponseReturnValue

from evalhub.calibration.html import self_contained
from evalhub.calibration.schema.report import CalibrationReport
from evalhub.calibration.views.blueprint import bp
from evalhub.calibration.views.seen import seen_by_viewer
from evalhub.errors import NotFound
from evalhub.projects.policies import see_figures
from evalhub.web.answers import json_response
from evalhub.web.charts import Chart, as_csv, as_file
from evalhub.web.policies import allowed
from evalhub.web.session import reading


@bp.get("/projects/<p>/calibration/report.html")
@allowed(see_figures)
def report_file(p: str) -> ResponseReturnValue:
    """The self-contained file; `?names=1` names reviewers and items."""
    html = self_contained(_report(p), names=request.args.get("names") == "1")
    return _file(html, f"{p}-calibration.html", "text/html")


@bp.get("/projects/<p>/calibration/report.json")
@allowed(see_figures)
def report_json(p: str) -> ResponseReturnValue:
    headers = {"Content-Disposition": f'attachment; filename="{p}-calibration.json"'}
    return json_response(_report(p).as_dict(), headers=headers)


@bp.get("/projects/<p>/calibration/charts/<name>.svg")
@allowed(see_figures)
def chart_svg(p: str, name: str) -> ResponseReturnValue:
    chart = _chart(p, name)
    if chart.picture is None:
        raise NotFound(chart.because)
    drawing = get_template_attribute("charts.html", "drawing")
    return _file(as_file(drawing(chart, name)), f"{_stem(p, name)}.svg", "image/svg+xml")


@bp.get("/projects/<p>/calibration/charts/<name>.csv")
@allowed(see_figures)
def chart_csv(p: str, name: str) -> ResponseReturnValue:
    return _file(as_csv(_chart(p, name)), f"{_stem(p, name)}.csv", "text/csv")


def _report(p: str) -> CalibrationReport:
    with reading() as session:
        return seen_by_viewer(session, p).whole_report


def _chart(p: str, name: str) -> Chart:
    """The chart of that name: of the criterion that the address names, or of the report."""
    with reading() as session:
        seen = seen_by_viewer(session, p)
    chart = seen.charts(request.args.get("criterion") or None).get(name)
    if chart is None:
        raise NotFound("The report has no such chart.")
    return chart


def _stem(p: str, name: str) -> str:
    """A file name of ASCII letters: the keys of criteria that exist and the names of charts have no others."""
    return "-".join([p, *filter(None, [request.args.get("criterion")]), name])


def _file(text: str, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, headers=headers, content_type=f"{media_type}; charset=utf-8")
