"""The full calibration report, from the ratings: one criterion in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import median
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.calibration.queries import Asked, criteria_of
from evalhub.calibration.schema.actions import next_actions
from evalhub.calibration.schema.dispute import Judged, most_urgent
from evalhub.calibration.schema.report import CalibrationReport, OverallReliability, Person
from evalhub.calibration.schema.section import CriterionSection
from evalhub.calibration.service.ground import Ground
from evalhub.calibration.service.judging import judged
from evalhub.calibration.service.notes import notes
from evalhub.calibration.service.sections import section_of
from evalhub.calibration.service.totals import Sheets, Totals, flips, is_rounded, overall, totals
from evalhub.calibration.service.waiting import triage_lines
from evalhub.db import now
from evalhub.errors import BadInput, Fault, NotFound
from evalhub.projects.models import Project
from evalhub.rubrics import schema
from evalhub.rubrics.models import Rubric, RubricVersion
from evalhub.stats.bootstrap import SEED

Progress = Callable[[int, int | None, str], None]


@dataclass(eq=False)
class _Work:
    """What has been found so far."""

    ground: Ground
    asked: Sequence[Asked]
    sheets: Sheets = field(init=False)
    sections: list[CriterionSection] = field(default_factory=list)
    disputes: list[Judged] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sheets = Sheets(self.ground)

    def add(self, one: Asked) -> None:
        """Read the ratings of one criterion, and keep what is said of them."""
        found = self.ground.ratings_of(one)
        self.sections.append(section_of(self.ground, one, found))
        self.disputes.append(judged(one, found, self.ground.tasks, self.ground.rules.flags))
        self.sheets.add(one, found)


def full_report(
    session: Session,
    project_id: int,
    *,
    criterion: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    progress: Progress | None = None,
) -> CalibrationReport:
    """All that can be said about the agreement of a project's reviewers.

    Args:
        criterion: the key of the only criterion wanted; nothing is then said of the overall score.
        since: only reviews submitted at or after this moment.
        until: only reviews submitted before it.
        progress: told how many criteria are done, of how many, and what comes next.

    Raises:
        BadInput: the stretch of time ends before it begins.
        NotFound: the rubric has no such criterion.
        CheckFailed: an alpha differs from the krippendorff package's.
    """
    if since and until and since >= until:
        raise BadInput(
            "The stretch of time ends before it begins.",
            faults=[Fault("schema", "must be later than since", "until")],
        )
    tell = progress or (lambda done, total, stage: None)
    project = session.get_one(Project, project_id)
    asked = _asked(session, project_id, criterion)
    tell(0, len(asked), "reading the items")
    work = _Work(Ground.of(session, project, since, until), asked)
    for done, one in enumerate(asked):
        tell(done, len(asked), one.criterion.title)
        work.add(one)
    tell(len(asked), len(asked), "putting it together")
    return _put_together(work, project, is_whole=criterion is None)


def _asked(session: Session, project_id: int, criterion: str | None) -> list[Asked]:
    known = criteria_of(session, project_id)
    asked = [one for one in known if criterion in (None, one.criterion.key)]
    if not asked:
        listed = ", ".join(one.criterion.key for one in known)
        raise NotFound(f'The rubric of this project has no criterion "{criterion}"; it has {listed}.')
    return asked


def _put_together(work: _Work, project: Project, *, is_whole: bool) -> CalibrationReport:
    ground, sheets = work.ground, work.sheets
    heading = _heading(ground, project)
    scored = totals(sheets, heading.rubric) if is_whole else None
    disputes = _with_flips(ground, work.disputes, scored)
    urgent = most_urgent(disputes)
    sections = [_flagged(section, one) for section, one in zip(work.sections, disputes, strict=True)]
    people, rated = _people(ground, sheets), np.unique(sheets.reviewed // max(len(ground.people), 1))
    graded = [person for person in people if person.n_items]
    alphas = [section.figures.alpha.value for section in sections if section.figures.alpha.value is not None]
    return CalibrationReport(
        project=project.name,
        title=project.title,
        rubric=heading.name,
        rubric_version=heading.version,
        made_at=now(ground.session),
        since=ground.since,
        until=ground.until,
        seed=SEED,
        people=people,
        criteria=tuple(sections),
        n_items=len(rated),
        n_reviewers=len(graded),
        n_simulated=sum(person.is_simulated for person in graded),
        n_flagged_items=len(urgent),
        overall=() if scored is None else _overall(work, scored, heading.rubric),
        median_alpha=median(alphas) if alphas else None,
        minimum_alpha=min(alphas, default=None),
        triage=triage_lines(ground, work.asked, disputes, urgent),
        n_triage=len(urgent),
        actions=next_actions(sections, [person.name for person in people]),
        notes=notes(ground, sections, rated, is_rounded=scored is not None and is_rounded(scored)),
    )


class _Heading(NamedTuple):
    """The rubric's name, the number of its version, and what it means under the project's pass rule."""

    name: str
    version: int
    rubric: schema.Rubric


def _heading(ground: Ground, project: Project) -> _Heading:
    name, version, canonical = ground.session.execute(
        sa.select(Rubric.name, RubricVersion.number, RubricVersion.canonical)
        .join(Rubric, Rubric.id == RubricVersion.rubric_id)
        .where(RubricVersion.id == project.rubric_version_id)
    ).one()
    return _Heading(name, version, ground.rules.applied_to(schema.rubric_from_canonical(canonical)))


def _overall(work: _Work, scored: Totals, rubric: schema.Rubric) -> tuple[OverallReliability, ...]:
    most = max((mean.k for section in work.sections for mean in section.means), default=1)
    return overall(scored, work.ground, rubric, most=most)


def _with_flips(ground: Ground, disputes: Sequence[Judged], scored: Totals | None) -> Sequence[Judged]:
    """The disputes with those over pass and fail, where the project's rules ask for them."""
    if scored is None or not ground.rules.flags.pass_flip:
        return disputes
    marks = flips(scored, len(ground.tasks)) & ground.tasks.is_complete[:, None]
    return [replace(one, flips=marks[:, column]) for column, one in enumerate(disputes)]


def _flagged(section: CriterionSection, disputes: Judged) -> CriterionSection:
    return replace(section, flagged=dict(disputes.count()), n_flagged=int(disputes.is_disputed.sum()))


def _people(ground: Ground, sheets: Sheets) -> tuple[Person, ...]:
    n = len(ground.people)
    items = np.bincount(sheets.reviewed % max(n, 1), minlength=n)
    return tuple(
        Person(name, bool(simulated), int(count))
        for name, simulated, count in zip(ground.people.names, ground.people.is_simulated, items, strict=True)
    )
