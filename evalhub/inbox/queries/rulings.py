"""Rulings, beside the criterion that they are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.inbox.models import Ruling
from evalhub.rubrics.models import Criterion, RubricVersion


@dataclass(frozen=True, slots=True)
class ShownRuling:
    text: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class RulingLine:
    """A ruling in the list of a rubric; `versions` are the numbers of those that ask its question."""

    ruling: Ruling
    criterion_title: str
    made_by: str
    versions: list[int]


def rulings_for(session: Session, rubric_version_id: int) -> dict[str, list[ShownRuling]]:
    """The rulings that hold in a version, by criterion key, the oldest first; criteria without one are left out."""
    rows = session.execute(
        sa.select(Ruling.criterion_key, Ruling.text, Ruling.made_at)
        .join(RubricVersion, RubricVersion.rubric_id == Ruling.rubric_id)
        .join(Criterion, _asks_the_same())
        .where(RubricVersion.id == rubric_version_id, Ruling.withdrawn_at.is_(None))
        .order_by(Ruling.id)
    )
    found: dict[str, list[ShownRuling]] = {}
    for key, text, made_at in rows:
        found.setdefault(key, []).append(ShownRuling(text, made_at))
    return found


def rulings_of(session: Session, rubric_id: int) -> list[RulingLine]:
    """Every ruling of a rubric, those that hold first, then by criterion and age."""
    rows = session.execute(
        sa.select(Ruling, Account.display_name, Criterion.title, RubricVersion.number)
        .join(Account, Account.id == Ruling.made_by_id)
        .join(RubricVersion, RubricVersion.rubric_id == Ruling.rubric_id)
        .join(Criterion, _asks_the_same())
        .where(Ruling.rubric_id == rubric_id)
        .order_by(Ruling.withdrawn_at.is_not(None), Ruling.criterion_key, Ruling.id, RubricVersion.number)
    )
    found: dict[int, RulingLine] = {}
    for ruling, made_by, title, number in rows:
        found.setdefault(ruling.id, RulingLine(ruling, title, made_by, [])).versions.append(number)
    return list(found.values())


def _asks_the_same() -> sa.ColumnElement[bool]:
    """Of a `Ruling` and a `RubricVersion` in the statement: the criterion there that asks the ruling's question."""
    return sa.and_(
        Criterion.rubric_version_id == RubricVersion.id,
        Criterion.key == Ruling.criterion_key,
        Criterion.fingerprint == Ruling.fingerprint,
    )
