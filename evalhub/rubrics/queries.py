"""Reads of rubrics, their versions and drafts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, selectinload

from evalhub.errors import BadInput, NotFound
from evalhub.events import rubric_uses_asked
from evalhub.rubrics import schema
from evalhub.rubrics.models import Criterion, Rubric, RubricDraft, RubricVersion
from evalhub.web.listing import Listing
from evalhub.web.paging import Page, keyset

_NUMBER_LIMIT = 2**31


@dataclass(frozen=True, slots=True)
class RubricSummary:
    """A rubric in a list: its newest version, and how many there are."""

    name: str
    title: str
    newest: int
    versions: int
    criteria: int
    published_at: datetime


RUBRICS_BY = {"title": sa.func.lower(RubricVersion.title), "name": Rubric.name, "published": RubricVersion.published_at}


def rubric_summaries(session: Session) -> list[RubricSummary]:
    """Every rubric by name."""
    return [RubricSummary(*row) for row in session.execute(_summaries().order_by(Rubric.name))]


def rubric_page(session: Session, listing: Listing) -> Page[str, str, int, int, int, datetime]:
    """Rows of the fields of RubricSummary; `q` matches inside name or title."""
    found = _summaries()
    if search := listing.filters["q"]:
        found = found.where(
            Rubric.name.icontains(search, autoescape=True) | RubricVersion.title.icontains(search, autoescape=True)
        )
    return keyset(session, found, listing.order(RUBRICS_BY, last=Rubric.id), listing.after)


def _summaries() -> sa.Select[str, str, int, int, int, datetime]:
    """The newest version of every rubric, with the fields of RubricSummary."""
    other = aliased(RubricVersion)
    versions = sa.select(sa.func.count()).where(other.rubric_id == Rubric.id).scalar_subquery()
    criteria = sa.select(sa.func.count()).where(Criterion.rubric_version_id == RubricVersion.id).scalar_subquery()
    return (
        sa.select(
            Rubric.name,
            RubricVersion.title,
            RubricVersion.number.label("newest"),
            versions.label("versions"),
            criteria.label("criteria"),
            RubricVersion.published_at,
        )
        .join(RubricVersion, RubricVersion.rubric_id == Rubric.id)
        .where(_is_newest())
    )


def _is_newest() -> sa.ColumnElement[bool]:
    later = aliased(RubricVersion)
    return ~sa.exists().where(later.rubric_id == RubricVersion.rubric_id, later.number > RubricVersion.number)


def newest_versions(session: Session) -> Sequence[RubricVersion]:
    """The newest version of every rubric, by name."""
    return session.scalars(
        sa.select(RubricVersion)
        .join(Rubric)
        .where(_is_newest())
        .options(contains_eager(RubricVersion.rubric))
        .order_by(Rubric.name)
    ).all()


def versions_of(session: Session, name: str) -> Sequence[RubricVersion]:
    """All versions of a rubric, the newest first; empty when there is none of that name."""
    return session.scalars(
        sa.select(RubricVersion)
        .join(Rubric)
        .where(Rubric.name == name)
        .options(contains_eager(RubricVersion.rubric))
        .order_by(RubricVersion.number.desc())
    ).all()


def rubric_version_of(session: Session, name: str, number: int | None = None) -> RubricVersion:
    """One version with its criteria and their levels; the newest where no number is given.

    Raises:
        NotFound: no such rubric or version.
    """
    statement = (
        sa.select(RubricVersion)
        .join(Rubric)
        .where(Rubric.name == name)
        .order_by(RubricVersion.number.desc())
        .limit(1)
        .options(joinedload(RubricVersion.rubric), selectinload(RubricVersion.criteria).selectinload(Criterion.levels))
    )
    if number is not None:
        if not 1 <= number < _NUMBER_LIMIT:
            raise NotFound
        statement = statement.where(RubricVersion.number == number)
    version = session.scalar(statement)
    if version is None:
        raise NotFound
    return version


def resolve(session: Session, reference: str) -> RubricVersion:
    """The version that `name` (the newest) or `name@3` stands for.

    Raises:
        BadInput: it is neither.
        NotFound: no such rubric or version.
    """
    parts = re.fullmatch(r"([a-z0-9][a-z0-9_-]{0,63})(?:@([0-9]{1,9}))?", reference)
    if parts is None:
        raise BadInput(f'"{reference[:100]}" is not a rubric; write name or name@version, like code-review@2.')
    try:
        return rubric_version_of(session, parts[1], int(parts[2]) if parts[2] else None)
    except NotFound as error:
        raise NotFound(f"There is no rubric {reference}. `evalhub rubric list` shows what there is.") from error


def rubric_of(version: RubricVersion) -> schema.Rubric:
    """What the version means; parsed once a process, since versions never change."""
    return schema.rubric_from_canonical(version.canonical)


def next_number(session: Session, name: str) -> int:
    """The number after the newest version of this name; 1 when there is none."""
    newest = sa.select(sa.func.max(RubricVersion.number)).join(Rubric).where(Rubric.name == name)
    return (session.scalar(newest) or 0) + 1


def version_before(session: Session, name: str, number: int) -> RubricVersion | None:
    """The newest published version of this name below the number."""
    return session.scalar(
        sa.select(RubricVersion)
        .join(Rubric)
        .where(Rubric.name == name, RubricVersion.number < number)
        .order_by(RubricVersion.number.desc())
        .limit(1)
        .options(contains_eager(RubricVersion.rubric))
    )


def drafts(session: Session) -> Sequence[RubricDraft]:
    """Every draft with its owner and what it is based on, the latest change first."""
    return session.scalars(_drafts().order_by(RubricDraft.updated_at.desc(), RubricDraft.id.desc())).all()


def draft_of(session: Session, public_id: str) -> RubricDraft:
    """One draft, as the database has it now.

    Raises:
        NotFound: there is none, or none any more.
    """
    found = _drafts().where(RubricDraft.public_id == public_id).execution_options(populate_existing=True)
    draft = session.scalar(found)
    if draft is None:
        raise NotFound
    return draft


def _drafts() -> sa.Select[RubricDraft]:
    version = joinedload(RubricDraft.based_on).joinedload(RubricVersion.rubric)
    return sa.select(RubricDraft).options(joinedload(RubricDraft.owner), version)


@dataclass(frozen=True, slots=True)
class VersionUse:
    """A project that uses a version, or has scores of it; `is_current` where new work is graded on it."""

    number: int
    project: str
    title: str
    is_current: bool
    scores: int


def uses_of(session: Session, rubric_id: int) -> list[VersionUse]:
    """Who uses the versions of a rubric, by project and version, as the later stages answer."""
    answers = rubric_uses_asked.send(session, rubric_id=rubric_id)
    found = [use for _, uses in answers for use in uses]
    return sorted(found, key=lambda use: (use.title.casefold(), use.project, use.number))
