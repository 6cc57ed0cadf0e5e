"""Choose the items of a round."""

from __future__ import annotations

from sqlalchemy.orm import Session

from evalhub.calibration.queries import criteria_of
from evalhub.calibration.queries.round_items import ids_of_names, items_across, items_of_tasks, items_on_offer
from evalhub.calibration.schema.rounds import MOST_ITEMS, Choosing, NewRound
from evalhub.calibration.service.stored import shown_report
from evalhub.errors import Fault
from evalhub.projects.models import Project
from evalhub.review.schema import drawn


def chosen_items(session: Session, project: Project, new: NewRound, faults: list[Fault]) -> list[int]:
    """The ids of the items that a new round is about; what is wrong is added to `faults`."""
    if new.choosing is Choosing.NAMED:
        return _named(session, project, new, faults)
    if not 1 <= new.n <= MOST_ITEMS:
        faults.append(Fault("schema", f"give a number from 1 to {MOST_ITEMS}", "n"))
        return []
    if new.choosing is Choosing.BOUNDARY:
        return _across(session, project, new, faults)
    if new.choosing is Choosing.TRIAGE:
        return _most_urgent(session, project, new, faults)
    found = drawn(items_on_offer(session, project), new.n, new.seed)
    if not found:
        faults.append(Fault("schema", "the dataset has no items yet", "n"))
    return found


def _named(session: Session, project: Project, new: NewRound, faults: list[Fault]) -> list[int]:
    names = list(dict.fromkeys(new.items))
    if not 1 <= len(names) <= MOST_ITEMS:
        faults.append(Fault("schema", f"name 1 to {MOST_ITEMS} items, these are {len(names)}", "items"))
        return []
    found = ids_of_names(session, project, names)
    faults += [
        Fault("schema", f'the dataset shows no item "{name[:200]}"', "items") for name in names if name not in found
    ]
    return list(found.values())


def _most_urgent(session: Session, project: Project, new: NewRound, faults: list[Fault]) -> list[int]:
    """The first disputed items of the calibration report, as far as it lists them."""
    report = shown_report(session, project.id).report
    if report is None:
        faults.append(Fault("schema", "have the full calibration report made first", "choosing"))
        return []
    urgent = items_of_tasks(session, project.id, [line.task for line in report.triage[: new.n]])
    if not urgent:
        faults.append(Fault("schema", "no item is disputed", "choosing"))
    return urgent


def _across(session: Session, project: Project, new: NewRound, faults: list[Fault]) -> list[int]:
    if not new.criterion:
        faults.append(Fault("schema", "choose a boundary", "boundary"))
        return []
    criterion = next((a.criterion for a in criteria_of(session, project.id) if a.criterion.key == new.criterion), None)
    if criterion is None or not 0 <= new.boundary < len(criterion.levels) - 1:
        faults.append(Fault("schema", "the rubric has no such boundary between two levels", "boundary"))
        return []
    across = items_across(session, project, new.criterion, new.boundary)
    found = drawn(items_on_offer(session, project, of=across), new.n, new.seed)
    if not found:
        faults.append(Fault("schema", "no item was graded on both sides of this boundary", "boundary"))
    return found
