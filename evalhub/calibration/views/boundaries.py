"""Send a boundary between two levels to the owner of the rubric, with the figures that name it."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from evalhub.accounts.models import Account
from evalhub.calibration.charts.words import number, percent
from evalhub.calibration.schema.section import BoundarySection, CriterionSection
from evalhub.calibration.views.blueprint import bp
from evalhub.calibration.views.seen import Seen, seen_by_viewer
from evalhub.errors import BadInput, Conflict, NotFound
from evalhub.inbox.forms import TextForm, show_faults
from evalhub.inbox.schema import EntryKind
from evalhub.inbox.service import send_entry
from evalhub.projects.policies import manage_project
from evalhub.projects.queries import project_named
from evalhub.web.context import utc_now
from evalhub.web.policies import allowed
from evalhub.web.principal import require_principal
from evalhub.web.session import reading, write


@bp.get("/projects/<p>/calibration/boundaries/<criterion>/<int:lower>")
@allowed(manage_project)
def boundary_form(p: str, criterion: str, lower: int) -> ResponseReturnValue:
    """A text with the figures, to be changed before it is sent."""
    with reading() as session:
        seen = seen_by_viewer(session, p)
    section, boundary = _found(seen, criterion, lower)
    form = TextForm(text=boundary_words(seen.project.title, section, boundary))
    return _page(p, criterion, lower, form)


@bp.post("/projects/<p>/calibration/boundaries/<criterion>/<int:lower>")
@allowed(manage_project)
def send_boundary(p: str, criterion: str, lower: int) -> ResponseReturnValue:
    form, me, now = TextForm.from_request(), require_principal().account_id, utc_now()
    if not form.validate():
        return _page(p, criterion, lower, form), 422
    with reading() as session:
        project = project_named(session, p)
    try:
        write(
            lambda s: (
                send_entry(
                    s,
                    rubric_version_id=project.rubric_version_id,
                    kind=EntryKind.BOUNDARY,
                    text=form.text.data,
                    criterion=criterion,
                    project_id=project.id,
                    sender=s.get_one(Account, me),
                    at=now,
                ).public_id
            )
        )
    except (BadInput, Conflict) as error:
        show_faults(form, error)
        return _page(p, criterion, lower, form), error.http_status
    flash("Sent to the owner of the rubric. The answer comes to your questions in the inbox.")
    return redirect(url_for("calibration.calibration", p=p, criterion=criterion), 303)


def boundary_words(project: str, section: CriterionSection, boundary: BoundarySection) -> str:
    """What the figures say about a boundary, as the beginning of a question to the rubric's owner."""
    levels = [section.criterion.levels[rank] for rank in (boundary.lower, boundary.upper)]
    first, second = (f"“{level.label}”" for level in levels)
    lines = [f"{section.criterion.title}, in {project}: {first} or {second}?"]
    if boundary.share is None:
        lines.append("No disagreement crosses here.")
    else:
        items = "item" if boundary.n_crossing == 1 else "items"
        lines.append(
            f"{percent(boundary.share)} of the disagreement crosses here, on {boundary.n_crossing:,} {items}."
            f" Alpha at this boundary: {number(boundary.alpha)};"
            f" of the criterion: {number(section.figures.alpha.value)}."
        )
    lines += [f"“{level.label}” says: {' '.join(level.description.split()) or 'nothing'}" for level in levels]
    return "\n".join(lines) + "\n"


def _found(seen: Seen, criterion: str, lower: int) -> tuple[CriterionSection, BoundarySection]:
    for section in seen.whole_report.criteria:
        for boundary in section.boundaries:
            if section.criterion.key == criterion and boundary.lower == lower and section.criterion.levels:
                return section, boundary
    raise NotFound


def _page(p: str, criterion: str, lower: int, form: TextForm) -> str:
    with reading() as session:
        project = project_named(session, p)
    return render_template("calibration/boundary.html", project=project, criterion=criterion, lower=lower, form=form)
