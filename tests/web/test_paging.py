from __future__ import annotations

import base64
import json
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.db import Database
from evalhub.web.paging import Order, Page, keyset
from tests import rows

BY_NAME: Order = [(Account.display_name, False), (Account.id, False)]
BY_AGE: Order = [(Account.created_at, True), (sa.func.lower(Account.display_name), False), (Account.id, True)]
NAMES = ["Ada", "Bo", "bo", "Bo", "Çelik", "Dun", "Eve", "Éva", "Zoë", "f'; --"]


@pytest.fixture
def session(database: Database) -> Any:
    with Session(database.engine) as session:
        for number, name in enumerate(NAMES):
            made = rows.account(session)
            made.display_name = name
            made.created_at = rows.NOW + timedelta(microseconds=number // 3)
        session.flush()
        yield session


def page(session: Session, order: Order, after: str | None = None, size: int = 3) -> Page[Any]:
    return keyset(session, sa.select(Account.id), order, after, size)


def walked(session: Session, order: Order, size: int) -> list[list[int]]:
    pages, after = [], None
    while True:
        found = page(session, order, after, size)
        pages.append([id for (id,) in found.rows])
        if not found.next_cursor:
            return pages
        after = found.next_cursor


def everybody(session: Session, order: Order) -> list[int]:
    by = [column.desc() if is_down else column.asc() for column, is_down in order]
    return list(session.scalars(sa.select(Account.id).order_by(*by)))


@pytest.mark.parametrize("order", [BY_NAME, BY_AGE])
def test_pages_one_after_another_show_every_row_once_in_order(session: Session, order: Order) -> None:
    for size in (1, 3, 5, 10, 20):
        pages = walked(session, order, size)
        assert list(chain.from_iterable(pages)) == everybody(session, order)
        assert {len(found) for found in pages[:-1]} <= {size}
        assert pages[-1]


@pytest.mark.parametrize("order", [BY_NAME, BY_AGE])
def test_going_back_shows_the_same_pages(session: Session, order: Order) -> None:
    forward = walked(session, order, 3)
    after, back = None, []
    for _ in forward:
        found = page(session, order, after)
        after = found.next_cursor
    while True:
        back.append([id for (id,) in found.rows])
        if not found.previous_cursor:
            break
        found = page(session, order, found.previous_cursor)
    assert back == forward[::-1]
    assert page(session, order).previous_cursor is None


def test_a_row_that_appears_meanwhile_repeats_no_other(session: Session) -> None:
    first = page(session, BY_NAME)
    rows.account(session, "Aaron")
    second = page(session, BY_NAME, first.next_cursor)
    assert not {id for (id,) in first.rows} & {id for (id,) in second.rows}
    back = page(session, BY_NAME, second.previous_cursor)
    assert [id for (id,) in back.rows] == [id for (id,) in first.rows]
    assert back.previous_cursor, "Aaron stands on a page before"


def test_the_first_page_is_shown_where_nothing_is_left_at_the_cursor(session: Session) -> None:
    last = page(session, BY_NAME, size=9)
    for (id,) in page(session, BY_NAME, last.next_cursor, 9).rows:
        session.execute(sa.delete(Account).where(Account.id == id))
    assert [id for (id,) in page(session, BY_NAME, last.next_cursor, 9).rows] == [id for (id,) in last.rows]


def test_rows_keep_their_shape_and_their_names(session: Session) -> None:
    found = keyset(session, sa.select(Account, sa.literal(7).label("seven")), BY_NAME, size=2)
    for account, seven in found.rows:
        assert isinstance(account, Account)
        assert seven == 7
    assert found.rows[0].seven == 7


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


MOMENT = rows.NOW.isoformat()


BROKEN = [
    "", "x", "????", "é", "A" * 10_000, cursor(), cursor(0), cursor(0, MOMENT, "x"), cursor(0, MOMENT, "x", "1"),
    cursor(0, MOMENT, "x", 2**63), cursor(0, MOMENT, "x", True), cursor(0, MOMENT, "x", 1.5),
    cursor(0, MOMENT, None, 1),
    cursor(0, MOMENT, "\0", 1), cursor(0, MOMENT, "\ud800", 1), cursor(0, MOMENT, ["x"], 1), cursor(0, 5, "x", 1),
    cursor(0, "2026-01-05T09:00:00.000002", "x", 1), cursor(0, "0001-01-01T00:00:00+14:00", "x", 1),
    cursor(0, "today", "x", 1),
    base64.urlsafe_b64encode(b"[" * 5000).decode()[:4000], base64.urlsafe_b64encode(b"7").decode(),
]  # fmt: skip


def test_a_broken_cursor_gives_the_first_page(session: Session) -> None:
    for broken in BROKEN:
        assert page(session, BY_AGE, broken) == page(session, BY_AGE), broken


@given(
    after=st.text(max_size=60) | st.lists(st.text() | st.integers() | st.floats() | st.none()).map(lambda v: cursor(*v))
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_cursor_whatsoever_is_an_error(session: Session, after: str) -> None:
    for order in (BY_NAME, BY_AGE):
        assert page(session, order, after).rows


def test_a_cursor_at_the_ends_of_time_is_no_error(session: Session) -> None:
    for moment in ("0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59.999999+00:00"):
        assert page(session, BY_AGE, cursor(0, moment, "x", 1)).rows


def test_a_forged_cursor_shows_nothing_that_the_list_does_not_hold(session: Session) -> None:
    only_ada = sa.select(Account.id).where(Account.display_name == "Ada")
    assert len(keyset(session, only_ada, BY_NAME, cursor(1, "zzz", 9999)).rows) == 1
