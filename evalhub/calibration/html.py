"""The calibration report as one HTML file to hand on: styles and charts inside, no script, no request.

Without names it says of reviewers only "Reviewer A", "Reviewer B", … (and which of them were simulated), and of items
nothing but numbers. It always holds the rubric's criteria and level texts, the project's title, and when the report was
made. With names it also holds the reviewers' names and the ids of the items to look at. It never holds what an item or
an answer says, or which reviewer gave what to which item.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from html import escape
from math import inf
from pathlib import Path
from string import ascii_uppercase

from jinja2 import Environment, FileSystemLoader

import evalhub
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
    letters = {person.name: f"Reviewer {letter(at)}" for at, person in enumerate(report.people)}
    marks = [" (simulated)" if person.is_simulated else "" for person in report.people]
    return replace(
        report,
        people=tuple(
            replace(person, name=letters[person.name] + mark) for person, mark in zip(report.people, marks, strict=True)
        ),
        criteria=tuple(
            replace(one, boundaries=tuple(replace(boundary, items=()) for boundary in one.boundaries))
            for one in report.criteria
        ),
        triage=(),
        actions=tuple(replace(action, words=_renamed(action.words, letters), items=()) for action in report.actions),
        notes=tuple(_renamed(note, letters) for note in report.notes),
    )


def letter(at: int) -> str:
    """A, B, … Z, AA, AB, …"""
    rest, last = divmod(at, len(ascii_uppercase))
    return (letter(rest - 1) if rest else "") + ascii_uppercase[last]


def _renamed(words: str, letters: Mapping[str, str]) -> str:
    """The words with every name replaced where it stands as a whole, a longer name before one that it contains."""
    if not letters:
        return words
    names = "|".join(re.escape(name) for name in sorted(letters, key=len, reverse=True))
    return re.sub(rf"(?<!\w)(?:{names})(?!\w)", lambda found: letters[found[0]], words)
