"""Reads of rubrics and their versions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, selectinload

from evalhub.errors import BadInput, NotFound
from evalhub.rubrics import schema
from evalhub.rubrics.models import Criterion, Rubric, RubricVersion
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
        sa.select(RubricVersion).join(Rubric).where(Rubric.name == name).order_by(RubricVersion.number.desc())
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
