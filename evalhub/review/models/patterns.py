"""The counts that agreement is computed from."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base, BigId, CanonicalJson


class AgreementPattern(Base):
    """How many tasks of a project show a vector of level counts on a criterion.

    "0,2,1" is two ratings at rank 1 and one at rank 2.
    """

    __tablename__ = "agreement_pattern"

    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"), primary_key=True)
    criterion_id: Mapped[int] = mapped_column(sa.ForeignKey("criterion.id"), primary_key=True)
    slice: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    """The purpose of the tasks."""
    pattern: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger)


class ReviewerPattern(Base):
    """The same, of the tasks that one reviewer graded, by the level that the reviewer gave."""

    __tablename__ = "reviewer_pattern"

    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"), primary_key=True)
    criterion_id: Mapped[int] = mapped_column(sa.ForeignKey("criterion.id"), primary_key=True)
    slice: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    level: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    pattern: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    n: Mapped[int] = mapped_column(sa.BigInteger)


class PatternDelta(Base):
    """Changes of the two tables above that the next sweep folds in; figures read both.

    `changes` lists [criterion_id, slice, reviewer_id or null, level or null, pattern, n].
    """

    __tablename__ = "pattern_delta"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"), index=True)
    changes: Mapped[list[list[Any]]] = mapped_column(CanonicalJson)
