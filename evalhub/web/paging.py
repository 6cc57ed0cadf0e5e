"""Pages of a list that stay quick however long it is: each begins where the last one ended (keyset), without OFFSET.

In a query:

    page = keyset(session, sa.select(Case).where(…), order=[(Case.triage, True), (Case.id, False)], after=cursor)
    cases = [case for (case,) in page.rows]

`after` is the request's `after`, whatever it holds; the links of a page are made by the macro `pages` of
`components.html`. Knows no Flask.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVarTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.db import UtcTime

A_PAGE = 20
LARGEST = 2**63 - 1
LONGEST = 4096
HELD: dict[type, tuple[type, ...]] = {bool: (bool,), int: (int,), float: (float, int), str: (str,), object: (str,)}
"""What JSON holds for a column of this type; times beside them. `sa.func.lower` and the like say only "object"."""

Chosen = TypeVarTuple("Chosen")
Order = Sequence[tuple[sa.SQLColumnExpression[Any], bool]]
"""Columns, each with whether it descends."""


@dataclass(frozen=True, slots=True)
class Page(Generic[*Chosen]):
    """The rows of a page, in the order of the list, and the cursors of its neighbours where there are any."""

    rows: Sequence[sa.Row[*Chosen]]
    next_cursor: str | None
    previous_cursor: str | None


class _Place(NamedTuple):
    """Just after these values, or, going backwards, just before them."""

    is_backwards: bool
    values: Sequence[Any]


def keyset(
    session: Session, statement: sa.Select[*Chosen], order: Order, after: str | None = None, size: int = A_PAGE
) -> Page[*Chosen]:
    """The page of a list that begins at a cursor; at no cursor, or a broken one, the first page.

    A cursor only says where to begin, so a forged one shows nothing that the statement would not. It holds the values
    of the order's columns, readable: never order by what its reader may not see.

    Args:
        statement: without ORDER BY and LIMIT.
        order: columns that are never null (`sa.func.coalesce` helps); the last must tell any two rows apart.
    """
    place = _read(after, order)
    is_backwards = place is not None and place.is_backwards
    columns: list[sa.Label[Any]] = [column.label(f"order_{number}") for number, (column, _) in enumerate(order)]
    asked = statement.add_columns(*columns)
    if place:
        asked = asked.where(_beyond(order, place))
    asked = asked.order_by(*(column.desc() if is_down != is_backwards else column.asc() for column, is_down in order))
    found = session.execute(asked.limit(size + 1)).freeze()
    rows: list[Any] = list(found().columns(*range(len(found().keys()) - len(columns))))
    values = list(found().columns(*(column.name for column in columns)))
    has_more = len(rows) > size
    rows, values = rows[:size], values[:size]
    if place and len(rows) < (size if is_backwards else 1):
        return keyset(session, statement, order, size=size)
    if is_backwards:
        rows, values = rows[::-1], values[::-1]
    has_next, has_previous = (True, has_more) if is_backwards else (has_more, place is not None)
    return Page(
        rows,
        next_cursor=_cursor(_Place(False, values[-1])) if has_next and values else None,
        previous_cursor=_cursor(_Place(True, values[0])) if has_previous and values else None,
    )


def _beyond(order: Order, place: _Place) -> sa.ColumnElement[bool]:
    """Rows after the place. The first column's bound stands by itself too, because an index serves it."""
    is_equal: sa.ColumnElement[bool] = sa.true()
    beyond = []
    for (column, is_down), value in zip(order, place.values, strict=True):
        beyond.append(sa.and_(is_equal, column < value if is_down != place.is_backwards else column > value))
        is_equal = sa.and_(is_equal, column == value)
    (first, is_down), value = order[0], place.values[0]
    return sa.and_(first <= value if is_down != place.is_backwards else first >= value, sa.or_(*beyond))


def _cursor(place: _Place) -> str:
    values = [value.isoformat() if isinstance(value, datetime) else value for value in place.values]
    text = json.dumps([int(place.is_backwards), *values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str | None, order: Order) -> _Place | None:
    """The place that a cursor names; none where it is not one of this order."""
    if not cursor or len(cursor) > LONGEST:
        return None
    try:
        is_backwards, *texts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_"))
        values = [_value(text, column.label(None).type) for text, (column, _) in zip(texts, order, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    return _Place(is_backwards == 1, values)


def _value(value: Any, kind: sa.types.TypeEngine[Any]) -> Any:
    """The value as one of this column.

    Raises:
        ValueError, TypeError, OverflowError: when the column could not hold it.
    """
    if isinstance(kind, UtcTime):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    is_storable = "\0" not in value.encode().decode() if isinstance(value, str) else abs(value) <= LARGEST
    if type(value) not in HELD[kind.python_type] or not is_storable:
        raise ValueError
    return value
