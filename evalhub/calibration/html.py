"""The calibration report as one HTML file to hand on: styles and charts inside, no script, no request.

Without names it says of reviewers only "Reviewer A", "Reviewer B", … (and which of them were simulated), and of items
nothing but numbers. It always holds the rubric's criteria and level texts, the project's title, and when the report was
made. With names it also holds the reviewers' names and the ids of the items to look at. It never holds what an item or
an answer says, or which reviewer gave what to which item.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape
from math import inf
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

import evalhub
from evalhub.calibration.schema.actions import next_actions
from evalhub.calibration.schema.letters import letters
from evalhub.calibration.schema.report import CalibrationReport
from evalhub.calibration.shown import show, template_values

PACKAGE = Path(evalhub.__file__).parent
TEMPLATES = (PACKAGE / "web" / "templates", PACKAGE / "calibration" / "templates")
STYLES = ("evalhub.css", "report.css")


def self_contained(report: CalibrationReport, *, names: bool = False) -> str:
    """The report as a file; needs no app and no request.

    Args:
        names: whether to name reviewers and the items to look at.
    """
    shown = report if names else anonymous(report)
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
    body = environment.get_template("calibration/file.html").render(
        **template_values(show(shown, most_in_full=inf)),
        case_links={},
        named_items=names,
        with_items=names,
    )
    styles = "\n".join((PACKAGE / "web" / "static" / "css" / name).read_text("utf-8") for name in STYLES)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>Calibration of {escape(report.title)} · evalhub</title>\n"
        f"<style>\n{styles}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def anonymous(report: CalibrationReport) -> CalibrationReport:
    """The report with letters for names, in its sentences too, and without items."""
    names = [f"Reviewer {letters(at)}" for at in range(len(report.people))]
    marks = [" (simulated)" if person.is_simulated else "" for person in report.people]
    criteria = tuple(
        replace(one, boundaries=tuple(replace(boundary, items=()) for boundary in one.boundaries))
        for one in report.criteria
    )
    return replace(
        report,
        people=tuple(
            replace(person, name=name + mark) for person, name, mark in zip(report.people, names, marks, strict=True)
        ),
        criteria=criteria,
        triage=(),
        actions=next_actions(criteria, names),
    )
