"""How often reviewers meet the references: by person for managers and the report, by item to find doubtful ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.projects.models import Project
from evalhub.stats.figure import Interval
from evalhub.stats.qualification import points, share_interval
from evalhub.training.models import Attempt, Certificate, CertificateState, Use
from evalhub.training.queries.attempts import TrialLine, trials
from evalhub.training.queries.certificates import certificate_of
from evalhub.training.schema.judging import Closeness
from evalhub.training.schema.rules import StatedRule

FEWEST_PEOPLE = 3
"""On fewer an item is not called doubtful."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Answers that met the reference, of how many, with the 95 % interval of Clopper and Pearson."""

    hits: int
    n: int

    @property
    def share(self) -> float | None:
        """None where nothing was graded."""
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> Interval:
        return share_interval(self.hits, self.n)


@dataclass(frozen=True, slots=True)
class ReviewerHits:
    """Of the gold items among somebody's live work, by the version that the project uses: items right, and criteria."""

    account_id: int
    items: Hits
    by_criterion: dict[str, Hits]


@dataclass(frozen=True, slots=True)
class ItemHits:
    """How people did on one gold item, whatever it was used for."""

    gold_id: int
    people: Hits
    by_criterion: dict[str, Hits]

    @property
    def is_doubtful(self) -> bool:
        """Most people who graded it missed the reference: then the reference is what to doubt first."""
        return self.people.n >= FEWEST_PEOPLE and 2 * self.people.hits < self.people.n


def gold_hits(session: Session, project_id: int) -> list[ReviewerHits]:
    """The hit rates of everybody who graded a gold item among their live work, in the order of their accounts."""
    owner = dict(_attempts(session, project_id, (Use.GOLD,)))
    by_person: dict[int, list[TrialLine]] = {}
    for line in trials(session, project_id, owner):
        if line.is_graded:
            by_person.setdefault(owner[line.attempt_id], []).append(line)
    return [
        ReviewerHits(account_id, _items(lines), criterion_hits(lines))
        for account_id, lines in sorted(by_person.items())
    ]


def item_hits(session: Session, project_id: int) -> dict[int, ItemHits]:
    """The same by gold item; of somebody who met an item more than once the first time counts."""
    owner = dict(_attempts(session, project_id, tuple(Use)))
    by_item: dict[int, dict[int, TrialLine]] = {}
    for line in trials(session, project_id, owner):
        if line.is_graded:
            by_item.setdefault(line.gold_id, {}).setdefault(owner[line.attempt_id], line)
    return {
        gold_id: ItemHits(gold_id, _items(lines.values()), criterion_hits(lines.values()))
        for gold_id, lines in by_item.items()
    }


def gold_results(session: Session, certificate: Certificate) -> list[bool]:
    """Whether each gold item that the person graded live under a certificate was right, in the order of the grading."""
    streams = session.scalars(
        sa.select(Attempt.id).where(
            Attempt.project_id == certificate.project_id,
            Attempt.account_id == certificate.account_id,
            Attempt.use == Use.GOLD,
            Attempt.rubric_version_id == certificate.rubric_version_id,
        )
    ).all()
    return [
        line.judged.is_right
        for line in trials(session, certificate.project_id, streams)
        if line.judged is not None and line.submitted_at is not None and line.submitted_at > certificate.issued_at
    ]


def drift_points(session: Session, project_id: int, account_id: int) -> int | None:
    """The points that somebody stands at; None without a valid certificate."""
    certificate = certificate_of(session, project_id, account_id)
    if certificate is None or certificate.state is not CertificateState.VALID:
        return None
    after = points(gold_results(session, certificate), StatedRule.model_validate(certificate.rule).drift_add)
    return after[-1] if after else 0


def _attempts(session: Session, project_id: int, uses: Sequence[Use]) -> Iterable[tuple[int, int]]:
    """Attempt and account, by the version that the project uses."""
    rows = session.execute(
        sa.select(Attempt.id, Attempt.account_id)
        .join(Project, Project.id == Attempt.project_id)
        .where(
            Attempt.project_id == project_id,
            Attempt.use.in_(uses),
            Attempt.rubric_version_id == Project.rubric_version_id,
        )
    )
    return [(attempt_id, account_id) for attempt_id, account_id in rows]


def _items(lines: Iterable[TrialLine]) -> Hits:
    found = [line.judged.is_right for line in lines if line.judged is not None]
    return Hits(sum(found), len(found))


def criterion_hits(lines: Iterable[TrialLine]) -> dict[str, Hits]:
    """Exact answers by criterion key, of what is graded."""
    counted: dict[str, Hits] = {}
    for line in lines:
        for key, close in line.judged.closeness.items() if line.judged else ():
            before = counted.get(key, Hits(0, 0))
            counted[key] = Hits(before.hits + (close is Closeness.EXACT), before.n + 1)
    return counted
