"""Publish rubrics."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from evalhub.accounts.models import Account
from evalhub.audit.service import record
from evalhub.errors import Conflict
from evalhub.rubrics import schema
from evalhub.rubrics.models import Criterion, Level, Rubric, RubricVersion


class Added(NamedTuple):
    """The version, and whether it is new; it is not when the same rubric was published before."""

    version: RubricVersion
    created: bool


def add_rubric(session: Session, source: bytes, *, source_name: str, actor_id: int | None, now: datetime) -> Added:
    """Publish a version of a rubric, for ever.

    Args:
        source: the YAML file.
        source_name: what messages call it.
        actor_id: the account that publishes it, None for the program itself.

    Raises:
        BadInput: the file has faults.
        Conflict: `version_exists`, another rubric of this name and version was published.
    """
    rubric = schema.parse_rubric(source, source_name)
    row = _rubric_row(session, rubric.name, actor_id, now)
    existing = _version(session, row.id, rubric.version)
    if existing is None:
        try:
            with session.begin_nested():
                version = _version_row(rubric, source, actor_id, now)
                version.rubric = row
                session.add(version)
        except IntegrityError:
            existing = _version(session, row.id, rubric.version)
            if existing is None:
                raise
        else:
            _record(session, version, actor_id, now)
            return Added(version, created=True)
    if existing.sha256 != rubric.sha256:
        raise Conflict(
            f"{rubric.name} version {rubric.version} was published with another content, and a published version "
            f"never changes; give this one a new number.",
            code="version_exists",
        )
    return Added(existing, created=False)


def _rubric_row(session: Session, name: str, owner_id: int | None, now: datetime) -> Rubric:
    statement = sa.select(Rubric).where(Rubric.name == name)
    row = session.scalar(statement)
    if row is None:
        row = Rubric(name=name, created_at=now, owner_id=owner_id)
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            row = session.scalars(statement).one()
    return row


def _version(session: Session, rubric_id: int, number: int) -> RubricVersion | None:
    return session.scalar(
        sa.select(RubricVersion)
        .where(RubricVersion.rubric_id == rubric_id, RubricVersion.number == number)
        .options(joinedload(RubricVersion.rubric))
    )


def _version_row(rubric: schema.Rubric, source: bytes, actor_id: int | None, now: datetime) -> RubricVersion:
    return RubricVersion(
        number=rubric.version,
        title=rubric.title,
        yaml=source.decode("utf-8-sig"),
        canonical=schema.canonical_json(rubric).decode(),
        sha256=rubric.sha256,
        published_at=now,
        published_by_id=actor_id,
        criteria=[_criterion_row(criterion) for criterion in rubric.criteria],
    )


def _criterion_row(criterion: schema.Criterion) -> Criterion:
    return Criterion(
        key=criterion.key,
        position=criterion.position,
        title=criterion.title,
        scale=criterion.scale.value,
        has_range=criterion.range is not None,
        weight=criterion.weight,
        critical=criterion.critical,
        fingerprint=criterion.fingerprint,
        levels=[
            Level(rank=level.rank, key=level.key, label=level.label, score=level.score, maps_to=level.maps_to.value)
            for level in criterion.levels
        ],
    )


def _record(session: Session, version: RubricVersion, actor_id: int | None, now: datetime) -> None:
    actor = session.get(Account, actor_id) if actor_id is not None else None
    record(
        session,
        action="rubric.published",
        subject=("rubric", version.rubric.public_id),
        actor=actor.public_id if actor else "",
        at=now,
        payload={"name": version.rubric.name, "sha256": version.sha256, "version": version.number},
    )
