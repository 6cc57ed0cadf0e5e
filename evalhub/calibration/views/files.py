"""The report and its charts as files to keep."""

from __future__ import annotations

from flask import Response, get_template_attribute, request
from flask.typing import ResponseReturnValue

from evalhub.calibration.html import self_contained
from evalhub.calibration.shown import all_charts
from evalhub.calibration.views.blueprint import bp
from evalhub.calibration.views.report import report_for_viewer
from evalhub.errors import NotFound
from evalhub.projects.policies import see_figures
from evalhub.web.answers import json_response
from evalhub.web.charts import Chart, as_csv, as_file
from evalhub.web.policies import allowed


@bp.get("/projects/<p>/calibration/report.html")
@allowed(see_figures)
def report_file(p: str) -> ResponseReturnValue:
    """The self-contained file; `?names=1` names reviewers and items."""
    html = self_contained(report_for_viewer(p), names=request.args.get("names") == "1")
    return _file(html, f"{p}-calibration.html", "text/html")


@bp.get("/projects/<p>/calibration/report.json")
@allowed(see_figures)
def report_json(p: str) -> ResponseReturnValue:
    headers = {"Content-Disposition": f'attachment; filename="{p}-calibration.json"'}
    return json_response(report_for_viewer(p).as_dict(), headers=headers)


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


def _chart(p: str, name: str) -> Chart:
    """The chart of that name: of the criterion that the address names, or of the report."""
    chart = all_charts(report_for_viewer(p), request.args.get("criterion")).get(name)
    if chart is None:
        raise NotFound("The report has no such chart.")
    return chart


def _stem(p: str, name: str) -> str:
    """A file name of ASCII letters: criteria's keys and charts' names have no others."""
    return "-".join([p, *filter(None, [request.args.get("criterion")]), name])


def _file(text: str, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, headers=headers, content_type=f"{media_type}; charset=utf-8")
