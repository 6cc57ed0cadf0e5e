"""The calibration report of a project."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from evalhub.calibration.service import report
from evalhub.projects.policies import see_figures
from evalhub.projects.queries import project_named
from evalhub.stats import METHOD_WORDS, REASON_WORDS, VerdictCode
from evalhub.web.policies import allowed
from evalhub.web.session import reading

bp = Blueprint("calibration", __name__, template_folder="templates")

GOOD = (VerdictCode.RELIABLE, VerdictCode.TENTATIVE)
BAD = (VerdictCode.UNRELIABLE, VerdictCode.RARE_LEVELS_NOT_REPRODUCED)


@bp.get("/projects/<p>/calibration")
@allowed(see_figures)
def calibration(p: str) -> ResponseReturnValue:
    with reading() as session:
        project = project_named(session, p)
        found = report(session, project.id)
    kinds = {
        line.criterion.key: "good"
        if line.figures.verdict.code in GOOD
        else "bad"
        if line.figures.verdict.code in BAD
        else "warn"
        for line in found.criteria
    }
    return render_template(
        "calibration/report.html",
        project=project,
        found=found,
        kinds=kinds,
        reasons=REASON_WORDS,
        methods=METHOD_WORDS,
    )
