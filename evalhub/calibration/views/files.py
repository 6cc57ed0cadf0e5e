"""The report and its charts as files to keep."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from evalhub.calibration.html import self_contained
from evalhub.calibration.schema.report import CalibrationReport
from evalhub.calibration.views.blueprint import bp
from evalhub.calibration.views.seen import seen_by_viewer
from evalhub.errors import NotFound
from evalhub.projects.policies import see_figures
from evalhub.web.answers import csv_file, json_response, svg_file, text_file
from evalhub.web.charts import Chart
from evalhub.web.policies import allowed
from evalhub.web.session import reading


@bp.get("/projects/<p>/calibration/report.html")
@allowed(see_figures)
def report_file(p: str) -> ResponseReturnValue:
    """The self-contained file; `?names=1` names reviewers and items."""
    html = self_contained(_report(p), names=request.args.get("names") == "1")
    return text_file(html, f"{p}-calibration.html", "text/html")


@bp.get("/projects/<p>/calibration/report.json")
@allowed(see_figures)
def report_json(p: str) -> ResponseReturnValue:
    headers = {"Content-Disposition": f'attachment; filename="{p}-calibration.json"'}
    return json_response(_report(p).as_dict(), headers=headers)


@bp.get("/projects/<p>/calibration/charts/<name>.svg")
@allowed(see_figures)
def chart_svg(p: str, name: str) -> ResponseReturnValue:
    return svg_file(_chart(p, name), _stem(p, name))


@bp.get("/projects/<p>/calibration/charts/<name>.csv")
@allowed(see_figures)
def chart_csv(p: str, name: str) -> ResponseReturnValue:
    return csv_file(_chart(p, name), _stem(p, name))


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
