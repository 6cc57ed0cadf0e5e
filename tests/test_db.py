"""The ground everything stands on: no lost update, times and JSON that come back as they went in, honest migrations."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import evalhub.adjudication.models
import evalhub.calibration.models
import evalhub.export.models
import evalhub.inbox.models
import evalhub.jobs.models
import evalhub.reports.models
import evalhub.training.models  # noqa: F401 -- fills the metadata
from evalhub.accounts.models import Account, Profile
from evalhub.audit.models import AuditHead
from evalhub.db import Base, Database, now
from evalhub.migrating import alembic_config, current_revision, downgrade, expected_revision, upgrade
from evalhub.web.session import write


def test_eight_threads_that_read_and_then_write_lose_no_update(database: Database) -> None:
    write(lambda session: session.add(AuditHead(chain="c", seq=0, hash="")), on=database)

    def add_one(session: sa.orm.Session) -> None:
        head = session.scalars(sa.select(AuditHead).where(AuditHead.chain == "c").with_for_update()).one()
        head.seq += 1

    def work() -> None:
        for _ in range(50):
            write(add_one, on=database)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert session.scalar(sa.select(AuditHead.seq)) == 400


def test_a_failed_write_leaves_nothing_behind(database: Database) -> None:
    class Refused(Exception):
        pass

    def fail(session: sa.orm.Session) -> None:
        session.add(AuditHead(chain="c", seq=0, hash=""))
        session.flush()
        raise Refused

    with pytest.raises(Refused):
        write(fail, on=database)
    with database.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditHead)) == 0


def test_a_write_locks_sqlite_from_its_first_statement(sqlite_database: Database) -> None:
    """So that nobody who knows nothing of the lock file can write between its reads and its writes."""

    def read_then_look(session: sa.orm.Session) -> None:
        session.scalar(sa.select(AuditHead.seq))
        other = sqlite3.connect(str(sqlite_database.url.database), timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()

    write(read_then_look, on=sqlite_database)


def test_times_and_json_come_back_as_they_went_in(database: Database) -> None:
    moment = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC)

    def store(session: sa.orm.Session) -> None:
        account = Account(login="ann", display_name="Ann", created_at=moment)
        session.add(account)
        session.flush()
        session.add(Profile(account_id=account.id, domains=["b", "a", "é"], languages=[]))

    write(store, on=database)
    with database.reading() as session:
        assert session.scalar(sa.select(Account.created_at)) == moment
        assert session.scalar(sa.select(Profile.domains)) == ["b", "a", "é"]
        assert session.scalar(sa.select(sa.cast(Profile.__table__.c.domains, sa.Text))) is not None
        assert abs((now(session) - datetime.now(UTC)).total_seconds()) < 5


def test_migrations_go_up_down_and_up_again(database: Database) -> None:
    assert current_revision(database) == expected_revision(database)
    downgrade(database, "base")
    with database.engine.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}
    upgrade(database)
    assert current_revision(database) == expected_revision(database)


def test_the_migrated_schema_is_the_one_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    command.check(alembic_config(database))
