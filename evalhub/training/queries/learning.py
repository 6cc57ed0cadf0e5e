"""How far somebody has come on the way to a certificate, and how an attempt of theirs went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.datasets.models import Item
from evalhub.projects.models import Project
from evalhub.review.models import Assignment, AssignmentState, Task, is_in
from evalhub.review.queries.workload import median_seconds
from evalhub.rubrics.schema.models import Criterion
from evalhub.stats.figure import Interval
from evalhub.stats.qualification import result_interval
from evalhub.training.models import Attempt, Certificate, Use
from evalhub.training.queries.attempts import Tally, TrialLine, attempts_of, open_attempt, tally, trials, trials_of
from evalhub.training.queries.certificates import certificate_of, stands, waits_until
from evalhub.training.queries.hits import Hits, criterion_hits, drift_points
from evalhub.training.queries.pool import Offer, offers
from evalhub.training.queries.references import criteria_of_version
from evalhub.training.queries.settings import settings_of
from evalhub.training.schema.rules import PlanSettings, StatedRule

WORDS_A_MINUTE = 150
CHARACTERS_A_WORD = 6


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds that some items take: at the reviewer's own pace, or as long as reading them takes at the least."""

    seconds: float
    is_own_pace: bool


@dataclass(frozen=True, slots=True)
class Leg:
    """Practice or qualification: what one is at, what one has done, and what a new attempt would bring."""

    under_way: Attempt | None
    score: Tally | None
    past: list[Attempt]
    """Ended ones by the version in use, the last first."""
    n_items: int
    n_offered: int
    duration: Duration | None
    """None where nothing is offered."""

    @property
    def is_possible(self) -> bool:
        return self.n_items > 0 and self.n_offered >= self.n_items


@dataclass(frozen=True, slots=True)
class Path:
    """Where a reviewer stands."""

    settings: PlanSettings
    rule: StatedRule
    practice: Leg
    qualification: Leg
    certificate: Certificate | None
    is_certified: bool
    retake_at: datetime | None
    """From when on they may try again; None where they may now."""
    points: int | None
    """Of drift; None without a valid certificate."""

    @property
    def is_there(self) -> bool:
        """Whether the project trains its reviewers at all."""
        legs = (self.practice, self.qualification)
        is_used = any(leg.under_way or leg.past or leg.n_offered for leg in legs)
        return is_used or self.certificate is not None or self.settings.requires_certificate

    @property
    def next_step(self) -> str:
        """The step that comes next: guidance, practice, qualification, wait or work."""
        if self.qualification.under_way:
            return "qualification"
        if self.practice.under_way:
            return "practice"
        if self.is_certified:
            return "work"
        if self.practice.past or not self.practice.n_offered:
            return "wait" if self.retake_at or not self.qualification.is_possible else "qualification"
        return "guidance"


def path_of(session: Session, project: Project, account_id: int, *, at: datetime) -> Path:
    settings = settings_of(session, project)
    rule = StatedRule.of(settings.rule)
    certificate = certificate_of(session, project.id, account_id)
    return Path(
        settings=settings,
        rule=rule,
        practice=_leg(session, project, account_id, Use.PRACTICE, at_most=settings.practice_items),
        qualification=_leg(session, project, account_id, Use.QUALIFICATION, exactly=rule.n),
        certificate=certificate,
        is_certified=stands(certificate, project),
        retake_at=waits_until(certificate, project, at),
        points=drift_points(session, project.id, account_id),
    )


def _leg(session: Session, project: Project, account_id: int, use: Use, *, at_most: int = 0, exactly: int = 0) -> Leg:
    under_way = open_attempt(session, project.id, account_id, use)
    past = attempts_of(session, project.id, account_id, use)
    found = offers(session, project, account_id, use)
    n_items = exactly or min(at_most, len(found))
    return Leg(
        under_way=under_way,
        score=tally(trials_of(session, under_way)) if under_way else None,
        past=[one for one in past if one.ended_at and one.rubric_version_id == project.rubric_version_id],
        n_items=n_items,
        n_offered=len(found),
        duration=_duration(session, project, account_id, found, n_items) if found else None,
    )


def _duration(session: Session, project: Project, account_id: int, found: Sequence[Offer], n: int) -> Duration:
    pace = median_seconds(session, project.id, account_id)
    if pace is not None:
        return Duration(n * pace, is_own_pace=True)
    characters = session.scalar(
        sa.select(sa.func.avg(sa.func.length(Item.response) + sa.func.length(sa.func.coalesce(Item.prompt, "")))).where(
            Item.dataset_id == project.dataset_id, Item.id.in_([offer.item_id for offer in found])
        )
    )
    words = float(characters or 0) / CHARACTERS_A_WORD
    return Duration(n * 60 * words / WORDS_A_MINUTE, is_own_pace=False)


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt went: of what is graded or passed on so far."""

    attempt: Attempt
    rule: StatedRule
    score: Tally
    interval: Interval
    """Of the share of right items, with 95 %; an end that the outcome fixed is taken into account."""
    criteria: list[tuple[Criterion, Hits]]
    """In the rubric's order; those that the items graded have a reference for."""
    certificate: Certificate | None
    trials: list[TrialLine]

    @property
    def weak(self) -> list[Criterion]:
        """The criteria missed most often, to read again; at most three."""
        missed = [(hits.n - hits.hits, criterion) for criterion, hits in self.criteria if hits.hits < hits.n]
        return [criterion for _, criterion in sorted(missed, key=lambda one: -one[0])[:3]]


def result_of(session: Session, attempt: Attempt) -> Result:
    """The result so far; only an ended qualification is for its reviewer to see."""
    done = trials_of(session, attempt)
    score, rule = tally(done), StatedRule.model_validate(attempt.rule)
    hits = criterion_hits(done)
    criteria = criteria_of_version(session, attempt.rubric_version_id)
    return Result(
        attempt=attempt,
        rule=rule,
        score=score,
        interval=result_interval(rule.test, score.right, score.wrong),
        criteria=[(criterion, hits[key]) for key, criterion in criteria.items() if key in hits],
        certificate=session.scalar(sa.select(Certificate).where(Certificate.attempt_id == attempt.id)),
        trials=done,
    )


def practised(session: Session, project: Project, account_id: int) -> list[TrialLine]:
    """What the person has graded for practice by the version in use: its references are known to them."""
    attempts = attempts_of(session, project.id, account_id, Use.PRACTICE)
    ids = [attempt.id for attempt in attempts if attempt.rubric_version_id == project.rubric_version_id]
    return [trial for trial in trials(session, project.id, ids) if trial.is_graded]


def in_hand(session: Session, attempt: Attempt) -> str | None:
    """Public id of the assignment of an attempt that its person holds now."""
    return session.scalar(
        sa.select(Assignment.public_id)
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .where(
            Assignment.project_id == attempt.project_id,
            Assignment.reviewer_id == attempt.account_id,
            is_in(AssignmentState.LEASED),
            Task.batch_id == attempt.batch_id,
        )
    )
