"""The tables of rounds come and go in a database that is in use."""

from __future__ import annotations

import sqlalchemy as sa

from evalhub.db import Database
from evalhub.migrating import downgrade, upgrade
from evalhub.projects.models import Batch
from evalhub.review.models import Queue
from evalhub.review.queries.invariants import broken_invariants
from tests.calibration.rounds import GOOD, close, grade_round, start
from tests.world import a_project

BATCHES = sa.select(Batch.id, Batch.import_id, Batch.name, Batch.state)


def test_a_database_in_use_goes_down_and_up_and_loses_nothing_but_its_rounds(database: Database) -> None:
    world = a_project(database, items=4)
    world.review_all("ann", GOOD)
    with database.reading() as session:
        before = session.execute(BATCHES).all()
    round_ = start(world, n=2)
    assert grade_round(world, "ann") == 2
    close(world, round_)
    downgrade(database, "0002")
    with database.engine.connect() as connection:
        assert "panel" not in {column["name"] for column in sa.inspect(connection).get_columns("queue")}
    upgrade(database)
    with database.reading() as session:
        assert session.execute(BATCHES).all() == before
        assert session.scalars(sa.select(Queue.panel)).all() == [None]
        assert broken_invariants(session, world.project.id) == []
    assert world.review_all("ben", GOOD) == 4
