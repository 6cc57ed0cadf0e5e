"""The queue of cases: its pages, and what it costs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from evalhub.adjudication.queries.filtered import CaseFilter, Taken
from evalhub.adjudication.queries.listing import PER_PAGE, CasePage, case_page
from evalhub.db import Database
from tests.adjudication.worlds import AGREED, cases_of, take
from tests.world import World, a_project

N_CASES = PER_PAGE + 2


def disputed_everywhere(database: Database) -> World:
    world = a_project(database, items=N_CASES)
    world.review_all("ann", {"accuracy": "unacceptable", "clarity": "excellent"})
    world.review_all("ben", AGREED)
    return world


def page_of(world: World, wanted: CaseFilter, after: str | None = None) -> tuple[CasePage, int]:
    """A page of judy's queue, and how many statements it took."""
    seen: list[Any] = []
    engine = world.database.engine
    note = lambda *arguments: seen.append(arguments[2])  # noqa: E731 -- listened to and removed by identity
    sa.event.listen(engine, "before_cursor_execute", note)
    with world.database.reading() as session:
        page = case_page(session, world.project.id, world.people["judy"].id, wanted, after=after)
    sa.event.remove(engine, "before_cursor_execute", note)
    return page, len(seen)


def test_pages_hold_every_case_once_and_cost_the_same_whatever_they_hold(sqlite_database: Database) -> None:
    world = disputed_everywhere(sqlite_database)
    first, n_first = page_of(world, CaseFilter())
    last, n_last = page_of(world, CaseFilter(), first.next_cursor)
    assert (len(first.lines), len(last.lines), first.total) == (PER_PAGE, 2, N_CASES)
    assert n_first == n_last
    shown = [line.public_id for page in (first, last) for line in page.lines]
    assert sorted(shown) == sorted(case.public_id for case in cases_of(world))
    assert (first.previous_cursor, last.next_cursor) == (None, None)
    back, _ = page_of(world, CaseFilter(), last.previous_cursor)
    assert [line.public_id for line in back.lines] == shown[:PER_PAGE]
    take(world, "judy", cases_of(world)[0])
    mine, _ = page_of(world, CaseFilter(taken=Taken.MINE))
    assert [line.public_id for line in mine.lines] == [cases_of(world)[0].public_id]
