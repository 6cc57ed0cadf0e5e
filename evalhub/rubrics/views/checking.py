"""What is wrong with a text, and the review form that it asks for; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flask import render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from evalhub.errors import BadInput, Fault
from evalhub.rubrics import schema
from evalhub.rubrics.forms import RubricForm
from evalhub.rubrics.views.blueprint import bp
from evalhub.web.answers import json_response
from evalhub.web.policies import allowed, signed_in
from evalhub.web.rendering import render_prose

SHOWN_CHARACTERS = 120
"""Of a line that holds a fault."""


class Problem(NamedTuple):
    """A fault with the line that it stands in, or the part of a long line that leads to it."""

    fault: Fault
    line: str

    @property
    def wrong(self) -> str:
        return self.fault.message.partition("; ")[0]

    @property
    def right(self) -> str:
        return self.fault.message.partition("; ")[2]


@dataclass(frozen=True, slots=True)
class Checked:
    """The rubric, or what is wrong; `total` counts the problems beyond those listed, too."""

    rubric: schema.Rubric | None
    problems: tuple[Problem, ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True)
class FormShown:
    """A rubric as the review form shows it before anybody answers; the names are those of the review page."""

    rubric: schema.Rubric
    criteria: tuple[schema.Criterion, ...]
    guidance_html: Markup
    criterion_guidance: Mapping[str, Markup]
    answers: Mapping[str, Any] = field(default_factory=dict)
    rulings: Mapping[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    confidence: int | None = None
    is_readonly: bool = False

    @classmethod
    def of(cls, rubric: schema.Rubric) -> FormShown:
        return cls(
            rubric=rubric,
            criteria=rubric.criteria,
            guidance_html=render_prose(rubric.description),
            criterion_guidance={c.key: render_prose(c.guidance) for c in rubric.criteria if c.guidance},
        )


def checked(content: bytes, source_name: str = "the rubric") -> Checked:
    """Every fault in its place, as a page lists them."""
    try:
        return Checked(schema.parse_rubric(content, source_name))
    except BadInput as error:
        lines = schema.LINE_BREAK.split(content.decode("utf-8-sig", "replace"))
        return Checked(None, tuple(_problem(fault, lines) for fault in error.faults), error.total)


def _problem(fault: Fault, lines: list[str]) -> Problem:
    line = lines[fault.line - 1] if fault.line and fault.line <= len(lines) else ""
    begin = max(0, (fault.column or 1) - SHOWN_CHARACTERS // 2) if len(line) > SHOWN_CHARACTERS else 0
    return Problem(fault, line[begin : begin + SHOWN_CHARACTERS])


@bp.post("/rubrics/validate")
@allowed(signed_in)
def validate() -> ResponseReturnValue:
    """The faults and the two parts of the editor that show them, as JSON for its script."""
    form = RubricForm.from_request()
    if not form.validate():
        raise BadInput("The rubric cannot be checked.", faults=[Fault("schema", _first_error(form), "source")])
    found = checked(form.content(), form.source_name())
    rubric = found.rubric
    answer: dict[str, Any] = {
        "valid": rubric is not None,
        "faults": [problem.fault.as_detail() for problem in found.problems],
        "total": found.total,
        "problems": render_template("rubrics/_problems.html", found=found),
    }
    if rubric is not None:
        shown = render_template("rubrics/form/_preview.html", page=FormShown.of(rubric))
        answer |= {"sha256": rubric.sha256, "title": rubric.title, "form": shown}
    return json_response(answer)


def _first_error(form: RubricForm) -> str:
    return next(str(error) for errors in form.errors.values() for error in errors)
